"""The house's conventions, asserted: imports point downward, the seal stays with the engine, modules stay small."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "gateway"
MODULES = sorted(PACKAGE.rglob("*.py"))

RANK = {
    "app": 7, "cli": 7, "__main__": 7, "settings": 7,
    "web": 6,
    "services": 5, "evidence": 5,
    "origin": 4, "store": 4,
    "deid": 3, "pixels": 3, "dicomweb": 3, "cases": 3,
    "dicom": 2,
    "streams": 1, "errors": 1, "__init__": 0,
}  # fmt: skip
PURE = {"deid", "pixels", "dicomweb", "cases"}
ONLY_AT_THE_RIM = {
    "starlette": {"web", "app"},
    "uvicorn": {"app", "cli"},
    "aiohttp": {"origin", "store"},
    "sqlalchemy": {"store"},
    "pydantic_settings": {"settings"},
}


def room(path: Path) -> str:
    """Return the layer a module belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> list[str]:
    """Return the dotted names a module imports, those inside functions too."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_downward(path: Path) -> None:
    here = room(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "gateway" or len(parts) < 2 or parts[1] not in RANK:
            continue
        there = parts[1]
        assert RANK[there] <= RANK[here], f"{here} imports {name}"
        if here in PURE and there in PURE:
            assert here == there, f"{here} imports its sibling {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_libraries_stay_in_their_rooms(path: Path) -> None:
    for name in imports(path):
        allowed = ONLY_AT_THE_RIM.get(name.split(".", maxsplit=1)[0])
        assert allowed is None or room(path) in allowed, f"{room(path)} imports {name}"


def test_only_the_engine_holds_the_seal() -> None:
    holders = {room(path) for path in MODULES if any(name.endswith(".SEAL") for name in imports(path))}
    assert holders == {"deid"}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_every_module_is_one_noun_of_readable_size(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 350
