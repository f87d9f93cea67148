"""Lines and columns of a text, counted as the YAML scanner counts them."""

from __future__ import annotations

import re

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


def lines_of(text: str) -> list[str]:
    return _BREAK.split(text)


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a character."""
    before = lines_of(text[:offset])
    return len(before), len(before[-1]) + 1
