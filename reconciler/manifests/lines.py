"""Lines and columns of a text, counted in the same way as by the YAML scanner."""

from __future__ import annotations

import re

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


def lines_of(text: str) -> list[str]:
    """Return the lines of a text without their line ends."""
    return _BREAK.split(text)


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Return the line and column, from 1, of the character at an offset."""
    before = lines_of(text[:offset])
    return len(before), len(before[-1]) + 1
