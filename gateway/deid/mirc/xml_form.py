"""The XML form of a script: `<script>` with `<p>`, `<e>`, `<k>` and `<r>`."""

from __future__ import annotations

from typing import Final
from xml.parsers import expat

from gateway.deid.mirc.names import address_of
from gateway.deid.mirc.script import Draft, Entry, Parameter

_CHILDREN: Final = frozenset("pekr")


def read_xml(data: bytes) -> Draft:
    """Read the XML form. A document type declaration, and with it any entity, is refused."""
    return _Reader().read(data)


class _Reader:
    def __init__(self) -> None:
        self._draft = Draft()
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._depth = 0
        self._line = 0
        self._name = ""
        self._attributes: dict[str, str] = {}
        self._text: list[str] = []
        self._text_line = 0
        self._refused = False

    def read(self, data: bytes) -> Draft:
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            if not self._refused:
                self._draft.problem(error.lineno, f"This is not well-formed XML: {expat.ErrorString(error.code)}.")
        return self._draft

    def _doctype(self, *_: object) -> None:
        self._draft.problem(self._parser.CurrentLineNumber, "A document type declaration is not taken.")
        self._refused = True
        raise expat.ExpatError

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        line = self._parser.CurrentLineNumber
        if self._depth == 0 and name != "script":
            self._draft.problem(line, "The root element must be <script>.")
        elif self._depth == 1 and name not in _CHILDREN:
            self._draft.problem(line, f"<{name}> is unknown. Known are <p>, <e>, <k> and <r>.")
        elif self._depth > 1:
            self._draft.problem(line, f"<{name}> may not stand within <{self._name}>.")
        self._depth += 1
        if self._depth == 2:
            self._name, self._attributes, self._text = name, attributes, []
            self._line = self._text_line = line

    def _characters(self, text: str) -> None:
        if self._depth == 2:
            if not self._text:
                self._text_line = self._parser.CurrentLineNumber
            self._text.append(text)
        elif text.strip() and self._depth == 1:
            self._draft.problem(self._parser.CurrentLineNumber, "Text stands outside of any <p>, <e>, <k> or <r>.")

    def _end(self, _name: str) -> None:
        self._depth -= 1
        if self._depth != 1:
            return
        target = self._attributes.get("t", "").strip()
        text = "".join(self._text)
        match self._name:
            case "p":
                self._draft.parameters.append(Parameter(self._line, target, text.strip()))
            case "e":
                self._element(target, text)
            case "k" if self._enabled():
                self._draft.keep(self._line, target)
            case "r" if self._enabled():
                self._draft.remove(self._line, target)

    def _element(self, target: str, text: str) -> None:
        address = address_of(target)
        if address is None:
            self._draft.problem(self._line, "The attribute t of <e> is neither a tag (ggggeeee) nor gggg[Creator]ee.")
            return
        stripped = text.lstrip()
        line = self._text_line + text[: len(text) - len(stripped)].count("\n")
        name = self._attributes.get("n", "").strip()
        self._draft.entries.append(Entry(line, address, name, self._enabled(), stripped.rstrip()))

    def _enabled(self) -> bool:
        """Tell whether the element is ticked; one that does not say so is not, as in the original."""
        enabled = self._attributes.get("en", "F")
        if enabled not in ("T", "F"):
            self._draft.problem(self._line, 'The attribute en must be "T" or "F".')
        return enabled == "T"
