"""Manifest names for objects: the same estate gets the same names in every order of reading.

A name is also the name of a file. So names that differ only in case count as equal, and names that Windows reserves for
devices are not used.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

LONGEST_PART: Final = 48
"""The most characters of one part of a name, such as the company in `acme-managed-backup`."""
LONGEST: Final = 90
"""The most characters of a name without its number. A manifest name has at most 100."""
_HUMPS: Final = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
"""Where a word begins in an identifier such as `AlderDental`."""
_OTHERS: Final = re.compile(r"[^a-z0-9]+")
_LETTERS: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
"""Latin letters that Unicode does not decompose into a letter and an accent."""
_RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
)
"""Names of devices, which Windows refuses as names of files."""


def slug(text: str | None, longest: int = LONGEST_PART) -> str:
    """Return a text in lower-case ASCII letters, digits and hyphens. Empty if the text has none of them."""
    words = _HUMPS.sub("-", text or "")
    decomposed = unicodedata.normalize("NFKD", words.casefold().translate(_LETTERS))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _OTHERS.sub("-", plain).strip("-")[:longest].strip("-")


def joined(*parts: str) -> str:
    """Return the parts of a name with hyphens between them, cut to a length that leaves room for a number."""
    return "-".join(part for part in parts if part)[:LONGEST].strip("-")


def without_prefix(text: str, *prefixes: str) -> str:
    """Return a slug without the first of the prefixes that it begins with: `backup` of `acme-backup`."""
    for prefix in prefixes:
        if prefix and text.startswith(f"{prefix}-"):
            return text.removeprefix(f"{prefix}-")
    return text


class Names:
    """The names of the documents of each kind, each used once."""

    def __init__(self) -> None:
        self._taken: dict[str, set[str]] = defaultdict(set)

    def take(self, kind: str, names: Iterable[str]) -> None:
        """Reserve names, such as those of existing documents."""
        self._taken[kind].update(name.casefold() for name in names)

    def of(self, kind: str, wanted: str, number: str) -> str:
        """Return the wanted name if it is free, or else the name with a number: the ConnectWise id.

        Call it in the order of the numbers, so that the oldest object has the name without one.
        """
        taken = self._taken[kind]
        name = wanted or f"{slug(kind)}-{number}"
        if name in taken or name in _RESERVED:
            name = base = f"{wanted or slug(kind)}-{number}"
            count = 1
            while name in taken:
                count += 1
                name = f"{base}-{count}"
        taken.add(name)
        return name
