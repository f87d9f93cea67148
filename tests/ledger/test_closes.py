"""A close of a month is stored with its digest, and never changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.closes import load_closes, record_close, samples_digest
from reconciler.ledger.integrity import check_ledger
from reconciler.ledger.peaks import device_peaks
from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.snapshot import AcceptedGap, Close, closes_of, left_open
from reconciler.ledger.store import Ledger

from .conftest import NOON

GAP = AcceptedGap("cove/78", "unmapped", "asked them", "ann@office", "2025-12-02T09:00:00+00:00")
FIRST = Close(
    "2025-10", NOON, "ann@office", "digest", ({"customer": "cove/77"},), (GAP,), (replace(GAP, address="cove"),)
)
SECOND = Close("2025-10", NOON + timedelta(days=1), "bob@office", "other", ({"customer": "cove/78"},))


def record(ledger: Ledger, *closes: Close) -> None:
    for each in closes:
        record_close(ledger, "test", "acme", each)


def test_the_closes_of_a_workspace_are_those_that_were_recorded_oldest_first(ledger: Ledger) -> None:
    record(ledger, FIRST, replace(SECOND, period="2025-09"), SECOND)
    found = load_closes(ledger, "test", "acme")
    assert found == [FIRST, replace(SECOND, period="2025-09"), SECOND]
    assert closes_of(found, "2025-10") == [FIRST, SECOND]
    assert load_closes(ledger, "test", "other") == []
    assert load_closes(ledger, "other", "acme") == []


def test_the_last_close_of_a_month_says_which_customers_are_open() -> None:
    assert left_open([FIRST, replace(SECOND, period="2025-09")]) == {"2025-10": {"cove/78": GAP}, "2025-09": {}}
    assert left_open([FIRST, SECOND]) == {"2025-10": {}}


def test_a_close_is_covered_by_the_chain(ledger: Ledger) -> None:
    record(ledger, FIRST, SECOND)
    assert check_ledger(ledger).problems == ()
    with ledger.write() as connection:
        connection.execute(sa.update(schema.closes).where(schema.closes.c.id == 1).values(closed_by="eve@office"))
    (problem,) = check_ledger(ledger).problems
    assert (problem.table, problem.row) == ("closes", 1)


def test_a_close_that_was_deleted_is_found(ledger: Ledger) -> None:
    record(ledger, FIRST, SECOND)
    with ledger.write() as connection:
        connection.execute(sa.delete(schema.closes).where(schema.closes.c.id == 2))
    assert [(each.table, each.row) for each in check_ledger(ledger).problems] == [("closes", 2)]


def pull(ledger: Ledger, hours: int, size: int, source: str = "cove") -> None:
    at = NOON + timedelta(hours=hours)
    customer = Customer(source, "77", "Acme")
    record_pull(ledger, Pull(source, at, at, "whole", (customer,), (Sample(source, "77", "a", at, size),)))


def test_the_peak_of_a_device_is_its_highest_figure_in_the_believed_pulls_of_a_month(ledger: Ledger) -> None:
    pull(ledger, -1, 99)
    pull(ledger, 1, 5)
    pull(ledger, 2, 7)
    pull(ledger, 3, 6)
    pull(ledger, 3, 50, source="files")
    pull(ledger, 9, 99)
    at = NOON + timedelta(hours=4)
    samples = (Sample("cove", "77", "b", at, None), Sample("cove", "78", None, at, 8))
    customers = (Customer("cove", "77", "Acme"), Customer("cove", "78", "Bolt"))
    record_pull(ledger, Pull("cove", at, at, "whole", customers, samples))
    record_pull(ledger, Pull("cove", at, at, "disbelieved", customers[:1], (Sample("cove", "77", "a", at, 80),)))
    assert device_peaks(ledger, "cove", NOON, NOON + timedelta(hours=9)) == {("77", "a"): 7, ("77", "b"): None}


def digest(ledger: Ledger, hours: int = 9) -> str:
    return samples_digest(ledger, ["cove"], NOON, NOON + timedelta(hours=hours))


def test_the_digest_of_the_samples_changes_with_each_pull_of_the_sources_until_then(ledger: Ledger) -> None:
    empty = digest(ledger)
    pull(ledger, 1, 5)
    one = digest(ledger)
    pull(ledger, 2, 6)
    assert len({empty, one, digest(ledger)}) == 3
    assert digest(ledger, hours=1) == one
    pull(ledger, 3, 6, source="files")
    pull(ledger, -1, 6)
    assert digest(ledger, hours=1) == one
