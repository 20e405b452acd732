"""Where the search begins: small inputs that reach far, and the words that inputs are made of."""

from __future__ import annotations

import io
from collections.abc import Iterator
from struct import pack

import orjson
from pydicom import dcmread
from pydicom.encaps import generate_frames

from gateway.dicom.dictionary import VR
from gateway.dicom.part10 import read_header
from gateway.dicom.syntax import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, known_syntaxes
from gateway.dicom.uid import UID
from gateway.dicom.vr import VRS
from gateway.errors import Withheld
from tests.builders import DEFLATED_LE, planted
from tests.deid.shipped import identity
from tests.dicom.raw import LEAF_VRS, Leaf, Node, Seq, header, item_header, write
from tests.fuzz.targets import CANARY, DAMAGED_DEFLATE, JPEG, JPEG_2000, JPEG_LS, RAW, RLE, SYNTAXES
from tests.samples import sample, samples

LARGEST = 8 << 10
NAME = Leaf(0x00100010, "PN", CANARY)
IMAGE = tuple(
    Leaf(tag, "US", pack("<H", number))
    for tag, number in ((0x00280002, 1), (0x00280010, 2), (0x00280011, 2), (0x00280100, 16))
)
ENCODED = {
    JPEG: "SC_rgb_small_odd_jpeg.dcm",
    JPEG_LS: "MR_small_jpeg_ls_lossless.dcm",
    JPEG_2000: "MR_small_jp2klossless.dcm",
    RLE: "SC_rgb_rle_2frame.dcm",
}


def data_sets() -> Iterator[tuple[Node, ...]]:
    """Yield data sets, each with something that sets it apart, and the name in it."""
    yield (NAME,)
    by_vr = {vr: tag for tag, vr in sorted(VR.items(), reverse=True) if 0x00080030 < tag < 0x7FE00000}
    for vr in LEAF_VRS:
        yield (Leaf(by_vr.get(vr, 0x00091010), vr, CANARY), NAME)
        yield (Leaf(0x00080080, vr, CANARY), Leaf(0x00101010, vr, CANARY + b"\0"))
    code = (Leaf(0x00080100, "SH", b"C-1 "), Leaf(0x00080102, "SH", b"99ZQ"), Leaf(0x00080104, "LO", CANARY))
    for open_sequence, open_items in ((False, False), (True, True), (True, False)):
        inner = Seq(0x00081140, ((NAME, *code), ()), open_sequence, open_items)
        yield (Leaf(0x00080005, "CS", b"ISO_IR 192"), Seq(0x00081140, ((NAME, inner), (inner,)), True, open_items))
    yield (Leaf(0x00090010, "LO", b"GEMS_IDEN_01"), Leaf(0x00091002, "SH", CANARY), Leaf(0x00091010, "UN", CANARY))
    implicit = write((NAME,), IMPLICIT_LE)
    items = item_header(0xFFFEE000, len(implicit)) + implicit
    yield (Leaf(0x00081140, "UN", items), Leaf(0x00091011, "UN", items), NAME)
    yield (Leaf(0x00080005, "CS", b"\\ISO 2022 IR 87"), Leaf(0x00080080, "LO", b"\x1b$B;3\x1b(B" + CANARY))
    yield (Leaf(0x00080080, "LO", b"Z\xfcrich"), Leaf(0x00080005, "CS", b"ISO_IR 100"), NAME)
    yield (Leaf(0x00080020, "DA", b"20240229"), Leaf(0x00080030, "TM", b"101112.5"), Leaf(0x00101010, "AS", b"093Y"))
    yield (Leaf(0x00280106, "SS", b"\xff\xff"), Leaf(0x00283006, "OW", CANARY), Leaf(0x00281050, "DS", b"1.5\\-3 "))
    yield (Leaf(0x00081030, "LO", b"CT ABDOMEN " + CANARY), Leaf(0x00204000, "LT", b"liver " + CANARY))
    yield (Leaf(0x60000022, "LO", CANARY), Leaf(0x50002500, "LO", CANARY), Leaf(0x00080001, "UL", b"\0\0\0\0"))


