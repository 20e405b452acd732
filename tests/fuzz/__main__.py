"""Search for inputs that break a promise, guided by the code they reach: `python -m tests.fuzz --seconds N`.

Any input found is written to the folder that `--keep` names, and is tried again by naming it:
`python -m tests.fuzz instance-crash-….`
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["gateway"]):
    from tests.fuzz.seeds import SEEDS, words
    from tests.fuzz.targets import TARGETS

NAMES = tuple(TARGETS)
MEMORY = 512
"""Megabytes that one allocation may ask for, and half of what the process may grow to."""


def attempt(data: bytes) -> None:
    """Try one input; its first byte says at which target."""
    if data and data[0] < len(NAMES):
        TARGETS[NAMES[data[0]]](data[1:])


def quoted(word: bytes) -> str:
    return "".join(f"\\x{byte:02X}" for byte in word)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="how long to search")
    parser.add_argument("--target", choices=NAMES, action="append", help="search here only; may be repeated")
    parser.add_argument("--keep", type=Path, default=Path(), help="where inputs that break a promise go")
    parser.add_argument("--corpus", type=Path, help="a folder that keeps what the search has learnt")
    parser.add_argument("--seed", type=int, default=0, help="a number that makes the search repeatable; 0 for any")
    parser.add_argument("inputs", nargs="*", type=Path, help="try only these, as they were kept")
    given = parser.parse_args()
    if given.inputs:
        for path in given.inputs:
            attempt(path.read_bytes())
        return
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        planted = scratch / "seeds"
        planted.mkdir()
        for number, name in enumerate(NAMES):
            if given.target is None or name in given.target:
                for at, seed in enumerate(SEEDS[name]()):
                    (planted / f"{name}-{at}").write_bytes(bytes((number,)) + seed)
        dictionary = scratch / "words"
        dictionary.write_text("".join(f'"{quoted(word)}"\n' for word in words()))
        learnt = given.corpus or scratch / "learnt"
        learnt.mkdir(exist_ok=True, parents=True)
        options = {
            "max_total_time": given.seconds,
            "dict": dictionary,
            "artifact_prefix": f"{given.keep}/",
            "max_len": 1 << 14,
            "timeout": 20,
            "malloc_limit_mb": MEMORY,
            "rss_limit_mb": 2 * MEMORY,
            "seed": given.seed,
            "print_final_stats": 1,
        }
        switches = [f"-{name}={value}" for name, value in options.items()]
        atheris.Setup([sys.argv[0], *switches, str(learnt), str(planted)], attempt)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
