"""Read the figures in a file that a person exported, such as `1,234.50`, `1.234,50 €` and `(5.00)`.

The marks of decimals and of thousands depend on the language of the program. One figure can have two meanings, such as
`1,234`. Then the other figures of the file decide, and if they do not, the figure is an error. Nothing is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

Mark = Literal[".", ","]

_PLAIN = re.compile(r"(?:[0-9]{1,15}(?:[.,][0-9]{0,15})?|[.,][0-9]{1,15})", re.ASCII)
"""At most 15 digits before and after the mark: no invoice has more, and a longer text is no figure."""
_GROUPED = re.compile(r"[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3}){0,3}(?:(?!\1)[.,][0-9]{0,15})?", re.ASCII)
_TWO_MEANINGS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}", re.ASCII)
_CODE = re.compile(r"(?<![A-Z])[A-Z]{3}(?![A-Z])")
"""The code of a currency, such as `USD`."""
_BLANKS = re.compile(r"[\s'\u2019]")
"""Blanks of any width, and the apostrophes that separate thousands in Switzerland."""
_MINUS = "-\u2212\u2012\u2013"


@dataclass(frozen=True, slots=True)
class Notation:
    """How a file writes decimals."""

    mark: Mark | None
    """None: no figure of the file shows it."""

    def number(self, text: str) -> Decimal | None:
        """Return the figure in a text. None if it is none, or if it has two meanings."""
        bare = _bare(text)
        if bare is None:
            return None
        negative, digits = bare
        doubtful = _TWO_MEANINGS.fullmatch(digits) is not None
        mark = self.mark if doubtful else decimal_mark(digits)
        if mark is None and doubtful:
            return None
        for each in ".,":
            if each != mark:
                digits = digits.replace(each, "")
        value = Decimal(digits.replace(",", ".") or 0)
        return -value if negative else value


def notation_of(texts: Iterable[str], usual: Mark | None) -> tuple[Notation, tuple[str, str] | None]:
    """Return how the figures of a file are written, and two figures that contradict each other, if there are such.

    `usual` is the mark that counts if no figure shows it.
    """
    shown: dict[Mark, str] = {}
    for text in texts:
        bare = _bare(text)
        if bare is not None and not is_ambiguous(text) and (mark := decimal_mark(bare[1])) is not None:
            shown.setdefault(mark, text)
    if len(shown) > 1:
        return Notation(None), (shown["."], shown[","])
    return Notation(next(iter(shown), usual)), None


def is_ambiguous(text: str) -> bool:
    """Return whether the only mark of a figure may be that of decimals or that of thousands, as in `1,234`."""
    bare = _bare(text)
    return bare is not None and _TWO_MEANINGS.fullmatch(bare[1]) is not None


def decimal_mark(digits: str) -> Mark | None:
    """Return the mark of the decimals in a figure that has one meaning. None if it has no decimals."""
    for mark, other in ((".", ","), (",", ".")):
        if mark in digits and digits.rfind(mark) > digits.rfind(other) and digits.count(mark) == 1:
            return "." if mark == "." else ","
    return None


@lru_cache(maxsize=10_000)
def _bare(text: str) -> tuple[bool, str] | None:
    """Return whether a figure is negative, and its digits with their marks. None if the text is no figure."""
    if _PLAIN.fullmatch(text):
        return False, text
    text = _BLANKS.sub("", "".join(each for each in text if unicodedata.category(each) != "Sc"))
    negative = text.startswith("(") and text.endswith(")")
    text = _CODE.sub("", text[1:-1] if negative else text, count=1)
    sign = text[:1] or text[-1:]
    if sign and sign in _MINUS:
        text, negative = text[1:], not negative
    elif text[-1:] and text[-1] in _MINUS:
        text, negative = text[:-1], not negative
    return (negative, text) if _PLAIN.fullmatch(text) or _GROUPED.fullmatch(text) else None
