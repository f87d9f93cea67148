from __future__ import annotations

import pytest

from reconciler.manifests.suggestions import listed, near, nearest


def test_a_misspelt_word_is_guessed_and_a_strange_one_is_not() -> None:
    assert nearest("identifer", ["identifier", "name"]) == "identifier"
    assert nearest("zzz", ["identifier", "name"]) is None
    assert nearest("x", []) is None


def test_several_names_may_be_near() -> None:
    assert near("acme-1", ["acme-2", "acme-3", "other"]) == ["acme-2", "acme-3"]


@pytest.mark.parametrize(("words", "text"), [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")])
def test_words_are_listed_as_one_says_them(words: list[str], text: str) -> None:
    assert listed(words) == text
