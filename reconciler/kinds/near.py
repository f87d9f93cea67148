"""Near misses: names that look the same to a reader but are different texts.

They differ only in an HTML entity, a no-break space, a double space, a full-width letter, a curly quote or case. The
plan treats such a name as a misspelling of the existing one, and creates no second object.
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
"""Quotes and dashes that word processors insert, and that NFKC does not unify."""
_ENTITIES_DEEP: Final = 3
"""How often HTML entities are decoded. Web pages escape names that were already escaped, such as `&amp;amp;`."""


def near_part(part: Any) -> Any:
    """Return one component of a natural key as a reader sees it. Values other than text are returned unchanged."""
    if not isinstance(part, str):
        return part
    text = part
    for _ in range(_ENTITIES_DEEP):
        text = html.unescape(text)
    text = unicodedata.normalize("NFKC", text).translate(_ALIKE)
    text = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFKC", _BLANKS.sub(" ", text).strip().casefold())


def near_key(key: Iterable[Any]) -> tuple[Any, ...]:
    """Return a natural key as a reader sees it. Equal results are a near miss."""
    return tuple(near_part(part) for part in key)


def spelled(text: str, beside: str = "") -> str:
    """Return a text in quotes, with its invisible or confusable characters as numbers such as `\\u00a0`.

    Characters that also occur in `beside`, the text it is compared with, are shown as they are.
    """
    shown = "".join(letter if letter in beside or _is_plain(letter) else _numbered(letter) for letter in text)
    return f'"{shown}"'


def _is_plain(letter: str) -> bool:
    if letter.isascii():
        return letter.isprintable()
    return unicodedata.normalize("NFKC", letter) == letter and letter.isprintable() and ord(letter) not in _ALIKE


def _numbered(letter: str) -> str:
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return short.get(letter, f"\\u{ord(letter):04x}")
