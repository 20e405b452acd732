"""The sample PACS: whole, repeatable, valid, plausible, and full of invented identifiers."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from gateway.dicom.uid import is_uid
from gateway.errors import StorageError
from gateway.origin.sample import (
    PATIENTS,
    captures,
    documents,
    generate,
    identifiers,
    kept_in_first_pass,
    nuclear,
    shipped,
)
from gateway.origin.sample.abdomen import LESION
from gateway.origin.sample.generator import MARKER
from gateway.origin.sample.jpeg_lossless import encode
from gateway.origin.sample.sector import BAND
from gateway.origin.sample.writing import Instances

QUICK = (captures.perfusion_map, documents.report, documents.letter, nuclear.bone_scan, shipped.shipped)


@pytest.fixture(scope="module")
def headers(sample_pacs: Path) -> dict[Path, FileDataset]:
    return {path: pydicom.dcmread(path) for path in sorted(sample_pacs.rglob("*.dcm"))}


def walk(dataset: Dataset) -> Iterator[pydicom.DataElement]:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from walk(item)
        else:
            yield element


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_it_fits_and_holds_every_modality(sample_pacs: Path, headers: dict[Path, FileDataset]) -> None:
    assert sum(path.stat().st_size for path in sample_pacs.rglob("*") if path.is_file()) < 150_000_000
    modalities = {ds.Modality for ds in headers.values()}
    assert modalities >= {"CR", "DX", "MG", "CT", "MR", "US", "XA", "RF", "NM", "PT", "SR", "KO", "PR", "DOC", "ECG"}
    syntaxes = {ds.file_meta.TransferSyntaxUID for ds in headers.values()}
    assert syntaxes >= {
        JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, JPEGBaseline8Bit, RLELossless,
        ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian,
    }  # fmt: skip
    photometric = {ds.PhotometricInterpretation for ds in headers.values() if "PixelData" in ds}
    assert photometric >= {"MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL_422", "PALETTE COLOR"}


def test_the_same_bytes_every_time(tmp_path: Path) -> None:
    generate(tmp_path / "one", series=QUICK)
    generate(tmp_path / "two", series=QUICK)
    first, second = everything(tmp_path / "one"), everything(tmp_path / "two")
    assert len(first) > 20
    assert first == second


def test_a_second_run_touches_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "sample"
    generate(folder, series=QUICK)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    steps: list[tuple[int, int]] = []
    generate(folder, series=QUICK, progress=lambda done, total: steps.append((done, total)))
    assert steps == []
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_progress_counts_up_to_the_total(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    generate(tmp_path / "sample", series=QUICK, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(n, len(QUICK)) for n in range(len(QUICK) + 1)]


@pytest.mark.parametrize("harm", ["version", "shortened", "missing", "marker"])
def test_a_stale_or_damaged_folder_is_made_anew(tmp_path: Path, harm: str) -> None:
    folder = tmp_path / "sample"
    generate(folder, series=QUICK)
    good = everything(folder)
    victim = folder / "ct-abdomen/801-SR/0001.dcm"
    if harm == "version":
        marker = json.loads((folder / MARKER).read_text())
        (folder / MARKER).write_text(json.dumps({**marker, "version": marker["version"] - 1}))
    elif harm == "shortened":
        victim.write_bytes(victim.read_bytes()[:-40])
    elif harm == "missing":
        victim.unlink()
    else:
        (folder / MARKER).write_text("{")
    generate(folder, series=QUICK)
    assert everything(folder) == good


def test_a_failure_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    def stop(done: int, _total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    folder = tmp_path / "sample"
    with pytest.raises(KeyboardInterrupt):
        generate(folder, series=QUICK, progress=stop)
    assert not folder.exists()
    assert [path.name for path in tmp_path.iterdir()] == [".sample.lock"]


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    leftover = tmp_path / ".sample.making-x1" / "new" / "ct"
    leftover.mkdir(parents=True)
    (leftover / "0001.dcm").write_bytes(b"half")
    generate(tmp_path / "sample", series=QUICK)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".sample.lock", "sample"]


def test_a_folder_with_other_files_is_refused_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / "precious"
    folder.mkdir()
    (folder / "thesis.txt").write_text("three years")
    with pytest.raises(StorageError, match="holds other files"):
        generate(folder, series=QUICK)
    assert (folder / "thesis.txt").read_text() == "three years"


def test_a_place_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="GATEWAY_DATA_DIR"):
        generate(tmp_path / "file" / "sample", series=QUICK)


def test_workers_that_start_together_make_it_once(tmp_path: Path) -> None:
    folder = tmp_path / "sample"
    made: list[int] = []

    def counted() -> Instances:
        made.append(1)
        return documents.report()

    threads = [threading.Thread(target=generate, args=(folder,), kwargs={"series": (counted,)}) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert (folder / MARKER).is_file()


def test_every_instance_carries_a_patient_everywhere(headers: dict[Path, FileDataset]) -> None:
    usual = (
        "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientAge", "PatientAddress",
        "PatientTelephoneNumbers", "OtherPatientIDs", "OtherPatientIDsSequence", "OtherPatientNames", "PatientComments",
        "AccessionNumber", "ReferringPhysicianName", "PerformingPhysicianName", "OperatorsName", "RequestingPhysician",
        "InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName", "StationName", "StudyDescription",
        "SeriesDescription", "RequestAttributesSequence", "DeviceSerialNumber", "StudyDate", "StudyID",
    )  # fmt: skip
    names = {patient.name for patient in PATIENTS}
    for path, ds in headers.items():
        missing = [keyword for keyword in usual if not ds.get(keyword)]
        assert missing == [], path
        assert str(ds.PatientName) in names, path
        if not ds.original_encoding[0]:  # implicit VR does not say what a private element holds
            private = ds.private_block(0x0009, "ORLOP IMAGING 2.1")
            assert str(private[0x01].value) in names, path
            assert str(private[0x04].value[0].PatientName) in names, path
        assert ds.preamble.rstrip(b"\0").decode() == ds.PatientID, path
        assert "DeidentificationMethod" not in ds, path


def test_every_listed_identifier_is_planted(sample_pacs: Path, headers: dict[Path, FileDataset]) -> None:
    texts = {
        str(element.value) for ds in headers.values() for element in walk(ds) if element.VR not in ("OB", "OW", "UN")
    }
    planted = "\n".join(texts) + (sample_pacs / "us-abdomen/01-US/0001.dcm").read_bytes().decode("latin-1")
    planted += (sample_pacs / "ct-abdomen/804-DOC/0001.dcm").read_bytes().decode("latin-1")
    planted += "AMAYADORI"  # burned into the pixels of the perfusion map only
    assert sorted(text for text in identifiers() | kept_in_first_pass() if text not in planted) == []


def test_identifiers_are_rare_words(headers: dict[Path, FileDataset]) -> None:
    root = Path(__file__).resolve().parents[2]
    policy = "\n".join(path.read_text() for path in (root / "profiles").rglob("*.toml")).casefold()
    uids = " ".join(str(element.value) for ds in headers.values() for element in walk(ds) if element.VR == "UI")
    for text in identifiers():
        assert text.casefold() not in policy, text
        assert text not in uids, text


def test_people_and_scripts(headers: dict[Path, FileDataset]) -> None:
    assert len({ds.PatientID for ds in headers.values()}) == len(PATIENTS) == 12
    assert {"093Y", "007Y"} <= {ds.PatientAge for ds in headers.values()}
    charsets = {str(ds.get("SpecificCharacterSet")) for ds in headers.values()}
    for wanted in ("ISO_IR 100", "ISO_IR 144", "ISO_IR 192", "ISO 2022 IR 87", "ISO 2022 IR 149"):
        assert any(wanted in charset for charset in charsets)
    for ds in headers.values():
        for element in walk(ds):
            assert "\ufffd" not in str(element.value), element.tag


def test_uids_are_valid_and_belong_to_one_instance_each(headers: dict[Path, FileDataset]) -> None:
    instances = Counter(ds.SOPInstanceUID for ds in headers.values())
    assert set(instances.values()) == {1}
    for ds in headers.values():
        for uid in (ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID):
            assert is_uid(uid, strict=True)
            assert uid.startswith("2.25.")
        assert ds.file_meta.MediaStorageSOPInstanceUID == ds.SOPInstanceUID
    study_of_series = {(ds.SeriesInstanceUID, ds.StudyInstanceUID) for ds in headers.values()}
    assert len({series for series, _ in study_of_series}) == len(study_of_series)


def test_documents_refer_to_the_slice_that_shows_the_lesion(headers: dict[Path, FileDataset]) -> None:
    by_uid = {ds.SOPInstanceUID: ds for ds in headers.values()}
    for modality in ("SR", "KO", "PR"):
        document = next(ds for ds in headers.values() if ds.Modality == modality)
        referred = {str(e.value) for e in walk(document) if e.keyword == "ReferencedSOPInstanceUID"}
        assert len(referred) == 1
        target = by_uid[referred.pop()]
        assert target.StudyInstanceUID == document.StudyInstanceUID
        assert abs(target.ImagePositionPatient[2] - LESION.z) < 2


def test_the_ct_is_a_volume_with_a_lesion(headers: dict[Path, FileDataset]) -> None:
    slices = [ds for path, ds in headers.items() if path.parts[-3:-1] == ("ct-abdomen", "02-CT")]
    assert len(slices) == 64
    heights = [float(ds.ImagePositionPatient[2]) for ds in sorted(slices, key=lambda ds: ds.InstanceNumber)]
    assert set(np.diff(heights)) == {-float(slices[0].SliceThickness)}
    assert len({(ds.FrameOfReferenceUID, str(ds.ImageOrientationPatient)) for ds in slices}) == 1
    key = min(slices, key=lambda ds: abs(ds.ImagePositionPatient[2] - LESION.z))
    units = key.pixel_array * float(key.RescaleSlope) + float(key.RescaleIntercept)
    column = round((LESION.x - key.ImagePositionPatient[0]) / key.PixelSpacing[1])
    row = round((LESION.y - key.ImagePositionPatient[1]) / key.PixelSpacing[0])
    lesion = units[row - 5 : row + 5, column - 5 : column + 5].mean()
    liver = units[row + 35 : row + 45, column - 5 : column + 5].mean()
    assert 20 < lesion < 60 < liver < 140
    assert units[0, 0] < -900


def test_one_image_of_each_series_decodes(headers: dict[Path, FileDataset]) -> None:
    seen = set()
    for path, ds in headers.items():
        if "PixelData" not in ds or ds.SeriesInstanceUID in seen:
            continue
        seen.add(ds.SeriesInstanceUID)
        frames = int(ds.get("NumberOfFrames") or 1)
        array = ds.pixel_array
        assert array.size == frames * ds.Rows * ds.Columns * ds.SamplesPerPixel, path
        assert array.min() < array.max(), path
    assert len(seen) > 25


def test_the_name_is_burned_above_the_ultrasound_region(headers: dict[Path, FileDataset]) -> None:
    cines = [ds for path, ds in headers.items() if path.parts[-3] == "us-abdomen"]
    assert len(cines) == 3
    for ds in cines:
        assert ds.BurnedInAnnotation == "YES"
        region = ds.SequenceOfUltrasoundRegions[0]
        assert region.RegionLocationMinY0 >= BAND
        first = ds.pixel_array.reshape(-1, ds.Rows, ds.Columns, 3)[0]
        assert (first[: BAND - 4].max(axis=2) > 120).sum() > 500
        assert (first[BAND - 4 : BAND].max(axis=2) > 60).sum() == 0


def test_jpeg_comments_carry_the_name(sample_pacs: Path) -> None:
    data = (sample_pacs / "us-abdomen/01-US/0001.dcm").read_bytes()
    assert len(re.findall(rb"\xff\xfe..MUESSIGGAENGLER, JOERGFRIED", data, re.DOTALL)) == 48


@pytest.mark.parametrize(
    ("shape", "precision"), [((1, 1), 8), ((3, 5), 2), ((17, 9), 8), ((64, 31), 12), ((40, 40), 15)]
)
def test_jpeg_lossless_gives_back_every_pixel(shape: tuple[int, int], precision: int) -> None:
    dice = np.random.default_rng(7)
    rough = dice.integers(0, 1 << precision, shape)
    ramp = np.linspace(0, (1 << precision) - 1, rough.size).astype(int).reshape(shape)
    for frame in (rough, ramp, np.zeros(shape, int), np.full(shape, (1 << precision) - 1)):
        decoded = _decoded(encode(frame, precision), shape, precision)
        assert np.array_equal(decoded, frame)


def _decoded(codestream: bytes, shape: tuple[int, int], precision: int) -> np.ndarray:
    ds = Dataset()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    ds.Rows, ds.Columns = shape
    ds.SamplesPerPixel, ds.PixelRepresentation, ds.PhotometricInterpretation = 1, 0, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = (8 if precision <= 8 else 16), precision, precision - 1
    ds.PixelData = pydicom.encaps.encapsulate([codestream])
    return ds.pixel_array


@pytest.mark.peer("dicom3tools")
def test_every_drawn_instance_is_valid(sample_pacs: Path) -> None:
    drawn = [path for path in sorted(sample_pacs.rglob("*.dcm")) if not path.parents[1].name.startswith("shipped")]
    assert len(drawn) > 170
    complaints: list[str] = []
    for path in drawn:
        run = subprocess.run(["/usr/bin/dciodvfy", "-new", path], capture_output=True, check=False)
        lines = (run.stdout + run.stderr).decode(errors="replace").splitlines()
        complaints += [f"{path.relative_to(sample_pacs)}: {line}" for line in lines if line.startswith("Error")]
    assert complaints == []
