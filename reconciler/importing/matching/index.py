"""Find the companies that a name may belong to, without comparing it with all of them.

Each company is filed under keys: its words, pairs of its words, its initials, its words without blanks, and the
beginnings and ends of long words. A word of a customer that no company has is corrected first: the words of companies
that are one letter away are found by leaving out each letter in turn.

Keys that many companies share are not looked up, so that the work grows with the number of customers.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product

from reconciler.importing.matching.names import Name, Word

SHARED_BY_MANY = 60
"""A key of more companies than this is not looked up."""

AT_MOST = 16
"""The number of companies that are compared in detail for one customer."""

_SHARE_OF_BEST = 0.25
"""A company is not compared if it shares less than this part of what the nearest company shares."""

_CORRECTIONS = 5
_COMBINATIONS = 200


class NameIndex:
    """The companies by the keys of their names. A company may have several names."""

    def __init__(self, names: Sequence[Sequence[Name]]) -> None:
        """`names` are the names of each company; a company is known by its place in the sequence."""
        self._size = max(len(names), 1)
        self._places: dict[str, list[int]] = defaultdict(list)
        self._vocabulary: dict[str, str] = {}
        self._without_a_letter: dict[str, list[str]] = defaultdict(list)
        for place, each in enumerate(names):
            for key in {key for name in each for key in _keys_of_company(name)}:
                self._places[key].append(place)
            for word in (word for name in each for word in name.words):
                self._vocabulary.setdefault(word.plain, block_of(word))
        for plain in self._vocabulary:
            for shorter in _deletions(plain):
                self._without_a_letter[shorter].append(plain)

    def candidates(self, names: Iterable[Name]) -> list[int]:
        """Return the places of the companies that share most with a customer's names, the nearest first."""
        scores: dict[int, float] = defaultdict(float)
        for name in names:
            for key in self._keys_of_customer(name):
                places = self._places.get(key, ())
                if not places or (len(places) > SHARED_BY_MANY and not key.startswith("=")):
                    continue
                weight = math.log2(1 + self._size / len(places))
                for place in places[: SHARED_BY_MANY * 4]:
                    scores[place] += weight
        if not scores:
            return []
        least = max(scores.values()) * _SHARE_OF_BEST
        best = sorted((-score, place) for place, score in scores.items() if score >= least)
        return [place for _, place in best[:AT_MOST]]

    def _keys_of_customer(self, name: Name) -> set[str]:
        spellings = [self._spellings(word) for word in name.words]
        keys = {f"w {block}" for blocks in spellings for block in blocks}
        combined: set[str] = set()
        if math.prod(len(blocks) for blocks in spellings) <= _COMBINATIONS:
            combined = {whole_key(chosen) for chosen in product(*spellings)}
        pairs = {
            f"2 {min(one, other)} {max(one, other)}"
            for left, right in combinations(spellings, 2)
            for one in left
            for other in right
        }
        parts = {key for word in name.words if word.plain not in self._vocabulary for key in _ends(word.plain)}
        short = {f"i {word.plain}" for word in name.words if 3 <= len(word.plain) <= 6}
        return keys | combined | pairs | parts | short | _joined_keys(name) | _initials(name)

    def _spellings(self, word: Word) -> list[str]:
        """Return the blocks of a word, and of the words it may be a typing error of."""
        own = block_of(word)
        if word.is_code:
            return [own]
        found: dict[str, None] = {own: None}
        if word.plain not in self._vocabulary:
            for shorter in _deletions(word.plain):
                for plain in self._without_a_letter.get(shorter, ()):
                    found.setdefault(self._vocabulary[plain], None)
        return list(found)[: 1 + _CORRECTIONS]


def block_of(word: Word) -> str:
    """Return the key under which all spellings of a word are filed."""
    return word.key.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def whole_key(blocks: Iterable[str]) -> str:
    """Return the key of a whole name, whatever the order of its words. It is always looked up."""
    return "= " + " ".join(sorted(blocks))


def _keys_of_company(name: Name) -> Iterator[str]:
    blocks = [block_of(word) for word in name.words]
    yield whole_key(blocks)
    for block in blocks:
        yield f"w {block}"
    for one, other in combinations(sorted(set(blocks)), 2):
        yield f"2 {one} {other}"
    for word in name.words:
        yield from _ends(word.plain)
        if 3 <= len(word.plain) <= 6:
            yield f"i {word.plain}"
    yield from _joined_keys(name)
    yield from _initials(name)


def _ends(plain: str) -> Iterator[str]:
    if len(plain) >= 5:
        yield f"wb {plain[:4]}"
    if len(plain) >= 8:
        yield f"we {plain[-5:]}"


def _joined_keys(name: Name) -> set[str]:
    """Return keys of the words without blanks: all, and each two neighbours."""
    plains = [word.plain for word in name.words]
    runs = {"".join(plains[start : start + size]) for size in (1, 2, 3) for start in range(len(plains) - size + 1)}
    written = name.written
    return {f"j {run}" for run in runs if len(run) >= 5 or not run.isascii()} | {
        f"a {written}",
        f"b {written[:7]}",
        f"e {written[-7:]}",
    }


def _initials(name: Name) -> set[str]:
    letters = "".join(word.plain[0] for word in name.words)
    return {f"i {letters[start : start + size]}" for size in (3, 4, 5, 6) for start in range(len(letters) - size + 1)}


def _deletions(plain: str) -> set[str]:
    """Return a word and the word without each of its letters. Words one letter apart have one of these in common."""
    if len(plain) < 3:
        return {plain}
    return {plain, *(plain[:place] + plain[place + 1 :] for place in range(len(plain)))}
