"""Tests of causes as rows of the ledger."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

from reconciler.alerts.cause import risk_of
from reconciler.alerts.known import Known, Told
from reconciler.alerts.stored import changed_rows, known_of, row_of
from tests.alerts.builders import NOW, cause

KNOWN = Known(
    cause("unmapped", "cove/1", risk=risk_of([Decimal("12.30"), None], "USD"), why="no mapping", since=NOW),
    NOW,
    ended_at=NOW,
    told={"ops": Told(at=NOW, members=("cove/1",))},
)


def test_a_cause_is_the_same_after_it_was_stored() -> None:
    row = row_of("unmapped", KNOWN)
    stored = replace(row, cause=json.loads(json.dumps(row.cause)), told=json.loads(json.dumps(row.told)))
    assert known_of([stored]) == {"unmapped": KNOWN}


def test_a_field_of_a_later_version_is_ignored() -> None:
    row = row_of("unmapped", KNOWN)
    assert known_of([replace(row, cause={**row.cause, "colour": "red"})]) == {"unmapped": KNOWN}


def test_a_row_that_this_version_cannot_read_is_told_once_more() -> None:
    row = row_of("unmapped", KNOWN)
    assert known_of([replace(row, cause={}), replace(row, told={"ops": "yesterday"})]) == {}


def test_only_rows_that_changed_are_written() -> None:
    same, other = KNOWN, replace(KNOWN, ended_at=None)
    before = {"same": same, "other": same, "gone": same}
    changed, dropped = changed_rows(before, {"same": same, "other": other, "new": same})
    assert ([row.key for row in changed], dropped) == (["other", "new"], ["gone"])
