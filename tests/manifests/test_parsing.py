"""Parsing YAML 1.2 into values."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from reconciler.manifests.parsing import MOST_FROM_ALIASES, Flaw, parse


def value(text: str) -> Any:
    parsed = parse(text)
    assert parsed.flaws == ()
    assert parsed.whole
    return parsed.documents[0][1]


def flaw(text: str) -> Flaw:
    return parse(text).flaws[0]


def test_numbers_with_a_point_are_decimals_and_quoted_scalars_are_text() -> None:
    assert value("a: 1.10\nb: '1.10'\nc: \"12\"\nd: [no, 0o17]\n") == {
        "a": Decimal("1.10"),
        "b": "1.10",
        "c": "12",
        "d": ["no", 15],
    }


def test_block_text_and_nesting() -> None:
    assert value("a:\n  - b: |\n      one\n      two\n    c: {d: []}\n") == {"a": [{"b": "one\ntwo\n", "c": {"d": []}}]}


def test_documents_have_their_index_in_the_file_and_empty_ones_are_left_out() -> None:
    assert parse("---\n---\na: 1\n---\n# only a comment\n---\nb: 2\n").documents == ((1, {"a": 1}), (3, {"b": 2}))


def test_a_document_with_null_is_not_empty() -> None:
    assert parse("null\n").documents == ((0, None),)
    assert parse("''\n").documents == ((0, ""),)


def test_anchors_and_aliases_repeat_a_value() -> None:
    assert value("a: &x {b: 1}\nc: *x\nd: &k text\ne: *k\n&n f: *k\n") == {
        "a": {"b": 1},
        "c": {"b": 1},
        "d": "text",
        "e": "text",
        "f": "text",
    }


def test_an_anchor_is_valid_in_its_document_only() -> None:
    assert flaw("a: &x 1\n---\nb: *x\n").message == "there is no anchor &x"


def test_a_duplicate_key_is_an_error_at_its_second_place() -> None:
    assert flaw("a: 1\nb: 2\na: 3\n") == Flaw("a is in this mapping twice", "remove one of the two", 3, 1)


@pytest.mark.parametrize("key", ["1", "true", "null", "1.5", "~", ".inf", "!!int 1"])
def test_a_key_that_is_not_text_is_an_error(key: str) -> None:
    assert parse(f"{key}: x\n").flaws


def test_quoted_and_tagged_keys_are_text() -> None:
    assert value("'1': a\n\"true\": b\n!!str 2: c\n'': d\n") == {"1": "a", "true": "b", "2": "c", "": "d"}


@pytest.mark.parametrize("text", ["? [a]\n: b\n", "a: {{ x }}\n", "? {a: b}\n: c\n"])
def test_a_mapping_or_list_cannot_be_a_key(text: str) -> None:
    parsed = parse(text)
    assert parsed.flaws[0].message == "a key must be text"
    assert not parsed.whole


def test_an_alias_cannot_be_a_key() -> None:
    assert flaw("a: &x b\n*x : c\n").message == "an alias cannot be a key"


def test_the_error_for_a_merge_key_recommends_defaults() -> None:
    found = flaw("a: &x {b: 1}\nc:\n  <<: *x\n")
    assert (found.line, found.column) == (3, 3)
    assert "Defaults" in found.suggestion
    assert value("'<<': 1\n") == {"<<": 1}


def test_tags_of_the_core_schema_are_accepted_and_others_refused() -> None:
    assert value("a: !!str 1\nb: !!float 2\nc: !!map {}\nd: !!seq []\ne: ! 3\n") == {
        "a": "1",
        "b": Decimal(2),
        "c": {},
        "d": [],
        "e": "3",
    }
    for text in ("a: !custom 1\n", "a: !!binary aGk=\n", "a: !!set {b}\n", "a: !x [1]\n"):
        assert "is not allowed in manifests" in flaw(text).message
    assert flaw("a: !!int abc\n").message == "'abc' is not of the type !!int"


def test_infinite_numbers_are_refused_at_their_place() -> None:
    assert (flaw("a: 1\nb: .inf\n").line, flaw("a: 1\nb: .inf\n").column) == (2, 4)


def test_aliases_that_expand_to_too_many_values_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    parsed = parse("\n".join(lines))
    (found,) = parsed.flaws
    assert "the aliases of this file expand to more than" in found.message
    assert found.line == 5
    assert not parsed.whole


def test_aliases_may_expand_to_the_allowed_number_of_values() -> None:
    assert parse("a: &x y\nb: [" + ", ".join(["*x"] * MOST_FROM_ALIASES) + "]\n").flaws == ()
    assert parse("a: &x y\nb: [" + ", ".join(["*x"] * (MOST_FROM_ALIASES + 1)) + "]\n").flaws


def test_an_alias_inside_its_own_value_is_refused() -> None:
    assert flaw("a: &x [1, *x]\n").message == "*x is inside the value that it refers to"


def test_nesting_deeper_than_the_limit_is_refused() -> None:
    assert parse("[" * 100 + "]" * 100).flaws == ()
    assert flaw("[" * 101 + "]" * 101).message == "nested deeper than 100 levels"
    assert flaw("[" * 100_000).message == "nested deeper than 100 levels"


@pytest.mark.parametrize(
    ("text", "line", "column", "advice"),
    [
        ("a: 1\nb: 'open\nc: 2\n", 2, 4, "close the quotes"),
        ("a: b: c\n", 1, 5, "quotes"),
        ("a:\n\tb: 1\n", 2, 1, "tabs"),
        ("a: [1, 2\nb: 3\n", 2, 2, "bracket"),
        ("a: @home\n", 1, 4, "quotes"),
        ("a: 1\nb: \x07\n", 2, 4, "remove the character"),
        ("a: 1\n  b: 2\n", 2, 4, ""),
        ("%YAML 3.0\n---\na: 1\n", 1, 1, ""),
    ],
)
def test_a_syntax_error_has_its_place_and_advice(text: str, line: int, column: int, advice: str) -> None:
    found = flaw(text)
    assert (found.line, found.column) == (line, column)
    assert advice in found.suggestion


def test_documents_before_a_syntax_error_are_returned() -> None:
    parsed = parse("a: 1\n---\nb: 'open\n")
    assert parsed.documents == ((0, {"a": 1}),)
    assert not parsed.whole


def test_duplicate_keys_are_found_although_the_keys_were_checked_in_another_file() -> None:
    seen: dict[str, str] = {}
    parse("name: 1\n'1': 2\n", seen)
    assert len(parse("name: 1\nname: 2\n1: 2\n!x name: 3\n", seen).flaws) == 4


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x85\u2028\u2029"), max_size=20)
leaves = st.one_of(st.none(), st.booleans(), st.integers(-(10**18), 10**18), texts, st.decimals(-1000, 1000, places=3))
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


def _quoted(item: Any) -> Any:
    """Return a value for ruamel.yaml: text in quotes, decimals as plain scalars."""
    if isinstance(item, str):
        return DoubleQuotedScalarString(item)
    if isinstance(item, list):
        return [_quoted(part) for part in item]
    if isinstance(item, dict):
        return {DoubleQuotedScalarString(key): _quoted(part) for key, part in item.items()}
    return item


@settings(max_examples=150, deadline=None)
@given(values)
def test_parsing_returns_the_values_that_ruamel_wrote(item: Any) -> None:
    yaml = YAML(typ="rt", pure=True)
    yaml.representer.add_representer(
        Decimal, lambda representer, number: representer.represent_scalar("tag:yaml.org,2002:float", f"{number:f}")
    )
    out = io.StringIO()
    yaml.dump({"value": _quoted(item)}, out)
    assert value(out.getvalue()) == {"value": item}


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("abn01.:-[]{},&*!'\"|>#?%@\n \t\ufeff\x00\x85é~<"), max_size=40))
def test_parsing_any_text_gives_values_and_flaws(text: str) -> None:
    for found in parse(text).flaws:
        assert found.line >= 1
        assert found.column >= 1
