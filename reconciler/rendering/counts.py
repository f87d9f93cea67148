"""Say how many of something there are."""

from __future__ import annotations


def numbered(count: int, noun: str) -> str:
    """Return a number with its noun, as in `1 document` and `2,000 documents`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"
