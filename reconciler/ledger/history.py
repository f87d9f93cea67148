"""Read the runs of a workspace and their writes. Changes nothing.

The journal of a year has ten million writes. So each query finds its rows with an index: by run, or by address.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.journal import RECOVERED
from reconciler.ledger.runs import Counts, RunRecord, WriteRecord
from reconciler.ledger.store import Ledger

_runs, _writes, _objects, _declared = schema.runs, schema.writes, schema.objects, schema.declared
_CHUNK = 10_000
BELOW = "#"
"""Separates an address from the path of a subcollection, in the address of a write to that subcollection."""


def read_runs(
    ledger: Ledger, workspace: str, *, since: datetime | None = None, newest: int | None = None
) -> list[RunRecord]:
    """Return the runs of a workspace, oldest first: those since a time, or the newest `newest` runs."""
    query = sa.select(_runs).where(_runs.c.workspace == workspace).order_by(_runs.c.id.desc())
    if since is not None:
        query = query.where(_runs.c.started_at >= since)
    if newest is not None:
        query = query.limit(newest)
    return _run_records(ledger, query)[::-1]


def read_runs_by_id(ledger: Ledger, workspace: str, ids: Collection[int]) -> dict[int, RunRecord]:
    """Return these runs of a workspace by their ids. An id that no run has is left out."""
    every = sorted(ids)
    parts = (every[start : start + _CHUNK] for start in range(0, len(every), _CHUNK))
    chosen = sa.select(_runs).where(_runs.c.workspace == workspace)
    return {run.id: run for part in parts for run in _run_records(ledger, chosen.where(_runs.c.id.in_(part)))}


def last_run_of(ledger: Ledger, workspace: str, plan_digest: str) -> RunRecord | None:
    """Return the newest run of a workspace that applied a plan with this digest. None if there is none."""
    query = sa.select(_runs).where(_runs.c.workspace == workspace, _runs.c.plan_digest == plan_digest)
    return next(iter(_run_records(ledger, query.order_by(_runs.c.id.desc()).limit(1))), None)


def count_runs(ledger: Ledger, workspace: str) -> int:
    """Return how many runs a workspace has."""
    with ledger.read() as connection:
        query = sa.select(sa.func.count()).select_from(_runs).where(_runs.c.workspace == workspace)
        return int(connection.execute(query).scalar_one())


def _run_records(ledger: Ledger, query: sa.Select[Any]) -> list[RunRecord]:
    with ledger.read() as connection:
        rows = connection.execute(query).all()
        counted = _counts_of_writes(connection, [row.id for row in rows if row.outcome is None])
    return [
        RunRecord(
            row.id,
            row.plan_digest,
            row.started_at,
            row.ended_at,
            row.actor,
            row.git_commit,
            row.undoes,
            counted.get(row.id, {}) if row.outcome is None else _counts_of_outcome(row.outcome),
            bool((row.outcome or {}).get("interrupted")),
        )
        for row in rows
    ]


def _counts_of_outcome(outcome: Mapping[str, Any]) -> Counts:
    """Return the counts of an outcome. Earlier versions stored each result and no counts."""
    if "counts" in outcome:
        counts: Counts = outcome["counts"]
        return counts
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for result in outcome.get("results", ()):
        by_status = found[result["action"]]
        by_status[result["status"]] = by_status.get(result["status"], 0) + 1
    return dict(found)


def _counts_of_writes(connection: sa.Connection, run_ids: Sequence[int]) -> dict[int, Counts]:
    """Return the counts of runs that recorded no end. The state of an object's own write is the status."""
    found: dict[int, dict[str, dict[str, int]]] = {}
    query = (
        sa.select(_writes.c.run_id, _writes.c.action, _writes.c.method, _writes.c.state, sa.func.count())
        .where(~_writes.c.address.contains(BELOW))
        .group_by(_writes.c.run_id, _writes.c.action, _writes.c.method, _writes.c.state)
    )
    for start in range(0, len(run_ids), _CHUNK):
        part = query.where(_writes.c.run_id.in_(run_ids[start : start + _CHUNK]))
        for run_id, action, method, state, number in connection.execute(part):
            by_state = found.setdefault(run_id, {}).setdefault(action or method, {})
            by_state[state] = by_state.get(state, 0) + number
    return dict(found)


