"""The edge: pull every source at once, keep the pulls, and load what the pure half asks to know.

The ledger has to be writable: what vanished, and what a device last said, is known from it alone. A ledger that
cannot be written is an error (exit 1), never a reason to bill from half of the facts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reconciler.ledger import pulls
from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Pull, PullRecord, Reading, Sample
from reconciler.ledger.store import Ledger
from reconciler.usage.facts import Samples, SourceFacts, WholePull
from reconciler.usage.period import period_of
from reconciler.usage.rules import BillingSettings, Rule, Unit
from reconciler.usage.sources import registry

if TYPE_CHECKING:
    from reconciler.usage.sources.registry import SourceSettings


@dataclass(frozen=True, slots=True)
class Collected:
    """A pull and the number that the ledger gave it."""

    pull: Pull
    pull_id: int


async def collect(
    ledger: Ledger,
    sources: Sequence[SourceSettings],
    now: datetime,
    *,
    pull: Callable[[SourceSettings, datetime], Coroutine[Any, Any, Pull]] = registry.pull,
) -> tuple[Collected, ...]:
    """Pull all sources at once and record each as it comes, whole or failed."""

    async def one(settings: SourceSettings) -> Collected:
        found = await pull(settings, now)
        return Collected(found, await asyncio.to_thread(record_pull, ledger, found))

    return tuple(await asyncio.gather(*(one(settings) for settings in sources)))


def load_facts(
    ledger: Ledger,
    units: Mapping[str, Unit],
    rules: Sequence[Rule],
    settings: BillingSettings,
    now: datetime,
    fresh: Sequence[Collected] = (),
) -> dict[str, SourceFacts]:
    """What is known at `now` of each source that `units` names.

    `fresh` are pulls just made: their samples are taken from memory. Without them everything comes from the
    ledger, so that a past hour can be computed again.
    """
    in_memory = {each.pull_id: each.pull.samples for each in fresh}
    return {
        source: _load(ledger, source, unit, [rule for rule in rules if rule.source == source], settings, now, in_memory)
        for source, unit in units.items()
    }


def _load(
    ledger: Ledger,
    source: str,
    unit: Unit,
    rules: Sequence[Rule],
    settings: BillingSettings,
    now: datetime,
    in_memory: Mapping[int, tuple[Sample, ...]],
) -> SourceFacts:
    latest = pulls.latest_pull(ledger, source, before=now)
    record = pulls.latest_whole_pull(ledger, source, before=now)
    if record is None:
        return SourceFacts(source, unit, latest=latest)
    samples = in_memory.get(record.id)
    whole = WholePull(record, _by_customer(pulls.samples_of_pull(ledger, record.id) if samples is None else samples))
    measured = {rule.customer_id for rule in rules if rule.measure != "last"}
    earlier = _earlier(ledger, source, record, measured, settings, now)
    absent = any(rule.customer_id not in whole.samples for rule in rules)
    return SourceFacts(
        source,
        unit,
        latest=latest,
        whole=whole,
        earlier=earlier,
        before=_before(ledger, source, whole, earlier, measured),
        known=pulls.known_customers(ledger, source),
        last_seen=pulls.last_seen(ledger, source) if absent else {},
        first_whole_at=pulls.first_whole_pull_at(ledger, source) if absent else None,
    )


def _earlier(
    ledger: Ledger,
    source: str,
    newest: PullRecord,
    customer_ids: Collection[str],
    settings: BillingSettings,
    now: datetime,
) -> tuple[WholePull, ...]:
    """The period's whole pulls before the newest, with the samples of these customers; none where nobody asks."""
    if not customer_ids:
        return ()
    records = pulls.whole_pulls_between(ledger, source, period_of(now, settings.timezone).start, newest.started_at)
    found = pulls.samples_of_pulls(ledger, [record.id for record in records], customer_ids)
    return tuple(WholePull(record, _by_customer(found[record.id])) for record in records)


def _before(
    ledger: Ledger, source: str, whole: WholePull, earlier: Sequence[WholePull], measured: Collection[str]
) -> dict[str, dict[str | None, Reading]]:
    """Of the devices that gave no figure: the last one from before the first pull that their measure looks at."""
    found: dict[str, dict[str | None, Reading]] = {}
    over_the_period = {key for key in _gaps([*earlier, whole]) if key[0] in measured}
    newest_only = _gaps([whole]) - over_the_period
    if newest_only:
        _add(found, pulls.last_readings(ledger, source, newest_only, before=whole.record.started_at))
    if over_the_period:
        first = earlier[0] if earlier else whole
        _add(found, pulls.last_readings(ledger, source, over_the_period, before=first.record.started_at))
    return found


def _gaps(of: Sequence[WholePull]) -> set[tuple[str, str | None]]:
    return {
        (sample.customer_id, sample.device_id)
        for pull in of
        for samples in pull.samples.values()
        for sample in samples
        if sample.bytes is None
    }


def _add(found: dict[str, dict[str | None, Reading]], readings: Sequence[Reading]) -> None:
    for reading in readings:
        found.setdefault(reading.customer_id, {})[reading.device_id] = reading


def _by_customer(samples: Sequence[Sample]) -> Samples:
    grouped: dict[str, list[Sample]] = {}
    for sample in samples:
        grouped.setdefault(sample.customer_id, []).append(sample)
    return {customer_id: tuple(some) for customer_id, some in grouped.items()}
