"""Compare two names word by word, and as a whole.

    customer   Intl. Miller Mfg                    short: intl/international, mfg/manufacturing
    company    Miller International Manufacturing  the order differs; nothing is left over

What is left over on one side costs as much as the word says whose name it is. If blanks are in other places, or the
error is in the legal form, the names are compared letter by letter too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from reconciler.importing.matching.branches import lacks_number, record_numbers
from reconciler.importing.matching.folding import plain
from reconciler.importing.matching.legal_forms import FORMS, SPELLINGS, WITHOUT_WEIGHT
from reconciler.importing.matching.names import Name, Word
from reconciler.importing.matching.pairing import Pair, Pairs, pair_words
from reconciler.importing.matching.vocabulary import DECORATION, DISTINGUISHING, STANDING
from reconciler.importing.matching.words import Words

TOO_FAR = 12.0
"""The cost of names that have nothing to do with each other. No name costs more."""

SET_ASIDE = 0.3
"""The cost of an extra word that says nothing: the company's own city or code, a legal form, or `Backup`."""

_BOTH_SIDES = 3.0
_ORDER = 0.3
_NUMBER = 1.0
_TAIL = 2.0
_CUT = 1.5
_WIDTHS = frozenset({20, 24, 25, 30, 31, 32, 35, 40, 45, 48, 50, 60, 64})
"""Widths of fields, in characters. Longer names are cut off at them."""
_BRANCH = 3.0
"""A word at the end of a company's name: it may be one of several branches, so it is a rival of the others."""


@dataclass(frozen=True, slots=True)
class NameMatch:
    """How a customer's name is related to a company's name, and what the differences cost."""

    left: Name
    right: Name
    cost: float
    information: float
    """The bits of information in the words that both have."""
    pairs: tuple[Pair, ...] = ()
    only_left: tuple[str, ...] = ()
    """Words of the customer's name only. Words that say nothing are in `set_aside`."""
    only_right: tuple[str, ...] = ()
    added_right: tuple[str, ...] = ()
    """Words that were added at the end of the company's name, such as its own city. They are in `set_aside` too."""
    set_aside: tuple[str, ...] = ()
    forms_differ: bool = False
    """True if both have a legal form, and not the same."""
    lacks_number: bool = False
    """True if the name is one of several that differ in their numbers, and the customer's has none."""

    @property
    def is_longer(self) -> bool:
        """Return whether the company's name has all words of the customer's, and more."""
        return bool(self.pairs) and not self.only_left and bool(self.only_right or self.added_right)

    @property
    def is_same(self) -> bool:
        """Return whether the names have the same words, apart from spelling."""
        return not self.only_left and not self.only_right and all(each.cost < 1 for each in self.pairs)


@dataclass(frozen=True, slots=True)
class Around:
    """Words that may be added to the name of a company, or left out."""

    own: frozenset[str] = frozenset()
    """Its city, and the codes and numbers that people know it by."""
    cities: frozenset[str] = frozenset()
    """All cities of the estate, if its own is not known."""


def compare(left: Name, right: Name, words: Words, around: Around = Around()) -> NameMatch:
    """Return how a customer's name is related to a company's."""
    found = pair_words(left, right, words)
    by_words = _by_words(left, right, found, words, around)
    if by_words.cost <= 2.5:
        return by_words
    if _is_cut(left, right) or _is_cut(right, left):
        whole = Pair(left.joined, right.joined, "short", _CUT)
        information = min(sum(words.information(word.key) for word in name.words) for name in (left, right))
        return NameMatch(left, right, _CUT, information, (whole,))
    by_letters = _by_letters(left, right, words)
    return by_letters if by_letters is not None and by_letters.cost < by_words.cost else by_words


