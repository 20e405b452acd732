"""The engine against pydicom's read and write, and against other de-identification tools, in one run.

Every way gets the same bytes in memory and gives bytes back; the ways take turns. Other tools come from PyPI into a
virtual environment of their own (`.bench/`), so that none of them is a dependency; one that does not install is named.
"""

from __future__ import annotations

import io
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pydicom
from pydicom.uid import generate_uid

from gateway.deid.compiler import load_plan
from gateway.deid.engine import Engine
from gateway.deid.keys import Keys
from gateway.deid.scope import Scope
from tests.builders import planted_ct_series

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = ("dicom-anonymizer", "dicognito", "deid")
ENVIRONMENT = ROOT / ".bench"
INSTANCES = int(os.environ.get("BENCH_INSTANCES", "60"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))

Way = Callable[[bytes], object]


def pydicom_read_write(data: bytes) -> object:
    """Read and write, nothing changed: the least any tool on pydicom costs."""
    dataset = pydicom.dcmread(io.BytesIO(data))
    list(dataset.iterall())
    out = io.BytesIO()
    dataset.save_as(out)
    return out.getvalue()


def our_ways() -> dict[str, Way]:
    """Return both passes of the engine."""
    keys = Keys.from_bytes(bytes(32))
    first, second = (Engine(load_plan(ROOT / "profiles" / f"{name}-pass.toml"), keys) for name in ("first", "second"))
    scope = Scope(binding=generate_uid())
    return {
        "gateway, first pass": first.instance,
        "gateway, second pass": lambda data: second.instance(data, scope=scope),
        "pydicom read + write": pydicom_read_write,
    }


def other_ways() -> dict[str, Way]:
    """Return the tools that can be imported here, each as its documentation shows its default use."""
    ways: dict[str, Way] = {}
    try:
        from dicognito.anonymizer import Anonymizer  # type: ignore[import-not-found]

        anonymizer = Anonymizer()

        def dicognito(data: bytes) -> object:
            dataset = pydicom.dcmread(io.BytesIO(data))
            anonymizer.anonymize(dataset)
            dataset.save_as(out := io.BytesIO())
            return out.getvalue()

        ways["dicognito"] = dicognito
    except ImportError:
        pass
    try:
        from dicomanonymizer import anonymize_dataset  # type: ignore[import-not-found]

        def dicom_anonymizer(data: bytes) -> object:
            dataset = pydicom.dcmread(io.BytesIO(data))
            anonymize_dataset(dataset)
            dataset.save_as(out := io.BytesIO())
            return out.getvalue()

        ways["dicom-anonymizer"] = dicom_anonymizer
    except ImportError:
        pass
    try:
        from deid.config import DeidRecipe  # type: ignore[import-not-found]
        from deid.dicom import get_identifiers, replace_identifiers  # type: ignore[import-not-found]

        recipe = DeidRecipe()

        def deid(data: bytes) -> object:
            dataset = pydicom.dcmread(io.BytesIO(data))
            ids = get_identifiers([dataset])
            (cleaned,) = replace_identifiers([dataset], deid=recipe, ids=ids, save=False)
            cleaned.save_as(out := io.BytesIO())
            return out.getvalue()

        ways["deid"] = deid
    except ImportError:
        pass
    return ways


def measure(ways: dict[str, Way], files: list[bytes]) -> dict[str, list[float]]:
    """Return per way and round the CPU seconds per instance; the ways take turns."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for name in names:
        ways[name](files[0])
    for turn in range(ROUNDS):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            begun = time.process_time()
            for data in files:
                ways[name](data)
            spent[name].append((time.process_time() - begun) / len(files))
    return spent


def table(spent: dict[str, list[float]]) -> list[str]:
    """Return the lines of a Markdown table."""
    first = spent["gateway, first pass"]
    lines = [f"| {INSTANCES} CT headers with sequences and private elements | µs an instance | times the first pass |"]
    lines.append("|---|---|---|")
    for name, seconds in spent.items():
        ratio = statistics.median(a / b for a, b in zip(seconds, first, strict=True))
        lines.append(f"| {name} | {statistics.median(seconds) * 1e6:.0f} | {ratio:.1f} |")
    return lines


def run_here() -> None:
    """Measure with whatever can be imported by this interpreter, and print the table."""
    files = planted_ct_series(INSTANCES)
    ways = our_ways() | other_ways()
    print("\n".join(table(measure(ways, files))))
    missing = [tool for tool in TOOLS if tool not in ways]
    if missing:
        print(f"\nnot installed here: {', '.join(missing)}")
    print()


def main() -> None:
    """Make the environment for the other tools, and measure in it, all in one process."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / ".lock" / "dev.txt")], check=True)
        for tool in TOOLS:
            # A tool may want an older pydicom than ours: then it is not comparable in one process, and is named.
            subprocess.run([*pip, tool, f"pydicom=={pydicom.__version__}"], check=False)
    subprocess.run([str(python), "-c", "from tests.bench.engine import run_here; run_here()"], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
