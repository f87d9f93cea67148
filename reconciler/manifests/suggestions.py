"""Did you mean …? One way of guessing for fields, kinds, names and words."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process, utils

_CLOSE = 60
_SURE = 70


def nearest(word: str, among: Iterable[str]) -> str | None:
    """The entry that a misspelt word most likely means; `None` when nothing is close."""
    found = process.extractOne(
        word, list(among), scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=_SURE
    )
    return str(found[0]) if found else None


def near(word: str, among: Iterable[str], limit: int = 3) -> list[str]:
    """Several entries that a word may mean, best first."""
    found = process.extract(
        word, list(among), scorer=fuzz.WRatio, processor=utils.default_process, score_cutoff=_CLOSE, limit=limit
    )
    return [str(item[0]) for item in found]


def listed(words: Iterable[str], last: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    *most, final = list(words)
    return f"{', '.join(most)} {last} {final}" if most else final