def _by_words(left: Name, right: Name, found: Pairs, words: Words, around: Around) -> NameMatch:
    numbers = record_numbers(left, right, words.numbered, around.own)
    right_aside = {
        word: cost for word in found.right if (cost := _cost_aside_right(word, left, right, numbers, around))
    }
    only_right = [word for word in found.right if word not in right_aside]
    left_aside = {
        word: cost
        for word in found.left
        if (cost := _cost_aside_left(word, left, right, numbers, around, words, alone=not only_right))
    }
    only_left = [word for word in found.left if word not in left_aside]
    has_form = any(_is_form(word, right) or _may_be_form(word, right, words) for word in left_aside)
    has_form = has_form or any(_is_form(word, left) for word in right_aside)
    forms_differ, forms_cost = (False, 0.0) if has_form else _forms(left, right)
    cost = sum(each.cost for each in found.pairs) + forms_cost
    cost += sum(left_aside.values()) + sum(right_aside.values())
    cost += sum(words.cost_of_extra(word) for word in only_left)
    cost += sum(_BRANCH if word.plain in right.tail else words.cost_of_extra(word) for word in only_right)
    cost += (_BOTH_SIDES if only_left and only_right else 0.0) + (_ORDER if found.reordered else 0.0)
    return NameMatch(
        left,
        right,
        min(cost, TOO_FAR) if found.pairs else TOO_FAR,
        found.information,
        tuple(found.pairs),
        _plain(only_left),
        _plain(only_right),
        tuple(word.plain for word in right_aside if word.plain in right.tail),
        _plain((*left_aside, *right_aside)),
        forms_differ,
        lacks_number(left, right, words.numbered),
    )


def _cost_aside_left(
    word: Word, left: Name, right: Name, numbers: Iterable[Word], around: Around, words: Words, *, alone: bool
) -> float:
    """Return the cost of a word of the customer's name that says nothing. 0 if it may say something.

    `alone` is False if the company has another word instead: then a city may be what tells the two apart.
    """
    if word.plain in DECORATION or _is_form(word, right):
        return SET_ASIDE
    if word in numbers:
        return SET_ASIDE if word.plain in around.own else _NUMBER
    if _is_connector(word, words):
        return _NUMBER
    if not alone:
        return 0.0
    if word.plain in around.own or _is_near(word.plain, around.own):
        return SET_ASIDE
    if _may_be_form(word, right, words):
        return 2.5
    return _cost_of_tail(word, left, around) or _cost_of_note(word, left, words)


def _cost_aside_right(word: Word, left: Name, right: Name, numbers: Iterable[Word], around: Around) -> float:
    """Return the cost of a word of the company's name that says nothing. 0 if it may say something."""
    if _is_form(word, left):
        return SET_ASIDE
    if word in numbers or (word.plain in right.tail and (word.plain in around.own or word.plain in DECORATION)):
        return _NUMBER
    return _cost_of_tail(word, right, around)


def _is_connector(word: Word, words: Words) -> bool:
    """Return whether a word that nobody else has may be `und` or the like with a typing error: `uned`."""
    return (
        3 <= len(word.plain) <= 4
        and not word.is_code
        and not words.companies[word.key]
        and any(OSA.distance(word.plain, each, score_cutoff=1) <= 1 for each in ("and", "und", "och", "og", "en"))
    )


def _cost_of_note(word: Word, left: Name, words: Words) -> float:
    """Return the cost of a word of a note after the customer's name, if no company has that word: `(paid monthly)`."""
    if word.plain not in left.tail or word.is_code or word.key in DISTINGUISHING or words.companies[word.key]:
        return 0.0
    return _TAIL / len(left.tail)


def _cost_of_tail(word: Word, name: Name, around: Around) -> float:
    if word.plain not in name.tail:
        return 0.0
    return _TAIL if word.plain in STANDING or word.plain in around.cities else 0.0


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


