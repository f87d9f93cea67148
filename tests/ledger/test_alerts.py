"""Open causes of alerts, and the last good run, in SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.alerts import AlertRow, last_good_run, load_alerts, record_good_run, store_alerts
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.store import Ledger

from .conftest import NOON

ROW = AlertRow(
    "unmapped", NOON, None, {"title": "3 customers", "members": [{"id": "cove/1"}]}, {"ops": {"at": "12:00"}}
)


def test_a_row_is_read_as_it_was_stored(ledger: Ledger) -> None:
    ended = replace(ROW, key="held:zero", ended_at=NOON + timedelta(hours=1), told={})
    store_alerts(ledger, "main", [ROW, ended])
    assert load_alerts(ledger, "main") == [ended, ROW]


def test_a_row_replaces_the_one_with_its_key_and_others_stay(ledger: Ledger) -> None:
    store_alerts(ledger, "main", [ROW, replace(ROW, key="drift:setup"), replace(ROW, key="held:zero")])
    changed = replace(ROW, told={})
    store_alerts(ledger, "main", [changed], ["held:zero"])
    assert load_alerts(ledger, "main") == [replace(ROW, key="drift:setup"), changed]


def test_workspaces_have_rows_of_their_own(ledger: Ledger) -> None:
    store_alerts(ledger, "main", [ROW])
    store_alerts(ledger, "other", [replace(ROW, told={})])
    store_alerts(ledger, "main", [], ["unmapped"])
    assert load_alerts(ledger, "main") == []
    assert load_alerts(ledger, "other") == [replace(ROW, told={})]


def test_nothing_to_store_is_no_transaction(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Ledger, "write")
    store_alerts(ledger, "main", [])


def test_the_last_good_run_of_each_job_is_kept(ledger: Ledger) -> None:
    assert last_good_run(ledger, "main", "usage") is None
    record_good_run(ledger, "main", "usage", NOON)
    record_good_run(ledger, "main", "usage", NOON + timedelta(hours=1))
    record_good_run(ledger, "other", "usage", NOON)
    assert last_good_run(ledger, "main", "usage") == NOON + timedelta(hours=1)
    assert last_good_run(ledger, "main", "setup") is None


def test_two_runs_that_store_at_the_same_moment_are_an_error_of_the_ledger(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="at the same moment"):
        store_alerts(ledger, "main", [ROW, ROW])
    assert load_alerts(ledger, "main") == []


def test_rows_without_a_time_zone_in_the_database_are_in_utc(ledger: Ledger) -> None:
    store_alerts(ledger, "main", [ROW])
    with ledger.read() as connection:
        (since,) = connection.execute(sa.select(schema.alerts.c.since)).one()
    assert since == NOON
