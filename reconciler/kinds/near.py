"""Near misses: names that look the same to a person, though they are not the same text.

A name that differs only in what nobody sees (an HTML entity, a no-break blank, a doubled blank, a full-width letter,
a curly quote, the case of an identifier) means an object that is there already, never a second one.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from typing import Any, Final

_BLANKS: Final = re.compile(r"\s+")
_ALIKE: Final = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u0060\u00b4", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
)
"""Quotes and dashes that NFKC keeps apart, and that word processors put in by themselves."""
_ENTITIES_DEEP: Final = 3
"""`&amp;amp;` happens: a page that escapes what was escaped already. Nobody has seen it four times."""


def near_part(part: Any) -> Any:
    """One component of a natural key as a person sees it; what is no text stays as it is."""
    if not isinstance(part, str):
        return part
    text = part
    for _ in range(_ENTITIES_DEEP):
        text = html.unescape(text)
    text = unicodedata.normalize("NFKC", text).translate(_ALIKE)
    text = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFKC", _BLANKS.sub(" ", text).strip().casefold())


def near_key(key: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(near_part(part) for part in key)


def spelled(text: str, beside: str = "") -> str:
    """A text in quotes, beside another that looks the same: the letters that are not in both are shown by number,
    where a person would not see them or take them for others."""
    shown = "".join(letter if letter in beside or _is_plain(letter) else _numbered(letter) for letter in text)
    return f'"{shown}"'


def _is_plain(letter: str) -> bool:
    if letter.isascii():
        return letter.isprintable()
    return unicodedata.normalize("NFKC", letter) == letter and letter.isprintable() and ord(letter) not in _ALIKE


def _numbered(letter: str) -> str:
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return short.get(letter, f"\\u{ord(letter):04x}")
