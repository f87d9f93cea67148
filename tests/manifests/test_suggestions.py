"""Suggestions for a misspelt word."""

from __future__ import annotations

import pytest

from reconciler.manifests.suggestions import did_you_mean, likeness, listed, near, nearest, nearest_key


def test_the_nearest_name_is_suggested_and_none_for_a_strange_word() -> None:
    assert nearest("identifer", ["identifier", "name"]) == "identifier"
    assert nearest("zzz", ["identifier", "name"]) is None
    assert nearest("x", []) is None


def test_several_names_can_be_near() -> None:
    assert near("acme-1", ["acme-2", "acme-3", "other"]) == ["acme-2", "acme-3"]


def test_the_key_of_the_nearest_name_is_returned_if_the_names_are_alike_enough() -> None:
    names = {1: "Acme Ltd", 2: "Beta"}
    assert nearest_key("ACME", names, 85) == 1
    assert nearest_key("Gamma", names, 85) is None


def test_likeness_is_from_0_to_100() -> None:
    assert likeness("acme", "acme") == 100
    assert likeness("acme", "zzz") == 0


def test_a_question_lists_the_suggestions_and_is_empty_without_any() -> None:
    assert did_you_mean(["a", "b"]) == "did you mean a or b?"
    assert did_you_mean("a") == "did you mean a?"
    assert did_you_mean([]) == ""
    assert did_you_mean(None) == ""


@pytest.mark.parametrize(("words", "text"), [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")])
def test_words_become_a_list_in_a_sentence(words: list[str], text: str) -> None:
    assert listed(words) == text
