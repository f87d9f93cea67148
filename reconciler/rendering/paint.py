"""Colour, and text that cannot harm a terminal."""

from __future__ import annotations

import json
import re
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


_BREAKS = re.compile("[\n\r\t\v\f\x85\u2028\u2029]+")


def safe(text: str) -> str:
    """Text from outside on one line: what a customer is called may not move somebody's cursor. A line break is a
    blank; control characters and those that turn the direction of text are written out."""
    return text if text.isprintable() else escaped(" ".join(part.strip() for part in _BREAKS.split(text)).strip())


def safe_lines(text: str) -> str:
    """A message whose line ends are meant, each line of it made safe."""
    return "\n".join(escaped(line.replace("\t", " ")) for line in text.split("\n"))


def escaped(text: str) -> str:
    """A value, in which a line break matters too: everything that could do harm is written out."""
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
            return escaped(json.dumps(str(value), ensure_ascii=False))


def money(amount: Decimal, currency: str | None) -> str:
    """`1,234.50 USD`; more digits only where there are more."""
    digits = max(2, -int(amount.normalize().as_tuple().exponent))
    return f"{amount:,.{digits}f}" + (f" {currency}" if currency else "")


def signed(amount: Decimal, currency: str | None) -> str:
    return ("+" if amount >= 0 else "-") + money(abs(amount), currency)
