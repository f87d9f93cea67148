"""What is left over of two names, and which of these words say nothing.

Acme Ltd Leeds   and  Acme Ltd, which is in Leeds      nothing is left over
Acme - Leeds     and  Acme - York                      two branches: both words count
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from rapidfuzz.distance import OSA

from reconciler.importing.matching.branches import record_numbers
from reconciler.importing.matching.folding import plain
from reconciler.importing.matching.forms import is_form, may_be_form
from reconciler.importing.matching.names import Name, Word
from reconciler.importing.matching.vocabulary import DECORATION, DISTINGUISHING, STANDING
from reconciler.importing.matching.words import Words

SET_ASIDE = 0.3
"""The cost of an extra word without meaning: the company's own city or code, a legal form, or `Backup`."""

_LETTERS = frozenset("eyiu")
"""Connectors of one letter. They connect only between two words, so the order of the words makes words of them."""

_NUMBER = 1.0
_TAIL = 2.0
_FORM = 2.5


@dataclass(frozen=True, slots=True)
class Around:
    """Words that may be added to the name of a company, or left out."""

    own: frozenset[str] = frozenset()
    """The city, codes and numbers of the company."""
    cities: frozenset[str] = frozenset()
    """All cities of the estate, if its own is not known."""


class Leftover(NamedTuple):
    """The words that only one of two names has. Words without meaning are set aside, with their costs."""

    only_left: tuple[Word, ...]
    only_right: tuple[Word, ...]
    aside_left: dict[Word, float]
    aside_right: dict[Word, float]
    has_form: bool
    """True if one of the words is a legal form of the other name."""


def leftover(
    left: Name, right: Name, mine: Iterable[Word], theirs: Iterable[Word], words: Words, around: Around
) -> Leftover:
    """Return what is left over of two names. `mine` and `theirs` are their words that have no pair.

    A city or a note at the end says nothing if the other name has no word instead. If it has one, both words may tell
    two branches apart.
    """
    numbers = record_numbers(left, right, words.numbered, around.own)
    aside_left = _priced(mine, lambda word: _cost_of_nothing(word, left, right, numbers, around, words))
    aside_right = _priced(theirs, lambda word: _cost_of_nothing_right(word, left, right, numbers))
    only_left = [word for word in mine if word not in aside_left]
    only_right = [word for word in theirs if word not in aside_right]
    if only_left and not only_right:
        aside_left |= _priced(only_left, lambda word: _cost_of_addition(word, left, right, around, words))
    elif only_right and not only_left:
        aside_right |= _priced(only_right, lambda word: _cost_of_addition_right(word, right, around))
    has_form = any(is_form(word, left, right) or may_be_form(word, right, words) for word in aside_left)
    return Leftover(
        tuple(word for word in only_left if word not in aside_left),
        tuple(word for word in only_right if word not in aside_right),
        aside_left,
        aside_right,
        has_form or any(is_form(word, right, left) for word in aside_right),
    )


def _priced(words: Iterable[Word], cost_of: Callable[[Word], float]) -> dict[Word, float]:
    """Return the words that cost something, because they may name another company."""
    return {word: cost for word in words if (cost := cost_of(word))}


def _cost_of_nothing(
    word: Word, left: Name, right: Name, numbers: Iterable[Word], around: Around, words: Words
) -> float:
    if word.plain in DECORATION or is_form(word, left, right) or (word.is_code and word.plain in around.own):
        return SET_ASIDE
    if word.plain in _LETTERS and word.plain in plain(right.text).split():
        return SET_ASIDE
    return _NUMBER if word in numbers or _is_connector(word, left, words) else 0.0


def _cost_of_nothing_right(word: Word, left: Name, right: Name, numbers: Iterable[Word]) -> float:
    if is_form(word, right, left):
        return SET_ASIDE
    return _NUMBER if word in numbers or (word.plain in right.tail and word.plain in DECORATION) else 0.0


def _cost_of_addition(word: Word, left: Name, right: Name, around: Around, words: Words) -> float:
    """Return the cost of a word that was added to the customer's name. 0 if it may say something."""
    if word.plain in around.own or _is_near(word.plain, around.own):
        return SET_ASIDE
    if may_be_form(word, right, words):
        return _FORM
    return _cost_of_tail(word, left, around) or _cost_of_note(word, left, words)


def _cost_of_addition_right(word: Word, right: Name, around: Around) -> float:
    if word.plain in right.tail and word.plain in around.own:
        return _NUMBER
    return _cost_of_tail(word, right, around)


def _cost_of_tail(word: Word, name: Name, around: Around) -> float:
    if word.plain in name.tail and word.plain in STANDING:
        return _TAIL
    return _TAIL if word.plain in around.cities and word.plain in name.tail | name.after else 0.0


def _cost_of_note(word: Word, left: Name, words: Words) -> float:
    """Return the cost of a word of a note after the customer's name, if no company has that word: `(paid monthly)`."""
    if word.plain not in left.note or word.is_code or word.key in DISTINGUISHING or words.companies[word.key]:
        return 0.0
    return _TAIL / len(left.note)


def _is_connector(word: Word, left: Name, words: Words) -> bool:
    """Return whether a word between two others, that nobody else has, may be `und` with a typing error: `uned`."""
    return (
        word not in {left.words[0], left.words[-1]}
        and 3 <= len(word.plain) <= 4
        and not word.is_code
        and not words.companies[word.key]
        and any(OSA.distance(word.plain, each, score_cutoff=1) <= 1 for each in ("and", "und", "och", "og", "en"))
    )


def _is_near(letters: str, explained: frozenset[str]) -> bool:
    """Return whether a word is one typing error away from the company's own city."""
    return len(letters) >= 5 and any(OSA.distance(letters, word, score_cutoff=1) <= 1 for word in explained)
