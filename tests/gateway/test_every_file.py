"""Every file that pydicom ships, through a gateway over a folder: served, or withheld with a reason, and no crash."""

from __future__ import annotations

import http.client
import io
import warnings
from fnmatch import fnmatch
from pathlib import Path

import pytest
from PIL import Image
from pydicom import dcmread

from gateway.dicom.uid import UID, InstanceRef
from gateway.errors import Reason
from tests.gateway.conftest import StartGateway
from tests.gateway.process import Answer, Gateway, at
from tests.samples import FOLDER, instances, samples

SERVED = "served"
NO_PIXELS = "served, without pixels"
NOT_LISTED = "malformed: not indexed"

OTHERWISE = {
    # Cut off on purpose by those who ship them: their images have no Pixel Data, or not all of it.
    "dicomdirtests/TINY_ALPHA/*": Reason.TRUNCATED,
    "MR_truncated.dcm": Reason.TRUNCATED,
    "rtplan_truncated.dcm": NOT_LISTED,
    # Elements with a VR that does not exist: what follows cannot be told apart.
    "badVR.dcm": Reason.MALFORMED,
    "SC_rgb_jpeg.dcm": NOT_LISTED,
    # A scan header that the JPEG standard does not allow, and fewer rows than announced.
    "JPEG-lossy.dcm": Reason.PIXELS_UNDECODABLE,
    "JPEG2000-embedded-sequence-delimiter.dcm": Reason.PIXELS_UNDECODABLE,
    "waveform_ecg.dcm": Reason.SOP_CLASS_REFUSED,
    "reportsi*.dcm": NO_PIXELS,
    "rtplan.dcm": NO_PIXELS,
    "test-SR.dcm": NO_PIXELS,
}
"""What happens to the files that are not simply served, by their name below pydicom's folder."""


def expected(path: Path) -> str:
    """Return what happens to a file."""
    name = path.relative_to(FOLDER).as_posix()
    return next((what for pattern, what in OTHERWISE.items() if fnmatch(name, pattern)), SERVED)


def named(path: Path, taken: set[str]) -> tuple[InstanceRef, bytes]:
    """Return a file and its reference, under a SOP Instance UID of its own: several files share one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        header = dcmread(path, stop_before_pixels=True)
    data, uid = path.read_bytes(), str(header.SOPInstanceUID)
    if uid in taken:
        other = f"2.25.9{len(taken):0{len(uid) - 6}}"
        data, uid = data.replace(uid.encode(), other.encode()), other
    taken.add(uid)
    return InstanceRef(UID(header.StudyInstanceUID), UID(header.SeriesInstanceUID), UID(uid)), data


class Files:
    """The gateway over all of them, and which is which."""

    def __init__(self, gateway: Gateway, refs: dict[Path, InstanceRef]) -> None:
        self.gateway, self.refs = gateway, refs

    def get(self, path: Path, suffix: str, accept: str | None = None) -> Answer:
        """Ask for a file's instance, once more when the body breaks off because of what stands behind the header."""
        place = at(self.refs[path], suffix)
        try:
            return self.gateway.get(place, accept)
        except http.client.HTTPException:
            return self.gateway.get(place, accept)

    def outcome(self, path: Path, suffix: str, accept: str | None = None) -> str:
        """Return "served", the reason of what is withheld, or the status."""
        answer = self.get(path, suffix, accept)
        if answer.status == 403:
            reason: str = answer.json["reason"]
            assert answer.json["detail"].startswith(Reason(reason).plain)
            return reason
        return SERVED if answer.status == 200 else str(answer.status)


@pytest.fixture(scope="module")
def files(start_gateway: StartGateway, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Run a gateway over copies, each file an instance of its own; those that name no instance lie beside them."""
    folder = tmp_path_factory.mktemp("shipped")
    refs: dict[Path, InstanceRef] = {}
    taken: set[str] = set()
    for number, path in enumerate(samples()):
        data = path.read_bytes()
        if path in instances():
            refs[path], data = named(path, taken)
        (folder / str(number)).write_bytes(data)
    return Files(start_gateway(pacs=folder), refs)


@pytest.mark.parametrize("path", instances(), ids=lambda path: f"{path.relative_to(FOLDER)}: {expected(path)}")
def test_served_or_withheld_with_a_reason(files: Files, path: Path) -> None:
    outcomes = [
        files.outcome(path, suffix, accept)
        for suffix, accept in (("", "application/dicom"), ("/metadata", None), ("/frames/1", None), ("/rendered", None))
    ]
    match expected(path):
        case "served":
            assert outcomes == [SERVED] * 4
            assert Image.open(io.BytesIO(files.get(path, "/rendered").body)).format == "JPEG"
        case "served, without pixels":
            assert outcomes == [SERVED, SERVED, "404", "404"]
        case "malformed: not indexed":
            assert outcomes == ["404"] * 4
        case Reason.PIXELS_UNDECODABLE as reason:
            assert outcomes == [reason, SERVED, reason, reason]
            assert files.outcome(path, "", "application/dicom; transfer-syntax=*") == SERVED
        case reason:
            assert outcomes == [reason] * 4
    if outcomes[0] == SERVED:
        served = dcmread(io.BytesIO(files.get(path, "", "application/dicom").body))
        assert served.SOPInstanceUID == files.refs[path].instance
        assert str(served.get("PatientName", "")).partition("^")[0] in ("Teaching", "")


def test_the_server_is_still_up(files: Files) -> None:
    assert files.gateway.get("/readyz").status == 200
    assert files.gateway.get("/dicom-web/instances?limit=1000").status == 200
    assert "unforeseen" not in files.gateway.log
