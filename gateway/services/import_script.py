"""A script of the MIRC / CTP anonymizer becomes a profile that loads, with its lint and its score."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from gateway.deid.compiler import load_plan
from gateway.deid.engine import Engine
from gateway.deid.keys import KEY_SIZE, Keys
from gateway.deid.mirc.convert import convert
from gateway.deid.mirc.corpus import planted
from gateway.deid.mirc.findings import Finding
from gateway.deid.mirc.reader import read_script
from gateway.deid.mirc.score import Score, score
from gateway.errors import ConfigurationError

FLOOR = "second-pass.toml"


@dataclass(frozen=True, slots=True)
class Imported:
    """A profile as TOML, what the lint found, and how script and profile fare on the planted corpus."""

    profile: str
    findings: tuple[Finding, ...]
    score: Score


def import_script(path: Path, profiles: Path, *, legacy_md5: bool = False) -> Imported:
    """Import a script above the second pass of a folder of profiles; the result is loaded once to prove that it can be.

    Raises:
        ConfigurationError: the script cannot be imported, with every problem by its line, or a profile not read.
    """
    try:
        data = path.read_bytes()
        base = tomllib.loads((profiles / FLOOR).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path.name} or {FLOOR} cannot be read: {type(error).__name__}.") from None
    script = read_script(data, name=path.name)
    floor = load_plan(profiles / FLOOR)
    conversion = convert(script, floor, base, name=path.name, legacy_md5=legacy_md5)
    with tempfile.TemporaryDirectory() as folder:
        for file in profiles.iterdir():
            if file.suffix in (".toml", ".csv"):
                shutil.copy(file, folder)
        target = Path(folder) / FLOOR
        target.write_text(conversion.profile, "utf-8")
        engine = Engine(load_plan(target), Keys.from_bytes(secrets.token_bytes(KEY_SIZE)))
    return Imported(conversion.profile, conversion.findings, score(script, engine, planted(floor.profile.table)))
