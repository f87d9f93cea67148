"""Writes are stored before they are sent; interrupted ones are found; what was last sent can be read back."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from reconciler.ledger import journal
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.store import Ledger

from .conftest import NOON, address_of

LATER = NOON + timedelta(seconds=1)


@pytest.fixture
def run_id(ledger: Ledger) -> int:
    return journal.begin_run(ledger, "main", "sha256:abc", NOON)


def intend(ledger: Ledger, run_id: int, address: str = "Company/acme", **more: Any) -> int:
    values: dict[str, Any] = {
        "method": "POST",
        "path": "company/companies",
        "body": {"identifier": "ACME"},
        "natural_key": {"identifier": "ACME"},
        "now": NOON,
        **more,
    }
    return journal.write_intent(ledger, run_id, address, **values)


def done(ledger: Ledger, intent_id: int, object_id: int | None = 7, **more: Any) -> None:
    journal.write_answer(ledger, intent_id, "done", object_id=object_id, now=LATER, **more)


def test_the_next_run_finds_an_intent_without_an_answer(ledger: Ledger, run_id: int) -> None:
    intent_id = intend(ledger, run_id)
    (found,) = journal.open_intents(ledger, "main")
    assert (found.id, found.run_id, found.address, found.state) == (intent_id, run_id, "Company/acme", "open")
    assert (found.method, found.path, found.sent_at) == ("POST", "company/companies", NOON)
    assert (found.body, found.natural_key) == ({"identifier": "ACME"}, {"identifier": "ACME"})
    assert journal.open_intents(ledger, "other") == []


def test_an_intent_is_kept_when_its_process_dies(ledger: Ledger) -> None:
    program = f"""
import os
from datetime import UTC, datetime
from reconciler.ledger import journal
from reconciler.ledger.store import Ledger
now = datetime.now(UTC)
ledger = Ledger.open({address_of(ledger)!r}, now=now)
run_id = journal.begin_run(ledger, "main", "digest", now)
journal.write_intent(ledger, run_id, "A/b", method="POST", path="p", body=None, natural_key={{}}, now=now)
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    assert [found.address for found in journal.open_intents(ledger, "main")] == ["A/b"]


def test_an_answered_intent_is_not_open(ledger: Ledger, run_id: int) -> None:
    done(ledger, intend(ledger, run_id))
    journal.write_answer(ledger, intend(ledger, run_id), "failed", error="400", now=LATER)
    assert journal.open_intents(ledger, "main") == []


def test_an_intent_with_a_lost_answer_is_open_until_it_is_recovered(ledger: Ledger, run_id: int) -> None:
    intent_id = intend(ledger, run_id)
    journal.write_answer(ledger, intent_id, "unknown", error="connection lost", now=LATER)
    assert [found.state for found in journal.open_intents(ledger, "main")] == ["unknown"]
    done(ledger, intent_id)
    assert journal.open_intents(ledger, "main") == []
    assert journal.created_by_us(ledger, "main") == {"Company/acme": 7}


def test_a_second_answer_is_refused(ledger: Ledger, run_id: int) -> None:
    intent_id = intend(ledger, run_id)
    done(ledger, intent_id)
    with pytest.raises(LedgerError, match="was already recorded as done by another run"):
        done(ledger, intent_id)
    with pytest.raises(LedgerError, match="is not in the journal"):
        done(ledger, 999)


def test_last_written_is_the_sum_of_all_successful_writes(ledger: Ledger, run_id: int) -> None:
    done(ledger, intend(ledger, run_id, body={"quantity": Decimal("1.5"), "unitPrice": Decimal("2.50"), "note": "x"}))
    patch = [
        {"op": "replace", "path": "/quantity", "value": Decimal(3)},
        {"op": "add", "path": "description", "value": "d"},
        {"op": "remove", "path": "note"},
        {"op": "test", "path": "id", "value": 1},
    ]
    done(ledger, intend(ledger, run_id, method="PATCH", body=patch), None)
    failed = intend(ledger, run_id, method="PATCH", body=[{"op": "replace", "path": "quantity", "value": 9}])
    journal.write_answer(ledger, failed, "failed", error="500", now=LATER)
    assert journal.last_written(ledger, "main") == {
        "Company/acme": {"quantity": 3, "unitPrice": Decimal("2.50"), "note": None, "description": "d"}
    }
    assert journal.created_by_us(ledger, "main") == {"Company/acme": 7}


