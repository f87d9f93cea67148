"""Tests of the words of a bash line, as far as it is typed."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.completing.words import Word, quoted, words_of

BREAKS = " \t\n\"'@><=;|&(:"


def texts(line: str) -> list[str]:
    return [word.text for word in words_of(line, BREAKS)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a ", ["a", ""]),
        ("a  b", ["a", "b"]),
        ("a 'b c' d", ["a", "b c", "d"]),
        ('a "b c', ["a", "b c"]),
        (r"a\ b c", ["a b", "c"]),
        (r'"a\"b\c" d', ['a"b\\c', "d"]),
        (r"'a\' b", ["a\\", "b"]),
        ("'' b", ["", "b"]),
        ("a'b'\"c\"d", ["abcd"]),
        ("a\\", ["a"]),
    ],
)
def test_words_are_read_as_bash_reads_them(line: str, expected: list[str]) -> None:
    assert texts(line) == expected


@pytest.mark.parametrize(
    ("line", "last"),
    [
        ("Addition/a:b", Word("Addition/a:b", "", 11)),
        ("--approve=zero=C/a", Word("--approve=zero=C/a", "", 15)),
        ("'Addition/a:b", Word("Addition/a:b", "'", 0)),
        ('x"a:b', Word("xa:b", '"', 1)),
        (r"a\:b", Word("a:b", "", 0)),
        ("plain", Word("plain", "", 0)),
    ],
)
def test_the_last_part_of_a_word_begins_where_bash_breaks_it(line: str, last: Word) -> None:
    assert words_of(line, BREAKS)[-1] == last


@pytest.mark.parametrize("line", ["a > b", "a >b", "a>>b", "a 2> b", "a &>b", "a < b"])
def test_the_file_of_a_redirection_is_no_argument(line: str) -> None:
    assert words_of(line, BREAKS) == [Word("a"), Word("b", redirected=True)]
    assert words_of(f"{line} c", BREAKS)[-1] == Word("c")


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1), min_size=1, max_size=4)
)
def test_quoted_words_are_read_back(given_words: list[str]) -> None:
    assert texts(shlex.join(given_words)) == given_words
    assert texts(" ".join(str(quoted(word, "")) for word in given_words)) == given_words


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])), st.sampled_from("'\""))
def test_a_word_in_open_quotes_is_read_back(word: str, quote: str) -> None:
    inside = quoted(word, quote)

    assert (inside is None) is (quote == "'" in word)
    if inside is not None and "!" not in word:  # bash keeps the backslash before an exclamation mark in double quotes
        assert texts(f"{quote}{inside}{quote}") == [word]
