"""Numbers in names: those of a customer at its provider, and those that tell the branches of a franchise apart.

10009 Acme            and  Acme                   the number says nothing
Anytime Fitness #2765 and  Anytime Fitness #1188  the number decides
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from reconciler.importing.matching.names import Name, Word

_NUMBER = 3
"""The smallest number of digits of a branch's number."""


def numbered_names(names: Iterable[Name]) -> frozenset[str]:
    """Return names without their numbers, if several companies have them with different numbers, as branches do."""
    found: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    for name in names:
        rest, numbers = without_numbers(name)
        if rest and numbers:
            found[rest].add(numbers)
    return frozenset(rest for rest, numbers in found.items() if len(numbers) > 1)


def record_numbers(left: Name, right: Name, numbered: frozenset[str], own: frozenset[str]) -> list[Word]:
    """Return the numbers that are those of the customer or the company at the provider, and not part of its name.

    `numbered` are names without their numbers, if several have one with different numbers. Then only a code of the
    company, one of `own`, is such a number.
    """
    numbers = _long_numbers(left, right)
    if numbered.isdisjoint({without_numbers(left)[0], without_numbers(right)[0]}):
        return numbers
    return [word for word in numbers if word.plain in own]


def lacks_number(left: Name, right: Name, numbered: frozenset[str]) -> bool:
    """Return whether a customer lacks the number by which companies of its name differ."""
    rest, numbers = without_numbers(left)
    return not numbers and not numbered.isdisjoint({rest, without_numbers(right)[0]})


@lru_cache(maxsize=1 << 16)
def without_numbers(name: Name) -> tuple[str, tuple[str, ...]]:
    """Return the words of a name without its numbers, and its numbers. One or two digits are no number."""
    numbers = tuple(word.key for word in name.words if word.plain.isdigit() and len(word.plain) >= _NUMBER)
    return " ".join(sorted(word.key for word in name.words if word.key not in numbers)), numbers


def _long_numbers(left: Name, right: Name) -> list[Word]:
    """Return long numbers that only one of two names has: `10009 Acme` is the customer's number, not its name."""
    mine, theirs = ([word for word in name.words if _is_long(word)] for name in (left, right))
    return [] if mine and theirs else mine or theirs


def _is_long(word: Word) -> bool:
    return len(word.plain) >= 4 and word.plain.isdigit()
