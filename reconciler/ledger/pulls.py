"""Queries for pulls, samples, devices and customers; `recording` writes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.chunks import chunks
from reconciler.ledger.device_values import Values
from reconciler.ledger.records import (
    NO_VALUES,
    Customer,
    CustomerRecord,
    Device,
    LastValues,
    PullRecord,
    PullState,
    Sample,
)
from reconciler.ledger.store import Ledger
from reconciler.ledger.trials import trials_of

_pulls, _customers, _devices, _samples = schema.pulls, schema.customers, schema.devices, schema.samples


def latest_pull(ledger: Ledger, source: str, *, before: datetime | None = None) -> PullRecord | None:
    """Return the newest pull of a source in any state that started at or before `before`; None without any."""
    return _newest(ledger, source, before=before, since=None, state=None)


def latest_whole_pull(
    ledger: Ledger, source: str, *, before: datetime | None = None, since: datetime | None = None
) -> PullRecord | None:
    """Return the newest whole pull of a source with `since` ≤ start ≤ `before`; None without any."""
    return _newest(ledger, source, before=before, since=since, state="whole")


def latest_disbelieved_pull(
    ledger: Ledger, source: str, *, before: datetime | None = None, since: datetime | None = None
) -> PullRecord | None:
    """Return the newest pull of a source that is not believed, with `since` ≤ start ≤ `before`; None without any."""
    return _newest(ledger, source, before=before, since=since, state="disbelieved")


def first_whole_pull_at(ledger: Ledger, source: str) -> datetime | None:
    """Return when the first whole pull of a source started; None without any."""
    with ledger.read() as connection:
        found: datetime | None = connection.execute(
            sa.select(sa.func.min(_pulls.c.started_at, type_=schema.UtcTime)).where(
                _pulls.c.source == source, _pulls.c.state == "whole"
            )
        ).scalar()
    return found


def _newest(
    ledger: Ledger, source: str, *, before: datetime | None, since: datetime | None, state: PullState | None
) -> PullRecord | None:
    query = sa.select(_pulls).where(_pulls.c.source == source)
    if state is not None:
        query = query.where(_pulls.c.state == state)
    if before is not None:
        query = query.where(_pulls.c.started_at <= before)
    if since is not None:
        query = query.where(_pulls.c.started_at >= since)
    with ledger.read() as connection:
        row = connection.execute(query.order_by(_pulls.c.started_at.desc(), _pulls.c.id.desc()).limit(1)).first()
    return None if row is None else _pull_record(row)


def whole_pulls_between(ledger: Ledger, source: str, start: datetime, end: datetime) -> list[PullRecord]:
    """Return the whole pulls of a source that started in [start, end), oldest first."""
    with ledger.read() as connection:
        rows = connection.execute(
            sa.select(_pulls)
            .where(
                _pulls.c.source == source,
                _pulls.c.state == "whole",
                _pulls.c.started_at >= start,
                _pulls.c.started_at < end,
            )
            .order_by(_pulls.c.started_at, _pulls.c.id)
        ).all()
    return [_pull_record(row) for row in rows]


def pulls_between(ledger: Ledger, source: str, start: datetime, end: datetime) -> list[PullRecord]:
    """Return the pulls of a source in any state that started in [start, end), oldest first."""
    here = (_pulls.c.source == source, _pulls.c.started_at >= start, _pulls.c.started_at < end)
    with ledger.read() as connection:
        rows = connection.execute(sa.select(_pulls).where(*here).order_by(_pulls.c.started_at, _pulls.c.id)).all()
    return [_pull_record(row) for row in rows]


def _pull_record(row: sa.Row[Any]) -> PullRecord:
    values = dict(row._mapping)
    values["notes"] = tuple(values["notes"])
    values["columns"] = tuple(values["columns"] or ())
    return PullRecord(**values)


def samples_of_pull(ledger: Ledger, pull_id: int, columns: Collection[str] = ()) -> list[Sample]:
    """Return all samples of a pull, with their values of these columns."""
    return samples_of_pulls(ledger, [pull_id], columns=columns)[pull_id]


def samples_of_pulls(
    ledger: Ledger,
    pull_ids: Collection[int],
    customer_ids: Collection[str] | None = None,
    *,
    device_ids: Collection[str] | None = None,
    columns: Collection[str] = (),
) -> dict[int, list[Sample]]:
    """Return the samples of pulls, by pull id; only those of some devices or customers where these are given.

    The samples have their values of these columns.
    """
    found: dict[int, list[Sample]] = {pull_id: [] for pull_id in pull_ids}
    column = _devices.c.customer_id if device_ids is None else _devices.c.device_id
    wanted = customer_ids if device_ids is None else device_ids
    filters = [[]] if wanted is None else [[column.in_(some)] for some in chunks(wanted)]
    for some in chunks(pull_ids):
        with ledger.read() as connection:
            records = {row.id: row for row in connection.execute(sa.select(_pulls).where(_pulls.c.id.in_(some)))}
            sources = {row.source for row in records.values()}
            for conditions in filters:
                devices = _devices_by_key(connection, sources, conditions)
                values = Values(connection, devices if columns else (), columns)
                for table in (schema.samples, schema.earlier_samples):
                    of_moment = table.c.column_values if table is schema.earlier_samples else sa.null()
                    cells = (table.c.pull_id, table.c.device_key, table.c.observed_at, table.c.bytes, of_moment)
                    order = (table.c.pull_id, table.c.device_key, table.c.observed_at)
                    query = sa.select(*cells).where(table.c.pull_id.in_(some)).order_by(*order)
                    if conditions:
                        query = query.where(table.c.device_key.in_(sa.select(_devices.c.id).where(*conditions)))
                    for pull_id, device_key, observed_at, size, older in connection.execute(query):
                        pull = records[pull_id]
                        customer_id, device_id = devices[device_key]
                        when = observed_at or pull.started_at
                        held = NO_VALUES
                        if columns:
                            newest = table is schema.samples
                            held = values.at(device_key, pull_id) if newest else _some(older or {}, columns)
                        found[pull_id].append(Sample(pull.source, customer_id, device_id, when, size, held))
    return found


def _some(values: Mapping[str, str], columns: Collection[str]) -> Mapping[str, str]:
    return {name: value for name, value in values.items() if name in columns}


def _devices_by_key(
    connection: sa.Connection, sources: Collection[str], conditions: Sequence[sa.ColumnElement[bool]]
) -> dict[int, tuple[str, str | None]]:
    """Return (customer id, device id) by the key of the device. One query for all is faster than a join per sample."""
    query = sa.select(_devices.c.id, _devices.c.customer_id, _devices.c.device_id)
    rows = connection.execute(query.where(_devices.c.source.in_(sources), *conditions))
    return {number: (customer_id, device_id or None) for number, customer_id, device_id in rows}


def listed_in(ledger: Ledger, pull_id: int) -> list[tuple[str, str | None]]:
    """Return (customer id, device id) of all samples of a pull; None as device id for a whole customer."""
    query = (
        sa.select(_devices.c.customer_id, _devices.c.device_id)
        .join(_samples, _samples.c.device_key == _devices.c.id)
        .where(_samples.c.pull_id == pull_id)
    )
    with ledger.read() as connection:
        return [(customer_id, device_id or None) for customer_id, device_id in connection.execute(query)]


def devices_of_customers(ledger: Ledger, source: str, customer_ids: Collection[str]) -> list[Device]:
    """Return the devices that these customers have had in any believed pull."""
    return _devices_where(ledger, source, _devices.c.customer_id, customer_ids)


def devices_by_id(ledger: Ledger, source: str, device_ids: Collection[str]) -> list[Device]:
    """Return these devices, once for each customer that has had them in a believed pull."""
    return _devices_where(ledger, source, _devices.c.device_id, device_ids)


def _devices_where(ledger: Ledger, source: str, column: sa.Column[str], values: Collection[str]) -> list[Device]:
    found: list[Device] = []
    with ledger.read() as connection:
        for some in chunks(values):
            rows = connection.execute(
                sa.select(_devices).where(
                    _devices.c.source == source, _devices.c.first_seen_at.is_not(None), column.in_(some)
                )
            )
            found += [
                Device(
                    row.customer_id,
                    row.device_id or None,
                    row.first_seen_at,
                    row.last_seen_at,
                    row.first_read_at,
                    row.last_read_at,
                    row.last_bytes,
                )
                for row in rows
            ]
    return found


def customer_records(ledger: Ledger, source: str) -> Mapping[str, CustomerRecord]:
    """Return all customers that pulls of a source have listed, by id, as they were last seen."""
    query = sa.select(_customers).where(_customers.c.source == source)
    with ledger.read() as connection:
        trials = trials_of(connection, source)
        return {
            row.customer_id: CustomerRecord(
                Customer(row.source, row.customer_id, row.name, row.attributed, row.state),
                row.previous_name,
                row.renamed_at,
                row.first_seen_at,
                row.last_seen_at,
                trials.get(row.customer_id, ()),
            )
            for row in connection.execute(query)
        }


def values_before(
    ledger: Ledger, source: str, customer_ids: Collection[str], pull_id: int, columns: Collection[str]
) -> list[LastValues]:
    """Return the last known values of these columns from before a pull, of all devices of some customers."""
    found: list[LastValues] = []
    with ledger.read() as connection:
        order = (_pulls.c.started_at, _pulls.c.id)
        here = (_pulls.c.source == source, _pulls.c.state == "whole", _pulls.c.id < pull_id)
        whole = connection.execute(sa.select(_pulls.c.id, _pulls.c.started_at).where(*here).order_by(*order)).all()
        for some in chunks(customer_ids) if whole else ():
            devices = _devices_by_key(connection, [source], [_devices.c.customer_id.in_(some)])
            values = Values(connection, devices, columns)
            for device_key, (customer_id, device_id) in devices.items():
                if (last := values.last_before(device_key, pull_id)) is not None:
                    known, held = last
                    then = max((row.started_at for row in whole if row.id <= held), default=whole[0].started_at)
                    found.append(LastValues(customer_id, device_id, known, then))
    return found
