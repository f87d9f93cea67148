"""The cases: ways in which a customer of the console and the companies of ConnectWise belong together.

Each case adds one or two customers, and the truth of them. The cases come in the order of a shuffled deck of 200
cards, so every 200 cards have the same proportions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Final

from reconciler.sandbox.messy import alike_cases as alike
from reconciler.sandbox.messy import doubled_cases as doubled
from reconciler.sandbox.messy import single_cases as single
from reconciler.sandbox.messy.playing import Table, matched

Case = Callable[[Table, Random, str], None]
"""Adds the customers of one case: the estate in the making, random numbers, and the name of the case."""

CASES: Final[dict[str, tuple[int, int, Case]]] = {
    "matched": (139, 1, matched),
    "look-alike beside": (10, 1, alike.with_look_alike),
    "neighbours": (3, 2, alike.neighbours),
    "no company": (8, 1, single.no_company),
    "only a look-alike": (4, 1, alike.only_look_alike),
    "branches": (2, 2, alike.branches),
    "one of the branches": (1, 1, alike.one_of_the_branches),
    "numbered": (1, 2, alike.numbered),
    "one letter apart": (2, 2, alike.one_letter_apart),
    "only one letter apart": (2, 1, alike.only_one_letter_apart),
    "doubled company": (4, 1, doubled.doubled_company),
    "doubled company, decided": (2, 1, doubled.doubled_decided),
    "equally near": (3, 1, doubled.equally_near),
    "sisters": (2, 1, doubled.sisters),
    "rivals": (3, 2, doubled.rivals),
    "twins by Managed ID": (1, 2, doubled.twins_by_id),
    "shared Managed ID": (1, 1, doubled.shared_id),
    "renamed": (2, 1, single.renamed),
    "initials": (2, 1, single.initials),
    "deleted company": (2, 1, single.deleted_company),
    "inactive company": (3, 1, single.inactive_company),
    "odd name": (3, 1, single.odd_name),
}
"""Each case with the number of its cards in the deck, the number of customers that it adds, and its function."""


def deck(dice: Random) -> Iterator[str]:
    """Yield the cases in their order, without an end."""
    cards = [name for name, (count, _, _) in CASES.items() for _ in range(count)]
    while True:
        yield from dice.sample(cards, len(cards))


def deal(table: Table, customers: int) -> None:
    """Add the customers of cases until the console has this number of customers."""
    cards = deck(table.work.dice("deck"))
    while (left := customers - table.work.number) > 0:
        name = next(cards)
        _, added, play = CASES[name]
        if added > left:
            name, play = "matched", matched
        play(table, table.work.dice(f"card/{table.work.number}"), name)
