"""Additions as they stood at an earlier moment, from the journal, on each kind of database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from reconciler.ledger.additions import load_snapshot, record_billed_additions
from reconciler.ledger.journal import begin_run, write_answer, write_intent
from reconciler.ledger.snapshot import BilledAddition
from reconciler.ledger.store import Ledger
from reconciler.ledger.written_additions import additions_at, has_writes_until

from .conftest import NOON

DAY = timedelta(days=1)
ADDRESS = "Addition/acme.storage:backup-gb"
PATH = "finance/agreements/9/additions"


@pytest.fixture
def run(ledger: Ledger) -> int:
    return begin_run(ledger, "main", "sha256:a", NOON)


def write(
    ledger: Ledger, run: int, day: int, changes: dict[str, Any] | None, *, method: str = "PATCH", **more: Any
) -> None:
    now = NOON + day * DAY
    values: dict[str, Any] = {"number": 7, "state": "done", "address": ADDRESS, **more}
    intent = write_intent(
        ledger, run, values["address"], method=method, path=PATH, body={}, natural_key={}, now=now, changes=changes
    )  # fmt: skip
    fields = {name: after for name, (_, after) in (changes or {}).items()}
    write_answer(ledger, intent, values["state"], object_id=values["number"], answer=fields, now=now)


def bill(ledger: Ledger, fields: dict[str, Any]) -> None:
    """Record an addition as the last apply left it."""
    row = BilledAddition(7, 9, 4, "rc:cove/1/acme/storage", ("cove", "1"), fields, "digest")
    record_billed_additions(ledger, "main", "tenant", [row], "2025-12", NOON + 30 * DAY)


def at(ledger: Ledger, moment: datetime) -> list[tuple[str, dict[str, Any]]]:
    snapshot = load_snapshot(ledger, "main", "tenant", "2025-12")
    return [(each.address, dict(each.fields)) for each in additions_at(ledger, "main", snapshot, moment)]


def quantity(ledger: Ledger, day: float) -> Any:
    ((_, fields),) = at(ledger, NOON + day * DAY)
    return fields["quantity"]


def test_a_field_has_the_value_of_the_last_write_until_then(ledger: Ledger, run: int) -> None:
    write(ledger, run, 0, {"quantity": [None, "10"], "unitPrice": [None, "0.15"]}, method="POST")
    write(ledger, run, 2, {"quantity": ["10", "20"]})
    write(ledger, run, 4, {"quantity": ["20", "30"]})
    bill(ledger, {"quantity": 30, "unitPrice": "0.15"})

    assert [quantity(ledger, day) for day in (1, 2, 3, 5)] == ["10", "20", "20", "30"]
    ((address, fields),) = at(ledger, NOON + 3 * DAY)
    assert (address, fields["unitPrice"]) == (ADDRESS, "0.15")


def test_an_addition_did_not_exist_before_the_write_that_created_it(ledger: Ledger, run: int) -> None:
    write(ledger, run, 2, {"quantity": [None, "10"]}, method="POST")
    bill(ledger, {"quantity": 10})

    assert at(ledger, NOON + DAY) == []
    assert not has_writes_until(ledger, "main", NOON + DAY)
    assert has_writes_until(ledger, "main", NOON + 2 * DAY)


def test_before_its_first_write_an_adopted_addition_had_the_values_that_the_write_replaced(
    ledger: Ledger, run: int
) -> None:
    write(ledger, run, 2, {"quantity": ["5", "10"]})
    write(ledger, run, 3, {"quantity": ["10", "12"]})
    bill(ledger, {"quantity": 12, "unitPrice": "0.15"})

    ((_, fields),) = at(ledger, NOON + DAY)
    assert (fields["quantity"], fields["unitPrice"]) == ("5", "0.15")


def test_a_price_that_changed_later_is_put_back(ledger: Ledger, run: int) -> None:
    write(ledger, run, 0, {"quantity": [None, "10"], "unitPrice": [None, "0.15"]}, method="POST")
    write(ledger, run, 1, {"quantity": ["10", "11"]})
    write(ledger, run, 3, {"unitPrice": ["0.15", "0.18"]})
    bill(ledger, {"quantity": 11, "unitPrice": "0.18"})

    ((_, fields),) = at(ledger, NOON + 2 * DAY)
    assert (fields["quantity"], fields["unitPrice"]) == ("11", "0.15")


def test_writes_that_failed_and_those_of_others_do_not_count(ledger: Ledger, run: int) -> None:
    write(ledger, run, 0, {"quantity": [None, "10"]}, method="POST")
    write(ledger, run, 1, {"quantity": ["10", "99"]}, state="failed")
    write(ledger, run, 1, {"price": ["1", "2"]}, address="Product/backup-gb", number=7)
    write(ledger, run, 2, None)
    bill(ledger, {"quantity": 10})

    assert quantity(ledger, 3) == 10
    assert quantity(ledger, 1) == "10"


def test_an_addition_that_no_write_names_is_left_out(ledger: Ledger) -> None:
    bill(ledger, {"quantity": 10})

    assert at(ledger, NOON) == []
