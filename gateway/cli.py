"""The `gateway` command."""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import logging
import os
import secrets
import socket
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import uvicorn

from gateway.app import assembled, engines, make_data_dir
from gateway.deid.actions import Action
from gateway.deid.compare_text import as_text
from gateway.deid.compiler import load_plan
from gateway.deid.explain import explain
from gateway.deid.mirc.report import report
from gateway.deid.profile_diff import differences
from gateway.dicom.part10 import read_header
from gateway.errors import ConfigurationError, GatewayError, OriginBusy
from gateway.evidence.report import evidence
from gateway.evidence.write import write_report
from gateway.origin.sample import generate
from gateway.pixels.rules import load_rules
from gateway.services.headers import three_way
from gateway.services.import_script import import_script
from gateway.services.local_files import deidentify_file, files_in
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
    command = commands.add_parser("deid", help="de-identify files and folders")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE|DIR", help="Part 10 files, or folders of them")
    target = command.add_mutually_exclusive_group(required=True)
    target.add_argument("--output", type=Path, metavar="DIR", help="where the results go")
    target.add_argument("--dry-run", action="store_true", help="count what would be done and write nothing")
    command.add_argument("--pass", dest="which", choices=("first", "second"), default="second")
    command.set_defaults(run=_deid)
    command = commands.add_parser("headers", help="compare the header of a file raw, after the first and second pass")
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--raw", action="store_true", help="show raw values, which are identified")
    command.add_argument("--json", action="store_true", help="for machines")
    command.set_defaults(run=_headers)
    command = commands.add_parser("diff-profiles", help="list the attributes that two profiles treat differently")
    command.add_argument("one", type=Path, metavar="A.toml")
    command.add_argument("other", type=Path, metavar="B.toml")
    command.set_defaults(run=_diff_profiles)
    command = commands.add_parser("evidence", help="measure the profiles over a planted corpus and write the report")
    command.add_argument("--output", type=Path, default=Path("evidence"), metavar="DIR", help="where the report goes")
    command.set_defaults(run=_evidence)
    command = commands.add_parser("import-script", help="convert a MIRC / CTP anonymizer script to a profile")
    command.add_argument("script", type=Path, metavar="FILE", help="XML or properties")
    command.add_argument(
        "--output", type=Path, metavar="PROFILE", help="where the profile goes; without it only the lint is printed"
    )
    command.add_argument("--legacy-md5", action="store_true", help="reproduce its unkeyed hashes, which is weak")
    command.add_argument("--no-score", dest="score", action="store_false", help="do not measure what the script leaves")
    command.set_defaults(run=_import_script)
    return parser


def _serve(options: argparse.Namespace, settings: Settings) -> int:
    _can_listen(settings.host, settings.port)
    make_data_dir(settings)
    if settings.pacs_url.get_secret_value() == "sample:":
        generate(settings.data_dir / "sample-pacs", progress=_progress("Drawing the sample PACS"))
    asyncio.run(_opens(settings))
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


async def _opens(settings: Settings) -> None:
    """Open every part once, so that what cannot be opened is one sentence and not a worker's traceback.

    Raises:
        GatewayError: a part cannot be opened.
    """
    async with assembled(settings):
        pass


def _can_listen(host: str, port: int) -> None:
    """Return when `host` is an address of this machine and `port` is free.

    Raises:
        ConfigurationError: which of the two is wrong.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise ConfigurationError(f"Port {port} is taken; set GATEWAY_PORT to another one.") from error
            raise ConfigurationError(
                f"HOST {host} and PORT {port} cannot be listened on ({error.strerror}). "
                "HOST must be an address of this machine, and ports below 1024 may need rights."
            ) from error


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
    rules = load_rules((settings.profiles_dir / "pixel-rules.toml").read_text())
    done, withheld, unseen, actions = 0, 0, 0, Counter[str]()
    for path in files_in(options.files):
        outcome = deidentify_file(engine, path, options.output, rules=rules)
        actions += outcome.actions
        if outcome.withheld is not None:
            withheld += 1
            print(f"{path}: withheld ({outcome.withheld.reason.value}). {outcome.withheld}", file=sys.stderr)
            continue
        done += 1
        if outcome.review:
            unseen += 1
            print(f"{path}: look at its pixels, which stay as they are. {outcome.review}", file=sys.stderr)
        if outcome.target is not None:
            print(f"{path} -> {outcome.target}")
    print(f"{done} de-identified, {withheld} withheld{'; nothing was written' if options.dry_run else ''}.")
    if unseen:
        print(f"{unseen} may show names in their pixels: look at each before it leaves.")
    if options.dry_run:
        for action, count in actions.most_common():
            print(f"  {count:>8}  {action:<10} {Action(action).plain}")
    return 1 if withheld or not done else 0


def _headers(options: argparse.Namespace, settings: Settings) -> int:
    if not options.file.is_file():
        raise ConfigurationError(f"{options.file} is not a file.")
    first, second = engines(settings)
    comparison = three_way(read_header(options.file).json(), first, second, show_raw=options.raw)
    print(json.dumps(comparison.json(), indent=1, ensure_ascii=False) if options.json else as_text(comparison))
    return 0


def _diff_profiles(options: argparse.Namespace, settings: Settings) -> int:
    one, other = load_plan(options.one), load_plan(options.other)
    found = list(differences(one, other))
    for each in found:
        print(f"{each.name}\n  {options.one.name}: {each.one.action.value}. {each.one.why}")
        print(f"  {options.other.name}: {each.other.action.value}. {each.other.why}")
    for name, plan in ((options.one.name, one), (options.other.name, other)):
        print(f"{name} takes {len(plan.sop_classes)} SOP classes, {len(plan.allow_lists)} of them by an allow-list.")
    print(f"{len(found)} attributes differ.")
    return 0


def _evidence(options: argparse.Namespace, settings: Settings) -> int:
    found = evidence(settings.profiles_dir, progress=lambda name: print(f"\r  {name:<40}", end="", flush=True))
    print("\r" + " " * 42, end="\r")
    for path in write_report(found, options.output):
        print(f"  {path}")
    total = found.total
    print(f"  {total.planted} identifiers planted, {total.first} left by the first pass, {total.second} by the second.")
    return 0 if found.sound else 1


def _import_script(options: argparse.Namespace, settings: Settings) -> int:
    imported = import_script(options.script, settings.profiles_dir, legacy_md5=options.legacy_md5)
    print(report(imported.findings))
    if options.score:
        found = imported.score(progress=lambda name: print(f"\r  {name:<40}", end="", file=sys.stderr, flush=True))
        print("\r" + " " * 42 + "\r", end="", file=sys.stderr)
        print(*found.lines(), sep="\n")
        if found.by_profile:
            return 1
    if options.output is not None:
        try:
            with options.output.open("x", encoding="utf-8") as file:
                file.write(imported.profile)
        except OSError as error:
            raise ConfigurationError(f"{options.output} cannot be written: {error.strerror}.") from error
    return 0


class News(logging.Filter):
    """Passes lines that say more than the access log, which tells already of a body broken off on purpose."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the line is to be written."""
        return not record.getMessage().startswith("ASGI callable returned without completing response")


# Names, not objects: several workers get it pickled.
_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"}},
    "filters": {"news": {"()": "gateway.cli.News"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["news"]}},
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
