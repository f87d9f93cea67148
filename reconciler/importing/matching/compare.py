"""Compare two names word by word, and as a whole.

    customer   Intl. Miller Mfg                    short: intl/international, mfg/manufacturing
    company    Miller International Manufacturing  the order differs; nothing is left over

What is left over on one side costs as much as the word says whose name it is. If blanks are in other places, or the
error is in the legal form, the names are compared letter by letter too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.importing.matching.branches import lacks_number
from reconciler.importing.matching.forms import difference_of_forms
from reconciler.importing.matching.leftover import Around, leftover
from reconciler.importing.matching.letters import by_cut, by_letters
from reconciler.importing.matching.names import Name, Word
from reconciler.importing.matching.pairing import Pair, pair_words
from reconciler.importing.matching.words import Words

TOO_FAR = 12.0
"""The cost of two names without anything in common. It is the largest cost."""

_BOTH_SIDES = 3.0
_ORDER = 0.3
_BRANCH = 3.0
"""The cost of a word at the end of a company's name. The word may name a branch, and then other branches are rivals."""


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
    """Words that only the customer's name has. Words without meaning are in `set_aside`."""
    only_right: tuple[str, ...] = ()
    added_right: tuple[str, ...] = ()
    """Words that were added at the end of the company's name, such as its own city. They are in `set_aside` too."""
    set_aside: tuple[str, ...] = ()
    forms_differ: bool = False
    """True if both names have a legal form, and the forms differ."""
    lacks_number: bool = False
    """True if several companies have the name with different numbers, and the customer's name has no number."""

    @property
    def is_longer(self) -> bool:
        """Return whether the company's name has all words of the customer's, and more."""
        return bool(self.pairs) and not self.only_left and bool(self.only_right or self.added_right)

    @property
    def is_whole(self) -> bool:
        """Return whether each word of both names has a pair, also one with an error."""
        return bool(self.pairs) and not self.only_left and not self.only_right

    @property
    def is_same(self) -> bool:
        """Return whether the names have the same words, apart from spelling."""
        return not self.only_left and not self.only_right and all(each.cost < 1 for each in self.pairs)


_NOTHING = Around()


def compare(left: Name, right: Name, words: Words, around: Around = _NOTHING) -> NameMatch:
    """Return how a customer's name is related to a company's."""
    by_words = _by_words(left, right, words, around)
    if by_words.cost <= 2.5:
        return by_words
    if whole := by_cut(left, right, words):
        return NameMatch(left, right, whole.cost, whole.information, (whole.pair,))
    whole = by_letters(left, right, words)
    if whole is None or whole.cost >= by_words.cost or (by_words.is_whole and whole.pair.kind == "typing"):
        return by_words
    return NameMatch(
        left,
        right,
        whole.cost,
        whole.information,
        (whole.pair,),
        forms_differ=whole.forms_differ,
        lacks_number=lacks_number(left, right, words.numbered),
    )


def _by_words(left: Name, right: Name, words: Words, around: Around) -> NameMatch:
    found = pair_words(left, right, words)
    over = leftover(left, right, found.left, found.right, words, around)
    forms_differ, forms_cost = (False, 0.0) if over.has_form else difference_of_forms(left, right)
    cost = sum(each.cost for each in found.pairs) + forms_cost
    cost += sum(over.aside_left.values()) + sum(over.aside_right.values())
    cost += sum(words.cost_of_extra(word) for word in over.only_left)
    cost += sum(_BRANCH if word.plain in right.tail else words.cost_of_extra(word) for word in over.only_right)
    cost += (_BOTH_SIDES if over.only_left and over.only_right else 0.0) + (_ORDER if found.reordered else 0.0)
    return NameMatch(
        left,
        right,
        min(cost, TOO_FAR) if found.pairs else TOO_FAR,
        found.information,
        tuple(found.pairs),
        _plain(over.only_left),
        _plain(over.only_right),
        tuple(word.plain for word in over.aside_right if word.plain in right.tail),
        _plain((*over.aside_left, *over.aside_right)),
        forms_differ,
        lacks_number(left, right, words.numbered),
    )


def _plain(words: Iterable[Word]) -> tuple[str, ...]:
    return tuple(word.plain for word in words)
