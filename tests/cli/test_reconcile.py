"""`usage reconcile` holds usage, additions and invoices against each other, over real HTTP."""

from __future__ import annotations

import pytest

from tests.shop import ALDER, BIRCHWOOD, Shop
from tests.test_seed_steps import writes

LINES = "Alder Dental - Managed Backup"


@pytest.fixture
def billed(shop: Shop) -> Shop:
    """Return a shop with two customers that an apply has billed."""
    shop.only(ALDER, BIRCHWOOD)
    shop.apply()
    return shop


def test_a_clean_month_has_no_difference(billed: Shop) -> None:
    billed.sandbox.log.clear()
    said = billed("usage", "reconcile")
    print(said.out, said.err)
    print(len(billed.sandbox.log.entries) if hasattr(billed.sandbox.log, "entries") else billed.sandbox.log)
    assert said.code == 0
    assert writes(billed) == []
    billed.advance(24 * 35)
    said = billed("usage", "reconcile", "--period", "2026-11")
    print(said.out, said.err)
    assert said.code == 0
