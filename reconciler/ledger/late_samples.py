"""Find what the newest pulls of a source say about earlier months, without reading the months again.

Almost every sample is about the moment of its pull. What a month measures can only change by a pull that was dated in
it, by one that is the first after it, or by a sample that is about an earlier moment and that the pull before did not
have.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.chunks import chunks
from reconciler.ledger.store import Ledger

_pulls, _devices, _samples, _earlier = schema.pulls, schema.devices, schema.samples, schema.earlier_samples
_values = schema.device_values

_MOST = 200
"""After more pulls than this, reading the months again is not slower."""


@dataclass(frozen=True, slots=True)
class ReadUpTo:
    """The believed pulls of a source that were read: how many, and the newest of them by its number."""

    pull_id: int = 0
    pulls: int = 0


@dataclass(frozen=True, slots=True)
class Later:
    """What later pulls say about earlier moments."""

    months: frozenset[datetime] = frozenset()
    """The ends of the months that one of these pulls is dated in, or is the first after."""
    samples: Mapping[str, datetime] = field(default_factory=dict)
    """By customer id: the earliest moment before its pull that a new sample is about."""


def read_up_to(connection: sa.Connection, source: str) -> ReadUpTo:
    """Return how many believed pulls of a source there are, and the newest of them."""
    query = sa.select(sa.func.max(_pulls.c.id), sa.func.count()).where(*_believed(source))
    newest, count = connection.execute(query).one()
    return ReadUpTo(newest or 0, count)


def later_than(ledger: Ledger, source: str, known: ReadUpTo, ends: Collection[datetime]) -> Later | None:
    """Return what the pulls after the `known` ones say. `ends` are the ends of the months that matter.

    None if that is not enough: there are many, or a pull among the known ones was approved since.
    """
    here = _believed(source)
    with ledger.read() as connection:
        before = connection.execute(sa.select(sa.func.count()).where(*here, _pulls.c.id <= known.pull_id)).scalar()
        query = sa.select(_pulls.c.id, _pulls.c.started_at).where(*here, _pulls.c.id > known.pull_id)
        new = {row.id: row.started_at for row in connection.execute(query.limit(_MOST + 1))}
        if before != known.pulls or len(new) > _MOST:
            return None
        found: dict[int, datetime] = {}
        for device, moment in _late(connection, known.pull_id, [*new]):
            found[device] = min(moment, found.get(device, moment))
        first = min(new.values(), default=None)
        months = {end for end in ends if first is not None and first < _bound(connection, source, known, end, first)}
        return Later(frozenset(months), _by_customer(connection, source, found))


def _bound(connection: sa.Connection, source: str, known: ReadUpTo, end: datetime, first: datetime) -> datetime:
    """Return the start of the first known pull after a month. If there is none, a moment after `first`."""
    here = (*_believed(source), _pulls.c.id <= known.pull_id, _pulls.c.started_at >= end)
    query = sa.select(sa.func.min(_pulls.c.started_at, type_=schema.UtcTime)).where(*here)
    return connection.execute(query).scalar() or first + timedelta.resolution


def pulls_about(ledger: Ledger, pull_ids: Collection[int], end: datetime) -> set[int]:
    """Return which of these pulls have a sample that is about a moment before `end`, although they started later."""
    found: set[int] = set()
    with ledger.read() as connection:
        for some in chunks(pull_ids):
            for table in (_samples, _earlier):
                query = sa.select(table.c.pull_id).where(table.c.pull_id.in_(some), table.c.observed_at < end)
                found.update(connection.execute(query.distinct()).scalars())
    return found


def _believed(source: str) -> tuple[sa.ColumnElement[bool], ...]:
    return _pulls.c.source == source, _pulls.c.state == "whole"


def _late(connection: sa.Connection, known: int, new: Collection[int]) -> Iterator[tuple[int, datetime]]:
    """Yield (key of the device, moment) of the samples of new pulls that are about an earlier moment and are new."""
    before_pull = _samples.c.observed_at.is_not(None)
    cells = (_samples.c.device_key, _samples.c.observed_at, _samples.c.bytes)
    rows = connection.execute(sa.select(*cells).where(_samples.c.pull_id.in_(new), before_pull)).all()
    devices = {row.device_key for row in rows}
    changed = _with_new_values(connection, new, devices)
    last = _samples_of(connection, known, devices)
    for row in rows:
        if row.device_key in changed or last.get(row.device_key) != (row.observed_at, row.bytes):
            yield row.device_key, row.observed_at
    stored = sa.select(_earlier.c.device_key, _earlier.c.observed_at).where(_earlier.c.pull_id.in_(new))
    yield from (tuple(row) for row in connection.execute(stored))


def _samples_of(connection: sa.Connection, pull_id: int, devices: Collection[int]) -> dict[int, tuple[Any, ...]]:
    """Return (moment, bytes) of these devices in one pull."""
    moment = sa.func.coalesce(_samples.c.observed_at, _pulls.c.started_at, type_=schema.UtcTime)
    found: dict[int, tuple[Any, ...]] = {}
    for some in chunks(devices):
        query = (
            sa.select(_samples.c.device_key, moment, _samples.c.bytes)
            .join(_pulls, _pulls.c.id == _samples.c.pull_id)
            .where(_samples.c.pull_id == pull_id, _samples.c.device_key.in_(some))
        )
        found |= {device: (at, size) for device, at, size in connection.execute(query)}
    return found


def _with_new_values(connection: sa.Connection, new: Collection[int], devices: Collection[int]) -> set[int]:
    """Return those of the devices whose other columns have changed in one of the new pulls."""
    return {
        device
        for some in chunks(devices)
        for device in connection.execute(
            sa.select(_values.c.device_key).where(_values.c.device_key.in_(some), _values.c.pull_id.in_(new))
        ).scalars()
    }


def _by_customer(connection: sa.Connection, source: str, moments: Mapping[int, datetime]) -> dict[str, datetime]:
    """Return the earliest moment of each customer that has, or had, one of these devices."""
    names: dict[str, datetime] = {}
    found: dict[str, datetime] = {}

    def seen(customer: str, moment: datetime) -> None:
        found[customer] = min(moment, found.get(customer, moment))

    for some in chunks(moments):
        columns = (_devices.c.id, _devices.c.customer_id, _devices.c.device_id)
        for key, customer, name in connection.execute(sa.select(*columns).where(_devices.c.id.in_(some))):
            seen(customer, moments[key])
            if name:
                names[name] = min(moments[key], names.get(name, moments[key]))
    for several in chunks(names):
        here = (_devices.c.source == source, _devices.c.device_id.in_(several))
        for customer, name in connection.execute(sa.select(_devices.c.customer_id, _devices.c.device_id).where(*here)):
            seen(customer, names[name])
    return found
