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

from .conftest import NOON

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


def test_an_intent_without_an_answer_is_found_by_the_next_run(ledger: Ledger, run_id: int) -> None:
    intent_id = intend(ledger, run_id)
    (found,) = journal.open_intents(ledger, "main")
    assert (found.id, found.run_id, found.address, found.state) == (intent_id, run_id, "Company/acme", "open")
    assert (found.method, found.path, found.sent_at) == ("POST", "company/companies", NOON)
    assert (found.body, found.natural_key) == ({"identifier": "ACME"}, {"identifier": "ACME"})
    assert journal.open_intents(ledger, "other") == []


def test_an_intent_outlives_the_process_that_wrote_it(url: str, ledger: Ledger) -> None:
    program = f"""
import os
from datetime import UTC, datetime
from reconciler.ledger import journal
from reconciler.ledger.store import Ledger
now = datetime.now(UTC)
ledger = Ledger.open({url!r}, now=now)
run_id = journal.begin_run(ledger, "main", "digest", now)
journal.write_intent(ledger, run_id, "A/b", method="POST", path="p", body=None, natural_key={{}}, now=now)
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    assert [found.address for found in journal.open_intents(ledger, "main")] == ["A/b"]


def test_an_answered_intent_is_open_no_more(ledger: Ledger, run_id: int) -> None:
    done(ledger, intend(ledger, run_id))
    journal.write_answer(ledger, intend(ledger, run_id), "failed", error="400", now=LATER)
    assert journal.open_intents(ledger, "main") == []


def test_a_lost_answer_stays_open_until_it_is_settled(ledger: Ledger, run_id: int) -> None:
    intent_id = intend(ledger, run_id)
    journal.write_answer(ledger, intent_id, "unknown", error="connection lost", now=LATER)
    assert [found.state for found in journal.open_intents(ledger, "main")] == ["unknown"]
    done(ledger, intent_id)
    assert journal.open_intents(ledger, "main") == []
    assert journal.created_by_us(ledger, "main") == {"Company/acme": 7}


def test_an_answer_is_written_once(ledger: Ledger, run_id: int) -> None:
    intent_id = intend(ledger, run_id)
    done(ledger, intent_id)
    with pytest.raises(LedgerError, match="is already settled as done by another run"):
        done(ledger, intent_id)
    with pytest.raises(LedgerError, match="is not in the journal"):
        done(ledger, 999)


def test_what_was_last_sent_with_success_is_the_sum_of_the_writes(ledger: Ledger, run_id: int) -> None:
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


def test_what_was_last_sent_is_told_for_the_addresses_asked_for(
    ledger: Ledger, run_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_CHUNK", 1)
    for name in ("a", "b", "c"):
        done(ledger, intend(ledger, run_id, name, body={"name": name}))
    assert journal.last_written(ledger, "main", ["a", "c", "none"]) == {"a": {"name": "a"}, "c": {"name": "c"}}
    assert journal.last_written(ledger, "main", []) == {}
    assert journal.last_written(ledger, "other") == {}


def test_an_object_that_was_found_and_changed_is_not_made_by_us(ledger: Ledger, run_id: int) -> None:
    done(ledger, intend(ledger, run_id, method="PATCH", body=[]))
    assert journal.created_by_us(ledger, "main") == {}
    done(ledger, intend(ledger, run_id, body={"again": True}), 8)
    assert journal.created_by_us(ledger, "main") == {"Company/acme": 8}
    assert journal.last_written(ledger, "main") == {"Company/acme": {"again": True}}


def test_a_body_without_fields_says_nothing_of_them(ledger: Ledger, run_id: int) -> None:
    done(ledger, intend(ledger, run_id, body=None))
    assert journal.last_written(ledger, "main") == {"Company/acme": {}}


def test_an_object_that_was_deleted_is_forgotten(ledger: Ledger, run_id: int) -> None:
    done(ledger, intend(ledger, run_id))
    done(ledger, intend(ledger, run_id, method="DELETE", body=None))
    assert journal.created_by_us(ledger, "main") == {}
    assert journal.last_written(ledger, "main") == {}


def test_the_writes_to_an_address_are_told_newest_first(ledger: Ledger, run_id: int) -> None:
    done(ledger, intend(ledger, run_id), answer={"id": 7, "price": Decimal("0.10")})
    journal.write_answer(ledger, intend(ledger, run_id), "failed", error="409", now=LATER)
    intend(ledger, run_id, "Company/other")
    newest, oldest = journal.writes_to(ledger, "main", "Company/acme")
    assert (newest.state, newest.error, newest.answer) == ("failed", "409", None)
    assert (oldest.state, oldest.object_id, oldest.answered_at) == ("done", 7, LATER)
    assert oldest.answer == {"id": 7, "price": Decimal("0.10")}
    assert len(journal.writes_to(ledger, "main", "Company/acme", limit=1)) == 1


def test_a_run_ends_with_its_outcome(ledger: Ledger, run_id: int) -> None:
    journal.end_run(ledger, run_id, {"done": 3}, LATER)
    assert journal.begin_run(ledger, "main", "sha256:def", LATER) == run_id + 1


def test_what_was_written_is_known_by_address_and_by_where_it_went(ledger: Ledger, run_id: int) -> None:
    done(ledger, intend(ledger, run_id, "Addition/acme:gb", path="finance/agreements/34/additions"), 99)
    done(
        ledger,
        intend(ledger, run_id, "Addition/acme:gb", method="PATCH", path="finance/agreements/34/additions/99"),
        99,
    )
    moved = intend(ledger, run_id, "Addition/acme:gb", path="finance/agreements/35/additions")
    journal.write_answer(ledger, moved, "failed", error="refused", now=LATER)
    done(ledger, intend(ledger, run_id, "Company/acme"), 7)

    assert journal.written_ids(ledger, "main", "Addition/") == {"Addition/acme:gb": 99}
    assert journal.path_written(ledger, "main", "Addition/acme:gb", 99) == "finance/agreements/34/additions/99"
    assert journal.path_written(ledger, "main", "Addition/acme:gb", 98) is None
    assert journal.written_ids(ledger, "other", "Addition/") == {}
