"""Pair the words of two names: first those that are the same, then joined words, then related ones, then initials."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from reconciler.importing.matching.names import Name, Word, is_dotted
from reconciler.importing.matching.vocabulary import SAME_WORD, WHOLE_WORDS
from reconciler.importing.matching.words import (
    COMMON_WORD,
    DOTTED_NAME,
    KNOWN_WORD,
    OTHER_SURNAME,
    SAME,
    SHORT_NAME,
    WordKind,
    Words,
    compared,
    mistyped_beginning,
)

_JOINED = 0.5
_HALVES = 1.5
_GIVEN_NAME = 2.0


class Pair(NamedTuple):
    """A word of the customer's name with the word of the company's name that it belongs to."""

    left: str
    right: str
    kind: WordKind
    cost: float


@dataclass(slots=True)
class Pairs:
    """The pairs of two names, and the words that are left over. It is filled step by step."""

    left: list[Word]
    right: list[Word]
    pairs: list[Pair] = field(default_factory=list)
    information: float = 0.0
    """The bits of information in the words that both have."""
    order: list[tuple[int, int]] = field(default_factory=list)

    @property
    def reordered(self) -> bool:
        """Return whether the words that both have are in another order."""
        return any(later[1] < earlier[1] for earlier, later in pairwise(sorted(self.order)))


def pair_words(left: Name, right: Name, words: Words) -> Pairs:
    """Return the pairs of the words of two names."""
    found = Pairs(list(left.words), list(right.words))
    if min(len(left.words), len(right.words)) == 1:
        _pair_initials_of_all(found, words)
    by_plain = {word.plain: word for word in right.words}
    for word in left.words:
        other = by_plain.get(word.plain)
        if other is not None and other in found.right:
            _take(found, left, right, words, Pair(word.plain, other.plain, "same", SAME.cost), word, other)
    if found.left and found.right:
        _pair_joined(found, words)
    if found.left and found.right:
        _pair_halves(found, left, right, words)
    if found.left and found.right:
        for pair, one, other in _related(found, left, right, words):
            if one in found.left and other in found.right:
                _take(found, left, right, words, pair, one, other)
    if found.left and found.right:
        _pair_given_name(found, left, right, words)
        _pair_initials(found, words)
    return found


def _take(found: Pairs, left: Name, right: Name, words: Words, pair: Pair, one: Word, other: Word) -> None:
    found.pairs.append(pair)
    found.information += words.information(other.key)
    found.order.append((left.words.index(one), right.words.index(other)))
    found.left.remove(one)
    found.right.remove(other)


def _related(found: Pairs, left: Name, right: Name, words: Words) -> list[tuple[Pair, Word, Word]]:
    """Return all pairs of related words with their cost in this estate, the cheapest first."""
    related = []
    for one in found.left:
        for other in found.right:
            dotted = is_dotted(one, left), is_dotted(other, right)
            match = compared(one, other)
            if match is None and dotted[0] != dotted[1]:
                short, whole = (one, other) if dotted[0] else (other, one)
                match = mistyped_beginning(short.plain, whole.plain)
            if match is None or (match.kind == "typing" and one.key in words.cities):
                continue
            if match.kind == "short" and match.cost >= 1 and _is_whole_beginning(one, other, left, right, words):
                continue
            cost = match.cost
            if match.kind == "typing" and words.is_known(one.key) and not _is_slip(found, one, other, words):
                cost += KNOWN_WORD
            elif match.kind == "typing" and words.companies[other.key] >= 3 and cost < OTHER_SURNAME:
                cost *= COMMON_WORD
            elif match.kind == "short" and cost >= 1 and words.companies[other.key] < 3:
                cost += DOTTED_NAME if any(dotted) else SHORT_NAME
            elif match.kind == "short" and cost >= 1 and words.is_known(one.key) and words.is_known(other.key):
                cost += KNOWN_WORD / 2
            related.append((Pair(one.plain, other.plain, match.kind, cost), one, other))
    return sorted(related, key=lambda each: (each[0].cost, each[0].left, each[0].right))


def _is_whole_beginning(one: Word, other: Word, left: Name, right: Name, words: Words) -> bool:
    """Return whether one word is a whole word and the beginning of the other: `Senior`, `SeniorLiving`."""
    if other.plain.startswith(one.plain):
        return _is_whole(one, left, words, 0)
    return one.plain.startswith(other.plain) and _is_whole(other, right, words, 1)


def _is_whole(word: Word, name: Name, words: Words, own: int) -> bool:
    """Return whether a word is in the lists, or in names of other companies. A word with a dot is an abbreviation.

    `own` is 1 if the name is that of a company, so that it does not count itself.
    """
    if is_dotted(word, name):
        return False
    return word.plain in WHOLE_WORDS or words.companies[word.key] > own


def _is_slip(found: Pairs, one: Word, other: Word, words: Words) -> bool:
    """Return whether a typing error is plain, although the mistyped word is known from another company.

    Either the company has the error, and nobody else has it. Or one other company has the same error in a word that
    many have. The words that both names have must say more than the word in question.
    """
    theirs, ours = words.companies[other.key], words.companies[one.key]
    if theirs <= 1 and not words.customers[other.key]:
        return found.information > words.information(one.key) + 3
    return ours <= 1 and theirs >= 10 and found.information > words.information(other.key) + 2


def _pair_joined(found: Pairs, words: Words) -> None:
    """Pair a word with the neighbours in the other name that make it up: `kreuzapotheke` and `kreuz apotheke`."""
    for single, several, mirrored in ((found.left, found.right, False), (found.right, found.left, True)):
        if len(several) < 2:
            continue
        for word in list(single):
            if run := _run_that_makes(word.plain, several) or _two_that_make(word.plain, several):
                pair = Pair(word.plain, _text(run), "joined", _JOINED)
                _take_run(found, words, word, run, pair, mirrored=mirrored)


def _pair_halves(found: Pairs, left: Name, right: Name, words: Words) -> None:
    """Pair a long word with two neighbours that are its beginning and its end: `Ing.-Büro` and `Ingenieurbüro`."""
    for single, several, mirrored in ((found.left, found.right, False), (found.right, found.left, True)):
        for word in list(single):
            for run in ([one, other] for one, other in pairwise(several)):
                first, last = run[0].plain, run[1].plain
                if (
                    len(first) >= 3
                    and len(last) >= 3
                    and len(word.plain) > len(first) + len(last)
                    and word.plain.startswith(first)
                    and word.plain.endswith(last)
                    and not _is_whole(run[0], left if mirrored else right, words, 0 if mirrored else 1)
                ):
                    pair = Pair(word.plain, _text(run), "short", _HALVES)
                    _take_run(found, words, word, run, pair, mirrored=mirrored)
                    break


def _run_that_makes(plain: str, several: list[Word]) -> list[Word]:
    for start in range(len(several) - 1):
        joined = several[start].plain
        for end in range(start + 1, len(several)):
            if not plain.startswith(joined):
                break
            joined += several[end].plain
            if joined == plain:
                return several[start : end + 1]
    return []


def _two_that_make(plain: str, several: list[Word]) -> list[Word]:
    """Return two words in any order that make up a word: `designmaplestone` of `maplestone whitestone design`."""
    by_plain = {word.plain: word for word in several}
    for first in several:
        last = by_plain.get(plain.removeprefix(first.plain))
        if last is not None and last is not first and plain == first.plain + last.plain:
            return [first, last]
    return []


def _pair_initials_of_all(found: Pairs, words: Words) -> None:
    """Pair the only word of a name with all words of the other name, if it is their initials."""
    mirrored = len(found.right) == 1
    word, run = (found.right[0], found.left) if mirrored else (found.left[0], found.right)
    if 2 <= len(run) <= 6 and "".join(each.plain[:1] for each in run) == word.plain:
        pair = Pair(word.plain, _text(run), "initials", 5.0 if len(run) == 2 else 3.5 if len(run) == 3 else 2.5)
        _take_run(found, words, word, list(run), pair, mirrored=mirrored)


def _pair_given_name(found: Pairs, left: Name, right: Name, words: Words) -> None:
    """Pair a given name with its initial: `T. Weber` and `Thomas Weber`."""
    if not found.pairs or len(found.left) != 1 or len(found.right) != 1:
        return
    one, other = found.left[0], found.right[0]
    if any(
        len(short.plain) == 1
        and is_dotted(short, name)
        and len(long.plain) >= 3
        and long.plain.startswith(short.plain)
        and long.plain not in SAME_WORD
        for short, name, long in ((one, left, other), (other, right, one))
    ):
        _take(found, left, right, words, Pair(one.plain, other.plain, "initials", _GIVEN_NAME), one, other)


def _pair_initials(found: Pairs, words: Words) -> None:
    """Pair a short word with the words of the other name whose initials it is."""
    for single, several, mirrored in ((found.left, found.right, False), (found.right, found.left, True)):
        for word in list(single):
            size = len(word.plain)
            if not 3 <= size <= min(6, len(several)):
                continue
            runs = (several[start : start + size] for start in range(len(several) - size + 1))
            run = next((run for run in runs if "".join(each.plain[:1] for each in run) == word.plain), None)
            if run:
                cost = 3.5 if size == 3 else 2.5
                _take_run(found, words, word, run, Pair(word.plain, _text(run), "initials", cost), mirrored=mirrored)


def _take_run(found: Pairs, words: Words, word: Word, run: list[Word], pair: Pair, *, mirrored: bool) -> None:
    """Note a pair of one word with several. `mirrored` if the one word is the company's."""
    single, several = (found.right, found.left) if mirrored else (found.left, found.right)
    found.pairs.append(Pair(pair.right, pair.left, pair.kind, pair.cost) if mirrored else pair)
    found.information += sum(words.information(each.key) for each in ([word] if mirrored else run))
    single.remove(word)
    for each in run:
        several.remove(each)


def _text(run: list[Word]) -> str:
    return " ".join(word.plain for word in run)