def test_last_written_can_be_read_for_some_addresses(
    ledger: Ledger, run_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_CHUNK", 1)
    for name in ("a", "b", "c"):
        done(ledger, intend(ledger, run_id, name, body={"name": name}))
    assert journal.last_written(ledger, "main", ["a", "c", "none"]) == {"a": {"name": "a"}, "c": {"name": "c"}}
    assert journal.last_written(ledger, "main", []) == {}
    assert journal.last_written(ledger, "other") == {}


def test_an_object_that_already_existed_was_not_created_by_us(ledger: Ledger, run_id: int) -> None:
    done(ledger, intend(ledger, run_id, method="PATCH", body=[]))
    assert journal.created_by_us(ledger, "main") == {}
    done(ledger, intend(ledger, run_id, body={"again": True}), 8)
    assert journal.created_by_us(ledger, "main") == {"Company/acme": 8}
    assert journal.last_written(ledger, "main") == {"Company/acme": {"again": True}}


def test_a_body_without_fields_changes_no_field(ledger: Ledger, run_id: int) -> None:
    done(ledger, intend(ledger, run_id, body=None))
    assert journal.last_written(ledger, "main") == {"Company/acme": {}}


def test_a_deleted_object_is_removed_from_last_written(ledger: Ledger, run_id: int) -> None:
    done(ledger, intend(ledger, run_id))
    done(ledger, intend(ledger, run_id, method="DELETE", body=None))
    assert journal.created_by_us(ledger, "main") == {}
    assert journal.last_written(ledger, "main") == {}


def test_a_run_ends_with_its_outcome(ledger: Ledger, run_id: int) -> None:
    journal.end_run(ledger, run_id, {"done": 3}, LATER)
    assert journal.begin_run(ledger, "main", "sha256:def", LATER) == run_id + 1


def test_written_ids_are_read_by_the_start_of_the_address(ledger: Ledger, run_id: int) -> None:
    done(ledger, intend(ledger, run_id, "Addition/acme:gb", path="finance/agreements/34/additions"), 99)
    done(
        ledger,
        intend(ledger, run_id, "Addition/acme:gb", method="PATCH", path="finance/agreements/34/additions/99"),
        99,
    )
    done(ledger, intend(ledger, run_id, "Company/acme"), 7)

    assert journal.written_ids(ledger, "main", "Addition/") == {"Addition/acme:gb": 99}
    assert journal.written_ids(ledger, "other", "Addition/") == {}


def test_a_property_that_keeps_its_value_when_it_is_cleared_is_found(ledger: Ledger, run_id: int) -> None:
    clear = [{"op": "replace", "path": "website", "value": None}, {"op": "replace", "path": "city", "value": None}]
    answer = {"website": "https://acme.example", "city": None}
    done(ledger, intend(ledger, run_id, method="PATCH", body=clear), answer=answer)
    done(ledger, intend(ledger, run_id, "Company/other", method="PATCH", body=[clear[1]]), answer=answer)
    addresses = ["Company/acme", "Company/other"]
    kept = {"Company/acme": {"website": "https://acme.example"}}
    assert journal.values_kept_when_cleared(ledger, "main", addresses) == kept

    written = [{"op": "replace", "path": "website", "value": "https://new.example"}]
    done(ledger, intend(ledger, run_id, method="PATCH", body=written), answer={"website": "https://new.example"})
    assert journal.values_kept_when_cleared(ledger, "main", addresses) == {}
