"""Runs and writes are found by run and by address, in SQLite and in PostgreSQL, also those of a large ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.history import (
    count_runs,
    read_runs,
    read_runs_by_id,
    same_object,
    was_written_before,
    writes_of_addresses,
    writes_of_run,
    written_addresses,
)
from reconciler.ledger.journal import RECOVERED, begin_run, end_run, write_answer, write_intent
from reconciler.ledger.records import RunOrigin
from reconciler.ledger.store import Ledger

from .conftest import NOON

HOUR = timedelta(hours=1)
OUTCOME = {"counts": {"update": {"done": 1}}, "not_done": [], "interrupted": False, "requests": 2}


def write(
    ledger: Ledger,
    run: int,
    address: str = "Company/acme",
    *,
    number: int | None = 7,
    state: Any = "done",
    answer: Any = None,
    **more: Any,
) -> int:
    """Record one write with its answer, and return its id."""
    values: dict[str, Any] = {"method": "PATCH", "path": "company/companies/7", "body": {"city": "Tampa"}, **more}
    values.setdefault("now", NOON)
    intent = write_intent(ledger, run, address, natural_key={}, **values)
    if state != "open":
        answered = {"city": "Tampa"} if answer is None else answer
        write_answer(ledger, intent, state, object_id=number, answer=answered, now=NOON)
    return intent


def test_a_run_has_its_origin_and_counts(ledger: Ledger) -> None:
    run = begin_run(ledger, "main", "sha256:a", NOON, RunOrigin("ann", "abc123+dirty", 3))
    end_run(ledger, run, OUTCOME, NOON + HOUR)
    (found,) = read_runs(ledger, "main")
    assert (found.id, found.plan_digest, found.started_at, found.ended_at) == (run, "sha256:a", NOON, NOON + HOUR)
    assert (found.actor, found.git_commit, found.undoes) == ("ann", "abc123+dirty", 3)
    assert found.counts == {"update": {"done": 1}}
    assert found.interrupted is False


def test_a_run_without_an_end_is_counted_by_its_writes(ledger: Ledger) -> None:
    run = begin_run(ledger, "main", "sha256:a", NOON)
    write(ledger, run, action="update")
    write(ledger, run, "Company/b", action="update", state="open")
    write(ledger, run, "Company/b#company/companies/7/typeAssociations", action="update")
    write(ledger, run, "Company/c")
    write(ledger, run, "Company/d")
    (found,) = read_runs(ledger, "main")
    assert found.ended_at is None
    assert found.counts == {"update": {"done": 1, "open": 1}, "PATCH": {"done": 2}}


def test_runs_come_oldest_first_and_can_be_limited(ledger: Ledger) -> None:
    runs = [begin_run(ledger, "main", "sha256:a", NOON + each * HOUR) for each in range(4)]
    begin_run(ledger, "other", "sha256:a", NOON)
    assert [run.id for run in read_runs(ledger, "main")] == runs
    assert [run.id for run in read_runs(ledger, "main", newest=2)] == runs[2:]
    assert [run.id for run in read_runs(ledger, "main", since=NOON + 2 * HOUR)] == runs[2:]
    assert read_runs_by_id(ledger, "main", [runs[1], 99]).keys() == {runs[1]}
    assert read_runs_by_id(ledger, "other", [runs[1]]) == {}
    assert count_runs(ledger, "main") == 4


def test_the_writes_of_a_run_have_what_was_planned_and_answered(ledger: Ledger) -> None:
    run = begin_run(ledger, "main", "sha256:a", NOON)
    changes: Mapping[str, Any] = {"city": ["Orlando", "Tampa"]}
    write(ledger, run, action="update", reason="differs from the manifest", changes=changes)
    write(ledger, run, "Company/acme#company/companies/7/typeAssociations", method="POST", number=4001)
    write(ledger, begin_run(ledger, "main", "sha256:b", NOON))
    first, second = writes_of_run(ledger, run)
    assert (first.address, first.below, first.action, first.reason) == (
        "Company/acme",
        None,
        "update",
        "differs from the manifest",
    )
    assert (first.changes, first.state, first.object_id, first.recovered) == (changes, "done", 7, False)
    assert (second.address, second.below, second.changes) == (
        "Company/acme",
        "company/companies/7/typeAssociations",
        None,
    )


def test_a_write_that_a_later_run_looked_up_is_recovered(ledger: Ledger) -> None:
    run = begin_run(ledger, "main", "sha256:a", NOON)
    write(ledger, run, answer=RECOVERED)
    write(ledger, run, state="failed", answer=RECOVERED)
    write(ledger, run)
    assert [each.recovered for each in writes_of_run(ledger, run)] == [True, True, False]


def test_earlier_versions_recorded_no_answer_of_a_recovered_write(ledger: Ledger) -> None:
    run = begin_run(ledger, "main", "sha256:a", NOON)
    for method in ("PATCH", "DELETE"):
        intent = write_intent(ledger, run, "Company/a", method=method, path="p", body={}, natural_key={}, now=NOON)
        write_answer(ledger, intent, "done", object_id=7, answer=None, now=NOON)
    assert [each.recovered for each in writes_of_run(ledger, run)] == [True, False]


def test_an_address_has_its_writes_and_those_of_its_subcollections_alone(ledger: Ledger) -> None:
    run = begin_run(ledger, "main", "sha256:a", NOON)
    names = ["Company/acme", "Company/acme#x/1", "Company/acme-2", "Company/acme$", "Company/Acme", "Company/acm"]
    for name in names:
        write(ledger, run, name)
    later = begin_run(ledger, "main", "sha256:a", NOON)
    last = write(ledger, later, now=NOON + HOUR)
    found = writes_of_addresses(ledger, "main", ["Company/acme"])
    assert [(each.address, each.below) for each in found] == [
        ("Company/acme", None),
        ("Company/acme", "x/1"),
        ("Company/acme", None),
    ]
    assert [each.id for each in writes_of_addresses(ledger, "main", ["Company/acme"], after_run=run)] == [last]
    assert [each.id for each in writes_of_addresses(ledger, "main", ["Company/acme"], since=NOON + HOUR)] == [last]
    assert writes_of_addresses(ledger, "other", ["Company/acme"]) == []


def test_an_object_has_the_addresses_of_its_id_and_kind(ledger: Ledger) -> None:
    run = begin_run(ledger, "main", "sha256:a", NOON)
    write(ledger, run, "Company/old")
    write(ledger, run, "Company/new")
    write(ledger, run, "Company/else", number=8)
    write(ledger, run, "Company/else#company/companies/8/typeAssociations", number=7)
    write(ledger, run, "Contact/old")
    assert same_object(ledger, "main", "Company/new") == ["Company/new", "Company/old"]
    assert same_object(ledger, "main", "Company/none") == ["Company/none"]
    assert written_addresses(ledger, "main") == ["Company/else", "Company/new", "Company/old", "Contact/old"]


def test_a_document_that_only_declares_an_object_has_its_history(ledger: Ledger) -> None:
    run = begin_run(ledger, "main", "sha256:a", NOON)
    write(ledger, run, "Company/old")
    with ledger.write() as connection:
        row = {"workspace": "main", "tenant": "t", "address": "Company/new", "object_id": 7, "protected": False}
        connection.execute(sa.insert(schema.declared).values(**row, declared_at=NOON))
    assert same_object(ledger, "main", "Company/new") == ["Company/new", "Company/old"]


def test_an_address_that_begins_so_was_written_before_a_run(ledger: Ledger) -> None:
    first, second = (begin_run(ledger, "main", "sha256:a", NOON) for _ in range(2))
    write(ledger, first, "Addition/acme.storage:gb")
    assert was_written_before(ledger, "main", "Addition/acme.", second)
    assert not was_written_before(ledger, "main", "Addition/acme.", first)
    assert not was_written_before(ledger, "main", "Addition/acm.", second)
    assert not was_written_before(ledger, "other", "Addition/acme.", second)


@pytest.mark.parametrize(
    ("index", "query"),
    [
        ("run", lambda ledger: writes_of_run(ledger, 1)),
        ("address", lambda ledger: writes_of_addresses(ledger, "main", ["Company/acme"])),
        ("address", lambda ledger: writes_of_addresses(ledger, "main", ["Company/acme"], since=NOON, after_run=1)),
        ("address", lambda ledger: was_written_before(ledger, "main", "Addition/acme.", 2)),
    ],
    ids=["run", "address", "address since", "beginning of an address"],
)
def test_a_query_by_run_or_address_uses_an_index(ledger: Ledger, index: str, query: Callable[[Ledger], Any]) -> None:
    statements: list[tuple[str, Any]] = []
    sa.event.listen(
        ledger.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, parameters, *_rest: statements.append((statement, parameters)),
    )
    query(ledger)
    queries = [each for each in statements if "FROM writes" in each[0]]
    explain = "EXPLAIN QUERY PLAN" if ledger.engine.dialect.name == "sqlite" else "EXPLAIN"
    with ledger.read() as connection:
        if explain == "EXPLAIN":  # PostgreSQL reads a small table as a whole, unless it must not
            connection.exec_driver_sql("SET enable_seqscan = off")
        plans = [connection.exec_driver_sql(f"{explain} {text}", given).all() for text, given in queries]
    steps = ["\n".join(str(row[-1]) for row in plan) for plan in plans]
    assert steps
    used = f"INDEX writes_by_{index}" if explain != "EXPLAIN" else f"Index Cond|on writes_by_{index} "
    assert all(any(each in step for each in used.split("|")) for step in steps), steps
