"""Tests of lines that are broken to the width of a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from reconciler.rendering.fitting import fitted
from reconciler.rendering.paint import coloured

WORDS = st.lists(st.text("abcdeä漢", min_size=1, max_size=9), min_size=1, max_size=12)


def test_a_line_that_fits_stays_as_it_is() -> None:
    assert [*fitted(["  a b", ""], 5)] == ["  a b", ""]


def test_without_a_terminal_no_line_is_broken() -> None:
    assert [*fitted(["x" * 500], None)] == ["x" * 500]


def test_a_longer_line_is_broken_between_words_and_indented() -> None:
    assert [*fitted(["  one two three"], 10)] == ["  one two", "     three"] or [*fitted(["  one two three"], 12)] == [
        "  one two",
        "      three",
    ]


def test_a_word_that_is_longer_than_the_terminal_is_kept_whole() -> None:
    assert [*fitted(["a " + "x" * 30], 10)] == ["a", "    " + "x" * 30]


def test_the_colour_goes_on_in_the_next_line_and_ends_with_each_line() -> None:
    assert [*fitted([coloured("one two", "red") + " three"], 6)] == [
        "\x1b[31mone\x1b[0m",
        "   \x1b[31mtwo\x1b[0m",
        "   three",
    ]


@given(WORDS, st.integers(24, 60))
def test_every_word_is_kept_and_no_line_is_wider(words: list[str], width: int) -> None:
    found = [*fitted([" ".join(words)], width)]

    assert " ".join(found).split() == words
    assert all(cell_len(line) <= width for line in found)
