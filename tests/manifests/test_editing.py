"""Single values of a manifest are edited, and everything else stays as it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.manifests.editing import with_key, with_value, without_document, without_key

TEXT = """\
# first
kind: A
spec: {identifier: X, name: "Alder", z: 1} # keep
---
kind: B
metadata:
  name: b   # name
  ensure: retired
spec:
  types:
    - A
    - B  # two

  # next
  custom:
    Region: South
  text: |
    hello
    world
  last:
"""


@pytest.mark.parametrize(
    ("index", "path", "value", "old", "new"),
    [
        (0, ("spec", "z"), Decimal("0.15"), "z: 1}", "z: 0.15}"),
        (0, ("spec", "z"), None, "z: 1}", "z: null}"),
        (0, ("spec", "z"), True, "z: 1}", "z: true}"),
        (0, ("spec", "z"), False, "z: 1}", "z: false}"),
        (0, ("spec", "z"), {"id": 5}, "z: 1}", "z: {id: 5}}"),
        (0, ("spec", "name"), "plain", '"Alder"', '"plain"'),
        (0, ("spec", "identifier"), "plain", "X,", "plain,"),
        (0, ("spec", "identifier"), "a: b", "X,", '"a: b",'),
        (0, ("spec", "identifier"), "a, b", "X,", '"a, b",'),
        (0, ("spec", "identifier"), "5", "X,", '"5",'),
        (0, ("spec", "identifier"), "- x", "X,", '"- x",'),
        (0, ("spec", "identifier"), "line\nbreak", "X,", '"line\\nbreak",'),
        (1, ("metadata", "ensure"), "present", "ensure: retired", "ensure: present"),
        (1, ("spec", "types"), ["C", "D"], "types:\n    - A\n    - B  # two", "types: [C, D]  # two"),
        (1, ("spec", "types", 1), "C", "- B  #", "- C  #"),
        (1, ("spec", "text"), "bye", "|\n    hello\n    world\n", "bye\n"),
        (1, ("spec", "last"), "x", "last:\n", "last: x\n"),
    ],
)
def test_a_value_is_replaced(index: int, path: Any, value: Any, old: str, new: str) -> None:
    assert TEXT.count(old) == 1
    assert with_value(TEXT, index, path, value) == TEXT.replace(old, new)


@pytest.mark.parametrize(
    ("index", "path", "old", "new"),
    [
        (0, ("spec", "z"), ", z: 1}", "}"),
        (0, ("spec", "identifier"), "{identifier: X, ", "{"),
        (1, ("metadata", "ensure"), "  ensure: retired\n", ""),
        (1, ("spec", "custom", "Region"), "  custom:\n    Region: South\n", ""),
        (1, ("spec", "last"), "  last:\n", ""),
    ],
)
def test_a_key_is_removed_with_a_mapping_that_would_be_empty(index: int, path: Any, old: str, new: str) -> None:
    assert without_key(TEXT, index, path) == TEXT.replace(old, new)


@pytest.mark.parametrize(
    ("text", "path", "made"),
    [
        ("a: {b: 1} # x\n", ("a", "c"), "a: {b: 1, c: two} # x\n"),
        ("a: {b: 1,}\n", ("a", "c"), "a: {b: 1, c: two,}\n"),
        ("a:\n  b: 1 # x\nd: 2\n", ("a", "c"), "a:\n  b: 1 # x\n  c: two\nd: 2\n"),
        ("a:\n  b: |\n    x\nd: 2\n", ("a", "c"), "a:\n  b: |\n    x\n  c: two\nd: 2\n"),
        ("a:\n  b:\n", ("a", "c"), "a:\n  b:\n  c: two\n"),
        ("a:\n  b: 1", ("a", "c"), "a:\n  b: 1\n  c: two"),
        ("a:\r\n  b: 1\r\nd: 2\r\n", ("a", "c"), "a:\r\n  b: 1\r\n  c: two\r\nd: 2\r\n"),
    ],
)
def test_a_key_is_added_at_the_end_of_its_mapping(text: str, path: Any, made: str) -> None:
    assert with_key(text, 0, path, "two") == made


@pytest.mark.parametrize(
    ("text", "path"),
    [("a: {}\n", ("a", "c")), ("a: 1\n", ("a", "c")), ("x: 1\n", ("a", "c")), ("a:\n- b: 1\n", ("a", 0, "c"))],
)
def test_a_key_is_added_to_no_empty_mapping_and_none_behind_a_dash(text: str, path: Any) -> None:
    assert with_key(text, 0, path, "two") is None


def test_the_last_line_may_have_no_end() -> None:
    assert without_key("a: 1\nb: 2", 0, ("b",)) == "a: 1\n"


def test_a_document_is_removed() -> None:
    first, second = TEXT.split("---\n")
    assert without_document(TEXT, 0) == f"---\n{second}"
    assert without_document(TEXT, 1) == first
    assert without_document(f"{TEXT}---\nkind: C\n", 1) == f"{first}---\nkind: C\n"
    assert without_document("kind: A\n", 0) == ""
    assert without_document(TEXT, 2) is None
    assert without_document("a: [", 0) is None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (TEXT, ("spec", "missing")),
        (TEXT, ("spec", "name", "deeper")),
        ("a: &x 1\nb: *x\n", ("a",)),
        ("a: &x 1\nb: *x\n", ("b",)),
        ("a: !!str 1\n", ("a",)),
        ("a: [\n", ("a",)),
        ("", ("a",)),
        ("a: 1\na: 2\n", ("a",)),
        ("- 1\n", (3,)),
    ],
)
def test_a_value_that_cannot_be_edited_alone_is_not_edited(text: str, path: Any) -> None:
    assert with_value(text, 0, path, "x") is None
    assert without_key(text, 0, path) is None


def test_a_block_that_is_an_item_of_a_list_is_not_replaced() -> None:
    assert with_value("a:\n  - b: 1\n", 0, ("a", 0), "x") is None


def test_an_item_of_a_list_and_a_key_behind_a_dash_are_not_removed() -> None:
    assert without_key("a:\n  - 1\n  - 2\n", 0, ("a", 0)) is None
    assert without_key("a:\n  - b: 1\n    c: 2\n", 0, ("a", 0, "b")) is None
    assert without_key("a:\n  - b: 1\n    c: 2\n", 0, ("a", 0, "c")) == "a:\n  - b: 1\n"
    assert without_key("a: 1\n", 0, ("a",)) is None
