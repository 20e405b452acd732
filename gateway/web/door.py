"""The routes of one DICOMweb door, for the PACS at `/dicom-web` and the archive at `/teaching/dicom-web`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from gateway.dicomweb.query import Level
from gateway.services.ingest import Ingest
from gateway.services.library import Library
from gateway.services.render import Renderer
from gateway.services.transcode import Transcoding
from gateway.web import frames, render, retrieve, search, store
from gateway.web.permissions import Permission, route
from gateway.web.respond import Links

PACS_PREFIX = "/dicom-web"
ARCHIVE_PREFIX = "/teaching/dicom-web"

Answer = Callable[..., Awaitable[Response]]

STUDY = "/studies/{study}"
SERIES = STUDY + "/series/{series}"
INSTANCE = SERIES + "/instances/{instance}"


@dataclass(frozen=True, slots=True)
class Door:
    """What one door needs."""

    prefix: str
    library: Library
    ingest: Ingest
    renderer: Renderer
    transcoding: Transcoding
    read: Permission
    search_limit: int
    public_url: str

    def routes(self) -> list[BaseRoute]:
        """Return every route of PS3.18 §10.4 to §10.6 under the prefix."""
        built: list[BaseRoute] = []

        def add(path: str, name: str, answer: Answer, permission: Permission, method: str = "GET") -> None:
            async def endpoint(request: Request) -> Response:
                return await answer(request)

            endpoint.__name__ = name
            methods = ["GET", "HEAD"] if method == "GET" else [method]
            built.append(route(self.prefix + path, endpoint, permission, methods=methods))

        for path, level in _SEARCHES:
            add(path, f"search-for-{level.value}", partial(self._search, level=level), self.read)
        for path in (STUDY, SERIES, INSTANCE):
            add(path, "retrieve", self._instances, self.read)
            add(path + "/metadata", "retrieve-metadata", self._metadata, self.read)
            add(path + "/rendered", "retrieve-rendered", self._rendered, self.read)
            add(path + "/thumbnail", "retrieve-thumbnail", self._thumbnail, self.read)
            add(path + "/bulkdata", "retrieve-bulkdata", self._all_bulk, self.read)
        add(INSTANCE + "/bulkdata/{path:path}", "retrieve-bulkdata-value", self._bulk, self.read)
        add(INSTANCE + "/frames/{frames}", "retrieve-frames", self._frames, self.read)
        add(INSTANCE + "/frames/{frames}/rendered", "retrieve-rendered-frames", self._rendered, self.read)
        add(INSTANCE + "/frames/{frames}/thumbnail", "retrieve-frame-thumbnail", self._thumbnail, self.read)
        for path in ("/studies", STUDY):
            add(path, "store-instances", self._store, Permission.STORE, "POST")
        return built

    def _links(self, request: Request) -> Links:
        return Links.of(request, self.prefix, self.public_url)

    async def _search(self, request: Request, *, level: Level) -> Response:
        links = self._links(request)
        return await search.answer(request, self.library, level, links=links, cap=self.search_limit)

    async def _instances(self, request: Request) -> Response:
        return await retrieve.instances(request, self.library, self.transcoding, links=self._links(request))

    async def _metadata(self, request: Request) -> Response:
        return await retrieve.dataset_answer(request, self.library, links=self._links(request))

    async def _rendered(self, request: Request) -> Response:
        return await render.rendered(request, self.library, self.renderer, links=self._links(request))

    async def _thumbnail(self, request: Request) -> Response:
        return await render.thumbnail(request, self.library, self.renderer)

    async def _frames(self, request: Request) -> Response:
        service = self.renderer.frames
        return await frames.frames(request, self.library, service, links=self._links(request))

    async def _bulk(self, request: Request) -> Response:
        service = self.renderer.frames
        return await frames.bulk_value(request, self.library, service, links=self._links(request))

    async def _all_bulk(self, request: Request) -> Response:
        service = self.renderer.frames
        return await frames.all_bulk_values(request, self.library, service, links=self._links(request))

    async def _store(self, request: Request) -> Response:
        return await store.instances(request, self.ingest, links=Links.of(request, ARCHIVE_PREFIX, self.public_url))


_SEARCHES = (
    ("/studies", Level.STUDY),
    ("/series", Level.SERIES),
    ("/instances", Level.INSTANCE),
    (STUDY + "/series", Level.SERIES),
    (STUDY + "/instances", Level.INSTANCE),
    (SERIES + "/instances", Level.INSTANCE),
)
