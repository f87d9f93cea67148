"""The journal of applies: each request that writes is stored before it is sent, and its answer after it.

An intent is committed before its request can be sent. If a run dies, the next run finds the intents without an answer
and recovers them. It looks up the natural key to learn whether the write was carried out, so nothing is made twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.chain import append
from reconciler.ledger.covered import RUNS, WRITES
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.lease import Lease
from reconciler.ledger.records import UNKNOWN_ORIGIN, Changes, Intent, LastWrite, RunOrigin
from reconciler.ledger.runs import sent_fields
from reconciler.ledger.store import Ledger, inserted_id

_runs, _writes, _objects = schema.runs, schema.writes, schema.objects
_UNANSWERED = ("open", "unknown")
_CHUNK = 10_000
RECOVERED = {"recovered": True}
"""The answer of a write that a later run looked up, because its own run did not record one."""

# These statements are built once: an apply writes two entries per action, and building costs more than running.
_INSERT_WRITE = sa.insert(_writes).values(
    workspace=sa.select(_runs.c.workspace).where(_runs.c.id == sa.bindparam("run_id")).scalar_subquery(),
    **{
        name: sa.bindparam(name)
        for name in (
            *("run_id", "address", "method", "path", "body", "natural_key", "sent_at", "state"),
            *("action", "reason", "changes"),
        )
    },
)
_READ_WRITE = sa.select(
    _writes.c.workspace, _writes.c.address, _writes.c.method, _writes.c.body, _writes.c.state
).where(_writes.c.id == sa.bindparam("intent_id"))
_UPDATE_WRITE = (
    sa.update(_writes)
    .where(_writes.c.id == sa.bindparam("intent_id"))
    .values({name: sa.bindparam(name) for name in ("state", "object_id", "answer", "error", "answered_at")})
)
_HERE = sa.and_(_objects.c.workspace == sa.bindparam("in_workspace"), _objects.c.address == sa.bindparam("at_address"))
_READ_OBJECT = sa.select(_objects.c.object_id, _objects.c.created, _objects.c.fields).where(_HERE)
_INSERT_OBJECT = sa.insert(_objects)
_UPDATE_OBJECT = (
    sa.update(_objects)
    .where(_HERE)
    .values({name: sa.bindparam(name) for name in ("object_id", "created", "fields", "written_at")})
)
_DELETE_OBJECT = sa.delete(_objects).where(_HERE)


def begin_run(
    ledger: Ledger, workspace: str, plan_digest: str, now: datetime, origin: RunOrigin = UNKNOWN_ORIGIN
) -> int:
    """Store that an apply of a plan begins; return the id of the run."""
    values = {"workspace": workspace, "plan_digest": plan_digest, "started_at": now, **asdict(origin)}
    with ledger.write() as connection:
        run_id = inserted_id(connection.execute(sa.insert(_runs).values(values)))
        append(connection, RUNS, [run_id])
    return run_id


def end_run(ledger: Ledger, run_id: int, outcome: Any, now: datetime) -> None:
    """Store how an apply ended. `outcome` is JSON and must hold no secrets."""
    with ledger.write() as connection:
        connection.execute(sa.update(_runs).where(_runs.c.id == run_id).values(outcome=outcome, ended_at=now))
        append(connection, RUNS, [run_id])


def write_intent(
    ledger: Ledger,
    run_id: int,
    address: str,
    *,
    method: str,
    path: str,
    body: Any,
    natural_key: Mapping[str, Any],
    now: datetime,
    lease: Lease | None = None,
    action: str | None = None,
    reason: str | None = None,
    changes: Changes | None = None,
) -> int:
    """Commit a request that is about to be sent; return its id. The caller has redacted secrets in `body`.

    `action` and `reason` are those of the plan's action, and `changes` the fields that this request changes.

    Raises `LostLease` when this run no longer holds the lock. The intent is then not stored; do not send the request.
    """
    with ledger.write() as connection:
        if lease is not None:
            lease.check(connection)
        row = connection.execute(
            _INSERT_WRITE,
            {
                "run_id": run_id,
                "address": address,
                "method": method,
                "path": path,
                "body": body,
                "natural_key": dict(natural_key),
                "sent_at": now,
                "state": "open",
                "action": action,
                "reason": reason,
                "changes": changes,
            },
        )
        return inserted_id(row)


def write_answer(
    ledger: Ledger,
    intent_id: int,
    status: Literal["done", "failed", "unknown"],
    *,
    object_id: int | None = None,
    answer: Any = None,
    error: str | None = None,
    now: datetime,
) -> None:
    """Store the result of a write: `done`, `failed` (ConnectWise did not carry it out) or `unknown` (no answer came).

    A second call, in this run or the next, replaces `unknown`. Raises `LedgerError` where the write is already `done`
    or `failed`, or is not in the journal.
    """
    with ledger.write() as connection:
        row = connection.execute(_READ_WRITE, {"intent_id": intent_id}).first()
        if row is None or row.state not in _UNANSWERED:
            found = "is not in the journal" if row is None else f"was already recorded as {row.state} by another run"
            raise LedgerError(
                f"write {intent_id} {found}",
                where="journal",
                advice="Run `reconciler plan`. It shows the present state of ConnectWise.",
            )
        connection.execute(
            _UPDATE_WRITE,
            {
                "intent_id": intent_id,
                "state": status,
                "object_id": object_id,
                "answer": answer,
                "error": error,
                "answered_at": now,
            },
        )
        if status == "done":
            _store_object(connection, row, object_id, now)
        if status not in _UNANSWERED:
            append(connection, WRITES, [intent_id])


def _store_object(connection: sa.Connection, write: Any, object_id: int | None, now: datetime) -> None:
    here = {"in_workspace": write.workspace, "at_address": write.address}
    if write.method == "DELETE":
        connection.execute(_DELETE_OBJECT, here)
        return
    created = write.method == "POST"
    sent = sent_fields(write.body)
    stored = connection.execute(_READ_OBJECT, here).first()
    if stored is None:
        new = {"object_id": object_id, "created": created, "fields": sent, "written_at": now}
        connection.execute(_INSERT_OBJECT, {"workspace": write.workspace, "address": write.address, **new})
        return
    connection.execute(
        _UPDATE_OBJECT,
        {
            **here,
            "object_id": stored.object_id if object_id is None else object_id,
            "created": created or (stored.created and object_id in (None, stored.object_id)),
            "fields": sent if created else {**stored.fields, **sent},
            "written_at": now,
        },
    )


def open_intents(ledger: Ledger, workspace: str) -> list[Intent]:
    """Return the writes without a final answer, oldest first: their run died, or the answer was lost.

    Hold the workspace's lock and call this before `begin_run`, so that no running apply is still working on them.
    """
    query = (
        sa.select(_writes)
        .where(_writes.c.workspace == workspace, _writes.c.state.in_(_UNANSWERED))
        .order_by(_writes.c.id)
    )
    with ledger.read() as connection:
        return [
            Intent(
                row.id,
                row.run_id,
                row.address,
                row.method,
                row.path,
                row.body,
                row.natural_key,
                row.sent_at,
                row.state,
                row.object_id,
            )
            for row in connection.execute(query)
        ]


def last_written(ledger: Ledger, workspace: str, addresses: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
    """Return the fields that successful writes last sent, by address. Fractions are Decimals."""
    query = sa.select(_objects.c.address, _objects.c.fields).where(_objects.c.workspace == workspace)
    with ledger.read() as connection:
        if addresses is None:
            return {address: fields for address, fields in connection.execute(query)}  # noqa: C416 - rows, typed
        every = list(addresses)
        return {
            address: fields
            for start in range(0, len(every), _CHUNK)
            for address, fields in connection.execute(
                query.where(_objects.c.address.in_(every[start : start + _CHUNK]))
            )
        }


def last_writes(ledger: Ledger, workspace: str, addresses: Collection[str]) -> dict[str, LastWrite]:
    """Return our last successful write to each of these addresses. An address that we never wrote is left out."""
    every = list(addresses)
    query = sa.select(_objects).where(_objects.c.workspace == workspace)
    with ledger.read() as connection:
        return {
            row.address: LastWrite(row.object_id, row.fields, row.written_at)
            for start in range(0, len(every), _CHUNK)
            for row in connection.execute(query.where(_objects.c.address.in_(every[start : start + _CHUNK])))
        }


def written_ids(ledger: Ledger, workspace: str, prefix: str) -> dict[str, int]:
    """Return the id of the object that we last wrote, for each address that starts with `prefix`."""
    query = sa.select(_objects.c.address, _objects.c.object_id).where(
        _objects.c.workspace == workspace,
        _objects.c.address.startswith(prefix, autoescape=True),
        _objects.c.object_id.is_not(None),
    )
    with ledger.read() as connection:
        return {address: object_id for address, object_id in connection.execute(query)}  # noqa: C416 - rows, typed


def values_kept_when_cleared(ledger: Ledger, workspace: str, addresses: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return, by address, the properties that still had a value in the answer when we last cleared them."""
    found: dict[str, dict[str, Any]] = {}
    every = list(addresses)
    query = (
        sa.select(_writes.c.address, _writes.c.body, _writes.c.answer)
        .where(_writes.c.workspace == workspace, _writes.c.method == "PATCH", _writes.c.answer.is_not(None))
        .order_by(_writes.c.id)
    )
    with ledger.read() as connection:
        for start in range(0, len(every), _CHUNK):
            part = query.where(_writes.c.address.in_(every[start : start + _CHUNK]))
            for address, body, answer in connection.execute(part):
                if answer == RECOVERED:
                    continue  # the answer of ConnectWise is unknown
                kept = found.setdefault(address, {})
                for name, sent in sent_fields(body).items():
                    kept.pop(name, None)
                    if sent is None and isinstance(answer, Mapping) and answer.get(name) is not None:
                        kept[name] = answer[name]
    return {address: kept for address, kept in found.items() if kept}


def created_by_us(ledger: Ledger, workspace: str) -> dict[str, int | None]:
    """Return the ids of the objects that our own POST created, by address."""
    query = sa.select(_objects.c.address, _objects.c.object_id).where(
        _objects.c.workspace == workspace, _objects.c.created.is_(True)
    )
    with ledger.read() as connection:
        return {address: object_id for address, object_id in connection.execute(query)}  # noqa: C416 - rows, typed
