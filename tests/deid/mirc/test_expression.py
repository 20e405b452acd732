from __future__ import annotations

import pytest

from gateway.deid.mirc.expression import Call, Malformed, Text, calls, parse


def test_text_without_functions_is_text() -> None:
    assert parse("Removed by us") == (Text(0, "Removed by us"),)
    assert parse("") == ()


def test_a_call_has_a_name_and_arguments() -> None:
    assert parse("@hashptid(@SITE, PatientID ,10)") == (Call(0, "hashptid", ("@SITE", "PatientID", "10")),)
    assert parse("@ keep ( )") == (Call(0, "keep", ()),)


def test_text_around_a_call_stays() -> None:
    assert parse("A-@hash(this)-B") == (Text(0, "A-"), Call(2, "hash", ("this",)), Text(13, "-B"))


def test_quotes_protect_commas_and_parentheses() -> None:
    (call,) = parse('@contents(this,"[(,]+","@keep()")')
    assert isinstance(call, Call)
    assert call.arguments == ("this", "[(,]+", "@keep()")


def test_brackets_protect_commas() -> None:
    (call,) = parse("@hash([0013,[CTP]10],8)")
    assert isinstance(call, Call)
    assert call.arguments == ("[0013,[CTP]10]", "8")


def test_a_backslash_makes_a_character_literal() -> None:
    assert parse(r"me\@home \\") == (Text(0, "me@home \\"),)


def test_bodies_nest() -> None:
    (call,) = parse("@if(this,isblank){@select(){@remove()}{x}}{@keep()}")
    assert isinstance(call, Call)
    assert [len(body) for body in call.bodies] == [1, 1]
    assert [found.name for found in calls((call,))] == ["if", "select", "remove", "keep"]


def test_what_a_body_says_knows_where_it_stands() -> None:
    text = "@if(this,exists) {@keep()}{ @remove()}"
    assert [text[call.at :].split("(", maxsplit=1)[0] for call in calls(parse(text))] == ["@if", "@keep", "@remove"]


@pytest.mark.parametrize(
    ("text", "at", "reason"),
    [
        ("@keep", 0, "opening parenthesis"),
        ("x @hash(this", 2, "closing parenthesis"),
        ('@contents(this,")', 0, "closing parenthesis"),
        ("@", 0, "name is missing"),
        ("someone@(home)", 7, "name is missing"),
        ("@if(this,isblank)", 17, "in braces"),
        ("@if(this,isblank){@keep()}", 26, "in braces"),
        ("@append(){x", 9, "closing brace"),
        ("@if(this,isblank){@keep}{x}", 18, "opening parenthesis"),
        ("@select(){" * 40 + "x", 9, "closing brace"),
    ],
)
def test_what_is_missing_is_named_with_its_place(text: str, at: int, reason: str) -> None:
    with pytest.raises(Malformed, match=reason) as caught:
        parse(text)
    assert caught.value.at == at


def test_nesting_has_a_limit() -> None:
    with pytest.raises(Malformed, match="nested"):
        parse("@append(){" * 40 + "x" + "}" * 40)
