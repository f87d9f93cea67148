"""Readings of usage: written once, whole or failed, and asked for by time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.records import Customer, KnownCustomer, LastSeen, Pull, PullRecord, Reading, Sample
from reconciler.ledger.store import Ledger, inserted_id

T = TypeVar("T")

_pulls, _customers, _meters, _samples = schema.pulls, schema.customers, schema.meters, schema.samples

# A sample's moment: its own where it has one, else that of its pull.
_moment = sa.func.coalesce(_samples.c.observed_at, _pulls.c.started_at, type_=schema.UtcTime)

# Parameters of one `in (…)`: SQLite takes 32,766, PostgreSQL's drivers 65,535.
_CHUNK = 10_000


def record_pull(ledger: Ledger, pull: Pull) -> int:
    """Keep a pull and all its samples in one transaction; returns its number.

    A failed pull keeps its sentence and no samples, whatever it had read before it failed.
    """
    whole = pull.state == "whole"
    with ledger.write() as connection:
        pull_id = _insert_pull(connection, pull, whole=whole)
        if whole:
            _note_customers(connection, pull)
            _insert_samples(connection, pull_id, pull)
            _advance_meters(connection, pull_id, pull)
    return pull_id


def _insert_pull(connection: sa.Connection, pull: Pull, *, whole: bool) -> int:
    row = connection.execute(
        sa.insert(_pulls).values(
            source=pull.source,
            started_at=pull.started_at,
            finished_at=pull.finished_at,
            state=pull.state,
            error=pull.error,
            notes=list(pull.notes),
            customers=len(pull.customers) if whole else 0,
            samples=len(pull.samples) if whole else 0,
        )
    )
    return inserted_id(row)


def _note_customers(connection: sa.Connection, pull: Pull) -> None:
    """Names as last seen; a new name moves the old one to `previous_name`."""
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
    for ids in _chunks(customer.id for customer in pull.customers):
        connection.execute(
            sa.update(_customers).where(not_later, _customers.c.customer_id.in_(ids)).values(last_seen_at=moment)
        )


def _insert_samples(connection: sa.Connection, pull_id: int, pull: Pull) -> None:
    if not pull.samples:
        return
    ids = _meter_ids(connection, pull.source)
    fresh = {
        key: sample.observed_at
        for sample in pull.samples
        if (key := (sample.customer_id, sample.device_id or "")) not in ids
    }
    if fresh:
        connection.execute(
            sa.insert(_meters),
            [
                {
                    "source": pull.source,
                    "customer_id": customer_id,
                    "device_id": device_id,
                    "last_seen_at": observed_at,
                }
                for (customer_id, device_id), observed_at in fresh.items()
            ],
        )
        ids = _meter_ids(connection, pull.source)
    connection.execute(
        sa.insert(_samples),
        [
            {
                "pull_id": pull_id,
                "meter_id": ids[sample.customer_id, sample.device_id or ""],
                "observed_at": None if sample.observed_at == pull.started_at else sample.observed_at,
                "bytes": sample.bytes,
            }
            for sample in pull.samples
        ],
    )


def _meter_ids(connection: sa.Connection, source: str) -> dict[tuple[str, str], int]:
    rows = connection.execute(
        sa.select(_meters.c.customer_id, _meters.c.device_id, _meters.c.id).where(_meters.c.source == source)
    )
    return {(customer_id, device_id): meter_id for customer_id, device_id, meter_id in rows}


def _advance_meters(connection: sa.Connection, pull_id: int, pull: Pull) -> None:
    """Move each meter's last reading on, in two statements for all of them; never back in time."""
    moment = sa.func.coalesce(_samples.c.observed_at, sa.literal(pull.started_at, schema.UtcTime))
    here = sa.and_(_samples.c.pull_id == pull_id, _samples.c.meter_id == _meters.c.id)
    seen = sa.select(moment).where(here).scalar_subquery()
    connection.execute(
        sa.update(_meters).where(sa.exists().where(here, moment > _meters.c.last_seen_at)).values(last_seen_at=seen)
    )
    read = sa.and_(here, _samples.c.bytes.is_not(None))
    newer = sa.or_(_meters.c.last_read_at.is_(None), moment >= _meters.c.last_read_at)
    connection.execute(
        sa.update(_meters)
        .where(sa.exists().where(read, newer))
        .values(
            last_bytes=sa.select(_samples.c.bytes).where(here).scalar_subquery(),
            last_read_at=seen,
        )
    )


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
    for some in _chunks(pull_ids):
        of_pulls = _samples.c.pull_id.in_(some)
        if customer_ids is None:
            found.update(_samples_where(ledger, of_pulls))
            continue
        for ids in _chunks(customer_ids):
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
        groups = [_samples_where(ledger, *conditions, _meters.c.customer_id.in_(ids)) for ids in _chunks(customer_ids)]
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
        for ids in _chunks({customer_id for customer_id, _ in wanted}):
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
        for meter_ids in _chunks(later):
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


def _chunks(values: Iterable[T]) -> Iterator[list[T]]:
    every = list(values)
    for start in range(0, len(every), _CHUNK):
        yield every[start : start + _CHUNK]
