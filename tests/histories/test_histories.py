"""What a month has billed in the end is what the oracle gives, whatever came late and in which order.

`make histories` plays 100,000 of them.
"""

from __future__ import annotations

from collections import Counter

import pytest

from .run import play

HISTORIES, PARTS = 2000, 4
KINDS = ("closes", "invoices", "deleted invoices", "back-dated prices", "corrections", "new mappings")
OUTCOMES = ("adjustments", "credits", "that wait", "accepted amounts")


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_billed_equals_the_rating_after_corrections_in_any_order(part: int) -> None:
    figures: Counter[str] = Counter()
    for seed in range(part, HISTORIES, PARTS):
        figures += play(seed)
    assert all(figures[each] >= 10 for each in (*KINDS, *OUTCOMES)), figures
