"""Checks of header values, before a request is sent."""

from __future__ import annotations


def is_header_value(text: str) -> bool:
    """Return whether a header can hold a text: printable ASCII, not empty, and without blanks at its ends."""
    return bool(text) and text.isascii() and text.isprintable() and text == text.strip()
