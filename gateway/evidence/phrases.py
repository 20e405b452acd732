"""Teaching value: harmless phrases of everyday radiology, and how many of them survive each pass word by word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.deid.engine import Engine
from gateway.deid.profile import Pass
from gateway.deid.scope import Scope
from gateway.dicom.dataset import IdentifiedDataset, JsonDataset
from gateway.dicom.dictionary import hex_tag, tag_of
from gateway.evidence.passes import BINDING

_FILE: Final = Path(__file__).with_name("phrases.txt")
_CT: Final = "1.2.840.10008.5.1.4.1.1.2"
_SR: Final = "1.2.840.10008.5.1.4.1.1.88.33"
_CONTENT: Final = "0040A730"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase in the attribute where it usually stands, and what each pass left of it."""

    keyword: str
    text: str
    left: dict[Pass, str]

    def kept(self, which: Pass) -> bool:
        """Tell whether every word is still there."""
        return self.left[which].casefold().split() == self.text.casefold().split()


def phrases(engines: dict[Pass, Engine]) -> list[Phrase]:
    """Send every phrase through both passes."""
    return [
        Phrase(keyword, text, {which: _after(engine, keyword, text, which) for which, engine in engines.items()})
        for keyword, text in _written()
    ]


def _written() -> Iterator[tuple[str, str]]:
    keyword = ""
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            keyword = line[2:]
        elif line:
            yield keyword, line


def _after(engine: Engine, keyword: str, text: str, which: Pass) -> str:
    tag = hex_tag(tag_of(keyword) or 0)
    element: JsonDataset = {tag: {"vr": "UT" if keyword == "TextValue" else "LO", "Value": [text]}}
    in_report = keyword == "TextValue"
    source = _identity(_SR if in_report else _CT) | (
        {_CONTENT: {"vr": "SQ", "Value": [element]}} if in_report else element
    )
    scope = Scope(binding=BINDING) if which is Pass.SECOND else Scope()
    done = engine.dataset(IdentifiedDataset(source), scope=scope).json
    if in_report:
        done = (done.get(_CONTENT, {}).get("Value") or [{}])[0]
    return " ".join(done.get(tag, {}).get("Value") or [])


def _identity(sop_class: str) -> JsonDataset:
    uids = {"00080016": sop_class, "00080018": "1.2.3.1", "0020000D": "1.2.3.2", "0020000E": "1.2.3.3"}
    return {tag: {"vr": "UI", "Value": [uid]} for tag, uid in uids.items()}
