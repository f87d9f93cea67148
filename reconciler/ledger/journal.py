"""The journal of applies: an intent before each request, its answer after it.

An intent is committed before its request may be sent. One that has no answer was sent, or not: the next run
finds it here and settles it by looking up the natural key, so that nothing is made twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.lock import Lease
from reconciler.ledger.records import Intent, Write
from reconciler.ledger.store import Ledger, inserted_id

_runs, _writes, _objects = schema.runs, schema.writes, schema.objects
_UNSETTLED = ("open", "unknown")
_CHUNK = 10_000

# Built once: an apply writes two entries per action, and building a statement costs more than running it.
_INTEND = sa.insert(_writes).values(
    workspace=sa.select(_runs.c.workspace).where(_runs.c.id == sa.bindparam("run_id")).scalar_subquery(),
    **{
        name: sa.bindparam(name)
        for name in ("run_id", "address", "method", "path", "body", "natural_key", "sent_at", "state")
    },
)
_FIND = sa.select(_writes.c.workspace, _writes.c.address, _writes.c.method, _writes.c.body, _writes.c.state).where(
    _writes.c.id == sa.bindparam("intent_id")
)
_ANSWER = (
    sa.update(_writes)
    .where(_writes.c.id == sa.bindparam("intent_id"))
    .values({name: sa.bindparam(name) for name in ("state", "object_id", "answer", "error", "answered_at")})
)
_HERE = sa.and_(_objects.c.workspace == sa.bindparam("in_workspace"), _objects.c.address == sa.bindparam("at_address"))
_KNOWN = sa.select(_objects.c.object_id, _objects.c.created, _objects.c.fields).where(_HERE)
_MAKE = sa.insert(_objects)
_CHANGE = (
    sa.update(_objects)
    .where(_HERE)
    .values({name: sa.bindparam(name) for name in ("object_id", "created", "fields", "written_at")})
)
_FORGET = sa.delete(_objects).where(_HERE)


def begin_run(ledger: Ledger, workspace: str, plan_digest: str, now: datetime) -> int:
    """Note that an apply of a plan begins; returns the number of the run."""
    with ledger.write() as connection:
        row = connection.execute(sa.insert(_runs).values(workspace=workspace, plan_digest=plan_digest, started_at=now))
    return inserted_id(row)


def end_run(ledger: Ledger, run_id: int, outcome: Any, now: datetime) -> None:
    """Note how an apply ended; `outcome` is JSON without secrets."""
    with ledger.write() as connection:
        connection.execute(sa.update(_runs).where(_runs.c.id == run_id).values(outcome=outcome, ended_at=now))


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
) -> int:
    """Commit what is about to be sent; returns its number. Secrets are redacted by the caller.

    Raises `LostLease` when the lock of `lease` is no longer held: then nothing is noted, and nothing may be sent.
    """
    with ledger.write() as connection:
        if lease is not None:
            lease.check(connection)
        row = connection.execute(
            _INTEND,
            {
                "run_id": run_id,
                "address": address,
                "method": method,
                "path": path,
                "body": body,
                "natural_key": dict(natural_key),
                "sent_at": now,
                "state": "open",
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
    """Note what became of an intent: `done`, `failed` (it did not take), or `unknown` (the answer was lost).

    `unknown` is settled by a second call, in this run or the next; what is done or failed is never rewritten.
    """
    with ledger.write() as connection:
        row = connection.execute(_FIND, {"intent_id": intent_id}).first()
        if row is None or row.state not in _UNSETTLED:
            found = "is not in the journal" if row is None else f"is already settled as {row.state} by another run"
            raise LedgerError(
                f"write {intent_id} {found}",
                where="journal",
                advice="Run `reconciler plan`: it shows how things stand in ConnectWise.",
            )
        connection.execute(
            _ANSWER,
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
            _note_object(connection, row, object_id, now)


def _note_object(connection: sa.Connection, write: Any, object_id: int | None, now: datetime) -> None:
    here = {"in_workspace": write.workspace, "at_address": write.address}
    if write.method == "DELETE":
        connection.execute(_FORGET, here)
        return
    made = write.method == "POST"
    sent = sent_fields(write.body)
    known = connection.execute(_KNOWN, here).first()
    if known is None:
        new = {"object_id": object_id, "created": made, "fields": sent, "written_at": now}
        connection.execute(_MAKE, {"workspace": write.workspace, "address": write.address, **new})
        return
    connection.execute(
        _CHANGE,
        {
            **here,
            "object_id": known.object_id if object_id is None else object_id,
            "created": known.created or made,
            "fields": sent if made else {**known.fields, **sent},
            "written_at": now,
        },
    )


def sent_fields(body: Any) -> dict[str, Any]:
    """What a body says about fields: those of an object, or of a list of JSON Patch operations by path."""
    if isinstance(body, Mapping):
        return dict(body)
    if not isinstance(body, list):
        return {}
    return {
        str(operation["path"]).strip("/"): operation.get("value")
        for operation in body
        if operation.get("op") in {"add", "replace", "remove"}
    }


def open_intents(ledger: Ledger, workspace: str) -> list[Intent]:
    """Writes that nobody knows the end of, oldest first: from runs that died, or whose answer was lost.

    Ask while holding the workspace's lock and before `begin_run`: then no other run is still at work on them.
    """
    query = (
        sa.select(_writes)
        .where(_writes.c.workspace == workspace, _writes.c.state.in_(_UNSETTLED))
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


def writes_to(ledger: Ledger, workspace: str, address: str, *, limit: int = 100) -> list[Write]:
    """The newest writes to an address, newest first, for `explain`."""
    query = (
        sa.select(_writes)
        .where(_writes.c.workspace == workspace, _writes.c.address == address)
        .order_by(_writes.c.id.desc())
        .limit(limit)
    )
    with ledger.read() as connection:
        return [
            Write(
                row.id,
                row.run_id,
                row.address,
                row.method,
                row.path,
                row.body,
                row.sent_at,
                row.state,
                row.object_id,
                row.answer,
                row.error,
                row.answered_at,
            )
            for row in connection.execute(query)
        ]


def last_written(ledger: Ledger, workspace: str, addresses: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
    """Per address, the fields as we last sent them with success; fractions come back as Decimal."""
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


def written_ids(ledger: Ledger, workspace: str, prefix: str) -> dict[str, int]:
    """Per address that begins so, the id of the object that we last wrote there with success."""
    query = sa.select(_objects.c.address, _objects.c.object_id).where(
        _objects.c.workspace == workspace,
        _objects.c.address.startswith(prefix, autoescape=True),
        _objects.c.object_id.is_not(None),
    )
    with ledger.read() as connection:
        return {address: object_id for address, object_id in connection.execute(query)}  # noqa: C416 - rows, typed


def path_written(ledger: Ledger, workspace: str, address: str, object_id: int) -> str | None:
    """Where the newest write went that left this object at this address."""
    query = (
        sa.select(_writes.c.path)
        .where(_writes.c.workspace == workspace, _writes.c.address == address, _writes.c.object_id == object_id)
        .order_by(_writes.c.id.desc())
        .limit(1)
    )
    with ledger.read() as connection:
        found: str | None = connection.execute(query).scalar()
    return found


def values_kept_when_cleared(ledger: Ledger, workspace: str, addresses: Collection[str]) -> dict[str, dict[str, Any]]:
    """Per address, the properties that ConnectWise answered with a value when we last sent nothing for them."""
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
                kept = found.setdefault(address, {})
                for name, sent in sent_fields(body).items():
                    kept.pop(name, None)
                    if sent is None and isinstance(answer, Mapping) and answer.get(name) is not None:
                        kept[name] = answer[name]
    return {address: kept for address, kept in found.items() if kept}


def created_by_us(ledger: Ledger, workspace: str) -> dict[str, int | None]:
    """Addresses whose object our own POST made, with the object's id."""
    query = sa.select(_objects.c.address, _objects.c.object_id).where(
        _objects.c.workspace == workspace, _objects.c.created.is_(True)
    )
    with ledger.read() as connection:
        return {address: object_id for address, object_id in connection.execute(query)}  # noqa: C416 - rows, typed