def writes_of_run(ledger: Ledger, run_id: int) -> list[WriteRecord]:
    """Return every write of a run, in the order in which they were sent."""
    return _write_records(ledger, sa.select(_writes).where(_writes.c.run_id == run_id))


def writes_of_addresses(
    ledger: Ledger,
    workspace: str,
    addresses: Iterable[str],
    *,
    since: datetime | None = None,
    after_run: int | None = None,
) -> list[WriteRecord]:
    """Return every write to these addresses and to their subcollections, oldest first.

    With `since`, only those that were sent since then. With `after_run`, only those of later runs.
    """
    found: list[WriteRecord] = []
    query = sa.select(_writes).where(_writes.c.workspace == workspace)
    if since is not None:
        query = query.where(_writes.c.sent_at >= since)
    if after_run is not None:
        query = query.where(_writes.c.run_id > after_run)
    for address in dict.fromkeys(addresses):
        # Two queries, because SQLite would search an `or` of both with an index that does not have the address.
        found += _write_records(ledger, query.where(_writes.c.address == address))
        found += _write_records(ledger, query.where(_begins_with(ledger, _writes.c.address, f"{address}{BELOW}")))
    return sorted(found, key=lambda write: write.id)


def was_written_before(ledger: Ledger, workspace: str, prefix: str, run_id: int) -> bool:
    """Return whether a run before this one wrote to an address that begins with a prefix."""
    query = sa.select(_writes.c.id).where(
        _writes.c.workspace == workspace, _begins_with(ledger, _writes.c.address, prefix), _writes.c.run_id < run_id
    )
    with ledger.read() as connection:
        return connection.execute(query.limit(1)).first() is not None


def _write_records(ledger: Ledger, query: sa.Select[Any]) -> list[WriteRecord]:
    with ledger.read() as connection:
        return [_write_record(row) for row in connection.execute(query.order_by(_writes.c.id))]


def _write_record(row: Any) -> WriteRecord:
    address, _, below = row.address.partition(BELOW)
    # Earlier versions recorded no answer for a write that they looked up. Only a DELETE has none otherwise.
    unanswered = row.state == "done" and row.answer is None and row.method != "DELETE"
    return WriteRecord(
        row.id,
        row.run_id,
        address,
        below or None,
        row.action,
        row.reason,
        row.method,
        row.path,
        row.sent_at,
        row.answered_at,
        row.state,
        unanswered or row.answer == RECOVERED,
        row.object_id,
        row.error,
        row.changes,
        row.body,
        None if row.answer == RECOVERED else row.answer,
    )


def _begins_with(ledger: Ledger, column: sa.Column[str], prefix: str) -> sa.ColumnElement[bool]:
    """Return the condition for texts that begin with a prefix, as a range of the index by address."""
    end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    if ledger.engine.dialect.name == "postgresql":  # these operators compare byte by byte in every language
        from_prefix, to_end = column.op("~>=~", is_comparison=True), column.op("~<~", is_comparison=True)
        return sa.and_(from_prefix(prefix), to_end(end))
    return sa.and_(column >= prefix, column < end)


# ── addresses ────────────────────────────────────────────────────────────────────────────────────────────


def same_object(ledger: Ledger, workspace: str, address: str) -> list[str]:
    """Return all addresses that the object at an address has had, this one first.

    A document that is renamed gets another address, and its object keeps its id. So the other addresses are those of
    the same kind with an id that this address has had.
    """
    of_kind = f"{address.partition('/')[0]}/"
    ids = sa.union(
        sa.select(_objects.c.object_id).where(_objects.c.workspace == workspace, _objects.c.address == address),
        sa.select(_declared.c.object_id).where(_declared.c.workspace == workspace, _declared.c.address == address),
    ).subquery()
    others = sa.select(_objects.c.address).where(
        _objects.c.workspace == workspace,
        _begins_with(ledger, _objects.c.address, of_kind),
        _objects.c.object_id.in_(sa.select(ids.c.object_id)),
    )
    with ledger.read() as connection:
        found = sorted(connection.execute(others).scalars())
    return [*dict.fromkeys([address, *(each for each in found if BELOW not in each)])]


def written_addresses(ledger: Ledger, workspace: str) -> list[str]:
    """Return the addresses of all objects that we wrote, without those of subcollections."""
    query = sa.select(_objects.c.address).where(_objects.c.workspace == workspace, ~_objects.c.address.contains(BELOW))
    with ledger.read() as connection:
        return sorted(connection.execute(query).scalars())
