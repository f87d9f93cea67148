"""Readings of usage, written once: whole, failed or not believed, with everything they say, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.pulls import chunks
from reconciler.ledger.records import SKEW, Pull, Sample
from reconciler.ledger.store import Ledger, inserted_id

_pulls, _customers, _devices, _samples = schema.pulls, schema.customers, schema.devices, schema.samples
_earlier = schema.earlier_samples

_Key = tuple[str, str]
"""Customer id and device id, which is empty where a customer counts as one."""


def record_pull(ledger: Ledger, pull: Pull, *, approved_by: str | None = None) -> int:
    """Keep a pull and all its samples in one transaction; returns its number.

    A failed pull keeps its sentence and no samples, whatever it had read before it failed. One that is not believed
    keeps its samples too, for the day on which somebody believes it; until then it changes nothing that is known of
    customers and devices. `approved_by` tells who believed it although it lost too much.
    """
    failed = pull.state == "failed"
    with ledger.write() as connection:
        pull_id = _insert_pull(connection, pull, failed=failed, approved_by=approved_by)
        if not failed:
            _note_customers(connection, pull, listed=pull.state == "whole")
            _insert_samples(connection, pull_id, pull)
        if pull.state == "whole":
            _advance_devices(connection, pull_id, pull.started_at)
    return pull_id


def approve_pull(ledger: Ledger, pull_id: int, *, by: str, at: datetime) -> None:
    """Believe a pull that was not believed: from now on it counts like any whole one."""
    with ledger.write() as connection:
        source, moment = connection.execute(
            sa.select(_pulls.c.source, _pulls.c.started_at).where(_pulls.c.id == pull_id)
        ).one()
        connection.execute(
            sa.update(_pulls).where(_pulls.c.id == pull_id).values(state="whole", approved_by=by, approved_at=at)
        )
        here = sa.select(_devices.c.customer_id).join(_samples, _samples.c.device_key == _devices.c.id)
        connection.execute(
            sa.update(_customers)
            .where(
                _customers.c.source == source,
                _customers.c.last_seen_at <= moment,
                _customers.c.customer_id.in_(here.where(_samples.c.pull_id == pull_id)),
            )
            .values(last_seen_at=moment)
        )
        _advance_devices(connection, pull_id, moment)


def _insert_pull(connection: sa.Connection, pull: Pull, *, failed: bool, approved_by: str | None) -> int:
    row = connection.execute(
        sa.insert(_pulls).values(
            source=pull.source,
            started_at=pull.started_at,
            finished_at=pull.finished_at,
            state=pull.state,
            error=pull.error,
            notes=list(pull.notes),
            customers=0 if failed else len(pull.customers),
            samples=0 if failed else len(pull.samples),
            approved_by=approved_by,
            approved_at=None if approved_by is None else pull.started_at,
        )
    )
    return inserted_id(row)


def _note_customers(connection: sa.Connection, pull: Pull, *, listed: bool) -> None:
    """Names as last seen; a new name moves the old one to `previous_name`. `listed`: this pull tells who is there."""
    moment = pull.started_at
    columns = (_customers.c.customer_id, _customers.c.name, _customers.c.attributed, _customers.c.state)
    rows = connection.execute(sa.select(*columns).where(_customers.c.source == pull.source))
    known = {customer_id: (name, attributed, state) for customer_id, name, attributed, state in rows}
    fresh: list[dict[str, Any]] = []
    renamed: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for customer in pull.customers:
        before = known.get(customer.id)
        if before == (customer.name, customer.attributed, customer.state):
            continue
        told = {"name": customer.name, "attributed": customer.attributed, "state": customer.state}
        if before is None:
            seen = {"first_seen_at": moment, "last_seen_at": moment}
            fresh.append({"source": pull.source, "customer_id": customer.id, **told, **seen})
        elif before[0] != customer.name:
            renamed.append({"b_id": customer.id, **told, "previous_name": before[0], "renamed_at": moment})
        else:
            changed.append({"b_id": customer.id, **told})
    if fresh:
        connection.execute(sa.insert(_customers), fresh)
    not_later = sa.and_(_customers.c.source == pull.source, _customers.c.last_seen_at <= moment)
    for updates in (renamed, changed):
        if updates:
            here = sa.and_(not_later, _customers.c.customer_id == sa.bindparam("b_id"))
            connection.execute(sa.update(_customers).where(here), updates)
    for ids in chunks(customer.id for customer in pull.customers) if listed else ():
        connection.execute(
            sa.update(_customers).where(not_later, _customers.c.customer_id.in_(ids)).values(last_seen_at=moment)
        )


def _insert_samples(connection: sa.Connection, pull_id: int, pull: Pull) -> None:
    """The newest sample of each device, and beside them the older ones that a file holds."""
    newest: dict[_Key, Sample] = {}
    older: list[Sample] = []
    for sample in pull.samples:
        key = (sample.customer_id, sample.device_id or "")
        known = newest.setdefault(key, sample)
        if sample.observed_at > known.observed_at:
            newest[key] = sample
            older.append(known)
        elif sample.observed_at < known.observed_at:
            older.append(sample)
    if not newest:
        return
    ids = _device_keys(connection, pull.source)
    fresh = {key: sample.observed_at for key, sample in newest.items() if key not in ids}
    if fresh:
        connection.execute(
            sa.insert(_devices),
            [
                {
                    "source": pull.source,
                    "customer_id": customer_id,
                    "device_id": device_id,
                    "last_seen_at": min(observed_at, pull.started_at),
                }
                for (customer_id, device_id), observed_at in fresh.items()
            ],
        )
        ids = _device_keys(connection, pull.source)
    connection.execute(
        sa.insert(_samples),
        [
            {
                "pull_id": pull_id,
                "device_key": ids[key],
                "observed_at": None if sample.observed_at == pull.started_at else sample.observed_at,
                "bytes": sample.bytes,
            }
            for key, sample in newest.items()
        ],
    )
    _insert_earlier(connection, pull_id, older, ids)


def _insert_earlier(connection: sa.Connection, pull_id: int, older: Iterable[Sample], ids: Mapping[_Key, int]) -> None:
    """Older readings, each once: a file that is read every hour says the same of its past every time."""
    told = {(ids[each.customer_id, each.device_id or ""], each.observed_at): each.bytes for each in older}
    if not told:
        return
    known: set[tuple[int, datetime, int | None]] = set()
    for some in chunks({device_key for device_key, _ in told}):
        rows = connection.execute(
            sa.select(_earlier.c.device_key, _earlier.c.observed_at, _earlier.c.bytes).where(
                _earlier.c.device_key.in_(some)
            )
        )
        known.update((row.device_key, row.observed_at, row.bytes) for row in rows)
    rows_of = [
        {"pull_id": pull_id, "device_key": device_key, "observed_at": observed_at, "bytes": size}
        for (device_key, observed_at), size in told.items()
        if (device_key, observed_at, size) not in known
    ]
    if rows_of:
        connection.execute(sa.insert(_earlier), rows_of)


def _device_keys(connection: sa.Connection, source: str) -> dict[_Key, int]:
    rows = connection.execute(
        sa.select(_devices.c.customer_id, _devices.c.device_id, _devices.c.id).where(_devices.c.source == source)
    )
    return {(customer_id, device_id): device_key for customer_id, device_id, device_key in rows}


def _advance_devices(connection: sa.Connection, pull_id: int, started_at: datetime) -> None:
    """Move on what is known of each device, in a few statements for all of them; a last reading never goes back.

    A sample that is dated after its pull is no reading: the device was listed, and no more.
    """
    start = sa.literal(started_at, schema.UtcTime)
    told = sa.func.coalesce(_samples.c.observed_at, start)
    in_time = told <= sa.literal(started_at + SKEW, schema.UtcTime)
    moment = sa.case((in_time, told), else_=start)
    here = sa.and_(_samples.c.pull_id == pull_id, _samples.c.device_key == _devices.c.id)
    seen = sa.select(moment).where(here).scalar_subquery()
    first, last = _devices.c.first_seen_at, _devices.c.last_seen_at
    newly = sa.or_(first.is_(None), moment < first)
    connection.execute(sa.update(_devices).where(sa.exists().where(here, newly)).values(first_seen_at=seen))
    connection.execute(sa.update(_devices).where(sa.exists().where(here, moment > last)).values(last_seen_at=seen))
    read = sa.and_(here, _samples.c.bytes.is_not(None), in_time)
    size = sa.select(_samples.c.bytes).where(here).scalar_subquery()
    _advance_readings(connection, read, told, seen, size)
    if connection.execute(sa.select(_earlier.c.device_key).where(_earlier.c.pull_id == pull_id).limit(1)).first():
        _advance_by_earlier(connection, pull_id, started_at)


def _advance_readings(
    connection: sa.Connection,
    read: sa.ColumnElement[bool],
    told: sa.ColumnElement[datetime],
    seen: sa.ScalarSelect[Any],
    size: sa.ScalarSelect[Any],
) -> None:
    first, last = _devices.c.first_read_at, _devices.c.last_read_at
    earlier = sa.or_(first.is_(None), told < first)
    connection.execute(sa.update(_devices).where(sa.exists().where(read, earlier)).values(first_read_at=seen))
    newer = sa.or_(last.is_(None), told >= last)
    connection.execute(
        sa.update(_devices).where(sa.exists().where(read, newer)).values(last_bytes=size, last_read_at=seen)
    )


def _advance_by_earlier(connection: sa.Connection, pull_id: int, started_at: datetime) -> None:
    """The same for the older readings of a pull: few, and so one by one."""
    rows = connection.execute(
        sa.select(_earlier.c.device_key, _earlier.c.observed_at, _earlier.c.bytes)
        .where(_earlier.c.pull_id == pull_id, _earlier.c.observed_at <= started_at + SKEW)
        .order_by(_earlier.c.observed_at)
    ).all()
    for row in rows:
        device = sa.update(_devices).where(_devices.c.id == row.device_key)
        moment = row.observed_at
        connection.execute(device.where(_devices.c.first_seen_at > moment).values(first_seen_at=moment))
        if row.bytes is None:
            continue
        first, last = _devices.c.first_read_at, _devices.c.last_read_at
        connection.execute(device.where(sa.or_(first.is_(None), first > moment)).values(first_read_at=moment))
        connection.execute(
            device.where(sa.or_(last.is_(None), last < moment)).values(last_read_at=moment, last_bytes=row.bytes)
        )
