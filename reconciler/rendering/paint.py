"""Colour text, format values and amounts, and make text from outside safe to print on a terminal."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from reconciler.amounts import figure_text

_CODES = {"green": "32", "yellow": "33", "red": "31", "cyan": "36", "bold": "1", "dim": "2"}

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that are written out: controls, formats (such as a change of the text's direction), surrogates,
line separators and paragraph separators."""

Paint = Callable[[str, str], str]
"""A function of a text and a style. It returns the text, in colour or unchanged."""


def coloured(text: str, style: str) -> str:
    """Return the text in the colour of a style, such as `green` or `bold`."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m"


def plain(text: str, _style: str) -> str:
    """Return the text without colour."""
    return text


_BREAKS = re.compile("[\n\r\t\v\f\x85\u2028\u2029]+")


def safe(text: str) -> str:
    """Return text from outside, such as a customer's name, on one line and harmless to a terminal.

    A line break becomes a space. Characters that move the cursor or change the direction of text become `\\uXXXX`.
    """
    return text if text.isprintable() else escaped(" ".join(part.strip() for part in _BREAKS.split(text)).strip())


LONGEST = 300
"""The longest text of a change or a message that is shown whole, in characters."""


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return a text of at most `longest` characters, with its full length where it is cut."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def safe_lines(text: str) -> str:
    """Return a message with its line breaks kept and each line made safe. A tab becomes a space."""
    return "\n".join(escaped(line.replace("\t", " ")) for line in text.split("\n"))


def escaped(text: str) -> str:
    """Return a value with every control character, line breaks included, written as `\\uXXXX`."""
    if text.isprintable():
        return text
    return "".join(
        character if unicodedata.category(character) not in _UNSAFE else f"\\u{ord(character):04x}"
        for character in text
    )


def shown(value: Any) -> str:
    """Return a value of a plan as text: a link by its name, other text in quotes, a secret by its source only."""
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


def signed(amount: Decimal, currency: str | None) -> str:
    """Return the figure of an amount with its sign, such as `+1.50`."""
    return ("+" if amount >= 0 else "-") + figure_text(abs(amount), currency)
