"""Simulated months are invoiced as the oracle says. `make months` simulates more of them, and prints what they had."""

from __future__ import annotations

import os
import sys

import pytest

from tests.months.simulation import simulate
from tests.shop import Shop

FIRST = int(os.environ.get("MONTHS_SEED", "1"))
RUNS = int(os.environ.get("MONTHS_RUNS", "1"))
CUSTOMERS, MONTHS = 50, 4
EVENTS = (
    "adjustments", "amounts that wait", "back-dated prices", "changes of agreement", "changes of mapping",
    "changes of price", "changes of range", "closes", "corrected figures", "credits", "customers held",
    "customers left open", "devices that go", "failed pulls", "hand edits", "invoices", "kills", "late figures",
    "lost answers", "moves", "new devices", "pulls without a run", "renames", "runs with 429", "shrunken pulls",
    "silent devices", "wrong clocks",
)  # fmt: skip
"""What must happen in `make test`."""


@pytest.mark.parametrize("seed", range(FIRST, FIRST + RUNS))
def test_every_invoice_bills_what_the_oracle_says(shop: Shop, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    figures = simulate(shop, seed, CUSTOMERS, MONTHS)
    what = ", ".join(f"{count:,} {name}" for name, count in sorted(figures.items()))
    assert figures["customer-months"] == CUSTOMERS * MONTHS
    if "MONTHS_RUNS" in os.environ:
        with capsys.disabled():
            sys.stdout.write(f"\nseed {seed}: {what}\n")
    else:
        never = [each for each in EVENTS if not figures[each]]
        assert not never, f"{never} never happened: {what}"
