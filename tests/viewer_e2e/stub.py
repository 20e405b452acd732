"""A stand-in for the gateway, over the sample PACS: the viewer's part of the URL contract and nothing more.

It de-identifies nothing and is never shipped; the viewer's tests use it where a real gateway cannot be made to
misbehave on demand.
"""

from __future__ import annotations

import contextlib
import functools
import json
import mimetypes
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pydicom
from pydicom.encaps import get_frame

from gateway.dicom.syntax import Codec, transfer_syntax
from gateway.errors import Withheld
from gateway.pixels.description import PixelDescription, describe
from gateway.pixels.native import to_native
from gateway.pixels.picture import Output, picture
from gateway.pixels.render import THUMBNAIL, RenderOptions, parse_window

VIEWER = Path(__file__).resolve().parents[2] / "viewer"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
TOKEN = "stub-token-0123456789"
_STUDY = ("PatientName", "PatientID", "StudyDescription", "StudyDate", "StudyInstanceUID", "PatientSex")
_SERIES = ("Modality", "SeriesNumber", "SeriesDescription", "SeriesInstanceUID", "StudyInstanceUID")
_JSON = "application/dicom+json"


@dataclass
class Faults:
    """What the stub shall do wrong; the keys are SOP Instance UIDs."""

    withheld: set[str] = field(default_factory=set)
    short: set[str] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    searches_fail: bool = False
    frame_seconds: float = 0.0
    page: int = 1000


@dataclass(frozen=True)
class Answer:
    """A response: status, type, body and more headers."""

    status: int
    media: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def problem(status: int, title: str, detail: str, **more: str) -> Answer:
    """Build the one error body."""
    kind = f"urn:tfgateway:{title.lower().replace(' ', '-')}"
    body = json.dumps({"type": kind, "title": title, "status": status, "detail": detail, **more})
    return Answer(status, "application/problem+json", body.encode())


