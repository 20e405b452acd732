"""Data sets as Native DICOM Model XML (PS3.19 Annex A.1, PS3.18 §F.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from gateway.dicom.dataset import JsonDataset, JsonElement, first_text
from gateway.dicomweb.attributes import is_private, keyword_of
from gateway.dicomweb.multipart import PartEncoder
from gateway.dicomweb.names import GROUPS

MEDIA_TYPE = "application/dicom+xml"

_NAMESPACE = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
# XML 1.0 has no spelling for these; a DICOM text may hold ESC or FF.
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def to_xml(dataset: JsonDataset) -> bytes:
    """Return `dataset` as one well-formed UTF-8 document.

    Characters that XML cannot hold become U+FFFD. Group lengths are left out (PS3.19 §A.1.1).
    """
    body = "".join(_dataset(dataset))
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n<NativeDicomModel xmlns="{_NAMESPACE}" xml:space="preserve">'
    return f"{document}{body}</NativeDicomModel>".encode()


def xml_parts(boundary: str, datasets: Iterable[JsonDataset]) -> Iterator[bytes]:
    """Yield the pieces of a multipart/related body that holds one document per data set (PS3.18 §8.7.3.5)."""
    encoder = PartEncoder(boundary)
    for dataset in datasets:
        yield encoder.head([("Content-Type", MEDIA_TYPE)]) + to_xml(dataset)
    yield encoder.close()


def _dataset(dataset: JsonDataset) -> Iterator[str]:
    for tag in sorted(dataset):
        if tag.endswith("0000"):
            continue
        yield f"<DicomAttribute {_identity(dataset, tag)}>"
        yield from _content(dataset[tag])
        yield "</DicomAttribute>"


def _identity(dataset: JsonDataset, tag: str) -> str:
    parts = {"tag": tag, "vr": str(dataset[tag].get("vr", "UN"))}
    keyword = keyword_of(tag)
    creator = first_text(dataset, f"{tag[:4]}00{tag[4:6]}") if is_private(tag) else ""
    if creator:
        # The block is the writer's business; creator and element number name the attribute (PS3.19 Table A.1.5-2).
        parts |= {"tag": f"{tag[:4]}00{tag[6:]}", "privateCreator": creator}
    elif keyword:
        parts["keyword"] = keyword
    return " ".join(f'{name}="{_text(value)}"' for name, value in parts.items())


def _content(element: JsonElement) -> Iterator[str]:
    if "BulkDataURI" in element:
        yield f'<BulkData uri="{_text(element["BulkDataURI"])}"/>'
    elif "InlineBinary" in element:
        yield f"<InlineBinary>{_text(element['InlineBinary'])}</InlineBinary>"
    for number, value in enumerate(element.get("Value") or (), start=1):
        if element.get("vr") == "SQ":
            yield f'<Item number="{number}">'
            yield from _dataset(value or {})
            yield "</Item>"
        elif value is None:
            continue
        elif element.get("vr") == "PN":
            yield f'<PersonName number="{number}">'
            yield from _name(value)
            yield "</PersonName>"
        else:
            yield f'<Value number="{number}">{_text(value)}</Value>'


def _name(value: object) -> Iterator[str]:
    groups = value if isinstance(value, dict) else {"Alphabetic": str(value)}
    for group in GROUPS:
        if not groups.get(group):
            continue
        yield f"<{group}>"
        for element, text in zip(_COMPONENTS, str(groups[group]).split("^"), strict=False):
            if text:
                yield f"<{element}>{_text(text)}</{element}>"
        yield f"</{group}>"


def _text(value: object) -> str:
    # A parser turns a bare CR into LF, and blanks in an attribute into spaces.
    plain = _UNSPEAKABLE.sub("\ufffd", str(value))
    return escape(plain, {'"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})
