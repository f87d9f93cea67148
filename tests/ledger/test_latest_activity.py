"""The latest time in the ledger comes from pulls, runs and writes of the workspace."""

from __future__ import annotations

from datetime import timedelta

from reconciler.ledger.journal import begin_run, end_run, write_answer, write_intent
from reconciler.ledger.latest_activity import latest_activity
from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Pull
from reconciler.ledger.store import Ledger

from .conftest import NOON

HOUR = timedelta(hours=1)


def test_a_new_ledger_has_no_activity(ledger: Ledger) -> None:
    assert latest_activity(ledger, "main", ["cove"]) is None


def test_a_pull_of_another_source_does_not_count(ledger: Ledger) -> None:
    record_pull(ledger, Pull("cove", NOON, NOON, "failed"))
    record_pull(ledger, Pull("other", NOON + HOUR, NOON + HOUR, "failed"))
    assert latest_activity(ledger, "main", ["cove"]) == NOON
    assert latest_activity(ledger, "main", ["cove", "other"]) == NOON + HOUR


def test_runs_and_writes_of_another_workspace_do_not_count(ledger: Ledger) -> None:
    begin_run(ledger, "other", "digest", NOON + HOUR)
    run = begin_run(ledger, "main", "digest", NOON)
    assert latest_activity(ledger, "main", []) == NOON
    write = write_intent(ledger, run, "A/b", method="POST", path="p", body={}, natural_key={}, now=NOON + 2 * HOUR)
    assert latest_activity(ledger, "main", []) == NOON + 2 * HOUR
    write_answer(ledger, write, "done", object_id=1, now=NOON + 3 * HOUR)
    assert latest_activity(ledger, "main", []) == NOON + 3 * HOUR
    end_run(ledger, run, {}, NOON + 4 * HOUR)
    assert latest_activity(ledger, "main", []) == NOON + 4 * HOUR
