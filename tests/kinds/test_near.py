"""Tests of names that look the same but are different texts."""

from __future__ import annotations

import pytest

from reconciler.kinds.near import near_key, spelled


def test_blanks_entities_and_case_make_a_near_miss() -> None:
    assert near_key(["Smith &amp;\u00a0Co", 7]) == near_key(["SMITH & Co", 7])


@pytest.mark.parametrize(
    ("text", "beside", "shown"),
    [
        ("a\u00a0b", "", '"a\\u00a0b"'),
        ("a\nb", "", '"a\\nb"'),
        ("\u00e9", "", '"\u00e9"'),
        ("a\u00a0b", "\u00a0", '"a\u00a0b"'),
    ],
)
def test_confusable_characters_are_shown_as_numbers(text: str, beside: str, shown: str) -> None:
    assert spelled(text, beside) == shown