def instances() -> Iterator[bytes]:
    for nodes in data_sets():
        for kind, syntax in enumerate((EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE, EXPLICIT_LE)):
            yield bytes((4 * kind, 0)) + write(nodes, syntax)
        yield b"\1\5" + write(nodes)
    pixels = write((NAME, *IMAGE)) + header(0x7FE00010, "OW", 8) + bytes(range(8))
    tail = write((Leaf(0x7FE10010, "LO", CANARY), Leaf(0xFFFCFFFC, "OB", CANARY)))
    yield b"\2\0" + pixels
    yield b"\3\1" + pixels + tail
    yield b"\2\0" + pixels + tail + bytes(20)
    fragments = item_header(0xFFFEE000, 0) + item_header(0xFFFEE000, 2) + b"ab" + item_header(0xFFFEE0DD, 0)
    icon = write((NAME,)) + header(0x7FE00010, "OB", 0xFFFFFFFF) + fragments
    icons = item_header(0xFFFEE000, len(icon)) + icon
    yield b"\0\0" + header(0x00880200, "SQ", len(icons)) + icons + header(0x00400275, "SQ", len(icons)) + icons
    yield bytes((4 * DAMAGED_DEFLATE, 0)) + b"\x4b\xcb\xcf\x07\x00"
    for syntax in ENCODED:
        kind = SYNTAXES.index(UID(syntax))
        items = b"".join(item_header(0xFFFEE000, len(image)) + image for image in (b"", encoded(syntax)))
        value = header(0x7FE00010, "OB", 0xFFFFFFFF) + items + item_header(0xFFFEE0DD, 0)
        yield bytes((4 * kind + 2, 3)) + write((NAME, *IMAGE)) + value
    for syntax in (EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE, DEFLATED_LE):
        yield bytes((4 * RAW, 6)) + planted(rows=2, columns=2, syntax=syntax)
    for path in samples():
        if path.stat().st_size < LARGEST:
            yield bytes((4 * RAW, 4)) + path.read_bytes()


def scans() -> Iterator[bytes]:
    for nodes in data_sets():
        for kind, syntax in enumerate((EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE)):
            yield bytes((kind, 0)) + write(nodes, syntax)
    for path in samples():
        try:
            found = read_header(path)
        except Withheld:
            continue
        if len(found.data) < LARGEST and found.elements:
            kind = 1 if found.syntax.implicit else 2 if found.syntax.big_endian else 0
            yield bytes((kind, 5)) + found.data[found.elements[0].start :]


def encoded(syntax: str) -> bytes:
    """Return one encoded frame of a few kilobytes at most."""
    data = dcmread(io.BytesIO(sample(ENCODED[syntax])))
    return next(generate_frames(data.PixelData, number_of_frames=int(data.get("NumberOfFrames") or 1)))


def frames() -> Iterator[bytes]:
    places = {str(syntax.uid): place for place, syntax in enumerate(known_syntaxes())}
    comment = b"\xff\xfe" + pack(">H", len(CANARY) + 2) + CANARY
    for syntax in ENCODED:
        start = bytes((places[syntax], 0))
        image = encoded(syntax)
        yield start + image
        if syntax in (JPEG, JPEG_LS):
            yield start + image[:2] + comment + image[2:] + CANARY
    codestream = encoded(JPEG_2000)
    box = b"\0\0\0\x0cjP  \r\n\x87\n" + pack(">I", 8 + len(CANARY)) + b"xml " + CANARY
    yield bytes((places[JPEG_2000], 0)) + box + b"\0\0\0\0jp2c" + codestream
    tile = codestream.index(b"\xff\x90")
    yield bytes((places[JPEG_2000], 0)) + codestream[: tile + 6] + bytes(4) + codestream[tile + 10 :]
    for place in places.values():
        yield bytes((place, 1)) + b"\xff\xd8\xff\xd9"


def bodies() -> Iterator[bytes]:
    for body in (
        b"--b\r\nContent-Type: application/dicom\r\n\r\nabc\r\n--b--\r\n",
        b"\r\n--b\r\n\r\n\r\n--b \t\r\nA: b\r\n c\r\n\r\n\r\n--b-\r\n--bb\r\n--b--",
        b"preamble\r\n--b\r\nX: y\r\n\r\n\r\n--b--\r\nepilogue\0\0",
    ):
        for size in range(3):
            yield bytes((size,)) + body


