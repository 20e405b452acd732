"""What rewriters remember of one instance must never show in the next."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread

import pytest

from gateway.deid.actions import Action
from gateway.deid.engine import Engine
from gateway.deid.memory import memory
from gateway.deid.plan import Plan
from gateway.deid.rules import Rule
from gateway.deid.scope import Scope
from gateway.dicom.syntax import EXPLICIT_LE
from tests.builders import CT, MR, planted, planted_ct_series
from tests.deid.test_rewriter import FIRST, SECOND, minimal
from tests.dicom.raw import Leaf, Node, Seq, header, item_header, write

PIXELS = header(0x7FE00010, "OW", 2) + b"ab"


def fresh(engine: Engine) -> Engine:
    """Return an engine that remembers nothing."""
    return Engine(replace(engine.plan, _cache={}, _classes={}), engine.keys)


def check(engine: Engine, *sources: bytes) -> None:
    for source in sources * 2:
        assert engine.instance(source) == fresh(engine).instance(source)


def image(*nodes: Node) -> bytes:
    return minimal(*nodes) + PIXELS


@pytest.mark.parametrize("engine", [FIRST, SECOND], ids=["first", "second"])
def test_a_series_of_like_instances(engine: Engine) -> None:
    series = planted_ct_series(12, rows=2, columns=2)
    check(fresh(engine), *series)
    known = fresh(engine)
    for source in series:
        known.instance(source)
    assert 0 < len(memory(known.plan, known.bind(Scope())).layouts) < len(series)


def test_values_are_looked_at_each_time() -> None:
    named, plain = Leaf(0x00080080, "LO", b"Z\xfcrich"), Leaf(0x00080080, "LO", b"Zurich")
    latin, cyrillic, none = (Leaf(0x00080005, "CS", terms) for terms in (b"ISO_IR 100", b"ISO_IR 144", b"nonsense__"))
    check(
        fresh(FIRST),
        *(image(charset, name) for charset in (latin, cyrillic, none) for name in (plain, named)),
        *(image(Leaf(0x00080008, "CS", value)) for value in (b"ORIGINAL", b"Doe^John", b"12345678", b"PRIMARY ")),
        *(image(Leaf(0x00181151, "IS", value)) for value in (b"12", b"1.", b"Do", b"  ")),
    )


def test_an_un_that_holds_items_is_not_taken_for_one_that_held_none() -> None:
    inner = write((Leaf(0x00100010, "PN", b"Doe^Jane"),), "1.2.840.10008.1.2")
    items = item_header(0xFFFEE000, len(inner)) + inner
    opaque = b"x" * len(items)
    broken = items[:4] + b"\xff" * (len(items) - 4)
    check(fresh(FIRST), *(image(Leaf(0x00081140, "UN", value)) for value in (opaque, items, broken, items, opaque)))


def test_layouts_that_agree_in_length_only() -> None:
    one = (Leaf(0x00100010, "PN", b"Doe^Jane"), Leaf(0x00100020, "LO", b"12"))
    other = (Leaf(0x00100010, "PN", b"Doe^"), Leaf(0x00100020, "LO", b"123456"))
    third = (Seq(0x00081140, ((Leaf(0x00081155, "UI", b"1.2\0"),),)), Leaf(0x00100020, "LO", b""))
    fourth = (Seq(0x00081140, ((), ())), Leaf(0x00100020, "LO", b"12345678"))
    check(fresh(FIRST), image(*one), image(*other), image(*third), image(*fourth), image(*one))


def test_another_sop_class_has_its_own_decisions() -> None:
    node = Leaf(0x00181152, "IS", b"12")
    ct = image(node)
    mr = ct.replace(CT.encode(), MR.encode())
    cr = ct.replace(CT.encode(), b"1.2.840.10008.5.1.4.1.1.1")
    assert len(ct) == len(mr) == len(cr)
    check(fresh(SECOND), ct, mr, cr)


def test_private_elements_follow_the_creator_of_this_instance() -> None:
    rule = Rule(Action.KEEP, "A test.", "private")
    plan = replace(FIRST.plan, private={("ACME 1", 0x0009, 0x01): ("LO", rule)}, creators=rule, _cache={})
    engine = Engine(plan, FIRST.keys)
    kept, dropped = (
        image(Leaf(0x00090010, "LO", creator), Leaf(0x00091001, "LO", b"public")) for creator in (b"ACME 1", b"EVIL 1")
    )
    for _ in range(2):
        assert b"public" in engine.instance(kept)
        assert b"public" not in engine.instance(dropped)


def test_scopes_share_nothing() -> None:
    source = planted(rows=2, columns=2)
    engine = fresh(SECOND)
    outs = {engine.instance(source, scope=Scope(binding=binding)) for binding in ("one", "two", "one", "two")}
    assert len(outs) == 2


def test_what_is_remembered_is_bounded() -> None:
    engine = fresh(FIRST)
    plan: Plan = engine.plan
    for length in range(40):
        engine.instance(image(Leaf(0x00100020, "LO", b"x" * length * 2)))
    found = memory(plan, engine.bind(Scope()))
    assert len(found.layouts) == 16
    assert all(layout.elements for layout in found.layouts)


def test_threads_may_share_an_engine() -> None:
    series = planted_ct_series(6, rows=2, columns=2)
    expected = [FIRST.instance(source) for source in series]
    engine, wrong = fresh(FIRST), []

    def work() -> None:
        for _ in range(20):
            for source, out in zip(series, expected, strict=True):
                if engine.instance(source) != out:
                    wrong.append(source)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_only_explicit_vr_little_endian_is_remembered() -> None:
    for syntax in ("1.2.840.10008.1.2", "1.2.840.10008.1.2.2"):
        engine = fresh(FIRST)
        engine.instance(planted(rows=2, columns=2, syntax=syntax))
        assert memory(engine.plan, engine.bind(Scope())).layouts == ()
    engine = fresh(FIRST)
    engine.instance(planted(rows=2, columns=2, syntax=EXPLICIT_LE))
    assert memory(engine.plan, engine.bind(Scope())).layouts != ()
