from __future__ import annotations

from gateway.deid.profile import Pass
from gateway.evidence.passes import report_engines
from gateway.evidence.references import references
from gateway.evidence.sweep import Judgement, Outcome, sweep
from gateway.evidence.tally import count, counts_by, elements
from tests.deid.shipped import PROFILES, plan
from tests.evidence.small import NAMES, measured


def test_every_row_of_the_table_is_judged_and_none_is_worse_than_demanded() -> None:
    swept = sweep(plan("first").profile.table, measured(), report_engines(PROFILES))
    assert len(swept) == 621
    assert [row.row for row in swept for which in Pass if row.verdicts[which].judgement is Judgement.NOT_OK] == []


def test_the_exceptions_of_the_first_pass_are_on_purpose_with_their_reason() -> None:
    swept = sweep(plan("first").profile.table, measured(), report_engines(PROFILES))
    on_purpose = {
        row.row.keyword: row.verdicts[Pass.FIRST]
        for row in swept
        if row.verdicts[Pass.FIRST].judgement is Judgement.ON_PURPOSE
    }
    assert {"StationName", "InstitutionName"} <= on_purpose.keys()
    assert all(verdict.why for verdict in on_purpose.values())
    assert on_purpose["StationName"].outcomes == (Outcome.KEPT,)


def test_counts_add_up() -> None:
    everything = count(trace for one in measured() for trace in one.traces)
    by_kind = counts_by(measured(), lambda one, _: one.specimen.kind)
    assert tuple(by_kind) == tuple(name for name in (one.specimen.kind for one in measured()[::2]))
    assert everything.planted == sum(one.planted for one in by_kind.values()) == everything.raw
    assert everything.first_kept > everything.second_kept > 0


def test_a_header_gets_smaller_with_each_pass() -> None:
    counted = {one.kind: one for one in elements(measured())}
    assert set(counted) == set(NAMES)
    assert counted["MR"].root[0] > counted["MR"].root[1] > counted["MR"].root[2]


def test_references_are_whole() -> None:
    for link in references(measured()).values():
        assert link.total > 0
        assert link.whole + link.dropped == link.total
        assert (link.broken, link.ambiguous) == (0, 0)
