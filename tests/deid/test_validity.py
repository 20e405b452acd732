"""After a pass dciodvfy reports no error that it did not report before, for every SOP class that may pass."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pydicom.uid
import pytest

from gateway.deid.scope import Scope
from gateway.dicom.dataset import IdentifiedDataset
from gateway.errors import Withheld
from tests.deid.iods import Grower, comparable, errors
from tests.deid.shipped import NAMES, PROFILES, engine, plan
from tests.samples import instances

pytestmark = pytest.mark.peer("dicom3tools")
ALLOWED = sorted(
    name
    for name, uid in vars(pydicom.uid).items()
    if isinstance(uid, pydicom.uid.UID) and uid in plan("first").sop_classes
)
DEFLATED = b"1.2.840.10008.1.2.1.99"
CASE = Scope(binding="case-1", pixels_cleared=True)


@pytest.mark.parametrize(("answer", "image_type"), [("YES", "ORIGINAL"), ("NO", "DERIVED")])
@pytest.mark.parametrize("sop_class", ALLOWED)
def test_a_pass_keeps_whatever_an_iod_demands(tmp_path: Path, sop_class: str, answer: str, image_type: str) -> None:
    grower = Grower(tmp_path, answer, image_type)
    grown = grower.grow(sop_class, getattr(pydicom.uid, sop_class))
    before = comparable(grower.errors_of(grown))
    for name in NAMES:
        passed = engine(name).dataset(IdentifiedDataset(grown), scope=CASE if name == "second" else Scope()).json
        assert comparable(grower.errors_of(passed)) - before == Counter()


@pytest.mark.parametrize("path", instances(), ids=lambda path: path.name)
def test_no_file_of_pydicom_becomes_less_valid(tmp_path: Path, path: Path) -> None:
    no_new_error(tmp_path, path)


def test_no_file_of_the_sample_pacs_becomes_less_valid(tmp_path: Path, sample_pacs: Path) -> None:
    seen: set[Path] = set()
    for path in sorted(sample_pacs.rglob("*.dcm")):
        if path.parent not in seen:  # one instance of a series stands for all of them
            seen.add(path.parent)
            no_new_error(tmp_path, path)
    assert seen


def no_new_error(folder: Path, path: Path) -> None:
    before = comparable(errors(path))
    if DEFLATED in path.read_bytes():
        return  # dciodvfy does not inflate: of the original it sees nothing
    out = folder / "out.dcm"
    for name in NAMES:
        try:
            out.write_bytes(engine(name).instance(path.read_bytes(), scope=CASE if name == "second" else Scope()))
        except Withheld:
            continue
        assert comparable(errors(out)) - before == Counter(), path.name


def test_the_shipped_profiles_are_what_is_tested() -> None:
    assert {path.name for path in PROFILES.glob("*-pass.toml")} == {f"{name}-pass.toml" for name in NAMES}
    assert len(ALLOWED) == len(plan("first").sop_classes) == len(plan("second").sop_classes)
