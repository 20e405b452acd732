"""The `gateway` command."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import uvicorn

from gateway.app import assembled, engines
from gateway.deid.explain import explain
from gateway.deid.mirc.report import report
from gateway.deid.scope import Scope
from gateway.dicom.part10 import read_header
from gateway.errors import ConfigurationError, GatewayError, OriginBusy, Withheld
from gateway.origin.sample import generate
from gateway.services.import_script import import_script
from gateway.settings import Auth, Settings, is_loopback, load

_CHECK_SECONDS = 60
"""How long `gateway check` waits for a folder that is being indexed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace, Settings], int] = options.run
    try:
        return run(options, load())
    except GatewayError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gateway", description="A DICOMweb gateway that makes teaching files.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("serve", help="start the gateway").set_defaults(run=_serve)
    commands.add_parser("check", help="try every configured part and say what to fix").set_defaults(run=_check)
    command = commands.add_parser("explain", help="print what the profiles do to an attribute")
    command.add_argument("attribute", help="a keyword (PatientName) or a tag (00100010)")
    command.set_defaults(run=_explain)
    command = commands.add_parser("deid", help="de-identify files")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help="Part 10 files")
    command.add_argument("--output", type=Path, required=True, metavar="DIR", help="where the results go")
    command.add_argument("--pass", dest="which", choices=("first", "second"), default="second")
    command.set_defaults(run=_deid)
    command = commands.add_parser("import-script", help="convert a MIRC / CTP anonymizer script to a profile")
    command.add_argument("script", type=Path, metavar="FILE", help="XML or properties")
    command.add_argument(
        "--output", type=Path, metavar="PROFILE", help="where the profile goes; without it only the lint is printed"
    )
    command.add_argument("--legacy-md5", action="store_true", help="reproduce its unkeyed hashes, which is weak")
    command.set_defaults(run=_import_script)
    return parser


def _serve(options: argparse.Namespace, settings: Settings) -> int:
    if settings.port and not _port_is_free(settings.host, settings.port):
        print(f"gateway: port {settings.port} is taken; set GATEWAY_PORT to another one.", file=sys.stderr)
        return 1
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if settings.pacs_url.get_secret_value() == "sample:":
        generate(settings.data_dir / "sample-pacs", progress=_progress("Drawing the sample PACS"))
    host = settings.host if is_loopback(settings.host) else socket.getfqdn()
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/"
    if settings.auth is Auth.TOKEN:
        token = settings.token.get_secret_value() if settings.token else secrets.token_urlsafe(24)
        # Every worker process must know the same token.
        os.environ["GATEWAY_TOKEN"] = token
        if settings.token is None:
            url += f"?token={token}"
    print(f"\n  The gateway opens at\n\n    {url}\n", flush=True)
    uvicorn.run(
        "gateway.app:create",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_config=_LOGGING,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    return 0


def _port_is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _progress(title: str) -> Callable[[int, int], None]:
    def show(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        print(f"\r  {title}: {done} of {total}", end=end, flush=True)

    return show


def _check(options: argparse.Namespace, settings: Settings) -> int:
    async def check() -> int:
        failed = 0
        async with assembled(settings) as parts:
            for name, probe in parts.checks().items():
                try:
                    await _patiently(probe)
                except GatewayError as error:
                    failed += 1
                    print(f"  {name:<10} {error}")
                else:
                    print(f"  {name:<10} ok")
        return failed

    return 1 if asyncio.run(check()) else 0


async def _patiently(probe: Callable[[], Awaitable[None]]) -> None:
    """Wait while a folder is being indexed: that is not something to fix."""
    for _ in range(_CHECK_SECONDS):
        try:
            return await probe()
        except OriginBusy:
            await asyncio.sleep(1)
    return await probe()


def _explain(options: argparse.Namespace, settings: Settings) -> int:
    first, second = engines(settings)
    for engine in (first, second):
        print(explain(engine.plan, options.attribute))
    return 0


def _deid(options: argparse.Namespace, settings: Settings) -> int:
    first, second = engines(settings)
    engine = first if options.which == "first" else second
    options.output.mkdir(parents=True, exist_ok=True)
    withheld = 0
    for path in options.files:
        try:
            header = read_header(path)
            scope = Scope(
                binding=header.text(0x0020000D) if engine is second else "",
                patient=header.text(0x00100020),
            )
            rewriter = engine.rewriter(scope=scope)
            data = b"".join([*rewriter.feed(path.read_bytes()), *rewriter.finish()])
        except Withheld as error:
            withheld += 1
            print(f"{path}: withheld ({error.reason.value}). {error}", file=sys.stderr)
            continue
        target = options.output / f"{read_header(data).text(0x00080018)}.dcm"
        target.write_bytes(data)
        print(f"{path} -> {target}")
    return 1 if withheld else 0


def _import_script(options: argparse.Namespace, settings: Settings) -> int:
    imported = import_script(options.script, settings.profiles_dir, legacy_md5=options.legacy_md5)
    print(report(imported.findings, imported.score))
    if imported.score.by_profile:
        return 1
    if options.output is not None:
        try:
            with options.output.open("x", encoding="utf-8") as file:
                file.write(imported.profile)
        except OSError as error:
            raise ConfigurationError(f"{options.output} cannot be written: {error.strerror}.") from error
    return 0


_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
    # These name URLs, hosts and statements at lower levels.
    "loggers": {
        "uvicorn": {"level": "WARNING"},
        "aiohttp": {"level": "ERROR"},
        "sqlalchemy": {"level": "ERROR"},
        "asyncio": {"level": "ERROR"},
        "PIL": {"level": "ERROR"},
        "pydicom": {"level": "CRITICAL"},
    },
}

if __name__ == "__main__":
    raise SystemExit(main())
