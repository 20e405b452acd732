"""The composition root: settings in, one ASGI application out. The only place that wires the layers together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import ExceptionHandler

from gateway.deid.compiler import load_plan
from gateway.deid.engine import Engine
from gateway.deid.keys import Keys
from gateway.errors import ConfigurationError, GatewayError, OriginBusy
from gateway.origin.credentials import Credentials
from gateway.origin.dicomweb import DicomwebOrigin
from gateway.origin.folder import FolderOrigin
from gateway.origin.protocol import Origin
from gateway.origin.sample import generate
from gateway.pixels.rules import load_rules
from gateway.services.facts import Facts
from gateway.services.frames import Frames
from gateway.services.ingest import Ingest
from gateway.services.library import Library
from gateway.services.render import Renderer
from gateway.services.transcode import Transcoding
from gateway.services.workers import Workers
from gateway.settings import Auth, Settings, load
from gateway.store.archive import Archive, open_archive
from gateway.store.database import Database
from gateway.store.originals import Originals
from gateway.store.withheld import Withholdings
from gateway.store.workspace import Workspace
from gateway.web import problem
from gateway.web.auth import Authentication, Authority, OpenAuthority, TokenAuthority
from gateway.web.door import ARCHIVE_PREFIX, PACS_PREFIX, Door
from gateway.web.headers import ResponseHeaders
from gateway.web.health import Health
from gateway.web.observe import Metrics, Observe
from gateway.web.permissions import Permission, refuse_undeclared
from gateway.web.quarantine import Quarantine
from gateway.web.viewer import Viewer

log = logging.getLogger(__name__)

Check = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a running gateway is made of."""

    database: Database
    pacs: Library
    teaching: Library
    archive: Archive
    ingest: Ingest
    renderer: Renderer
    transcoding: Transcoding
    withholdings: Withholdings
    originals: Originals | None

    def checks(self) -> dict[str, Check]:
        """Return what must answer before the gateway is ready, by name."""
        return {
            "pacs": self.pacs.origin.check,
            "archive": self.archive.origin.check,
            "database": self.database.check,
        }


def make_data_dir(settings: Settings) -> None:
    """Make the folder of the embedded defaults, for this user alone.

    Raises:
        ConfigurationError: it cannot be made.
    """
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"DATA_DIR {settings.data_dir} cannot be made ({error.strerror}). Set it to a folder that can be written."
        ) from error


def engines(settings: Settings) -> tuple[Engine, Engine]:
    """Return the engines of the first and the second pass, with the archive key (made on first run).

    Raises:
        ConfigurationError: a profile or the key file cannot be used.
    """
    make_data_dir(settings)
    keys = Keys.load_or_create(settings.key_file or settings.data_dir / "archive.key")
    first, second = (load_plan(settings.profiles_dir / name) for name in ("first-pass.toml", "second-pass.toml"))
    return Engine(first, keys), Engine(second, keys)


@asynccontextmanager
async def assembled(settings: Settings) -> AsyncIterator[Parts]:
    """Open every part, in the order in which they need one another, and close them in the reverse order."""
    async with AsyncExitStack() as stack:
        data = settings.data_dir.resolve()
        first, second = engines(settings)
        database_url = settings.database_url.get_secret_value() or f"sqlite:///{data / 'gateway.db'}"
        database = await Database.open(database_url)
        stack.push_async_callback(database.close)
        withholdings = Withholdings(database)
        originals = await _open_originals(settings, data)
        workspace = await Workspace.open(settings.workspace_url or (data / "workspace").as_uri())
        stack.push_async_callback(workspace.close)
        pacs = await _open_pacs(settings, database, data)
        stack.push_async_callback(pacs.close)
        archive_url = settings.archive_url.get_secret_value() or (data / "archive").as_uri()
        credentials = Credentials(token=_secret(settings.archive_token))
        archive = await open_archive(archive_url, database, credentials=credentials)
        stack.push_async_callback(archive.close)
        workers = Workers()
        stack.callback(workers.close)
        rules_file = settings.profiles_dir / "pixel-rules.toml"
        rules = load_rules(await asyncio.to_thread(rules_file.read_text))
        yield Parts(
            database=database,
            pacs=Library("pacs", pacs, first, withholdings, identity_searchable=True),
            teaching=Library("archive", archive.origin, second.reader(), withholdings, identity_searchable=False),
            archive=archive,
            ingest=Ingest(
                engine=second,
                archive=archive,
                workspace=workspace,
                workers=workers,
                rules=rules,
                records=withholdings,
                originals=originals,
                max_bytes=settings.stow_max_bytes,
            ),
            renderer=Renderer(Frames(Facts(), workers)),
            transcoding=Transcoding(workers),
            withholdings=withholdings,
            originals=originals,
        )


