"""Scripts for tests, written in both formats, and what becomes of them."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from xml.sax.saxutils import escape

from gateway.deid.compiler import load_plan
from gateway.deid.engine import Engine
from gateway.deid.mirc.convert import Conversion, convert
from gateway.deid.mirc.findings import Severity
from gateway.deid.mirc.reader import read_script
from gateway.deid.mirc.script import Script
from tests.deid.shipped import KEYS, PROFILES, plan

PARAMETERS = {"SITE": "99", "ROOT": "9999", "INC": "-137", "WORDS": "2"}


def xml(*elements: tuple[str, str], keep: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> bytes:
    """Return a script in XML: a parameter a line, then an element (tag, expression) a line."""
    lines = ["<script>"]
    lines += [f'<p t="{name}">{value}</p>' for name, value in PARAMETERS.items()]
    lines += [f'<e en="T" t="{tag}" n="">{escape(text)}</e>' for tag, text in elements]
    lines += [f'<k en="T" t="{what}"></k>' for what in keep]
    lines += [f'<r en="T" t="{what}"></r>' for what in remove]
    return "\n".join([*lines, "</script>"]).encode()


def first_line() -> int:
    """Return the line of the first element in `xml`."""
    return 2 + len(PARAMETERS)


def script(*elements: tuple[str, str], keep: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> Script:
    return read_script(xml(*elements, keep=keep, remove=remove))


def converted(made: Script, *, legacy_md5: bool = False) -> Conversion:
    base = tomllib.loads((PROFILES / "second-pass.toml").read_text())
    return convert(made, plan("second"), base, name="site.script", legacy_md5=legacy_md5)


def said(conversion: Conversion, tag: str) -> list[Severity]:
    """Return the severities of what the lint says about an element, (gggg,eeee) in its subject."""
    display = f"({tag[:4].lower()},{tag[4:].lower()})"
    return [finding.severity for finding in conversion.findings if finding.subject.startswith(display)]


def loaded(conversion: Conversion, folder: Path) -> Engine:
    """Return the engine of a converted profile, read from a folder of profiles."""
    folder.mkdir(exist_ok=True)
    for path in PROFILES.iterdir():
        shutil.copy(path, folder)
    (folder / "second-pass.toml").write_text(conversion.profile)
    return Engine(load_plan(folder / "second-pass.toml", this_year=2026), KEYS)