def queries() -> Iterator[bytes]:
    row = orjson.dumps(identity() | {"00080020": {"vr": "DA", "Value": ["20240229"]}})
    name = CANARY.decode()
    for line in (
        f"PatientName={name}*&fuzzymatching=true&limit=5&offset=2",
        f"00100020={name}&includefield=all&StudyDate=20200101-20241231&StudyTime=10-11",
        "StudyInstanceUID=1.2.3%5C1.2.4&ModalitiesInStudy=CT&includefield=00081030%2C00080060",
        "RequestAttributesSequence.ScheduledProcedureStepID=1&SeriesNumber=3&emptyvaluematching=true",
        "AcquisitionDateTime=20200101101112.5%2B0100-&PatientAge=040Y&multiplevaluematching=true",
        'multipart/related; type="application/dicom"; transfer-syntax=*; boundary="b"; q=0.5, application/json',
        "application/dicom json, */*; q=.2",
        "1,2,3",
        "bytes=0-5",
    ):
        yield line.encode() + b"\n" + row
        yield line.encode()


def objects() -> Iterator[bytes]:
    name = CANARY.decode()
    for element in (
        {"00100010": {"vr": "PN", "Value": [{"Alphabetic": name, "Phonetic": None}]}},
        {"00081140": {"vr": "SQ", "Value": [{"00100010": {"vr": "PN", "Value": [name]}}, None, {}]}},
        {"00280010": {"vr": "US", "Value": [5]}, "00281050": {"vr": "DS", "Value": [1.5, "NaN", None]}},
        {"00091010": {"vr": "UN", "InlineBinary": "Wnc="}, "00090010": {"vr": "LO", "Value": [name]}},
        {"00283006": {"vr": "OW", "InlineBinary": "AAA="}, "00280010": {"vr": "US", "InlineBinary": "AgA="}},
        {"00281050": {"vr": "FD", "Value": ["NaN", "1.5", "1e400"]}, "00280011": {"vr": "US", "Value": ["5", 1.0]}},
        {"00080080": {"Value": [name]}, "00283006": {"vr": "OW", "BulkDataURI": f"http://x/{name}"}},
        {"00080016": None, "0020000D": {"vr": "UI", "Value": {"0": 1}}, "00080018": []},
        {"00080020": {"vr": "DA", "Value": ["20240229"]}, "00101010": {"vr": "AS", "Value": ["093Y"]}},
        {"00209165": {"vr": "AT", "Value": ["00100010", 5]}, "00089007": {"vr": "CS", "Value": [name, 1e999]}},
    ):
        for choice in (0, 2, 4, 5, 6, 7):
            yield bytes((choice,)) + orjson.dumps(element)


SEEDS = {
    "instance": instances,
    "scanner": scans,
    "frame": frames,
    "json": objects,
    "parts": bodies,
    "query": queries,
}


def words() -> list[bytes]:
    """Return what mutated inputs are sprinkled with."""
    tags = (0x00020010, 0x00080005, 0x00080016, 0x00081140, 0x00100010, 0x00280008, 0x00280100, 0x7FE00010)
    delimiters = (0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD)
    return [
        *(vr.encode() for vr in VRS),
        *(pack(order, tag >> 16, tag & 0xFFFF) for order in ("<HH", ">HH") for tag in (*tags, *delimiters)),
        *(b"\xff" + bytes((code,)) for code in (0x4F, 0x51, 0x64, 0x90, 0x93, 0xD8, 0xD9, 0xDA, 0xE0, 0xEE, 0xFE)),
        *(b"\xff" * 4, b"\0" * 8, b"DICM", b"\\", b"^", b"="),
        *(b"\x1b$B", b"\x1b(B", b"ISO_IR 100", b"\\ISO 2022 IR 87"),
        *(
            b"\r\n--b",
            b"--b--",
            b"\r\n\r\n",
            b'"vr"',
            b'"Value"',
            b"null",
            b"[",
            b"]",
            b"{",
            b"}",
            b"1e999",
            b"\\ud800",
        ),
        *(b"includefield=", b"*", b"?", b"%5C", b"-", b"2024", b"q=0", b'type="application/dicom"'),
        CANARY,
    ]
