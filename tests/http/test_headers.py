"""Which texts can be sent in a header."""

from __future__ import annotations

import pytest

from reconciler.http.headers import is_header_value


@pytest.mark.parametrize("text", ["x", "key-1", "a b"])
def test_printable_ascii_can_be_sent(text: str) -> None:
    assert is_header_value(text)


@pytest.mark.parametrize("text", ["", " x", "x ", "a\nb", "a\x00b", "key–1", "schlüssel"])
def test_empty_padded_and_other_texts_cannot_be_sent(text: str) -> None:
    assert not is_header_value(text)
