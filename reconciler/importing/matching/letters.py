"""Compare two names letter by letter: blanks in other places, an error in the legal form, a name that was cut off."""

from __future__ import annotations

from typing import NamedTuple

from rapidfuzz.distance import OSA

from reconciler.importing.matching.folding import plain
from reconciler.importing.matching.forms import difference_of_forms
from reconciler.importing.matching.names import Name
from reconciler.importing.matching.pairing import Pair
from reconciler.importing.matching.surnames import SURNAMES
from reconciler.importing.matching.vocabulary import DISTINGUISHING
from reconciler.importing.matching.words import Words

_BLANKS = 0.5
_CUT = 1.5
_ONE_ERROR = 4.0
_WIDTHS = frozenset({20, 24, 25, 30, 31, 32, 35, 40, 45, 48, 50, 60, 64})
"""Widths of fields, in characters. Longer names are cut off at them."""


class Whole(NamedTuple):
    """Two names as one pair, what it costs, and the bits of information that both have."""

    pair: Pair
    cost: float
    information: float
    forms_differ: bool = False


def by_cut(left: Name, right: Name, words: Words) -> Whole | None:
    """Return the match of a name with its beginning. None if neither is the beginning of the other."""
    if not (_is_cut(left, right) or _is_cut(right, left)):
        return None
    information = min(sum(words.information(word.key) for word in name.words) for name in (left, right))
    return Whole(Pair(left.joined, right.joined, "short", _CUT), _CUT, information)


def by_letters(left: Name, right: Name, words: Words) -> Whole | None:
    """Return the match of names that differ in blanks and in few letters. None if they differ in more.

    A letter more or less, or a whole word more or less, can make another name of it: `Acme A`, `Acme B`, `Braun`,
    `Brown`. Such words are not compared by letters.
    """
    costs = [
        _cost_of_letters(mine, theirs)
        for mine, theirs in ((left.written, right.written), (left.joined, right.joined))
        if mine and theirs
    ]
    if {left.written, left.joined} & {right.written, right.joined}:
        costs.append(_BLANKS)  # The part of a word that a blank cut off can look like a form.
    cost = min((each for each in costs if each is not None), default=None)
    if cost is None or (cost > 1 and _tells_apart(left, right, words, cost)):
        return None
    forms_differ, forms_cost = (
        (False, 0.0) if left.written[-3:] == right.written[-3:] else difference_of_forms(left, right)
    )
    whole = Pair(left.joined, right.joined, "joined" if cost < 1 else "typing", cost)
    information = sum(words.information(word.key) for word in right.words)
    return Whole(whole, cost + min(forms_cost, 1.0), information, forms_differ)


def ends_a_word(name: Name, size: int) -> bool:
    """Return whether the first letters of a name, without blanks, are whole words."""
    return any(end == size for _, end in _spans(name.text))


def _is_cut(short: Name, long: Name) -> bool:
    """Return whether a name is the beginning of another one, cut off inside a word at the width of a field."""
    size = len(short.written)
    if size < 16 or size >= len(long.written) or not long.written.startswith(short.written):
        return False
    if len(" ".join(short.text.split())) not in _WIDTHS and len(short.text) not in _WIDTHS:
        return False
    return any(start < size < end for start, end in _spans(long.text))


def _spans(text: str) -> list[tuple[int, int]]:
    """Return where each word of a text begins and ends, counted in plain letters and digits."""
    found = []
    start = 0
    for part in text.split():
        end = start + sum(char.isalnum() for char in plain(part))
        found.append((start, end))
        start = end
    return found


def _cost_of_letters(mine: str, theirs: str) -> float | None:
    shorter = min(len(mine), len(theirs))
    limit = 0 if shorter < 6 else 1 if shorter < 14 else 2
    distance = OSA.distance(mine, theirs, score_cutoff=limit)
    if distance > limit:
        return None
    return (_BLANKS, 2.5 if shorter >= 9 else 3.5, 5.0)[distance]


def _tells_apart(left: Name, right: Name, words: Words, cost: float) -> bool:
    """Return whether the words that only one name has may be what tells two companies apart."""
    mine = [word for word in left.words if word.plain not in {each.plain for each in right.words}]
    theirs = [word for word in right.words if word.plain not in {each.plain for each in left.words}]
    if not mine or not theirs:
        return bool(mine or theirs)
    if {left.joined, right.joined} <= SURNAMES or {word.plain for word in (*mine, *theirs)} <= SURNAMES:
        return True
    if len(mine) == len(theirs) == 1 and cost > _ONE_ERROR:
        return True  # Two errors in one word: `pairing.py` has judged that word.
    return (
        any(word.is_code or word.key in DISTINGUISHING for word in (*mine, *theirs))
        or all(len(word.plain) == 1 for word in (*mine, *theirs))
        or all(words.is_known(word.key) for word in mine)
    )
