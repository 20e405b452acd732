from __future__ import annotations

import pydicom.uid
import pytest
from pydicom.uid import UID_dictionary

from gateway.dicom.syntax import EXPLICIT_LE, known_syntaxes, transfer_syntax
from gateway.errors import Reason, Withheld


def test_agrees_with_pydicom() -> None:
    for syntax in known_syntaxes():
        uid = pydicom.uid.UID(syntax.uid)
        if not uid.is_transfer_syntax:
            continue
        assert (syntax.implicit, syntax.big_endian, syntax.deflated, syntax.encapsulated) == (
            uid.is_implicit_VR,
            not uid.is_little_endian,
            uid.is_deflated,
            uid.is_encapsulated,
        ), syntax.name


def test_knows_every_transfer_syntax_that_is_in_use() -> None:
    named = {uid for uid, entry in UID_dictionary.items() if entry[1] == "Transfer Syntax" and not entry[3]}
    special = {uid for uid in named if uid.startswith(("1.2.840.10008.1.2.6", "1.2.840.10008.1.2.7"))}
    special |= {"1.2.840.10008.1.20", "1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.95"}  # Papyrus, JPIP
    special |= {"1.2.840.10008.1.2.4.204", "1.2.840.10008.1.2.4.205"}  # JPIP with HTJ2K
    assert named - special <= {syntax.uid for syntax in known_syntaxes()}


def test_unknown() -> None:
    for uid in ("1.2.840.113619.5.2", "", "1.2.840.10008.1.2.4.94"):
        with pytest.raises(Withheld) as caught:
            transfer_syntax(uid)
        assert caught.value.reason is Reason.UNKNOWN_TRANSFER_SYNTAX


def test_neither_implicit_vr_nor_big_endian_nor_deflated_leaves() -> None:
    for syntax in known_syntaxes():
        out = transfer_syntax(syntax.leaves_as)
        assert not (out.implicit or out.big_endian or out.deflated)
        assert out.encapsulated == syntax.encapsulated
    assert transfer_syntax("1.2.840.10008.1.2").leaves_as == EXPLICIT_LE
