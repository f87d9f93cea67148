"""Colour, and text that cannot harm a terminal."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Any

_CODES = {"green": "32", "yellow": "33", "red": "31", "cyan": "36", "bold": "1", "dim": "2"}

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories: controls, formats (those that turn the direction), halves of pairs, line and paragraph ends."""

Paint = Callable[[str, str], str]
"""(text, style) → the text, coloured or not."""


def coloured(text: str, style: str) -> str:
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m"


def plain(text: str, _style: str) -> str:
    return text


def safe(text: str) -> str:
    """Control characters and those that turn the direction of text, written out: what a customer is called
    may not move somebody's cursor."""
    if text.isprintable():
        return text
    return "".join(
        character if unicodedata.category(character) not in _UNSAFE else f"\\u{ord(character):04x}"
        for character in text
    )


def shown(value: Any) -> str:
    """A plan's value as a person reads it: links by name, text quoted, numbers bare."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case {"name": str(name), **rest} if rest.keys() <= {"id", "address"}:
            return safe(name)
        case {"env": str(name)} if len(value) == 1:
            return f"(sensitive, from ${safe(name)})"
        case {"file": str(path)} if len(value) == 1:
            return f"(sensitive, from {safe(path)})"
        case dict():
            return "{" + ", ".join(f"{safe(str(key))}: {shown(entry)}" for key, entry in value.items()) + "}"
        case list():
            return "[" + ", ".join(shown(entry) for entry in value) + "]"
        case _:
            return safe(json.dumps(str(value), ensure_ascii=False))


def money(amount: Decimal, currency: str | None) -> str:
    """`1,234.50 USD`; more digits only where there are more."""
    digits = max(2, -int(amount.normalize().as_tuple().exponent))
    return f"{amount:,.{digits}f}" + (f" {currency}" if currency else "")


def signed(amount: Decimal, currency: str | None) -> str:
    return ("+" if amount >= 0 else "-") + money(abs(amount), currency)
