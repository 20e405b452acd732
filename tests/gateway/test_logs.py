"""The whole flow over the sample PACS and a planted patient: nobody is named in any answer or in the log."""

from __future__ import annotations

import http.client
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from gateway.dicom.part10 import read_header
from gateway.origin.sample import identifiers
from tests.builders import CANARIES, found_canaries
from tests.gateway.conftest import StartGateway
from tests.gateway.corpus import ABDOMEN, ABDOMEN_CT, HEAD_MR, HEART_US, PALETTE, STUDIES, corpus, nth
from tests.gateway.process import TOKEN, Answer, Gateway, at

JSON = "application/dicom+json"
XML = 'multipart/related; type="application/dicom+xml"'
OCTETS = 'multipart/related; type="application/octet-stream"'
KINDS = ["rows", "metadata", "instances", "frames", "bulk data", "pictures", "thumbnails", "headers", "errors"]
_ENCODINGS = ("utf-8", "latin-1", "utf-16-le", "utf-16-be", "shift_jis", "iso2022_jp", "euc_kr", "gb18030", "cp1251")


class Finder:
    """Finds any of some texts, in any case and in any of the encodings that occur, in much data."""

    def __init__(self, texts: Iterable[str]) -> None:
        spellings: set[bytes] = set()
        for text in texts:
            for encoding in _ENCODINGS:
                try:
                    spellings.add(text.encode(encoding).lower())
                except UnicodeEncodeError:
                    continue
        self._spellings = sorted(spelling for spelling in spellings if len(spelling) > 4)
        self._pattern = re.compile(b"|".join(map(re.escape, self._spellings)))
        # One pass for the first three bytes: trying every spelling at every byte takes minutes.
        self._begins = np.zeros(1 << 24, bool)
        for spelling in self._spellings:
            self._begins[int.from_bytes(spelling[:3], "big")] = True

    def finds(self, data: bytes) -> bool:
        """Tell whether one of them is in `data`."""
        lower = data.lower()
        units = np.frombuffer(lower, np.uint8).astype(np.uint32)
        codes = units[:-2] << 16 | units[1:-1] << 8 | units[2:]
        return any(self._pattern.match(lower, int(start)) for start in np.flatnonzero(self._begins[codes]))


@pytest.fixture(scope="module")
def planted_names() -> Finder:
    """Return what finds any identifier of the sample patients."""
    return Finder(identifiers())


class Walk:
    """Everything the gateway said, by kind. Pixels are not text: of an instance, only what surrounds them is kept."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.said: dict[str, list[bytes]] = defaultdict(list)

    def get(self, kind: str, path: str, accept: str | None = None) -> Answer:
        """Ask, and keep the answer's header fields and, unless it is one of pixels, its body."""
        try:
            answer = self.gateway.get(path, accept)
        except http.client.HTTPException:
            answer = self.gateway.get(path, accept)
        fields = {name: value for name, value in answer.headers.items() if name != "content-location"}
        self.said["headers"].append(repr(fields).encode())
        if answer.status not in (200, 206, 204):
            self.said["errors"].append(answer.body)
        elif kind in ("rows", "metadata"):
            self.said[kind].append(answer.body)
        elif kind in ("pictures", "thumbnails"):
            picture = Image.open(io.BytesIO(answer.body))
            self.said[kind].append(repr((picture.info, dict(picture.getexif()))).encode())
        return answer

    def parts(self, kind: str, path: str, accept: str | None = None) -> Iterator[bytes]:
        """Yield the parts of a multipart answer, and keep their header fields."""
        answer = self.get(kind, path, accept)
        if answer.media == "multipart/related":
            for part in answer.parts():
                self.said["headers"].append(repr(part.headers).encode())
                yield part.body

    def study(self, uid: str) -> None:
        """Ask for a study in every representation."""
        path = f"/dicom-web/studies/{uid}"
        self.get("rows", f"{path}/series?includefield=all", XML)
        for level in ("series", "instances"):
            self.get("rows", f"{path}/{level}?includefield=all", JSON)
        self.get("metadata", f"{path}/metadata", JSON)
        self.get("thumbnails", f"{path}/thumbnail")
        for data in self.parts("instances", path, 'multipart/related; type="application/dicom"; transfer-syntax=*'):
            header = read_header(data)
            self.said["instances"].append(data[: header.pixel_offset])
            if header.pixels is not None and header.pixel_length != 0xFFFFFFFF:
                self.said["instances"].append(data[header.pixel_offset + header.pixel_length :])
        rows = self.get("rows", f"{path}/instances").json
        seen: set[str] = set()
        for row in rows:
            series, instance = (row[tag]["Value"][0] for tag in ("0020000E", "00080018"))
            if series not in seen:
                seen.add(series)
                self.instance(f"{path}/series/{series}/instances/{instance}")

    def instance(self, path: str) -> None:
        """Ask for one instance in every representation."""
        for suffix in ("/frames/1", "/frames/9999"):
            # A comment in a codestream is text; the pixels around it are not.
            self.said["frames"] += list(self.parts("frames", path + suffix, f"{OCTETS}; transfer-syntax=*"))
        for media in ("image/jpeg", "image/png"):
            self.get("pictures", f"{path}/rendered", media)
        self.get("thumbnails", f"{path}/thumbnail")
        self.get("metadata", f"{path}/metadata", XML)
        for dataset in self.get("metadata", f"{path}/metadata").json:
            for tag, element in dataset.items():
                if "BulkDataURI" in element and tag != "7FE00010":
                    self.said["bulk data"] += self.parts("bulk data", f"{path}/bulkdata/{tag}", OCTETS)


