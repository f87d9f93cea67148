"""The ledger keeps what invoices have of additions, and never changes it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.integrity import check_ledger
from reconciler.ledger.line_amounts import load_line_amounts, record_line_amounts
from reconciler.ledger.snapshot import LineAmount
from reconciler.ledger.store import Ledger

from .conftest import NOON

LINE = LineAmount(99, 9, ("cove", "77", "storage", "2025-10"), 0, "2025-10-01", Decimal("25.00"), invoiced=True)


def test_the_last_amount_of_each_addition_counts(ledger: Ledger) -> None:
    other = replace(LINE, addition_id=100, adjustment=1, amount=None, invoiced=False, assumed=True)
    record_line_amounts(ledger, "test", "acme", [LINE, other], NOON)
    record_line_amounts(ledger, "test", "acme", [replace(LINE, amount=Decimal(30))], NOON)
    record_line_amounts(ledger, "test", "acme", [], NOON)
    found = load_line_amounts(ledger, "test", "acme", "2025-10")
    assert found == {99: replace(LINE, amount=Decimal(30)), 100: other}
    assert load_line_amounts(ledger, "test", "acme", "2025-11") == {}
    assert load_line_amounts(ledger, "test", "elsewhere", "2025-10") == {}


def test_a_changed_amount_is_found_by_the_check(ledger: Ledger) -> None:
    record_line_amounts(ledger, "test", "acme", [LINE], NOON)
    assert check_ledger(ledger).problems == ()
    with ledger.write() as connection:
        connection.execute(sa.update(schema.line_amounts).values(amount="1.00"))
    assert len(check_ledger(ledger).problems) == 1
