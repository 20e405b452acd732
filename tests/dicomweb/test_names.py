import time

import pytest

from gateway.dicomweb.names import fold, name_test
from gateway.dicomweb.wildcards import wildcard

YAMADA = {"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}


def name(alphabetic: str) -> dict[str, str]:
    return {"Alphabetic": alphabetic}


@pytest.mark.parametrize(
    ("key", "stored"),
    [
        ("Doe^John", "Doe^John"),
        ("doe^JOHN", "Doe^John"),
        ("Doe^John", "Doe^John^^^"),
        ("Doe^John^^", "Doe^John"),
        ("Doe^John", "Doe^John "),
        ("Doe ^ John", "Doe^John"),
        ("Doe*", "Doe^John"),
        ("*john*", "Doe^John"),
        ("Doe^*", "Doe"),
        ("Doe^*", "Doe^John^Q"),
        ("D?e^J*", "Doe^Jane"),
        ("*^Q", "Doe^John^Q"),
        ("Muller", "Müller"),
        ("MÜLLER*", "Mu\u0308ller^Jörg"),
        ("strasse", "Straße"),
        ("Soren", "Søren"),
    ],
)
def test_literal_and_wildcard(key: str, stored: str) -> None:
    assert name_test(key, fuzzy=False)(name(stored))


@pytest.mark.parametrize(
    ("key", "stored"),
    [("Doe", "Doe^John"), ("Doe^John", "Doe^Johnny"), ("Doe^?", "Doe"), ("John*", "Doe^John"), ("Doe^*", "Doeman^X")],
)
def test_literal_means_whole(key: str, stored: str) -> None:
    assert not name_test(key, fuzzy=False)(name(stored))


@pytest.mark.parametrize(
    "key", ["Yamada^Tarou", "山田^太郎", "やまだ*", "Yamada*=山田*=やまだ*", "=山田^太郎", "Yamada^Tarou==", "*=*=*"]
)
def test_any_group_or_each_its_own(key: str) -> None:
    assert name_test(key, fuzzy=False)(YAMADA)
    assert name_test(key, fuzzy=False)("Yamada^Tarou=山田^太郎=やまだ^たろう")


@pytest.mark.parametrize("key", ["Yamada*=やまだ*", "=Yamada^Tarou", "やまた^たろう"])
def test_groups_do_not_mix(key: str) -> None:
    assert not name_test(key, fuzzy=False)(YAMADA)


@pytest.mark.parametrize("key", ["john doe", "Doe, Jo", "do^jo", "JOHN", "Jöhn", "Doe^John="])
def test_fuzzy_takes_words_in_any_order(key: str) -> None:
    assert name_test(key, fuzzy=True)(name("Doe^John^Quincy"))


@pytest.mark.parametrize("key", ["ohn", "john smith", "", "^", "doejohn"])
def test_fuzzy_needs_every_word_at_a_words_beginning(key: str) -> None:
    assert not name_test(key, fuzzy=True)(name("Doe^John^Quincy"))


@pytest.mark.parametrize("value", [None, 7, [], {}, {"Alphabetic": None}, {"Alphabetic": 3}, {"Other": "Doe"}, ""])
@pytest.mark.parametrize("fuzzy", [True, False])
def test_what_is_no_name_never_matches(value: object, fuzzy: bool) -> None:
    assert not name_test("Doe", fuzzy=fuzzy)(value)


def test_fold_keeps_voiced_kana_apart() -> None:
    assert fold("が") != fold("か")
    assert fold("É") == "e"


def test_a_hostile_pattern_stays_cheap() -> None:
    pattern = wildcard("*a" * 200 + "b")
    start = time.perf_counter()
    assert pattern.fullmatch("a" * 20_000) is None
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("a*c", "abbc", True),
        ("a*c", "ac", True),
        ("a*b*c", "axbxbxc", True),
        ("a?c", "ac", False),
        ("*", "", True),
        ("*?", "", False),
        ("**x**", "x", True),
        ("a*ba", "aba", True),
        ("aba*ba", "aba", False),
        ("a.c", "abc", False),
        (r"a\?c", r"a\xc", True),
        ("a*c", "a\nc", True),
        ("*ab*ab", "abab", True),
        ("*ab*ab", "aab", False),
    ],
)
def test_wildcards(pattern: str, text: str, found: bool) -> None:
    assert (wildcard(pattern).fullmatch(text) is not None) is found