class Library:
    """The instances of a folder, by study, series and SOP Instance UID."""

    def __init__(self, folder: Path) -> None:
        self.studies: dict[str, dict[str, dict[str, Path]]] = {}
        self.headers: dict[Path, pydicom.Dataset] = {}
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
                self.headers[path] = header
                series = self.studies.setdefault(header.StudyInstanceUID, {})
                series.setdefault(header.SeriesInstanceUID, {})[header.SOPInstanceUID] = path

    def rows(self, study: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield study rows, or the series rows of `study`."""
        groups = {study: self.studies[study]} if study else self.studies
        for series in groups.values():
            members = [list(instances.values()) for instances in series.values()]
            for paths in members if study else [[path for some in members for path in some]]:
                header = self.headers[paths[0]]
                row = pydicom.Dataset()
                for name in _SERIES if study else _STUDY:
                    setattr(row, name, header.get(name, ""))
                if study:
                    row.NumberOfSeriesRelatedInstances = len(paths)
                else:
                    row.NumberOfStudyRelatedInstances = len(paths)
                    row.ModalitiesInStudy = sorted({self.headers[path].get("Modality", "OT") for path in paths})
                yield row.to_json_dict()

    def description(self, path: Path) -> PixelDescription:
        """Describe the pixels of one instance."""
        header = self.headers[path]
        return describe(header.to_json_dict(), str(header.file_meta.TransferSyntaxUID))

    @functools.lru_cache(maxsize=8)  # noqa: B019 -- lives as long as a test
    def _pixels(self, path: Path) -> bytes:
        return bytes(pydicom.dcmread(path).PixelData)

    def frame(self, path: Path, number: int) -> bytes:
        """Return one frame as stored, in little endian."""
        description, data = self.description(path), self._pixels(path)
        if transfer_syntax(description.transfer_syntax).codec is not Codec.NATIVE:
            return get_frame(data, number - 1, number_of_frames=description.frames)
        length = description.frame_bytes
        return data[(number - 1) * length : number * length]


def matches(row: dict[str, Any], query: dict[str, list[str]]) -> bool:
    """Match the few keys the viewer sends."""
    tags = {"PatientName": "00100010", "PatientID": "00100020", "StudyDescription": "00081030"}
    for name, tag in {**tags, "StudyInstanceUID": "0020000D", "ModalitiesInStudy": "00080061"}.items():
        wanted = query.get(name, [""])[0]
        values = row.get(tag, {}).get("Value", [])
        texts = [value.get("Alphabetic", "") if isinstance(value, dict) else str(value) for value in values]
        pattern = re.escape(wanted).replace(r"\*", ".*").replace(r"\?", ".")
        if wanted and not any(re.fullmatch(pattern, text, re.IGNORECASE) for text in texts):
            return False
    return True


class Stub:
    """Answers the viewer's requests; `log` holds the path of each."""

    def __init__(self, library: Library) -> None:
        self.library, self.faults, self.log = library, Faults(), []

    def answer(self, target: str, accept: str) -> Answer:
        """Answer one GET that is signed in."""
        parts = urlsplit(target)
        path = unquote(parts.path)
        self.log.append(path)
        if not path.startswith(("/dicom-web/", "/teaching/dicom-web/")):
            return self._static(path)
        if path.startswith("/teaching"):
            return Answer(200, _JSON, b"[]")
        found = re.fullmatch(
            r"/dicom-web/studies(?:/([\d.]+))?(?:/series(?:/([\d.]+))?)?(?:/instances/([\d.]+))?(?:/(.*))?", path
        )
        if not found:
            return problem(404, "Not found", "There is nothing at this URL.")
        study, series, instance, rest = found.groups()
        try:
            if instance:
                return self._instance(self.library.studies[study][series], instance, rest or "", parts.query, accept)
            if series and rest == "metadata":
                return self._metadata(self.library.studies[study][series])
            if series and rest == "thumbnail":
                members = self.library.studies[study][series]
                return self._instance(members, sorted(members)[len(members) // 2], rest, "", accept)
            return self._search(study, parse_qs(parts.query))
        except Withheld as error:
            return problem(403, "Withheld", str(error), reason=error.reason.value)
        except KeyError:
            return problem(404, "Not found", "The origin holds nothing of this.")

    def _static(self, path: str) -> Answer:
        file = VIEWER / (path.lstrip("/") or "index.html")
        if not file.is_file() or VIEWER not in file.resolve().parents:
            return problem(404, "Not found", "There is nothing at this URL.")
        media = {".js": "text/javascript", ".webmanifest": "application/manifest+json"}
        kind = media.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return Answer(200, kind, file.read_bytes(), (("Content-Security-Policy", POLICY),))

    def _search(self, study: str | None, query: dict[str, list[str]]) -> Answer:
        if self.faults.searches_fail:
            return problem(502, "The PACS cannot be reached", "The PACS does not answer. Ask its administrator.")
        rows = [row for row in self.library.rows(study) if study or matches(row, query)]
        offset = int(query.get("offset", ["0"])[0])
        limit = min(int(query.get("limit", ["1000"])[0]), self.faults.page)
        page = rows[offset : offset + limit]
        more = len(rows) > offset + limit
        warning = '299 gateway "There are additional results that can be requested"'
        return Answer(200, _JSON, json.dumps(page).encode(), (("Warning", warning),) if more else ())

    def _metadata(self, members: dict[str, Path]) -> Answer:
        left = [uid for uid in members if uid in self.faults.withheld]
        if len(left) == len(members):
            return problem(403, "Withheld", "Text is burned into the pixels.", reason="burned-in-annotation")
        rows = []
        for uid, path in members.items():
            if uid not in left:
                json_row = self.library.headers[path].to_json_dict(bulk_data_threshold=10**9)
                rows.append(json_row)
        warning = f'299 gateway "{len(left)} instances are withheld: burned-in-annotation"'
        return Answer(200, _JSON, json.dumps(rows).encode(), (("Warning", warning),) if left else ())

    def _instance(self, members: dict[str, Path], uid: str, rest: str, query: str, accept: str) -> Answer:
        path = members[uid]
        if uid in self.faults.withheld:
            return problem(403, "Withheld", "Text is burned into the pixels.", reason="burned-in-annotation")
        description = self.library.description(path)
        number = int((re.search(r"frames/(\d+)", rest) or [0, 1])[1])
        frame = self.library.frame(path, number)
        if rest.endswith(("rendered", "thumbnail")):
            window = parse_qs(query).get("window")
            viewport = THUMBNAIL if rest == "thumbnail" else None
            options = RenderOptions(window=parse_window(window[0]) if window else None, viewport=viewport)
            media = "image/png" if "image/png" in accept else "image/jpeg"
            return Answer(200, media, picture([(number, frame)], description, Output(media), options=options))
        if uid in self.faults.refused:
            return problem(406, "Not acceptable", "These frames are only offered as they are stored.")
        time.sleep(self.faults.frame_seconds)
        native = transfer_syntax(description.transfer_syntax).codec is Codec.NATIVE
        data, photometric = (frame, "") if native else to_native(frame, description)
        return self._frame(data[: len(data) // 2] if uid in self.faults.short else data, photometric, uid)

    def _frame(self, data: bytes, photometric: str, uid: str) -> Answer:
        colour = f"Photometric-Interpretation: {photometric}\r\n" if photometric else ""
        head = f"--b0undary\r\nContent-Type: application/octet-stream\r\n{colour}\r\n".encode()
        body = head + data + (b"" if uid in self.faults.cut else b"\r\n--b0undary--")
        return Answer(200, 'multipart/related; type="application/octet-stream"; boundary="b0undary"', body)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stub: Stub

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in (("Content-Type", answer.media), ("Content-Length", str(len(answer.body)))):
            self.send_header(name, value)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the viewer aborts what it no longer wants
            self.wfile.write(answer.body)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        token = parse_qs(parts.query).get("token")
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("session")
        if token and token[0] == TOKEN:
            headers = (("Location", "./"), ("Set-Cookie", "session=yes; HttpOnly; SameSite=Strict; Path=/"))
            self._send(Answer(303, "text/plain", b"", headers))
        elif "dicom-web" in parts.path and (cookie is None or cookie.value != "yes"):
            self._send(problem(401, "Sign in first", "Sign in with the token the gateway printed when it started."))
        else:
            self._send(self.stub.answer(self.path, self.headers.get("Accept", "")))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if self.path == "/session" and parse_qs(body).get("token") == [TOKEN]:
            self._send(
                Answer(204, "text/plain", b"", (("Set-Cookie", "session=yes; HttpOnly; SameSite=Strict; Path=/"),))
            )
        else:
            self._send(problem(401, "Sign in first", "This is not the token the gateway printed when it started."))

    def log_message(self, *args: object) -> None:
        """Stay silent."""


@contextmanager
def serve(library: Library, port: int = 0) -> Iterator[tuple[str, Stub]]:
    """Serve in threads; yield the base URL and the stub."""
    stub = Stub(library)
    handler = type("Handler", (_Handler,), {"stub": stub})
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", stub
        server.shutdown()
