from __future__ import annotations

import contextlib
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.deid.mirc.functions import REFUSED, SIGNATURES
from gateway.deid.mirc.interpreter import interpret
from gateway.deid.mirc.names import Address, address_of, element_of
from gateway.deid.mirc.reader import MAX_BYTES, read_script
from gateway.deid.mirc.script import Removal
from gateway.errors import ConfigurationError
from tests.deid.mirc.samples import converted, first_line, script, xml

XML = """<?xml version="1.0" encoding="UTF-8"?>
<script>
  <p t="SITE">99</p>
  <!-- a comment -->
  <e en="T" t="00100010" n="PatientName">@hashname(this,6,2)</e>
  <e en="T" t="00100020" n="PatientID">
    @hashptid(@SITE,this,10)
  </e>
  <e en="F" t="00104000" n="PatientComments">@lookup(</e>
  <e en="T" t="0013[CTP]10" n="ProjectName">@remove()</e>
  <e t="00100030" n="PatientBirthDate">@keep()</e>
  <k en="T" t="0018">Keep group 18</k>
  <k en="F" t="0020"/>
  <k en="T" t="safeprivateelements"/>
  <r en="T" t="privategroups">x</r>
  <r en="F" t="curves"/>
</script>
"""
PROPERTIES = r"""
! a comment
param.SITE=99
set.[0010,0010]PatientName=@hashname(this,6,2)
set.[0010,0020]PatientID : @hashptid(@SITE,\
    this,10)
#set.[0010,4000]PatientComments=@lookup(
set.[0013,[CTP]10]ProjectName=@remove()
#set.[0010,0030]PatientBirthDate=@keep()
keep.group18=
#keep.group20=
keep.safeprivateelements=
remove.privategroups=
#remove.curves=
"""


def test_both_forms_say_the_same() -> None:
    one, other = read_script(XML.encode()), read_script(PROPERTIES.encode())
    assert one.parameters["SITE"].value == other.parameters["SITE"].value == "99"
    texts = [{address: found.text for address, found in made.instructions.items()} for made in (one, other)]
    assert texts[0] == texts[1]
    assert set(one.disabled) == set(other.disabled) == {Address(0x00104000), Address(0x00100030)}
    assert set(one.groups) == set(other.groups) == {0x0018}
    assert bool(one.safe_private) and bool(other.safe_private)
    assert set(one.removals) == set(other.removals) == {Removal.PRIVATE}


def test_lines_are_those_of_the_file() -> None:
    made = read_script(XML.encode())
    assert made.parameters["SITE"].line == 3
    assert made.instructions[Address(0x00100010)].line == 5
    assert made.instructions[Address(0x00100020)].line == 7
    assert made.disabled[Address(0x00104000)] == 9
    assert (made.groups[0x18], made.safe_private, made.removals[Removal.PRIVATE]) == (12, 14, 15)
    made = read_script(PROPERTIES.encode())
    assert [made.instructions[Address(0x00100000 | tag)].line for tag in (0x10, 0x20)] == [4, 5]
    assert made.removals[Removal.PRIVATE] == 13


def test_every_problem_is_listed_with_its_line() -> None:
    broken = """<script>
<e en="T" t="00100010" n="PatientName">@hashname(this,6</e>
<e en="T" t="00100020" n="PatientID">
  @if(this,isblank){@empty()}
  {@frobnicate(this)}</e>
<e en="T" t="0010" n="PatientSex">@keep()</e>
<e en="T" t="00100040" n="PatientSex">@param(@NOWHERE)</e>
<x/>
<r en="T" t="everything"/>
<k en="T" t="zzzz"/>
<e en="yes" t="00100030" n="PatientBirthDate">@keep()</e>
</script>"""
    with pytest.raises(ConfigurationError) as caught:
        read_script(broken.encode(), name="site.script")
    message = str(caught.value)
    assert message.startswith("site.script cannot be imported.")
    found = [line.split(":")[0].strip() for line in message.splitlines()[1:]]
    assert found == [f"line {number}" for number in (2, 5, 6, 7, 8, 9, 10, 11)]
    assert "@frobnicate: no such function" in message
    assert "'@NOWHERE' is not defined" in message


def test_problems_of_properties_are_listed_too() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_script(b"param.A=1\nset.[0010,0010]X=@keep\nset.[0029,[SIEMENS CSA]10]Y=@keep()\nfrobnicate=1\nkeep.18=\n")
    assert [line[:8].strip() for line in str(caught.value).splitlines()[1:]] == ["line 2", "line 3", "line 4", "line 5"]


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused_functions_say_why(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"line {first_line()}: @{name}: refused: .+"):
        read_script(xml(("00100010", f"@{name}(this,x,y)")))


def test_the_refused_are_those_that_nobody_can_judge() -> None:
    assert {"skip", "call", "encrypt", "integer", "lookup"} <= REFUSED.keys()
    assert not REFUSED.keys() & SIGNATURES.keys()


