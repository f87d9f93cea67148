"""How common each word is in this estate, and what it costs to compare two words.

A cost says how unlikely it is that two names of one company differ in this way. 0 means no difference. The costs are
in bits, roughly: 3 stands for one in eight.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Literal, NamedTuple, TypeAlias

from rapidfuzz.distance import OSA

from reconciler.importing.matching.branches import numbered_names
from reconciler.importing.matching.names import Name, Word
from reconciler.importing.matching.surnames import SURNAMES
from reconciler.importing.matching.vocabulary import (
    DECORATION,
    DISTINGUISHING,
    GENERIC,
    SPELLINGS,
    STANDING,
)

WordKind: TypeAlias = Literal["same", "spelling", "short", "typing", "joined", "initials"]

KNOWN_WORD = 4.0
"""Added if the mistyped word is a word of other companies: `Braun` and `Brown` are two names."""

SHORT_NAME = 2.5
"""Added if few companies have the long word: `Bosta` is hardly short for `Bostain`."""

DOTTED_NAME = 1.0
"""Added instead if the abbreviation has a dot. Then it is an abbreviation, of this word or of another."""

COMMON_WORD = 0.6
"""The share of its cost that a typing error in a common word has: `Dentla` can only be `Dental`."""


_TWO_ERRORS = 5
"""The smallest number of letters of a word with two typing errors."""

OTHER_SURNAME = 9.0
"""The cost of a surname that differs in one letter from another. It needs a domain or a street as well."""

_FIRST_LETTER = 1.5
_LAST_LETTER = 1.0
"""Added if the typing error is one more letter at the end. Many surnames differ in this way."""

_ABBREVIATION = 4
"""The smallest number of letters of an abbreviation with a typing error, and of a word with a connector."""

_LONG = 8
"""The smallest number of letters of a word that is probably the same word if two letters differ."""


class WordMatch(NamedTuple):
    """How two words are related, and what it costs."""

    kind: WordKind
    cost: float


SAME = WordMatch("same", 0.0)


@dataclass(frozen=True, slots=True)
class Words:
    """How many companies, and how many customers, have each word in their name."""

    total: int
    companies: Counter[str] = field(default_factory=Counter)
    customers: Counter[str] = field(default_factory=Counter)
    numbered: frozenset[str] = frozenset()
    """Names without their numbers, if several have one with different numbers, such as the branches of a franchise."""
    cities: frozenset[str] = frozenset()
    """The words of all cities. One of them is no typing error of another: `Boston`, `Bolton`."""

    def share(self, key: str) -> float:
        """Return the share of names that have the word."""
        return max(self.companies[key], self.customers[key]) / self.total

    def information(self, key: str) -> float:
        """Return the information in bits that a word carries: rare words carry more."""
        return math.log2((self.total + 1) / (max(self.companies[key], self.customers[key]) + 0.5))

    def is_known(self, key: str) -> bool:
        """Return whether companies or several customers have a word, or a city. Then it is hardly a typing error."""
        return self.companies[key] > 0 or self.customers[key] > 2 or key in self.cities

    def cost_of_extra(self, word: Word) -> float:
        """Return the cost of a word that only one of two names has."""
        key = word.key
        if key == "y":
            return 0.3
        if word.is_code or key in DISTINGUISHING or len(word.plain) == 1:
            return 8.0
        if key in STANDING or key in DECORATION or key in GENERIC:
            return 2.5
        if self.companies[key] >= 3 and self.share(key) >= 0.004:
            return 3.5
        return 6.0


def count_words(companies: Iterable[Name], customers: Iterable[Name], cities: frozenset[str] = frozenset()) -> Words:
    """Return how many names have each word."""
    ours, theirs = list(companies), list(customers)
    words = Words(max(len(ours), len(theirs), 1), numbered=numbered_names(chain(ours, theirs)), cities=cities)
    for names, counter in ((ours, words.companies), (theirs, words.customers)):
        for name in names:
            counter.update(set(name.keys))
    return words


@lru_cache(maxsize=1 << 17)
def compared(left: Word, right: Word) -> WordMatch | None:
    """Return how two different words are related, in any estate. None if they are not related."""
    if {left.plain, left.other} & {right.plain, right.other}:
        return WordMatch("spelling", 0.0)
    if left.key == right.key:
        return WordMatch("short", 0.5)
    if left.is_code or right.is_code:
        return None
    if _single_vowels(left.other) == _single_vowels(right.other):
        return WordMatch("spelling", 0.7)
    if {left.plain, right.plain} <= SURNAMES:
        return WordMatch("typing", OTHER_SURNAME) if OSA.distance(left.plain, right.plain) == 1 else None
    if {left.plain, right.plain} in ({left.plain, f"{left.plain}s"}, {right.plain, f"{right.plain}s"}):
        return WordMatch("short", 0.7)
    if _has_connector(left.plain, right.plain) or _has_connector(right.plain, left.plain):
        return WordMatch("joined", 1.0)
    found = (_mistyped(left, right) or _mistyped_abbreviation(left, right), _shortened(left, right))
    return min((each for each in found if each is not None), key=lambda each: each.cost, default=None)


def _single_vowels(word: str) -> str:
    """Return `mueller` as `muller`: people who drop the dots of `ü` write either."""
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def _has_connector(short: str, long: str) -> bool:
    """Return whether a word is another word and a connector, without a blank: `Watsonand Taylor`."""
    return len(short) >= _ABBREVIATION and long in {f"{short}and", f"{short}und", f"and{short}", f"und{short}"}


def _mistyped_abbreviation(left: Word, right: Word) -> WordMatch | None:
    """Return the match of one spelling of a word with another one that has a typing error.

    `Bros` and `Brotthers`, `Marketing` and `Mkyg`.
    """
    for one, other in ((left, right), (right, left)):
        near = [
            len(spelling)
            for spelling in SPELLINGS.get(one.key, ())
            if min(len(spelling), len(other.plain)) >= _ABBREVIATION
            and spelling[0] == other.plain[0]
            and OSA.distance(other.plain, spelling, score_cutoff=1) <= 1
        ]
        if near:
            return WordMatch("typing", 3.0 if max(near) > _ABBREVIATION else 4.5)
    return None


@lru_cache(maxsize=1 << 16)
def mistyped_beginning(short: str, whole: str) -> WordMatch | None:
    """Return the match of a word with a mistyped beginning of it: `Immmob.` and `Immobilien`."""
    size = len(short)
    if size < _ABBREVIATION or len(whole) < size + 2 or short[0] != whole[0]:
        return None
    near = any(OSA.distance(short, whole[:end], score_cutoff=1) <= 1 for end in (size - 1, size, size + 1))
    return WordMatch("typing", 4.5) if near else None


def _mistyped(left: Word, right: Word) -> WordMatch | None:
    shorter = min(len(left.plain), len(right.plain))
    if shorter < 3 or {left.key, right.key} & DISTINGUISHING:
        return None
    limit = 2 if shorter >= _TWO_ERRORS else 1
    distance = min(
        OSA.distance(left.plain, right.plain, score_cutoff=limit),
        OSA.distance(left.other, right.other, score_cutoff=limit),
    )
    if distance > limit:
        return None
    swapped = sorted(left.plain) == sorted(right.plain)
    if shorter == 3:
        return WordMatch("typing", 4.0) if swapped else None
    first = 0.0 if left.plain[0] == right.plain[0] or swapped else _FIRST_LETTER  # The first letter is seldom mistyped.
    if shorter < _LONG and distance == 1 and _only_ends_otherwise(left.plain, right.plain):
        first += _LAST_LETTER
    if distance == 2:
        if first or (shorter < _LONG and not _are_slips(left.plain, right.plain)):
            return None
        return WordMatch("typing", 5.0 if shorter >= _LONG else 5.5)
    return WordMatch("typing", first + (2.5 if shorter >= 6 or swapped else 3.0))


def _only_ends_otherwise(left: str, right: str) -> bool:
    """Return whether one word is the other with one more letter that many surnames end with: `Lind` and `Linde`."""
    short, long = sorted((left, right), key=len)
    return long.startswith(short) and long[-1] in "enrst" and long[-1] != short[-1]


def _are_slips(left: str, right: str) -> bool:
    """Return whether two errors in a short word are typing errors. With two other letters, it is another word."""
    differing = Counter(left)
    differing.subtract(right)
    return sum(map(abs, differing.values())) <= 2 and not {left, right} & SURNAMES


def _shortened(left: Word, right: Word) -> WordMatch | None:
    short, whole = sorted((left, right), key=lambda word: len(word.plain))
    if len(short.plain) < 3 or len(whole.plain) - len(short.plain) < 2 or whole.plain[0] != short.plain[0]:
        return None
    if whole.plain.startswith(short.plain) or whole.other.startswith(short.other):
        return WordMatch("short", 1.5)
    consonants = not set(short.plain[1:]) & set("aeiou")
    return (
        WordMatch("short", 2.0) if consonants and len(whole.plain) > 5 and _in_order(short.plain, whole.plain) else None
    )


def _in_order(letters: str, word: str) -> bool:
    rest = iter(word)
    return all(letter in rest for letter in letters)
