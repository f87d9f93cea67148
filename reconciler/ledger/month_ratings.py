"""Store what each charge of an ended month was rated with last, and up to which pull that holds.

A run whose inputs of a month are the same need not load the month's usage again. All rows can be deleted: the next run
then rates every month.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.late_samples import ReadUpTo, read_up_to
from reconciler.ledger.snapshot import MonthRating, TermsKey
from reconciler.ledger.store import Ledger

_ratings, _rated = schema.month_ratings, schema.rated_pulls
_KEY = ("source", "customer_id", "charge", "period")


@dataclass(frozen=True, slots=True)
class RatedPulls:
    """The pulls that a run has taken into account, and the ratings that no longer hold by them."""

    before: Mapping[str, ReadUpTo | None] = field(default_factory=dict)
    """By source: the pulls that the ratings of the ledger held for. None if it has none."""
    now: Mapping[str, ReadUpTo] = field(default_factory=dict)
    """By source: the pulls that there are now."""
    stale: Collection[TermsKey] = ()


def load_month_ratings(ledger: Ledger, workspace: str, tenant: str) -> dict[TermsKey, MonthRating]:
    """Return the ratings of all months, by charge and month."""
    query = sa.select(_ratings).where(_ratings.c.workspace == workspace, _ratings.c.tenant == tenant)
    with ledger.read() as connection:
        rows = connection.execute(query).all()
    found = (
        MonthRating(
            (row.source, row.customer_id, row.charge, row.period),
            row.inputs,
            None if row.amount is None else Decimal(row.amount),
            row.may_lower,
        )
        for row in rows
    )
    return {each.key: each for each in found}


def rated_pulls(
    ledger: Ledger, workspace: str, tenant: str, sources: Collection[str]
) -> tuple[dict[str, ReadUpTo | None], dict[str, ReadUpTo]]:
    """Return the pulls of each source that the ratings hold for, and those that there are now."""
    with ledger.read() as connection:
        here = {"workspace": workspace, "tenant": tenant}
        return _marks(connection, here, sources), {each: read_up_to(connection, each) for each in sources}


def record_month_ratings(
    ledger: Ledger,
    workspace: str,
    tenant: str,
    ratings: Iterable[MonthRating],
    pulls: RatedPulls,
    now: datetime,
) -> None:
    """Store new ratings, and delete the stale ones.

    Where another run has read more meanwhile, nothing is stored: the next run rates these months.
    """
    found = list(ratings)
    if not found and not pulls.stale and pulls.before == pulls.now:
        return
    here = {"workspace": workspace, "tenant": tenant}
    with ledger.write() as connection:
        if _marks(connection, here, pulls.before) != pulls.before:
            return
        if any(read_up_to(connection, source) != mark for source, mark in pulls.now.items()):
            return
        for key in {*pulls.stale, *(each.key for each in found)}:
            connection.execute(sa.delete(_ratings).where(*_is(_ratings, {**here, **dict(zip(_KEY, key, strict=True))})))
        if found:
            connection.execute(sa.insert(_ratings), [{**here, **_values(each, now)} for each in found])
        for source, mark in pulls.now.items():
            row = {**here, "source": source}
            connection.execute(sa.delete(_rated).where(*_is(_rated, row)))
            connection.execute(sa.insert(_rated).values(**row, pull_id=mark.pull_id, pulls=mark.pulls))


def _is(table: sa.Table, row: Mapping[str, str]) -> Iterator[sa.ColumnElement[bool]]:
    return (table.c[name] == value for name, value in row.items())


def _marks(connection: sa.Connection, here: Mapping[str, str], sources: Collection[str]) -> dict[str, ReadUpTo | None]:
    rows = connection.execute(sa.select(_rated.c.source, _rated.c.pull_id, _rated.c.pulls).where(*_is(_rated, here)))
    found = {source: ReadUpTo(pull_id, count) for source, pull_id, count in rows}
    return {source: found.get(source) for source in sources}


def _values(rating: MonthRating, now: datetime) -> dict[str, Any]:
    return {
        **dict(zip(_KEY, rating.key, strict=True)),
        "inputs": rating.inputs,
        "amount": None if rating.amount is None else str(rating.amount),
        "may_lower": rating.may_lower,
        "rated_at": now,
    }
