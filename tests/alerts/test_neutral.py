"""Tests of text from outside in messages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.alerts.neutral import neutral

MEANINGS = [r"@\w", r"<[!@#a-zA-Z/]", r"\]\(", r"\]\[", r"\w://", r"(?i)\bwww\.", r"[\n\r\x00-\x1f\x7f-\x9f\u202e]"]
PIECES = ["@everyone", "<!channel>", "<@U1>", "[x](", "http://", "www.", "\n", "\x1b[31m", "]", "(", "<", "a", " ", "@"]


@pytest.mark.parametrize(
    "text",
    [
        "<!channel>",
        "<@U024BE7LH>",
        "<at>all</at>",
        "@everyone",
        "ops@msp.example",
        "[click](http://evil.example)",
        "[click][1]",
        "https://evil.example",
        "WWW.evil.example",
        "one\ntwo\r\nthree",
        "\x1b[31mred\x1b[0m",
        "a\u202eb",
    ],
)
def test_no_mention_link_or_control_is_left(text: str) -> None:
    found = neutral(text)
    assert [meaning for meaning in MEANINGS if re.search(meaning, found)] == []


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_no_mention_or_link_is_left_in_any_text(text: str) -> None:
    found = neutral(text)
    assert [meaning for meaning in MEANINGS if re.search(meaning, found)] == []


@given(st.text())
def test_the_text_that_a_reader_sees_stays_on_one_line_and_is_never_longer_than_allowed(text: str) -> None:
    found = neutral(text, 40)
    assert len(found.replace("\u2060", "")) <= 40
    assert len(found.splitlines()) <= 1


def test_an_ordinary_name_is_not_changed() -> None:
    for name in ("Müller & Söhne GmbH", "Alder Dental (cove/1001001)", 'Smith "Joe" - 50% [old]', "R&D <-> Sales"):
        assert neutral(name) == name


def test_a_long_text_is_cut_with_a_mark() -> None:
    assert neutral("word " * 100, 12) == "word word w…"
