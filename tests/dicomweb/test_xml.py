from pathlib import Path
from xml.etree import ElementTree as ET

import pydicom
import pytest

from gateway.dicomweb.multipart import PartBegin, PartData, PartDecoder
from gateway.dicomweb.xml import to_xml, xml_parts

NS = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"
FILES = Path(pydicom.__file__).parent / "data" / "test_files"


def attributes(dataset: dict) -> dict[str, ET.Element]:
    root = ET.fromstring(to_xml(dataset))
    assert root.tag == f"{NS}NativeDicomModel"
    return {child.attrib["tag"]: child for child in root}


def texts(element: ET.Element) -> list[tuple[str, str | None]]:
    return [(child.attrib["number"], child.text) for child in element]


def test_values_are_numbered() -> None:
    found = attributes(
        {
            "00080008": {"vr": "CS", "Value": ["ORIGINAL", None, "AXIAL"]},
            "00280010": {"vr": "US", "Value": [512]},
            "00180050": {"vr": "DS", "Value": [1.5]},
            "00080050": {"vr": "SH"},
        }
    )
    assert found["00080008"].attrib == {"tag": "00080008", "vr": "CS", "keyword": "ImageType"}
    assert texts(found["00080008"]) == [("1", "ORIGINAL"), ("3", "AXIAL")]
    assert texts(found["00280010"]) == [("1", "512")]
    assert texts(found["00180050"]) == [("1", "1.5")]
    assert texts(found["00080050"]) == []


def test_text_survives_a_parser() -> None:
    text = "a<b>&c \"d\" 'e'\tf\r\ng ]]> é 山"
    found = attributes({"00081030": {"vr": "LO", "Value": [text]}})
    assert texts(found["00081030"]) == [("1", text)]


def test_what_xml_cannot_hold_is_replaced() -> None:
    found = attributes({"00081030": {"vr": "LO", "Value": ["a\x1bb\x00c\x0c\ufffe"]}})
    assert texts(found["00081030"]) == [("1", "a\ufffdb\ufffdc\ufffd\ufffd")]


def test_person_names() -> None:
    name = {"Alphabetic": "Yamada^Tarou^^Dr^Jr", "Ideographic": "山田^太郎", "Phonetic": ""}
    (person,) = attributes({"00100010": {"vr": "PN", "Value": [name]}})["00100010"]
    assert person.tag == f"{NS}PersonName"
    assert person.attrib == {"number": "1"}
    groups = {group.tag.removeprefix(NS): [(c.tag.removeprefix(NS), c.text) for c in group] for group in person}
    assert groups == {
        "Alphabetic": [("FamilyName", "Yamada"), ("GivenName", "Tarou"), ("NamePrefix", "Dr"), ("NameSuffix", "Jr")],
        "Ideographic": [("FamilyName", "山田"), ("GivenName", "太郎")],
    }


def test_binary_and_bulk_data() -> None:
    found = attributes(
        {
            "00281201": {"vr": "OW", "InlineBinary": "AAEC"},
            "7FE00010": {"vr": "OW", "BulkDataURI": "http://x/bulkdata/7FE00010?a=1&b=2"},
        }
    )
    assert found["00281201"][0].tag == f"{NS}InlineBinary"
    assert found["00281201"][0].text == "AAEC"
    assert found["7FE00010"][0].attrib == {"uri": "http://x/bulkdata/7FE00010?a=1&b=2"}


def test_items_nest() -> None:
    inner = {"00080100": {"vr": "SH", "Value": ["T-1"]}}
    (first, second) = attributes(
        {"00081140": {"vr": "SQ", "Value": [{"00400008": {"vr": "SQ", "Value": [inner]}}, {}]}}
    )["00081140"]
    assert (first.tag, first.attrib, second.attrib) == (f"{NS}Item", {"number": "1"}, {"number": "2"})
    assert first[0][0][0][0].text == "T-1"
    assert len(second) == 0


def test_private_attributes_are_named_by_their_creator() -> None:
    root = ET.fromstring(
        to_xml(
            {
                "00090011": {"vr": "LO", "Value": ['ACME "1"']},
                "00091102": {"vr": "UN", "InlineBinary": "AA=="},
                "00091002": {"vr": "UN", "InlineBinary": "AA=="},
            }
        )
    )
    assert [child.attrib for child in root] == [
        {"tag": "00090011", "vr": "LO"},
        {"tag": "00091002", "vr": "UN"},
        {"tag": "00090002", "vr": "UN", "privateCreator": 'ACME "1"'},
    ]


def test_group_lengths_are_left_out() -> None:
    assert attributes({"00080000": {"vr": "UL", "Value": [8]}}) == {}


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "reportsi.dcm", "nested_priv_SQ.dcm"])
def test_real_data_sets_keep_their_attributes(name: str) -> None:
    dataset = pydicom.dcmread(FILES / name).to_json_dict(
        bulk_data_threshold=64, bulk_data_element_handler=lambda _: "x:y"
    )
    root = ET.fromstring(to_xml(dataset))
    assert len(root) == sum(not tag.endswith("0000") for tag in dataset)


def test_parts() -> None:
    datasets = [{"00100020": {"vr": "LO", "Value": [str(n)]}} for n in range(3)]
    decoder = PartDecoder("b")
    events = decoder.feed(b"".join(xml_parts("b", datasets)))
    decoder.finish()
    assert [e.headers for e in events if isinstance(e, PartBegin)] == [{"content-type": "application/dicom+xml"}] * 3
    assert [e.data for e in events if isinstance(e, PartData)] == [to_xml(d) for d in datasets]
