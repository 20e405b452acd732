from __future__ import annotations

import io

import pydicom

from gateway.evidence.corpus import corpus
from gateway.evidence.hipaa import Identifier
from gateway.evidence.planter import Place
from gateway.evidence.search import Haystack
from tests.deid.shipped import plan
from tests.evidence.small import SMALL, specimens


def test_the_corpus_has_the_same_bytes_each_time() -> None:
    again = corpus(plan("first").profile.table, SMALL)
    assert [(one.name, one.data, one.plants) for one in again] == [
        (one.name, one.data, one.plants) for one in specimens()
    ]


def test_every_planted_identifier_is_found_in_the_raw_file() -> None:
    for one in specimens():
        haystack = Haystack.of_file(one.data)
        assert [plant for plant in one.plants if not haystack.holds(plant)] == []


def test_every_attribute_of_the_table_is_planted_at_every_depth() -> None:
    rows = {row.keyword for row in plan("first").profile.table if "X" not in row.tag}
    saturated = next(one for one in specimens() if one.saturated)
    for place in (Place.NESTED, Place.UNKNOWN):
        assert rows <= {plant.keyword for plant in saturated.plants if plant.place is place}
    below = {row.keyword for row in plan("first").profile.table if row.tag < "0008"}
    at_the_root = {plant.keyword for plant in saturated.plants if plant.place in (Place.ROOT, Place.ITEM)}
    assert rows - below <= at_the_root


def test_all_eighteen_identifiers_and_all_places_occur() -> None:
    plants = [plant for one in specimens() for plant in one.plants]
    assert {plant.identifier for plant in plants} == set(Identifier)
    assert {plant.place for plant in plants} == set(Place)


def test_tokens_are_unique_within_a_file() -> None:
    for one in specimens():
        tokens = [plant.needle for plant in one.plants if not plant.number and plant.needle.startswith("ZQ")]
        assert len(tokens) == len(set(tokens))


def test_pydicom_reads_every_file() -> None:
    for one in specimens():
        found = pydicom.dcmread(io.BytesIO(one.data))
        assert found.PatientName
        assert len(list(found.iterall())) > 80
