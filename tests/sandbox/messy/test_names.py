"""Made-up firms: names that no single error turns into the name of another firm."""

from __future__ import annotations

from itertools import combinations, product
from random import Random

import pytest
from rapidfuzz.distance import OSA

from reconciler.sandbox.messy import words
from reconciler.sandbox.messy.firms import Firms
from reconciler.sandbox.messy.oddities import long_name
from reconciler.sandbox.messy.places import PLACES
from reconciler.sandbox.messy.spelling import ascii_letters, plain

POOLS = {
    "roots": [*(root for roots in words.ROOTS.values() for root in roots), *words.PARTNERS],
    "trades of partnerships": list(words.PARTNER_TRADES),
    **{f"trades {name}": [*trades, *words.LOOK_ALIKE[name]] for name, trades in words.TRADES.items()},
}


@pytest.mark.parametrize("pool", POOLS)
def test_two_words_of_a_pool_differ_in_three_letters_also_without_accents(pool: str) -> None:
    flat = {word: {ascii_letters(word), ascii_letters(plain(word) or word)} for word in POOLS[pool]}
    near = [
        (one, other)
        for one, other in combinations(flat, 2)
        if min(OSA.distance(*pair) for pair in product(flat[one], flat[other])) < 3
    ]

    assert near == []


def test_thousands_of_firms_have_names_and_identifiers_of_their_own() -> None:
    firms = Firms(1)
    some = [firms.next() for _ in range(20_000)]

    assert len({firm.core for firm in some}) == 20_000
    assert len({firm.identifier.casefold() for firm in some}) == 20_000


def test_the_seed_decides_which_firms_come_first() -> None:
    def first(seed: int) -> list[str]:
        firms = Firms(seed)
        return [firms.next().name for _ in range(20)]

    assert first(3) == first(3)
    assert first(3) != first(4)


def test_a_firm_is_at_a_place_of_its_language() -> None:
    firms = Firms(2)

    assert all(firm.place in PLACES[firm.language] for firm in (firms.next() for _ in range(200)))


def test_a_long_name_begins_with_the_firm_and_has_as_many_letters_as_connectwise_takes() -> None:
    firms, dice = Firms(1), Random(1)
    for firm in (firms.next() for _ in range(50)):
        name = long_name(firm, dice)
        assert name.startswith(firm.core)
        assert 155 <= len(name) <= 156


def test_firms_one_letter_apart_are_at_different_places_until_no_pair_is_left() -> None:
    firms, dice = Firms(1), Random(1)
    pairs = list(iter(lambda: firms.one_letter_apart(dice), None))

    assert len({one.name for pair in pairs for one in pair}) == 2 * len(pairs) > 1000
    assert all(OSA.distance(one.core, other.core) == 1 and one.place != other.place for one, other in pairs)
    assert firms.one_letter_apart(dice) is None
