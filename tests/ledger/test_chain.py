"""The chain shows every change of what was recorded: which row, and what happened to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from reconciler.ledger import journal, schema
from reconciler.ledger.additions import record_approvals
from reconciler.ledger.chain import EMPTY, Head, append, head_of
from reconciler.ledger.covered import COVERED, EXCUSED, PULLS, RUNS, WRITES, Covered
from reconciler.ledger.integrity import check_ledger
from reconciler.ledger.recording import approve_pull, record_pull
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.snapshot import Approval
from reconciler.ledger.store import Ledger

from .conftest import NOON

HOUR = timedelta(hours=1)


def record(ledger: Ledger, hour: int = 0, state: Any = "whole", size: int | None = 5) -> int:
    at = NOON + hour * HOUR
    samples = (
        Sample("cove", "1", "a", at, size),
        Sample("cove", "1", "a", at - HOUR / 2, 4),
        Sample("cove", "2", "b", at - HOUR, None),
    )
    return record_pull(ledger, Pull("cove", at, at, state, (Customer("cove", "1", "One"),), samples))


def write(ledger: Ledger, run_id: int, address: str, status: Any = "done") -> int:
    values: dict[str, Any] = {"path": "x", "body": {"price": 1.5}, "natural_key": {}, "now": NOON}
    intent = journal.write_intent(ledger, run_id, address, method="POST", **values)
    if status != "open":
        journal.write_answer(ledger, intent, status, object_id=7, answer={"id": 7}, now=NOON)
    return intent


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    """Return a ledger with two pulls, a run with three writes, and an approval."""
    record(ledger)
    record(ledger, 1, size=6)
    run_id = journal.begin_run(ledger, "main", "sha256:plan", NOON)
    write(ledger, run_id, "Company/one")
    write(ledger, run_id, "Company/two", "failed")
    write(ledger, run_id, "Company/three", "open")
    journal.end_run(ledger, run_id, {"counts": {}}, NOON + HOUR)
    record_approvals(ledger, "main", [Approval("money", None, "2025-11", "me@host", NOON)])
    return ledger


def problems(ledger: Ledger, expected: Head | None = None) -> list[str]:
    return [str(each) for each in check_ledger(ledger, expected).problems]


def execute(ledger: Ledger, *statements: Any) -> None:
    """Change rows behind the back of the program."""
    with ledger.write() as connection:
        for statement in statements:
            connection.execute(statement)


def test_every_table_is_covered_or_excused_with_a_reason() -> None:
    covered = {table for each in COVERED for table in (each.table, *each.parts)}
    assert covered | EXCUSED.keys() == set(schema.metadata.tables.values())
    assert not covered & EXCUSED.keys()
    assert all(len(reason) > 10 for reason in EXCUSED.values())


def test_an_empty_ledger_has_no_entries_and_nothing_wrong(ledger: Ledger) -> None:
    found = check_ledger(ledger)
    assert (found.problems, found.head) == ((), EMPTY)


def test_each_row_has_an_entry_from_when_it_is_final(filled: Ledger) -> None:
    with filled.read() as connection:
        entries = connection.execute(sa.select(schema.chain).order_by(schema.chain.c.number)).all()
        assert head_of(connection).number == len(entries)
    assert [(entry.number, entry.subject, entry.row_id) for entry in entries] == [
        (1, "pulls", 1),
        (2, "pulls", 2),
        (3, "runs", 1),
        (4, "writes", 1),
        (5, "writes", 2),
        (6, "runs", 1),
        (7, "approvals", 1),
    ]
    found = check_ledger(filled)
    assert found.problems == ()
    assert (found.entries, found.not_final) == (7, {"writes": 1})


def test_a_write_enters_the_chain_when_its_result_is_known(filled: Ledger) -> None:
    journal.write_answer(filled, 3, "unknown", now=NOON)
    assert check_ledger(filled).not_final == {"writes": 1}
    journal.write_answer(filled, 3, "done", object_id=8, now=NOON)
    found = check_ledger(filled)
    assert (found.problems, found.not_final, found.entries) == ((), {}, 8)


def test_an_approved_pull_has_an_entry_for_its_approval(ledger: Ledger) -> None:
    number = record(ledger, state="disbelieved")
    approve_pull(ledger, number, by="me@host", at=NOON)
    found = check_ledger(ledger)
    assert (found.problems, found.entries) == ((), 2)


CHANGED = "the row was changed after it was recorded"
SAMPLES = "its samples were changed, added or removed after they were recorded"
CHAIN = schema.chain


def of(table: sa.Table, number: int = 1) -> Any:
    return sa.update(table).where(next(iter(table.primary_key)) == number)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (of(schema.pulls).values(state="failed"), [f"pulls 1: {CHANGED}"]),
        (of(schema.samples, 2).values(bytes=0), [f"pulls 2: {SAMPLES}"]),
        (sa.update(schema.samples).values(bytes=1), [f"pulls 1: {SAMPLES} (and 1 more)"]),
        (sa.delete(schema.samples).where(schema.samples.c.device_key == 2), [f"pulls 1: {SAMPLES} (and 1 more)"]),
        (sa.update(schema.earlier_samples).values(bytes=9), [f"pulls 1: {SAMPLES} (and 1 more)"]),
        (of(schema.devices, 2).values(customer_id="1"), [f"pulls 1: {SAMPLES} (and 1 more)"]),
        (of(schema.runs).values(actor="someone else"), [f"runs 1: {CHANGED}"]),
        (of(schema.writes, 2).values(state="done"), [f"writes 2: {CHANGED}"]),
        (of(schema.writes).values(body={"price": 1}), [f"writes 1: {CHANGED}"]),
        (of(schema.writes).values(state="open"), [f"writes 1: {CHANGED}"]),
        (sa.delete(schema.writes).where(schema.writes.c.id == 2), ["writes 2: the row was removed"]),
        (of(schema.approvals).values(given_by="you@host"), [f"approvals 1: {CHANGED}"]),
        (sa.delete(schema.approvals), ["approvals 1: the row was removed"]),
    ],
)
def test_a_changed_or_removed_row_is_named(filled: Ledger, change: Any, expected: list[str]) -> None:
    execute(filled, change)
    assert problems(filled) == expected


NO_ENTRY = "the row has no entry in the chain: it was added, or its entry removed"


def test_an_added_row_is_named(filled: Ledger) -> None:
    values = {"workspace": "main", "guardrail": "money", "period": "2025-11", "given_by": "x", "given_at": NOON}
    execute(filled, sa.insert(schema.approvals).values(id=9, **values))
    assert problems(filled) == [f"approvals 9: {NO_ENTRY}"]


def remove_entry(number: int) -> Any:
    return sa.delete(CHAIN).where(CHAIN.c.number == number)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([remove_entry(4)], ["chain 4: the entry is missing", f"writes 1: {NO_ENTRY}"]),
        ([remove_entry(7)], [f"approvals 1: {NO_ENTRY}"]),
        (
            [of(CHAIN, 2).values(parts=bytes(32))],
            ["chain 2: the entry does not match the digest that the next one has of it", f"pulls 2: {CHANGED}"],
        ),
        (
            [of(CHAIN, 7).values(subject="other")],
            [
                "chain 7: the entry covers nothing that this version knows, or its note was changed",
                f"approvals 1: {NO_ENTRY}",
            ],
        ),
    ],
)
def test_a_changed_or_removed_entry_is_named(filled: Ledger, changes: list[Any], expected: list[str]) -> None:
    execute(filled, *changes)
    assert problems(filled) == expected


@pytest.mark.parametrize(
    ("covered", "values"),
    [(RUNS, {"actor": "someone else"}), (PULLS, {"state": "failed"}), (WRITES, {"object_id": 8})],
    ids=lambda each: getattr(each, "name", ""),
)
def test_a_row_that_was_recorded_anew_is_named(filled: Ledger, covered: Covered, values: Mapping[str, Any]) -> None:
    with filled.write() as connection:
        connection.execute(of(covered.table).values(**values))
        append(connection, covered, [1])
    again = "the row has more entries in the chain than the program writes: it was recorded anew"
    assert problems(filled) == [f"{covered.name} 1: {again}"]


def test_an_entry_that_was_kept_elsewhere_shows_a_chain_that_was_cut_off(filled: Ledger) -> None:
    kept = check_ledger(filled).head
    record(filled, 2)
    assert problems(filled, kept) == []
    execute(filled, remove_entry(8), remove_entry(7), sa.delete(schema.approvals))
    execute(filled, sa.delete(schema.samples).where(schema.samples.c.pull_id == 3))
    execute(filled, sa.delete(schema.earlier_samples).where(schema.earlier_samples.c.pull_id == 3))
    execute(filled, sa.delete(schema.pulls).where(schema.pulls.c.id == 3))
    assert problems(filled) == []
    cut = "this entry is not in the chain with this digest: the chain was cut off or written anew"
    assert problems(filled, kept) == [f"chain 7: {cut}"]


def test_a_reference_to_a_row_that_is_gone_is_named(sqlite_ledger: Ledger) -> None:
    record(sqlite_ledger)
    with closing(sqlite3.connect(str(sqlite_ledger.engine.url.database))) as file, file:
        file.execute("DELETE FROM devices WHERE id = 2")
    assert "devices 2: the row is gone, and the table samples refers to it" in problems(sqlite_ledger)


def test_the_same_rows_have_the_same_digests_in_both_databases(sqlite_ledger: Ledger, postgresql_url: str) -> None:
    heads = []
    with Ledger.open(postgresql_url, now=NOON) as other:
        for each in (sqlite_ledger, other):
            record(each)
            run_id = journal.begin_run(each, "main", "sha256:plan", NOON)
            write(each, run_id, "Company/one")
            heads.append(check_ledger(each).head)
    assert heads[0] == heads[1]


def test_two_runs_that_append_at_the_same_time_leave_one_chain(ledger: Ledger) -> None:
    def approve(number: int) -> None:
        for hour in range(5):
            record_approvals(ledger, "main", [Approval("money", str(number), "2025-11", "me@host", NOON + hour * HOUR)])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(approve, range(4)))
    found = check_ledger(ledger)
    assert (found.problems, found.entries, found.head.number) == ((), 20, 20)
