"""Readings of usage, asked for by time; `recording` writes them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.records import Customer, KnownCustomer, LastSeen, PullRecord, Reading, Sample
from reconciler.ledger.store import Ledger

T = TypeVar("T")

_pulls, _customers, _meters, _samples = schema.pulls, schema.customers, schema.meters, schema.samples

# A sample's moment: its own where it has one, else that of its pull.
_moment = sa.func.coalesce(_samples.c.observed_at, _pulls.c.started_at, type_=schema.UtcTime)

# Parameters of one `in (…)`: SQLite takes 32,766, PostgreSQL's drivers 65,535.
_CHUNK = 10_000


def latest_pull(ledger: Ledger, source: str, *, before: datetime | None = None) -> PullRecord | None:
    """The newest pull of a source, whole or failed, started at or before `before`."""
    return _newest(ledger, source, before=before, since=None, whole=False)


def latest_whole_pull(
    ledger: Ledger, source: str, *, before: datetime | None = None, since: datetime | None = None
) -> PullRecord | None:
    """The newest whole pull of a source, started within `since` ≤ start ≤ `before`."""
    return _newest(ledger, source, before=before, since=since, whole=True)


def first_whole_pull_at(ledger: Ledger, source: str) -> datetime | None:
    """Since when the source has been read."""
    with ledger.read() as connection:
        found: datetime | None = connection.execute(
            sa.select(sa.func.min(_pulls.c.started_at, type_=schema.UtcTime)).where(
                _pulls.c.source == source, _pulls.c.state == "whole"
            )
        ).scalar()
    return found


def _newest(
    ledger: Ledger, source: str, *, before: datetime | None, since: datetime | None, whole: bool
) -> PullRecord | None:
    query = sa.select(_pulls).where(_pulls.c.source == source)
    if whole:
        query = query.where(_pulls.c.state == "whole")
    if before is not None:
        query = query.where(_pulls.c.started_at <= before)
    if since is not None:
        query = query.where(_pulls.c.started_at >= since)
    with ledger.read() as connection:
        row = connection.execute(query.order_by(_pulls.c.started_at.desc(), _pulls.c.id.desc()).limit(1)).first()
    return None if row is None else _pull_record(row)


def whole_pulls_between(ledger: Ledger, source: str, start: datetime, end: datetime) -> list[PullRecord]:
    """The whole pulls started in [start, end), oldest first."""
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


def _pull_record(row: sa.Row[Any]) -> PullRecord:
    values = dict(row._mapping)
    values["notes"] = tuple(values["notes"])
    return PullRecord(**values)


def samples_of_pull(ledger: Ledger, pull_id: int) -> list[Sample]:
    """All samples of one pull."""
    return _samples_where(ledger, _samples.c.pull_id == pull_id).get(pull_id, [])


def samples_of_pulls(
    ledger: Ledger, pull_ids: Collection[int], customer_ids: Collection[str] | None = None
) -> dict[int, list[Sample]]:
    """The samples of several pulls, by pull; of some customers only where these are given."""
    found: dict[int, list[Sample]] = {pull_id: [] for pull_id in pull_ids}
    for some in chunks(pull_ids):
        of_pulls = _samples.c.pull_id.in_(some)
        if customer_ids is None:
            found.update(_samples_where(ledger, of_pulls))
            continue
        for ids in chunks(customer_ids):
            for pull_id, samples in _samples_where(ledger, of_pulls, _meters.c.customer_id.in_(ids)).items():
                found[pull_id].extend(samples)
    return found


def samples_between(
    ledger: Ledger, source: str, customer_ids: Collection[str] | None, start: datetime, end: datetime
) -> list[Sample]:
    """Samples of whole pulls, observed in [start, end), oldest pull first."""
    conditions = [_pulls.c.source == source, _pulls.c.started_at >= start, _moment >= start, _moment < end]
    if customer_ids is None:
        groups = [_samples_where(ledger, *conditions)]
    else:
        groups = [_samples_where(ledger, *conditions, _meters.c.customer_id.in_(ids)) for ids in chunks(customer_ids)]
    return [sample for group in groups for samples in group.values() for sample in samples]


def _samples_where(ledger: Ledger, *conditions: sa.ColumnElement[bool]) -> dict[int, list[Sample]]:
    query = (
        sa.select(
            _samples.c.pull_id,
            _pulls.c.source,
            _meters.c.customer_id,
            _meters.c.device_id,
            _samples.c.observed_at,
            _pulls.c.started_at,
            _samples.c.bytes,
        )
        .select_from(_samples)
        .join(_pulls, _pulls.c.id == _samples.c.pull_id)
        .join(_meters, _meters.c.id == _samples.c.meter_id)
        .where(*conditions)
        .order_by(_pulls.c.started_at, _samples.c.pull_id, _samples.c.meter_id)
    )
    found: dict[int, list[Sample]] = {}
    with ledger.read() as connection:
        for pull_id, source, customer_id, device_id, observed_at, started_at, size in connection.execute(query):
            sample = Sample(source, customer_id, device_id or None, observed_at or started_at, size)
            found.setdefault(pull_id, []).append(sample)
    return found


def last_readings(
    ledger: Ledger, source: str, meters: Collection[tuple[str, str | None]], *, before: datetime
) -> list[Reading]:
    """The last known figure of each (customer id, device id), read strictly before a moment.

    From the meters where their last reading is older than `before`, from the samples for the others, so that
    a past hour can be computed again.
    """
    wanted = {(customer_id, device_id or "") for customer_id, device_id in meters}
    found: list[Reading] = []
    later: list[int] = []
    with ledger.read() as connection:
        for ids in chunks({customer_id for customer_id, _ in wanted}):
            rows = connection.execute(
                sa.select(_meters).where(
                    _meters.c.source == source,
                    _meters.c.customer_id.in_(ids),
                    _meters.c.last_read_at.is_not(None),
                )
            )
            for row in rows:
                if (row.customer_id, row.device_id) not in wanted:
                    continue
                if row.last_read_at < before:
                    found.append(Reading(row.customer_id, row.device_id or None, row.last_bytes, row.last_read_at))
                else:
                    later.append(row.id)
        for meter_ids in chunks(later):
            found.extend(_readings_in_samples(connection, meter_ids, before))
    return found


def _readings_in_samples(connection: sa.Connection, meter_ids: Collection[int], before: datetime) -> Iterable[Reading]:
    rows = connection.execute(
        sa.select(_meters.c.id, _meters.c.customer_id, _meters.c.device_id, _samples.c.bytes, _moment.label("moment"))
        .select_from(_samples)
        .join(_pulls, _pulls.c.id == _samples.c.pull_id)
        .join(_meters, _meters.c.id == _samples.c.meter_id)
        .where(_samples.c.meter_id.in_(meter_ids), _samples.c.bytes.is_not(None), _moment < before)
        .order_by(_pulls.c.started_at, _samples.c.pull_id)
    )
    newest = {row.id: Reading(row.customer_id, row.device_id or None, row.bytes, row.moment) for row in rows}
    return newest.values()


def last_seen(ledger: Ledger, source: str) -> dict[str, LastSeen]:
    """Per customer: the moment of its last sample, and the sum of what its devices of that moment used."""
    seen: dict[str, tuple[datetime, int | None]] = {}
    query = sa.select(_meters.c.customer_id, _meters.c.last_seen_at, _meters.c.last_bytes)
    with ledger.read() as connection:
        for customer_id, moment, size in connection.execute(query.where(_meters.c.source == source)):
            before = seen.get(customer_id)
            if before is None or moment > before[0]:
                seen[customer_id] = (moment, size)
            elif moment == before[0] and size is not None:
                seen[customer_id] = (moment, (before[1] or 0) + size)
    return {key: LastSeen(key, moment, size) for key, (moment, size) in seen.items()}


def known_customers(ledger: Ledger, source: str) -> Mapping[str, KnownCustomer]:
    """Every customer that a whole pull of the source ever listed, by id, as last seen."""
    query = sa.select(_customers).where(_customers.c.source == source)
    with ledger.read() as connection:
        return {
            row.customer_id: KnownCustomer(
                Customer(row.source, row.customer_id, row.name, row.attributed, row.state),
                row.previous_name,
                row.renamed_at,
                row.first_seen_at,
                row.last_seen_at,
            )
            for row in connection.execute(query)
        }


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """The values in runs that fit the parameters of one statement."""
    every = list(values)
    for start in range(0, len(every), _CHUNK):
        yield every[start : start + _CHUNK]
