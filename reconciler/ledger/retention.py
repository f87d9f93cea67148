"""Seal old periods: delete their samples, and record it in the chain.

A seal has the period and what was deleted. It is committed first, then the samples go in small transactions, so that
another run never waits long. A run that dies in between leaves a seal that is not emptied, and the next one goes on.
The pulls themselves stay, with the digests of their samples.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.chain import append
from reconciler.ledger.covered import PULLS, SEALS
from reconciler.ledger.store import Ledger, inserted_id

_pulls, _seals = schema.pulls, schema.seals
_PULLS_AT_ONCE = 24
"""How many pulls lose their samples in one transaction: a day of hourly ones."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A sealed period, with every one before it."""

    workspace: str
    period: str
    """As `2025-09`."""
    sources: tuple[str, ...]
    samples_before: datetime
    """The pulls that started before then have no samples."""
    keep_months: int
    """The `ledger.keep` by which it was sealed."""
    pulls: int
    """How many pulls lost their samples."""
    samples: int
    """How many samples they had."""
    sealed_at: datetime
    emptied_at: datetime | None = None
    """When the last sample was deleted; None while some are left."""
    id: int = 0


def last_seal(ledger: Ledger, workspace: str) -> Seal | None:
    """Return the latest sealed period of a workspace; None if no period is sealed."""
    return next((each for each in reversed(all_seals(ledger)) if each.workspace == workspace), None)


def all_seals(ledger: Ledger) -> list[Seal]:
    """Return every seal, oldest first."""
    with ledger.read() as connection:
        rows = connection.execute(sa.select(_seals).order_by(_seals.c.samples_before, _seals.c.id)).all()
    return [Seal(**{**row._mapping, "sources": tuple(row.sources)}) for row in rows]


def seal(
    ledger: Ledger,
    workspace: str,
    period: str,
    sources: Collection[str],
    *,
    samples_before: datetime,
    keep_months: int,
    now: datetime,
) -> Seal | None:
    """Seal a period, and delete the samples of all pulls of these sources that started before `samples_before`.

    Return the seal. Return None if there is nothing to do: the period is sealed already, or has no pulls.
    """
    last = last_seal(ledger, workspace)
    if last is not None and last.emptied_at is None:
        last = _empty(ledger, last, now)
    if last is not None and last.period >= period:
        return None
    chosen = sa.and_(_pulls.c.source.in_(sorted(sources)), _pulls.c.started_at < samples_before)
    if last is not None:
        chosen = sa.and_(chosen, _pulls.c.started_at >= last.samples_before)
    counts = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(_pulls.c.samples), 0)).where(chosen)
    with ledger.read() as connection:  # most runs end here, without the write lock
        number, samples = connection.execute(counts).one()
    if not number:
        return None
    with ledger.write() as connection:
        new = Seal(workspace, period, tuple(sorted(sources)), samples_before, keep_months, number, int(samples), now)
        values = {name: value for name, value in asdict(new).items() if name != "id"}
        new = replace(new, id=inserted_id(connection.execute(sa.insert(_seals).values(values))))
        append(connection, SEALS, [new.id])
    return _empty(ledger, new, now)


def _empty(ledger: Ledger, sealed: Seal, now: datetime) -> Seal:
    """Delete the samples of a sealed period, and record that they are gone."""
    own = sa.and_(_pulls.c.source.in_(sealed.sources), _pulls.c.started_at < sealed.samples_before)
    with ledger.read() as connection:
        ids = list(connection.execute(sa.select(_pulls.c.id).where(own).order_by(_pulls.c.id)).scalars())
    for start in range(0, len(ids), _PULLS_AT_ONCE):
        with ledger.write() as connection:
            for part in PULLS.deleted:
                some = part.c.pull_id.in_(ids[start : start + _PULLS_AT_ONCE])
                connection.execute(sa.delete(part).where(some))
    with ledger.write() as connection:
        connection.execute(sa.update(_seals).where(_seals.c.id == sealed.id).values(emptied_at=now))
        append(connection, SEALS, [sealed.id])
    return replace(sealed, emptied_at=now)
