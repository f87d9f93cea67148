"""Write pulls with their samples, and update the records of customers and devices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.chain import append
from reconciler.ledger.chunks import chunks
from reconciler.ledger.covered import PULLS
from reconciler.ledger.device_values import store_values
from reconciler.ledger.records import SKEW, Pull, Sample
from reconciler.ledger.store import Ledger, inserted_id
from reconciler.ledger.trials import store_trials

_pulls, _customers, _devices, _samples = schema.pulls, schema.customers, schema.devices, schema.samples
_earlier = schema.earlier_samples

_DeviceId = tuple[str, str]
"""(customer id, device id); the device id is "" where the source reports one figure for the whole customer."""


def record_pull(ledger: Ledger, pull: Pull, *, approved_by: str | None = None) -> int:
    """Store a pull and all its samples in one transaction; return the pull's id.

    A failed pull is stored with its error and without samples. A pull that is not believed is stored with its samples,
    but changes no first or last time of customers and devices until a person approves it. `approved_by` is who has
    approved it already.
    """
    failed = pull.state == "failed"
    with ledger.write() as connection:
        pull_id = _insert_pull(connection, pull, failed=failed, approved_by=approved_by)
        if not failed:
            _store_customers(connection, pull, listed=pull.state == "whole")
            store_trials(connection, pull_id, pull)
            _insert_samples(connection, pull_id, pull)
        if pull.state == "whole":
            _advance_devices(connection, pull_id, pull.started_at)
        append(connection, PULLS, [pull_id])
    return pull_id


def approve_pull(ledger: Ledger, pull_id: int, *, by: str, at: datetime) -> None:
    """Approve a pull that was not believed: it then counts as whole."""
    with ledger.write() as connection:
        source, started_at = connection.execute(
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
                _customers.c.last_seen_at <= started_at,
                _customers.c.customer_id.in_(here.where(_samples.c.pull_id == pull_id)),
            )
            .values(last_seen_at=started_at)
        )
        _advance_devices(connection, pull_id, started_at)
        append(connection, PULLS, [pull_id])


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
            columns=list(pull.columns) or None,
        )
    )
    return inserted_id(row)


def _store_customers(connection: sa.Connection, pull: Pull, *, listed: bool) -> None:
    """Store names and states, and with `listed` when they were last seen. A rename keeps the previous name."""
    started_at = pull.started_at
    columns = (_customers.c.customer_id, _customers.c.name, _customers.c.attributed, _customers.c.state)
    rows = connection.execute(sa.select(*columns).where(_customers.c.source == pull.source))
    stored = {customer_id: (name, attributed, state) for customer_id, name, attributed, state in rows}
    new: list[dict[str, Any]] = []
    renamed: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for customer in pull.customers:
        before = stored.get(customer.id)
        if before == (customer.name, customer.attributed, customer.state):
            continue
        values = {"name": customer.name, "attributed": customer.attributed, "state": customer.state}
        if before is None:
            seen = {"first_seen_at": started_at, "last_seen_at": started_at}
            new.append({"source": pull.source, "customer_id": customer.id, **values, **seen})
        elif before[0] != customer.name:
            renamed.append(
                {"id_of_customer": customer.id, **values, "previous_name": before[0], "renamed_at": started_at}
            )
        else:
            changed.append({"id_of_customer": customer.id, **values})
    if new:
        connection.execute(sa.insert(_customers), new)
    not_later = sa.and_(_customers.c.source == pull.source, _customers.c.last_seen_at <= started_at)
    for updates in (renamed, changed):
        if updates:
            here = sa.and_(not_later, _customers.c.customer_id == sa.bindparam("id_of_customer"))
            connection.execute(sa.update(_customers).where(here), updates)
    for ids in chunks(customer.id for customer in pull.customers) if listed else ():
        connection.execute(
            sa.update(_customers).where(not_later, _customers.c.customer_id.in_(ids)).values(last_seen_at=started_at)
        )


def _insert_samples(connection: sa.Connection, pull_id: int, pull: Pull) -> None:
    """Store the newest sample of each device in `samples`, and older ones of the same pull in `earlier_samples`."""
    newest: dict[_DeviceId, Sample] = {}
    older: list[Sample] = []
    for sample in pull.samples:
        key = (sample.customer_id, sample.device_id or "")
        kept = newest.setdefault(key, sample)
        if sample.observed_at > kept.observed_at:
            newest[key] = sample
            older.append(kept)
        elif sample.observed_at < kept.observed_at:
            older.append(sample)
    if not newest:
        return
    ids = _device_keys(connection, pull.source)
    new = {key: sample.observed_at for key, sample in newest.items() if key not in ids}
    if new:
        connection.execute(
            sa.insert(_devices),
            [
                {
                    "source": pull.source,
                    "customer_id": customer_id,
                    "device_id": device_id,
                    "last_seen_at": min(observed_at, pull.started_at),
                }
                for (customer_id, device_id), observed_at in new.items()
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
    store_values(connection, pull_id, {ids[key]: sample.values for key, sample in newest.items()})


def _insert_earlier(
    connection: sa.Connection, pull_id: int, older: Iterable[Sample], ids: Mapping[_DeviceId, int]
) -> None:
    """Store older samples that no believed pull has yet. A file that is read every hour repeats them each time."""
    found = {
        (ids[each.customer_id, each.device_id or ""], each.observed_at): (each.bytes, dict(each.values))
        for each in older
    }
    if not found:
        return
    stored: dict[tuple[int, datetime], list[tuple[int | None, dict[str, str]]]] = {}
    for some in chunks({device_key for device_key, _ in found}):
        columns = (_earlier.c.device_key, _earlier.c.observed_at, _earlier.c.bytes, _earlier.c.column_values)
        query = sa.select(*columns).join(_pulls, _pulls.c.id == _earlier.c.pull_id)
        for row in connection.execute(query.where(_earlier.c.device_key.in_(some), _pulls.c.state == "whole")):
            of_moment = stored.setdefault((row.device_key, row.observed_at), [])
            of_moment.append((row.bytes, row.column_values or {}))
    new = [
        {
            "pull_id": pull_id,
            "device_key": device_key,
            "observed_at": observed_at,
            "bytes": size,
            "column_values": values or None,
        }
        for (device_key, observed_at), (size, values) in found.items()
        if (size, values) not in stored.get((device_key, observed_at), ())
    ]
    if new:
        connection.execute(sa.insert(_earlier), new)


def _device_keys(connection: sa.Connection, source: str) -> dict[_DeviceId, int]:
    rows = connection.execute(
        sa.select(_devices.c.customer_id, _devices.c.device_id, _devices.c.id).where(_devices.c.source == source)
    )
    return {(customer_id, device_id): device_key for customer_id, device_id, device_key in rows}


def _advance_devices(connection: sa.Connection, pull_id: int, started_at: datetime) -> None:
    """Advance the first and last times of all devices of a pull in a few statements; a last time never goes back.

    A sample dated more than `SKEW` after its pull counts as not read: the device was listed, without a figure.
    """
    start = sa.literal(started_at, schema.UtcTime)
    observed_at = sa.func.coalesce(_samples.c.observed_at, start)
    in_time = observed_at <= sa.literal(started_at + SKEW, schema.UtcTime)
    when = sa.case((in_time, observed_at), else_=start)
    here = sa.and_(_samples.c.pull_id == pull_id, _samples.c.device_key == _devices.c.id)
    seen = sa.select(when).where(here).scalar_subquery()
    first, last = _devices.c.first_seen_at, _devices.c.last_seen_at
    newly_seen = sa.or_(first.is_(None), when < first)
    connection.execute(sa.update(_devices).where(sa.exists().where(here, newly_seen)).values(first_seen_at=seen))
    connection.execute(sa.update(_devices).where(sa.exists().where(here, when > last)).values(last_seen_at=seen))
    read = sa.and_(here, _samples.c.bytes.is_not(None), in_time)
    size = sa.select(_samples.c.bytes).where(here).scalar_subquery()
    _advance_readings(connection, read, observed_at, seen, size)
    if connection.execute(sa.select(_earlier.c.device_key).where(_earlier.c.pull_id == pull_id).limit(1)).first():
        _advance_by_earlier(connection, pull_id, started_at)


def _advance_readings(
    connection: sa.Connection,
    read: sa.ColumnElement[bool],
    observed_at: sa.ColumnElement[datetime],
    seen: sa.ScalarSelect[Any],
    size: sa.ScalarSelect[Any],
) -> None:
    first, last = _devices.c.first_read_at, _devices.c.last_read_at
    earlier = sa.or_(first.is_(None), observed_at < first)
    connection.execute(sa.update(_devices).where(sa.exists().where(read, earlier)).values(first_read_at=seen))
    newer = sa.or_(last.is_(None), observed_at >= last)
    connection.execute(
        sa.update(_devices).where(sa.exists().where(read, newer)).values(last_bytes=size, last_read_at=seen)
    )


def _advance_by_earlier(connection: sa.Connection, pull_id: int, started_at: datetime) -> None:
    """Do the same for the older samples of a pull, with one row of parameters for each device."""
    rows = connection.execute(
        sa.select(_earlier.c.device_key, _earlier.c.observed_at, _earlier.c.bytes)
        .where(_earlier.c.pull_id == pull_id, _earlier.c.observed_at <= started_at + SKEW)
        .order_by(_earlier.c.observed_at)
    )
    seen: dict[int, dict[str, Any]] = {}
    read: dict[int, dict[str, Any]] = {}
    for device_key, observed_at, size in rows:
        times = seen.setdefault(device_key, {"key": device_key, "oldest": observed_at})
        times["newest"] = observed_at
        if size is not None:
            times = read.setdefault(device_key, {"key": device_key, "oldest": observed_at})
            times |= {"newest": observed_at, "size": size}
    oldest, newest = (sa.bindparam(name, type_=schema.UtcTime) for name in ("oldest", "newest"))
    here = sa.update(_devices).where(_devices.c.id == sa.bindparam("key"))
    first, last = _devices.c.first_seen_at, _devices.c.last_seen_at
    if seen:
        connection.execute(here.where(first > oldest).values(first_seen_at=oldest), [*seen.values()])
        connection.execute(here.where(last < newest).values(last_seen_at=newest), [*seen.values()])
    first, last = _devices.c.first_read_at, _devices.c.last_read_at
    if read:
        connection.execute(
            here.where(sa.or_(first.is_(None), first > oldest)).values(first_read_at=oldest), [*read.values()]
        )
        connection.execute(
            here.where(sa.or_(last.is_(None), last <= newest)).values(
                last_read_at=newest, last_bytes=sa.bindparam("size")
            ),
            [*read.values()],
        )
