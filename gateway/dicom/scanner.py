"""One pass over the bytes of a data set: finds each element, at every depth (PS3.5 §7).

Nothing is copied and no value is read. Explicit VR Little Endian, Implicit VR Little Endian and Explicit VR
Big Endian are walked; sequences and items of defined and of undefined length; UN that holds an Implicit VR
sequence (PS3.5 §6.2.2). What cannot be walked to its very end is withheld.

Tolerated, because archives hold it: odd lengths, elements out of order (they are sorted), zero bytes after the
data set. Withheld: the same tag twice in one data set, a VR that PS3.5 does not list (which is what Implicit VR
inside an explicit data set looks like), an undefined length where none is allowed.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from gateway.dicom.dictionary import VR, creator_tag, is_private_creator, vr_of
from gateway.dicom.elements import (
    FRAGMENTS,
    ITEM_END,
    LIMITS,
    PIXEL_DATA,
    SAME,
    SWAPPED,
    UNDEFINED,
    VALUE_SAME,
    Buffer,
    Element,
    Elements,
    Limits,
    malformed,
    ordered,
)
from gateway.dicom.syntax import TransferSyntax
from gateway.dicom.vr import VRS
from gateway.errors import Reason, Withheld

_PIXEL_REPRESENTATION: Final = 0x00280103


class _NeedMore(Exception):
    """The buffer ends inside an element; no attempt is worth it below `size` bytes of buffer."""

    def __init__(self, size: int, *, exact: bool) -> None:
        super().__init__(size)
        self.size = size
        self.exact = exact


class _Holder(NamedTuple):
    """What holds a data set: it ends at `limit`, which is `hard` when no more bytes can come to it.

    `implicit` is how the elements inside are written; an `open` holder ends at its delimiter.
    """

    limit: int
    depth: int
    hard: bool
    implicit: bool
    open: bool

    def short(self, tag: int, size: int) -> Exception:
        if self.hard:
            return malformed(tag, "it is longer than what holds it")
        return _NeedMore(size, exact=self.depth == 0)


_PIXEL_VRS: Final = frozenset(("OB", "OW", "OF", "OD", "UN"))
_new = tuple.__new__
_item_le = Struct("<HHI").unpack_from
_SHORT: Final = {vr.encode(): vr for vr, facts in VRS.items() if not facts.long_form}
_LONG: Final = {vr.encode(): vr for vr, facts in VRS.items() if facts.long_form}


class Scanner:
    """Walks one data set in a buffer that may still grow; offsets count from the start of that buffer."""

    __slots__ = (
        "_buffer",
        "_count",
        "_final",
        "_header",
        "_item",
        "_limits",
        "_long",
        "_settled",
        "_signed",
        "_start",
        "_syntax",
        "_wait",
        "elements",
        "pixel_length",
        "position",
    )

    def __init__(self, syntax: TransferSyntax, *, start: int = 0, limits: Limits = LIMITS) -> None:
        order = ">" if syntax.big_endian else "<"
        self._syntax = syntax
        self._header = Struct(order + "HH2sH").unpack_from
        self._item = Struct(order + "HHI").unpack_from
        self._long = Struct(order + "I").unpack_from
        self._limits = limits
        self._buffer: Buffer = b""
        self._start = self._wait = start
        self._count = self._settled = 0
        self._signed = self._final = False
        self.elements: list[Element] = []
        self.position = start
        self.pixel_length: int | None = None

    def scan(self, buffer: Buffer, *, final: bool = False) -> bool:
        """Walk on; tell whether Pixel Data or the end of the data set has been met.

        `final` says that the buffer will not grow. When True is returned, `elements` holds the elements at the
        root in order, Pixel Data last, `pixel_length` the length it declares (`UNDEFINED` when encapsulated,
        None without Pixel Data), and `position` is where its value starts, or the end of the data set.

        Raises:
            Withheld: MALFORMED, TOO_DEEP, HEADER_TOO_LARGE, or TRUNCATED when `final` and it ends too early.
        """
        size = len(buffer)
        if size < self._wait and not final:
            return False
        self._buffer, self._final = buffer, final
        need: _NeedMore | None = None
        try:
            self._walk(self.position, self.elements, _Holder(size, 0, False, self._syntax.implicit, False))
        except _NeedMore as pause:
            need = pause
        finally:
            self._buffer = b""
        if self.elements:
            self.position = self.elements[-1].end
        largest = self._start + self._limits.header
        if max(self.position if self.pixel_length is not None else size, need.size if need else 0) > largest:
            raise Withheld(Reason.HEADER_TOO_LARGE, f"the limit is {self._limits.header} bytes")
        if need is not None and final:
            raise Withheld(Reason.TRUNCATED, "the data set ends inside an element")
        if self.pixel_length is None and not final:
            # A sequence of undefined length is walked again only when it has doubled: the work stays linear.
            exact = need is None or need.exact
            wait = (need.size if need else size + 8) if exact else 2 * size - self.position
            self._wait = min(wait, largest + 1)
            self._count = self._settled
            return False
        self.elements = list(ordered(self.elements))
        if self.pixel_length is not None and self.elements[-1].tag not in PIXEL_DATA:
            raise malformed(self.elements[-1].tag, "this element stands before Pixel Data")
        return True

    def _walk(self, pos: int, out: list[Element], holder: _Holder) -> int:
        """Append the elements of one data set to `out`; return where it ends."""
        if holder.depth > self._limits.depth:
            raise Withheld(Reason.TOO_DEEP, f"the limit is {self._limits.depth} levels")
        walk = self._walk_implicit if holder.implicit else self._walk_explicit
        before = len(out)
        try:
            return walk(pos, out, holder)
        finally:
            # What was walked in vain counts too: it cost as much.
            self._count += len(out) - before

    def _walk_explicit(self, pos: int, out: list[Element], holder: _Holder) -> int:
        buffer, header, append, limit = self._buffer, self._header, out.append, holder.limit
        form = SWAPPED if self._syntax.big_endian else SAME
        room = self._limits.elements - self._count
        tag = 0
        while pos < limit:
            if pos + 8 > limit:
                if self._only_zeros(pos, holder):
                    return pos
                raise holder.short(tag, pos + 8)
            group, number, code, length = header(buffer, pos)
            tag = group << 16 | number
            vr = _SHORT.get(code)
            if vr is not None:
                end = pos + 8 + length
                if end > limit:
                    raise holder.short(tag, end)
                append(_new(Element, (tag, vr, pos, pos + 8, end, form or length & 1, None)))
            elif code in _LONG:
                if pos + 12 > limit:
                    raise holder.short(tag, pos + 12)
                element = self._long_form(tag, _LONG[code], pos, self._long(buffer, pos + 8)[0], holder)
                append(element)
                if self.pixel_length is not None:
                    return pos
                end = element.end
            elif tag == ITEM_END and holder.open:
                return pos + 8
            elif not tag and self._only_zeros(pos, holder):
                return pos
            else:
                raise malformed(tag, "its VR is not one of PS3.5 §6.2")
            if len(out) > room:
                raise self._too_many()
            pos = end
        if holder.open:
            raise holder.short(tag, pos + 8)
        return pos

    def _walk_implicit(self, pos: int, out: list[Element], holder: _Holder) -> int:
        buffer, append, limit = self._buffer, out.append, holder.limit
        room = self._limits.elements - self._count
        creators = {e.tag: self._ascii(e) for e in out if is_private_creator(e.tag)}
        tag = 0
        while pos < limit:
            if pos + 8 > limit:
                if self._only_zeros(pos, holder):
                    return pos
                raise holder.short(tag, pos + 8)
            group, number, length = _item_le(buffer, pos)
            tag = group << 16 | number
            vr = VR.get(tag) if tag else None
            if vr is None:
                if tag == ITEM_END and holder.open:
                    return pos + 8
                if group == 0xFFFE:
                    raise malformed(tag, "a delimiter stands where an element must")
                if not tag and not length:
                    if self._only_zeros(pos, holder):
                        return pos
                    raise malformed(tag, "something follows zeros that are no part of the data set")
                vr = vr_of(tag, creators.get(creator_tag(tag), ""), signed=self._signed)
            element = self._long_form(tag, vr, pos, length, holder)
            append(element)
            if self.pixel_length is not None:
                return pos
            pos = element.end
            if tag == _PIXEL_REPRESENTATION:
                self._signed = buffer[element.offset : pos] == b"\1\0"
            elif is_private_creator(tag):
                creators[tag] = self._ascii(element)
            if len(out) > room:
                raise self._too_many()
        if holder.open:
            raise holder.short(tag, pos + 8)
        return pos

    def _long_form(self, tag: int, vr: str, start: int, length: int, holder: _Holder) -> Element:
        """Return the element whose header was read, its items walked when it is a sequence."""
        if holder.implicit:
            offset, form = start + 8, VALUE_SAME
        else:
            offset, form = start + 12, SWAPPED if self._syntax.big_endian else length & 1
        if tag in PIXEL_DATA:
            if holder.depth == 0:
                if vr not in _PIXEL_VRS:
                    raise malformed(tag, "its VR is not one that pixels can have")
                self.pixel_length = length
                return Element(tag, "OW" if vr == "UN" else vr, start, offset, offset, form, None)
            if length == UNDEFINED:
                end = self._skip_fragments(offset, holder)
                return Element(tag, vr, start, offset, end, FRAGMENTS, None)
        if length == UNDEFINED:
            if vr not in ("SQ", "UN"):
                raise malformed(tag, "its length is undefined and it is no sequence")
            inside = holder._replace(open=True, implicit=holder.implicit or vr == "UN")
            items, end = self._items(tag, offset, inside)
            return Element(tag, "SQ", start, offset, end, form, items)
        end = offset + length
        if end > holder.limit:
            raise holder.short(tag, end)
        if vr == "SQ":
            items, _ = self._items(tag, offset, _Holder(end, holder.depth, True, holder.implicit, False))
            return Element(tag, "SQ", start, offset, end, form, items)
        element = _new(Element, (tag, vr, start, offset, end, form, None))
        return self._unknown(element, holder.depth) if vr == "UN" else element

    def _unknown(self, element: Element, depth: int) -> Element:
        """Return an UN element as what PS3.5 §6.2.2 lets it be: a sequence, a known attribute, or bytes."""
        tag, _, start, offset, end, _, _ = element
        if end - offset >= 8 and self._buffer[offset : offset + 4] == b"\xfe\xff\x00\xe0":
            try:
                items, _ = self._items(tag, offset, _Holder(end, depth, True, True, False))
            except Withheld as error:
                if error.reason is not Reason.MALFORMED:
                    raise
                if depth == 0:
                    self._settled = self._count
            else:
                return Element(tag, "SQ", start, offset, end, VALUE_SAME, items)
        known = vr_of(tag, signed=self._signed)
        if known not in ("SQ", "UN"):
            return Element(tag, known, start, offset, end, VALUE_SAME, None)
        return element

    def _items(self, tag: int, pos: int, holder: _Holder) -> tuple[tuple[Elements, ...], int]:
        """Walk the items of a sequence; return them and where the sequence ends."""
        item = _item_le if holder.implicit else self._item
        limit, depth, hard, implicit, open_sequence = holder
        open_item = _Holder(limit, depth + 1, hard, implicit, True)
        items: list[Elements] = []
        signed = self._signed
        while open_sequence or pos < limit:
            if pos + 8 > limit:
                raise open_item.short(tag, pos + 8)
            group, number, length = item(self._buffer, pos)
            pos += 8
            if group != 0xFFFE or number not in (0xE000, 0xE0DD):
                raise malformed(tag, "something other than an item stands between its items")
            if number == 0xE0DD:
                if not open_sequence or length:
                    raise malformed(tag, "its delimiter is misplaced")
                break
            out: list[Element] = []
            if length == UNDEFINED:
                pos = self._walk(pos, out, open_item)
            else:
                end = pos + length
                if end > limit:
                    raise open_item.short(tag, end)
                pos = self._walk(pos, out, _Holder(end, depth + 1, True, implicit, False))
            self._signed = signed
            self._count += 1
            if self._count > self._limits.elements:
                raise self._too_many()
            items.append(ordered(out))
        if depth == 0:
            self._settled = self._count
        return tuple(items), pos

    def _skip_fragments(self, pos: int, holder: _Holder) -> int:
        item = _item_le if holder.implicit else self._item
        while True:
            if pos + 8 > holder.limit:
                raise holder.short(0x7FE00010, pos + 8)
            group, number, length = item(self._buffer, pos)
            pos += 8
            if (group, number, length) == (0xFFFE, 0xE0DD, 0):
                return pos
            if (group, number) != (0xFFFE, 0xE000):
                raise malformed(0x7FE00010, "something other than an item stands between its fragments")
            pos += length

    def _too_many(self) -> Withheld:
        return Withheld(Reason.HEADER_TOO_LARGE, f"the limit is {self._limits.elements} elements")

    def _only_zeros(self, pos: int, holder: _Holder) -> bool:
        left = len(self._buffer) - pos
        if holder.depth or left < 2 or self._buffer.count(0, pos) != left:
            return False  # a single zero may be the first byte of a group number
        if not self._final:
            raise _NeedMore(pos + 8, exact=False)
        return True

    def _ascii(self, element: Element) -> str:
        return self._buffer[element.offset : element.end].decode("ascii", "replace").strip(" \0")
