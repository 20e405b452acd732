from __future__ import annotations

import time

from gateway.dicom.normal_form import LONGEST, normalized


def test_spellings_of_one_name_become_one() -> None:
    assert normalized("NFC", "Mu\u0308ller") == normalized("NFC", "Müller") == "Müller"
    assert normalized("NFD", "Müller") == "Mu\u0308ller"
    assert normalized("NFKC", "Ｙａｍａｄａ") == "Yamada"


def test_what_is_too_long_for_a_name_stays_and_costs_nothing() -> None:
    marks = "Z" + "\u0301" * 200_000 + "\u0316" * 200_000
    started = time.process_time()
    assert normalized("NFKC", marks) == marks
    assert time.process_time() - started < 1
    assert normalized("NFC", "u\u0308" * (LONGEST // 2)) == "ü" * (LONGEST // 2)
