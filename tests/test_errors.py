"""Tests of the error classes and their messages."""

from __future__ import annotations

import pytest

from reconciler.errors import ReconcilerError, Refused, in_one_line


def test_an_error_says_what_happened_where_and_what_to_do() -> None:
    error = ReconcilerError("is not UTF-8 text", where="acme.yaml", advice="Save it as UTF-8.")
    assert str(error) == "acme.yaml: is not UTF-8 text\n  Save it as UTF-8."
    assert (error.what, error.where, error.advice) == ("is not UTF-8 text", "acme.yaml", "Save it as UTF-8.")


def test_an_error_without_a_place_is_its_message_only() -> None:
    assert str(ReconcilerError("nothing was read")) == "nothing was read"


def test_an_error_exits_with_1_and_a_refusal_with_3() -> None:
    assert ReconcilerError("x").exit_code == 1
    assert Refused("x").exit_code == 3


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("it broke", "it broke"),
        ("it broke\n  mend it", "it broke; mend it"),
        ("it broke.\n  Mend it.", "it broke. Mend it."),
        ("these:\n  one\n\n  two", "these: one; two"),
        ("", ""),
    ],
)
def test_a_message_and_its_advice_are_joined_on_one_line(text: str, line: str) -> None:
    assert in_one_line(text) == line
