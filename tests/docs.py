"""The README's generated tables. `make docs` writes them anew; `tests/test_docs.py` fails when they are stale."""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path
from typing import cast

from pydantic import SecretStr
from starlette.routing import Route

from gateway.app import assembled, routes
from gateway.settings import Settings
from gateway.web.auth import OpenAuthority
from gateway.web.observe import Metrics
from gateway.web.permissions import permission_of

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"


def settings_table() -> str:
    """Return every setting with its default and meaning."""
    lines = ["| setting (`GATEWAY_…`) | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        if default in (None, ""):
            default = ""
        elif name.endswith("_dir") and Path(default).is_absolute():
            default = f"the packaged `{Path(default).name}/`"
        else:
            default = f"`{getattr(default, 'value', default)}`"
        lines.append(f"| `{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines)


def all_routes() -> list[Route]:
    """Return every route of a gateway over an empty folder."""

    async def collect() -> list[Route]:
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "pacs").mkdir()
            settings = Settings(data_dir=Path(name) / "data", pacs_url=SecretStr((Path(name) / "pacs").as_uri()))
            async with assembled(settings) as parts:
                return cast(list[Route], routes(settings, parts, OpenAuthority(), Metrics()))

    return asyncio.run(collect())


def routes_table() -> str:
    """Return every route with its methods and permission."""
    lines = ["| URL | methods | permission |", "|---|---|---|"]
    for route in all_routes():
        methods = ", ".join(sorted(route.methods or ()))
        lines.append(f"| `{route.path}` | {methods} | {permission_of(route)} |")
    return "\n".join(lines)


def rendered(text: str) -> str:
    """Return the README with its tables made anew."""
    for name, table in (("settings", settings_table()), ("routes", routes_table())):
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text, count = pattern.subn(lambda found, table=table: found[1] + table + "\n" + found[2], text)
        if count != 1:
            raise SystemExit(f"README.md has no place for the table of {name}.")
    return text


if __name__ == "__main__":
    README.write_text(rendered(README.read_text()))
