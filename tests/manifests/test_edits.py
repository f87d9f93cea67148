"""Tests of many edits of one text at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifests.edits import Edits
from reconciler.manifests.parsing import parse

BLOCK = """# prices
lines: # all
  - {a: 1} # one
  # the second
  - a: 2
    b: 3
  - 4
other: [1, 2, 3] # three
empty: []
"""


def test_several_values_are_replaced_at_once() -> None:
    edits = Edits(BLOCK)

    assert edits.replace(0, ("lines", 1, "b"), 5)
    assert edits.replace(0, ("lines", 0, "a"), "x")
    assert edits.replace(0, ("other", 2), None)
    assert edits.result() == BLOCK.replace("b: 3", "b: 5").replace("{a: 1}", "{a: x}").replace("2, 3]", "2, null]")


@pytest.mark.parametrize(
    ("path", "removed", "added", "old", "new"),
    [
        (("lines",), [0], [], "  - {a: 1} # one\n", ""),
        (("lines",), [1], [], "  - a: 2\n    b: 3\n", ""),
        (("lines",), [2], [{"c": 1}], "  - 4\n", "  - {c: 1}\n"),
        (("lines",), [], [5, 6], "  - 4\n", "  - 4\n  - 5\n  - 6\n"),
        (("other",), [0], [], "[1, 2, 3]", "[2, 3]"),
        (("other",), [0, 1], [], "[1, 2, 3]", "[3]"),
        (("other",), [2], [], "[1, 2, 3]", "[1, 2]"),
        (("other",), [1, 2], [7], "[1, 2, 3]", "[1, 7]"),
        (("other",), [0, 1, 2], [7], "other: [1, 2, 3] # three", "other:\n  - 7 # three"),
        (("other",), [0, 1, 2], [], "[1, 2, 3]", "[]"),
        (("empty",), [], [{"a": 1}], "empty: []", "empty:\n  - {a: 1}"),
        (("empty",), [], [], "empty: []", "empty: []"),
    ],
)
def test_items_are_removed_and_added(
    path: tuple[str], removed: list[int], added: list[object], old: str, new: str
) -> None:
    edits = Edits(BLOCK)

    assert edits.change_items(0, path, removed, added)
    assert edits.result() == BLOCK.replace(old, new)


def test_a_block_of_which_no_item_is_kept_is_written_again() -> None:
    edits = Edits("a:\n  - 1\n  - 2\nb: 3\n")

    assert edits.change_items(0, ("a",), [0, 1], ["x"])
    assert edits.result() == "a:\n  - x\nb: 3\n"


def test_a_list_in_braces_stays_on_its_line() -> None:
    edits = Edits("{a: [], b: [1]}\n")

    assert edits.change_items(0, ("a",), [], [{"c": 1}])
    assert edits.change_items(0, ("b",), [0], [2])
    assert edits.result() == "{a: [{c: 1}], b: [2]}\n"


def test_the_line_ends_of_the_text_are_kept() -> None:
    edits = Edits("a:\r\n  - 1\r\nb: []\r\n")

    assert edits.change_items(0, ("a",), [], [2])
    assert edits.change_items(0, ("b",), [], [3])
    assert edits.result() == "a:\r\n  - 1\r\n  - 2\r\nb:\r\n  - 3\r\n"


def test_a_text_without_a_last_line_end_gets_one_before_a_new_item() -> None:
    edits = Edits("a:\n  - 1")

    assert edits.change_items(0, ("a",), [], [2])
    assert edits.result() == "a:\n  - 1\n  - 2\n"


@pytest.mark.parametrize(
    "text", ["a: &x [1]\n", "a: 1\n", "b: [1]\n", "a: [1", "a:\n  - - 1\n    - 2\n", "- [1]\n", "# nothing\n"]
)
def test_what_cannot_be_edited_stays_as_it_is(text: str) -> None:
    edits = Edits(text)
    path = ("a", 0) if "- -" in text else ("a",)

    assert not edits.change_items(0, path, [0], [])
    assert not edits.change_items(1, path, [0], [])
    assert edits.result() == text


def test_edits_that_belong_together_are_made_together() -> None:
    edits = Edits(BLOCK)
    with edits.together() as made:
        made += [edits.replace(0, ("other", 0), 9), edits.replace(0, ("nowhere",), 9)]

    assert edits.result() == BLOCK


@given(st.lists(st.integers(0, 99), min_size=1, max_size=6), st.data(), st.booleans())
def test_a_list_has_the_kept_and_the_added_items(items: list[int], data: st.DataObject, flow: bool) -> None:
    removed = data.draw(st.sets(st.integers(0, len(items) - 1)))
    added = data.draw(st.lists(st.integers(0, 99), max_size=3))
    rows = "".join(f"\n    - {each} # note" for each in items)
    text = f"x:\n  a: {items}\n  b: 1\n" if flow else f"x:\n  a:{rows}\n  b: 1\n"
    edits = Edits(text)

    assert edits.change_items(0, ("x", "a"), sorted(removed), added)
    kept = [each for place, each in enumerate(items) if place not in removed]
    assert parse(edits.result()).documents == ((0, {"x": {"a": [*kept, *added], "b": 1}}),)
