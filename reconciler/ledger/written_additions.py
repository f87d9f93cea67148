"""Read our additions as our writes left them at an earlier moment, from the journal. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.history import BELOW
from reconciler.ledger.snapshot import RecordedAddition, Snapshot
from reconciler.ledger.store import Ledger

_writes = schema.writes


@dataclass(frozen=True, slots=True)
class WrittenAddition:
    """One of our additions as it stood at a moment."""

    addition_id: int
    address: str
    """The address of the last write until then, or of the first one after it."""
    agreement_id: int | None
    tag: str
    """Empty if the ledger has none."""
    customer: tuple[str, str] | None
    """(source, customer id)."""
    fields: Mapping[str, Any]
    """Its fields by their names in ConnectWise."""


def additions_at(ledger: Ledger, workspace: str, snapshot: Snapshot, moment: datetime | None) -> list[WrittenAddition]:
    """Return our additions as they stood at a moment, by id. `snapshot` has them as they stand now. None: now.

    A field has the value of the last write until the moment, if that write changed it. Else it has the value that the
    first later write replaced. If no later write changed it, it has the value of now.
    """
    last = _last_writes(ledger, workspace, moment)
    later = {} if moment is None else _later_writes(ledger, workspace, moment)
    found = []
    for number, recorded in sorted(snapshot.additions.items()):
        written = stood(recorded, last.get(number), later.get(number, []))
        if written is not None:
            found.append(written)
    return found


def stood(recorded: RecordedAddition, write: Any, after: Sequence[Any]) -> WrittenAddition | None:
    """Return one of our additions as it stood at a moment. None if it did not exist yet, or if nothing says it.

    `write` is the last write until the moment, and `after` are the later ones, oldest first.
    """
    if write is None and (not after or after[0].method == "POST"):
        return None
    fields = dict(recorded.last_applied)
    for each in reversed(after):
        fields |= {path: values[0] for path, values in (each.changes or {}).items()}
    if write is not None:
        fields |= {path: values[1] for path, values in (write.changes or {}).items()}
    address = write.address if write is not None else after[0].address
    tag = str(fields.get("serialNumber") or recorded.tag)
    return WrittenAddition(recorded.addition_id, address, recorded.agreement_id, tag, recorded.customer, fields)


def _last_writes(ledger: Ledger, workspace: str, moment: datetime | None) -> dict[int, Any]:
    """Return the last write to each addition until a moment, by the id of the addition. None: until now."""
    done = _done(workspace) if moment is None else (*_done(workspace), _writes.c.sent_at <= moment)
    newest = sa.select(sa.func.max(_writes.c.id)).where(*done).group_by(_writes.c.object_id)
    return {row.object_id: row for row in _rows(ledger, [_writes.c.id.in_(newest)])}


def _later_writes(ledger: Ledger, workspace: str, moment: datetime) -> dict[int, list[Any]]:
    """Return the writes to each addition after a moment, oldest first, by the id of the addition."""
    found: dict[int, list[Any]] = {}
    for row in _rows(ledger, [*_done(workspace), _writes.c.sent_at > moment]):
        found.setdefault(row.object_id, []).append(row)
    return found


def _done(workspace: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        _writes.c.workspace == workspace,
        _writes.c.state == "done",
        _writes.c.object_id.is_not(None),
        _writes.c.address.startswith("Addition/", autoescape=True),
        ~_writes.c.address.contains(BELOW),
    )


def _rows(ledger: Ledger, conditions: Sequence[sa.ColumnElement[bool]]) -> Sequence[Any]:
    columns = (_writes.c.object_id, _writes.c.address, _writes.c.method, _writes.c.changes)
    with ledger.read() as connection:
        return connection.execute(sa.select(*columns).where(*conditions).order_by(_writes.c.id)).all()


def write_times(ledger: Ledger, workspace: str, since: datetime) -> list[datetime]:
    """Return when writes to additions were sent after a moment, in order. Between two of them, no addition changes."""
    query = sa.select(_writes.c.sent_at).where(*_done(workspace), _writes.c.sent_at > since).distinct()
    with ledger.read() as connection:
        return sorted(connection.execute(query).scalars())


def has_writes_until(ledger: Ledger, workspace: str, moment: datetime) -> bool:
    """Return whether a write to an addition was sent until a moment."""
    query = sa.select(_writes.c.id).where(*_done(workspace), _writes.c.sent_at <= moment).limit(1)
    with ledger.read() as connection:
        return connection.execute(query).first() is not None
