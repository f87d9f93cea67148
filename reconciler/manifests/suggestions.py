"""Suggestions for a misspelt word: which known names are spelled like it, and how a message says so.

This is the only module that compares spellings for a "did you mean". It imports rapidfuzz when it first needs it,
because that import is slow and most runs suggest nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

Key = TypeVar("Key")

_NEAR = 60
_NEAREST = 70
"""How alike two words must be, from 0 to 100. One single suggestion needs more than a list of them."""


def nearest(word: str, among: Iterable[str]) -> str | None:
    """Return the name that is spelled most like a word. None if no name is alike enough."""
    from rapidfuzz import fuzz, process, utils  # noqa: PLC0415 - slow to import

    found = process.extractOne(
        word, list(among), scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=_NEAREST
    )
    return str(found[0]) if found else None


def near(word: str, among: Iterable[str], limit: int = 3) -> list[str]:
    """Return at most `limit` names that are spelled like a word, or that contain it. The most alike is first."""
    from rapidfuzz import fuzz, process, utils  # noqa: PLC0415 - slow to import

    found = process.extract(
        word, list(among), scorer=fuzz.WRatio, processor=utils.default_process, score_cutoff=_NEAR, limit=limit
    )
    return [str(item[0]) for item in found]


def nearest_key(name: str, among: Mapping[Key, str], at_least: int) -> Key | None:
    """Return the key of the name that is most like `name`. None if none is alike by `at_least` of 100."""
    from rapidfuzz import fuzz, process, utils  # noqa: PLC0415 - slow to import

    found = process.extractOne(name, among, scorer=fuzz.WRatio, processor=utils.default_process, score_cutoff=at_least)
    return None if found is None else found[2]


def likeness(one: str, other: str) -> float:
    """Return how alike two texts are, letter by letter: 100 for equal texts, 0 for texts with nothing in common."""
    from rapidfuzz import fuzz  # noqa: PLC0415 - slow to import

    return float(fuzz.ratio(one, other))


def did_you_mean(names: str | Iterable[str] | None) -> str:
    """Return `did you mean a or b?`. Return an empty text if there is no name."""
    found = [names] if isinstance(names, str) else list(names or ())
    return f"did you mean {listed(found)}?" if found else ""


def listed(words: Iterable[str], last: str = "or") -> str:
    """Return one or more words as a list in a sentence: `a`, `a or b`, `a, b or c`."""
    *most, final = list(words)
    return f"{', '.join(most)} {last} {final}" if most else final
