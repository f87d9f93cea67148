"""Tests of numbers with their nouns."""

from __future__ import annotations

import pytest

from reconciler.rendering.counts import numbered


@pytest.mark.parametrize(("count", "text"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (12000, "12,000 files")])
def test_a_number_has_its_noun(count: int, text: str) -> None:
    assert numbered(count, "file") == text
