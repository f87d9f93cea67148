"""Readings of usage, written once: whole or failed, with everything they say, or not at all."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.pulls import chunks
from reconciler.ledger.records import Pull
from reconciler.ledger.store import Ledger, inserted_id

_pulls, _customers, _meters, _samples = schema.pulls, schema.customers, schema.meters, schema.samples


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
    for ids in chunks(customer.id for customer in pull.customers):
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
