"""A script of the MIRC / CTP anonymizer becomes a profile that loads, with its lint and its score."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.deid.compiler import load_plan
from gateway.deid.engine import Engine
from gateway.deid.keys import Keys
from gateway.deid.mirc.convert import convert
from gateway.deid.mirc.findings import Finding
from gateway.deid.mirc.reader import read_script
from gateway.deid.mirc.script import Script
from gateway.deid.plan import Plan
from gateway.errors import ConfigurationError
from gateway.evidence.bases import KINDS, Kind
from gateway.evidence.corpus import corpus
from gateway.evidence.passes import TEST_KEY, YEAR
from gateway.evidence.scripts import Score, score

FLOOR: Final = "second-pass.toml"


@dataclass(frozen=True, slots=True)
class Imported:
    """A script that was read, the profile it became as TOML and compiled, and what the lint found."""

    script: Script
    profile: str
    plan: Plan
    findings: tuple[Finding, ...]

    def score(self, kinds: tuple[Kind, ...] = KINDS, progress: Callable[[str], None] | None = None) -> Score:
        """Return how script and profile fare on the planted corpus."""
        engine = Engine(self.plan, Keys.from_bytes(TEST_KEY))
        return score(self.script, engine, corpus(self.plan.profile.table, kinds), progress)


def import_script(path: Path, profiles: Path, *, legacy_md5: bool = False) -> Imported:
    """Import a script above the second pass of a folder of profiles; the result is compiled to prove that it can be.

    Raises:
        ConfigurationError: the script cannot be imported, with every problem by its line, or a profile not read.
    """
    try:
        data = path.read_bytes()
        base = tomllib.loads((profiles / FLOOR).read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{error.filename} cannot be read ({error.strerror}).") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path.name} or {FLOOR} cannot be read: {type(error).__name__}.") from None
    script = read_script(data, name=path.name)
    conversion = convert(script, load_plan(profiles / FLOOR), base, name=path.name, legacy_md5=legacy_md5)
    with tempfile.TemporaryDirectory() as folder:
        for file in profiles.iterdir():
            if file.suffix in (".toml", ".csv"):
                shutil.copy(file, folder)
        target = Path(folder) / FLOOR
        target.write_text(conversion.profile, "utf-8")
        plan = load_plan(target, this_year=YEAR)
    return Imported(script, conversion.profile, plan, conversion.findings)