def test_an_instance_cannot_be_quarantined_by_one_attribute() -> None:
    with pytest.raises(ConfigurationError, match="quarantine"):
        read_script(xml(("00280301", "@quarantine()")))


@pytest.mark.parametrize(
    "text",
    [
        "@hash()",
        "@hash(this,ten)",
        "@hash(this,@MISSING)",
        "@hash(NoSuchElement)",
        "@hashptid(@SITE)",
        "@keep(this)",
        "@blank(x)",
        "@round(this)",
        "@incrementdate(this,soon)",
        "@modifydate(this,*,1)",
        "@if(this,frobnicates){a}{b}",
        "@if(this,equals){a}{b}",
        "@if(this,isblank,x){a}{b}",
        '@if(this,matches,"[a"){a}{b}',
        '@contents(this,"(")',
        "@if(this,isblank){@if(this,exists){@hash(this}{x}}{y}",
    ],
)
def test_wrong_arguments_are_named_with_the_line(text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"line {first_line()}: "):
        read_script(xml(("00100010", text)))


def test_a_disabled_element_may_be_wrong() -> None:
    assert read_script(b'<script><e en="F" t="00100010">@lookup(</e><r en="T" t="curves"/></script>').instructions == {}


def test_an_element_is_scripted_once() -> None:
    with pytest.raises(ConfigurationError, match="line 7: Line 6 says something else"):
        read_script(xml(("00100010", "@keep()"), ("00100010", "@remove()")))
    assert len(read_script(xml(("00100010", "@keep()"), ("00100010", "@keep()"))).instructions) == 1


def test_a_parameter_is_defined_once() -> None:
    with pytest.raises(ConfigurationError, match="line 2: The parameter is defined otherwise in line 1"):
        read_script(b"param.A=1\nparam.A=2\nremove.curves=\n")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<script></script>",
        b"<scripts><r en='T' t='curves'/></scripts>",
        b"<script><e en='T' t='00100010'>@keep()</e>",
        b"<script>text<r en='T' t='curves'/></script>",
        b"<script><e en='T' t='00100010'><b/></e></script>",
        b"remove.curves=\n\xff\xfe",
        b'<!DOCTYPE script [<!ENTITY a "b">]>\n<script><e en="T" t="00100010">&a;</e></script>',
        b"Modality.equals('CT')\n",
        b"#" * (MAX_BYTES + 1),
    ],
)
def test_what_is_no_script_is_refused(data: bytes) -> None:
    with pytest.raises(ConfigurationError):
        read_script(data)


def test_entities_are_never_expanded() -> None:
    laughs = b'<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><script><p t="X">&b;</p></script>'
    with pytest.raises(ConfigurationError, match="line 1: A document type declaration is not taken"):
        read_script(laughs)


def test_a_long_list_of_problems_is_cut() -> None:
    with pytest.raises(ConfigurationError, match="and 50 more"):
        read_script(b"frobnicate=1\n" * 150)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("00100010", Address(0x00100010)),
        ("0010,0010", Address(0x00100010)),
        ("[0010,0010]", Address(0x00100010)),
        ("(10,0010)", Address(0x00100010)),
        ("0013[CTP]10", Address(0x00130010, "CTP")),
        ("[0013,[SIEMENS CSA HEADER]10]", Address(0x00130010, "SIEMENS CSA HEADER")),
        ("0013,00[CTP]", Address(0x00130000, "CTP")),
        ("0012[CTP]10", None),
        ("PatientName", None),
        ("", None),
    ],
)
def test_the_ways_to_write_a_tag(text: str, address: Address | None) -> None:
    assert address_of(text) == address


def test_names_are_those_of_the_standard_or_of_the_script() -> None:
    this, names = Address(0x00080050), {"OperatorName": Address(0x00081070), "PatientID": Address(0x00080080)}
    assert element_of("this", this, names) == this
    assert element_of("PatientID", this, names) == Address(0x00100020)
    assert element_of("OperatorName", this, names) == Address(0x00081070)
    assert element_of("(0010,0020)", this, names) == Address(0x00100020)
    assert element_of("Nobody", this, names) is None


PIECES = st.sampled_from(
    [
        "@",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ",",
        '"',
        "\\",
        "\n",
        "=",
        "#",
        "this",
        "if",
        "hash",
        "keep",
        "isblank",
        "9",
        "é",
        "²",
    ]
)
EXPRESSIONS = st.lists(PIECES, max_size=30).map("".join)


@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS)
def test_any_expression_is_read_or_refused(text: str) -> None:
    """What is read can be converted, and what became of it is valid TOML."""
    try:
        made = script(("00100010", text), ("00080020", text))
    except ConfigurationError as error:
        assert "line " in str(error)
        return
    assert interpret(made, {"00100010": {"vr": "PN"}, "00080020": {"vr": "DA", "Value": ["20190314"]}}) is not None
    assert tomllib.loads(converted(made).profile)["profile"]["id"] == "imported-script"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.lists(PIECES, max_size=30).map(lambda parts: "set.[0010,0010]".join(parts).encode()))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(ConfigurationError):
        read_script(data)