def _by_letters(left: Name, right: Name, words: Words) -> NameMatch | None:
    """Return the match of names that differ in blanks and in few letters. None if they differ in more.

    A letter more or less, or a whole word more or less, can make another name of it: `Acme A`, `Acme B`, `Braun`,
    `Brown`. Such words are not compared by letters.
    """
    costs = [
        _cost_of_letters(mine, theirs)
        for mine, theirs in ((left.written, right.written), (left.joined, right.joined))
        if mine and theirs
    ]
    cost = min((each for each in costs if each is not None), default=None)
    if cost is None or (cost > 1 and _tells_apart(left, right, words, cost)):
        return None
    forms_differ, forms_cost = (False, 0.0) if left.written[-3:] == right.written[-3:] else _forms(left, right)
    whole = Pair(left.joined, right.joined, "joined" if cost < 1 else "typing", cost)
    information = sum(words.information(word.key) for word in right.words)
    return NameMatch(
        left,
        right,
        cost + min(forms_cost, 1.0),
        information,
        (whole,),
        forms_differ=forms_differ,
        lacks_number=lacks_number(left, right, words.numbered),
    )


def _cost_of_letters(mine: str, theirs: str) -> float | None:
    shorter = min(len(mine), len(theirs))
    limit = 0 if shorter < 6 else 1 if shorter < 14 else 2
    distance = OSA.distance(mine, theirs, score_cutoff=limit)
    if distance > limit:
        return None
    return (0.5, 2.5 if shorter >= 9 else 3.5, 5.0)[distance]


def _tells_apart(left: Name, right: Name, words: Words, cost: float) -> bool:
    """Return whether the words that only one name has may be what tells two companies apart."""
    mine = [word for word in left.words if word.plain not in {each.plain for each in right.words}]
    theirs = [word for word in right.words if word.plain not in {each.plain for each in left.words}]
    if not mine or not theirs:
        return bool(mine or theirs)
    if len(mine) == len(theirs) == 1 and cost > 4:
        return True  # Two errors in one word: `pairing.py` has judged that word.
    return (
        any(word.is_code or word.key in DISTINGUISHING for word in (*mine, *theirs))
        or all(len(word.plain) == 1 for word in (*mine, *theirs))
        or all(words.is_known(word.key) for word in mine)
    )


def _is_form(word: Word, other: Name) -> bool:
    """Return whether a word is a legal form of the other name, also if it has a typing error."""
    plain = word.plain
    if (form := FORMS.get(plain)) is not None and (form in other.forms or form in WITHOUT_WEIGHT):
        return True
    return len(plain) >= 3 and any(_is_misspelled(plain, form) for form in other.forms)


def _may_be_form(word: Word, other: Name, words: Words) -> bool:
    """Return whether a short word may be a legal form of the other name, with a typing error: `LL`, `AGG`."""
    return (
        2 <= len(word.plain) <= 3
        and not words.is_known(word.key)
        and not word.is_code
        and any(OSA.distance(word.plain, spelling) <= 1 for form in other.forms for spelling in SPELLINGS[form])
    )


def _is_near(plain: str, explained: frozenset[str]) -> bool:
    """Return whether a word is one typing error away from the company's own city."""
    return len(plain) >= 5 and any(OSA.distance(plain, word, score_cutoff=1) <= 1 for word in explained)


@lru_cache(maxsize=1 << 16)
def _is_misspelled(plain: str, form: str) -> bool:
    return any(OSA.distance(plain, spelling, score_cutoff=1) <= 1 for spelling in SPELLINGS[form] if len(spelling) >= 3)


def _plain(words: Iterable[Word]) -> tuple[str, ...]:
    return tuple(word.plain for word in words)


def _forms(left: Name, right: Name) -> tuple[bool, float]:
    """Return whether the legal forms contradict each other, and what their difference costs."""
    mine, theirs = left.forms, right.forms
    if mine == theirs:
        return False, 0.0
    if not mine or not theirs:
        return False, 0.3
    return True, 1.0 if mine < theirs or theirs < mine else 3.0