@pytest.fixture(scope="module")
def sample(gateway: Gateway) -> Walk:
    """Walk through the sample PACS."""
    walk = Walk(gateway)
    for accept in (JSON, XML):
        for level in ("studies", "series"):
            walk.get("rows", f"/dicom-web/{level}?includefield=all", accept)
    studies = walk.get("rows", "/dicom-web/studies").json
    assert len(studies) >= 14
    for row in studies:
        walk.study(row["0020000D"]["Value"][0])
    return walk


@pytest.fixture(scope="module")
def corpus_walk(start_gateway: StartGateway, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """Walk through `corpus`, with searches and mistakes that hold identifiers."""
    folder = tmp_path_factory.mktemp("planted")
    for number, data in enumerate(corpus()):
        (folder / f"Zqnachname-{number}.dcm").write_bytes(data)
    walk = Walk(start_gateway(pacs=folder))
    for uid in sorted(STUDIES | {PALETTE.study}):
        walk.study(uid)
    name = quote("Zqnachname^Zqvorname*")
    for query in (
        f"PatientName={name}",
        "PatientID=ZQID4711",
        "PatientBirthDate=19470328",
        "AccessionNumber=ZQACC0815",
    ):
        assert len(walk.get("rows", f"/dicom-web/studies?{query}").json) >= 1
    for path in (
        f"/dicom-web/studies?PatientNam={name}",
        f"/dicom-web/studies?StudyDate={name}",
        f"/dicom-web/studies?limit={name}",
        f"/dicom-web/studies?includefield={name}",
        f"/dicom-web/studies/{name}",
        f"/dicom-web/studies/{name}/metadata",
        f"/dicom-web/patients/{name}",
        f"/{name}",
        f"/?token={name}",
        at(nth(ABDOMEN_CT, 1), f"/frames/{name}"),
        at(nth(ABDOMEN_CT, 1), f"/bulkdata/{name}"),
        at(nth(ABDOMEN_CT, 1), f"/rendered?window={name}"),
        at(nth(ABDOMEN_CT, 1), f"/rendered?Zqnachname={name}"),
        at(nth(HEAD_MR, 9), f"?accept={name}"),
        at(nth(HEART_US, 1), f"/frames/7?q={name}"),
    ):
        assert walk.get("errors", path).status >= 400
    walk.gateway.request("GET", f"/?token={TOKEN}")
    walk.gateway.request("GET", f"/dicom-web/studies/{ABDOMEN}", {"Authorization": "Bearer Zqnachname"})
    walk.gateway.request("POST", "/session", {"Content-Type": "text/plain"}, b"token=Zqnachname")
    walk.gateway.request("POST", "/dicom-web/studies", {"Authorization": f"Bearer {TOKEN}"}, b"Zqnachname")
    return walk


# The lookup tables of the sample PACS are short enough to stand in its metadata.
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "bulk data"])
def test_no_sample_patient_is_named(sample: Walk, planted_names: Finder, kind: str) -> None:
    assert not planted_names.finds(b"\n".join(sample.said[kind]))
    assert sample.said[kind]


def test_the_search_finds_what_was_planted(sample_pacs: Path, planted_names: Finder) -> None:
    images = sorted(sample_pacs.rglob("*.dcm"))[::20]
    assert all(planted_names.finds(path.read_bytes()) for path in images)


@pytest.mark.parametrize("kind", KINDS)
def test_no_planted_patient_is_named(corpus_walk: Walk, kind: str) -> None:
    for said in corpus_walk.said[kind]:
        assert found_canaries(said) == []
    assert corpus_walk.said[kind]


def test_the_log_names_nobody(sample: Walk, corpus_walk: Walk, planted_names: Finder) -> None:
    for walk in (sample, corpus_walk):
        log = walk.gateway.log
        lines = [line for line in log.splitlines() if "gateway.access" in line]
        assert len(lines) > 50
        assert not planted_names.finds(log.encode())
        assert [canary for canary in CANARIES if canary in log.lower()] == []
        assert TOKEN not in log
        # No query string, path or UID either: an operation and numbers are what a line holds.
        for line in lines:
            assert re.fullmatch(
                r"[\d-]+ [\d:,]+ INFO +gateway\.access: [A-Z]+ [a-z_-]+ \d+ \d+ bytes \d+ ms( [a-zA-Z :]+)?", line
            ), line
        assert re.search(r"\d\.\d+\.\d+\.\d{3}", log) is None
        assert "unforeseen" not in log