async def _open_originals(settings: Settings, data: Path) -> Originals | None:
    """Open the folder of refused originals, where the settings name one.

    Raises:
        ConfigurationError: it would be served. StorageError: it cannot be used.
    """
    if settings.quarantine_dir is None:
        return None
    folder = settings.quarantine_dir.resolve()
    urls = (settings.pacs_url.get_secret_value(), settings.archive_url.get_secret_value(), settings.workspace_url)
    local = (Path(unquote(urlsplit(url).path)) for url in urls if url.startswith("file:"))
    embedded = (data / name for name in ("archive", "sample-pacs", "workspace"))
    if any(folder.is_relative_to(other.resolve()) for other in (*local, *embedded, settings.viewer_dir)):
        raise ConfigurationError("QUARANTINE_DIR must lie apart from what the gateway serves and cleans up.")
    return await Originals.open(folder)


async def _open_pacs(settings: Settings, database: Database, data: Path) -> Origin:
    """Open the origin that PACS_URL names.

    Raises:
        ConfigurationError: it names none that is known.
    """
    url = settings.pacs_url.get_secret_value()
    parts = urlsplit(url)
    if url == "sample:":
        folder = data / "sample-pacs"
        await asyncio.to_thread(generate, folder)
        return await FolderOrigin.open(folder, database)
    if parts.scheme == "file":
        folder = Path(unquote(parts.path))
        if not await asyncio.to_thread(folder.is_dir):
            raise ConfigurationError("PACS_URL names a folder that does not exist.")
        return await FolderOrigin.open(folder, database)
    if parts.scheme in ("http", "https"):
        credentials = Credentials(
            token=_secret(settings.pacs_token),
            certificate=settings.pacs_client_cert,
            key=settings.pacs_client_key,
            authorities=settings.pacs_ca_file,
        )
        return DicomwebOrigin(url, credentials=credentials)
    raise ConfigurationError("PACS_URL must begin with https://, http:// or file:///, or be sample:.")


def _secret(value: object) -> str:
    reveal = getattr(value, "get_secret_value", None)
    return str(reveal()) if reveal is not None else ""


def routes(settings: Settings, parts: Parts, authority: Authority, metrics: Metrics) -> list[BaseRoute]:
    """Return every route, each with its permission; the viewer's catch-all last.

    Raises:
        RuntimeError: a route declares no permission.
    """
    doors = [
        Door(
            prefix=prefix,
            library=library,
            ingest=parts.ingest,
            renderer=parts.renderer,
            transcoding=parts.transcoding,
            read=read,
            search_limit=settings.search_limit,
            public_url=settings.public_url,
        )
        for prefix, library, read in (
            (PACS_PREFIX, parts.pacs, Permission.READ_PACS),
            (ARCHIVE_PREFIX, parts.teaching, Permission.READ_ARCHIVE),
        )
    ]
    built = [
        *Health(parts.checks(), metrics).routes(),
        *(route for door in doors for route in door.routes()),
        *Quarantine(parts.withholdings, parts.originals).routes(),
        *Viewer(settings.viewer_dir, authority).routes(),
    ]
    refuse_undeclared(built)
    return built


async def _tell_what_is_missing(parts: Parts) -> None:
    """Log what does not answer at start: the gateway serves all the same, since it may come back."""
    for name, check in parts.checks().items():
        try:
            await check()
        except OriginBusy:
            continue  # a folder that is being indexed
        except GatewayError as error:
            log.warning("the %s does not answer yet. %s", name, error)


def create(settings: Settings | None = None) -> Starlette:
    """Build the application; its parts are opened when it starts."""
    chosen = settings or load()
    metrics = Metrics()
    authority: Authority = OpenAuthority()
    if chosen.auth is Auth.TOKEN:
        if chosen.token is None:
            raise ConfigurationError("AUTH=token needs TOKEN; `gateway serve` generates one.")
        authority = TokenAuthority(chosen.token.get_secret_value())

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with assembled(chosen) as parts:
            app.router.routes[:] = routes(chosen, parts, authority, metrics)
            meanwhile = asyncio.gather(parts.renderer.frames.workers.warm(), _tell_what_is_missing(parts))
            yield
            meanwhile.cancel()

    origins = frozenset(origin.strip() for origin in chosen.cors_origins.split(",") if origin.strip())
    return Starlette(
        lifespan=lifespan,
        exception_handlers={kind: cast(ExceptionHandler, handler) for kind, handler in problem.HANDLERS.items()},
        middleware=[
            Middleware(ResponseHeaders, cors_origins=origins),
            Middleware(Observe, metrics=metrics),
            Middleware(Authentication, authority=authority),
        ],
    )
