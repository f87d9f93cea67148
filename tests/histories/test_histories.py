"""What a month has billed in the end is what the oracle gives, whatever came late and in which order.

`make histories` plays 100,000 of them.
"""

from __future__ import annotations

from collections import Counter

import pytest

from reconciler.ledger.store import Ledger
from tests.additions.conftest import empty_ledger, ledger

from . import ratings
from .run import play

__all__ = ["empty_ledger", "ledger"]

HISTORIES, PARTS = 2000, 4
KINDS = ("closes", "invoices", "deleted invoices", "back-dated prices", "corrections", "new mappings")
OUTCOMES = ("adjustments", "credits", "that wait", "accepted amounts")


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_billed_equals_the_rating_after_corrections_in_any_order(part: int) -> None:
    figures: Counter[str] = Counter()
    for seed in range(part, HISTORIES, PARTS):
        figures += play(seed)
    assert all(figures[each] >= 10 for each in (*KINDS, *OUTCOMES)), figures


@pytest.mark.parametrize("seed", [101, 102, 103])
def test_a_month_that_is_not_rated_again_has_nothing_new(seed: int, ledger: Ledger) -> None:
    """Each plan equals that of a version that loads and rates every ended month."""
    figures = ratings.play(seed, ledger)
    assert figures["charges that were left out"] >= 1
