"""The edge: pull every source at once, judge whether each pull is believed, and keep the pulls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from reconciler.ledger import pulls, recording
from reconciler.ledger.records import Pull
from reconciler.ledger.store import Ledger
from reconciler.metering.errors import UsageError
from reconciler.metering.shrink import disbelief
from reconciler.metering.sources import registry

if TYPE_CHECKING:
    from reconciler.metering.sources.registry import SourceSettings

SHRINK = Decimal(20)
"""Percent that a source may lose from one believed pull to the next; what `guardrails.shrink` changes."""

GUARD = "shrink"
"""The guardrail's name, as an approval gives it."""

Puller = Callable[["SourceSettings", datetime], Coroutine[Any, Any, Pull]]


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's word that a pull is right although it lost much."""

    by: str
    """Who, as `user@host`."""
    sources: frozenset[str] | None = None
    """Of these sources; None is every one."""

    def covers(self, source: str) -> bool:
        return self.sources is None or source in self.sources


def approval_of(approved: Collection[str], sources: Collection[str], by: str) -> Approval | None:
    """The approval among these: `shrink`, or `shrink=SOURCE`; None where there is none.

    Raises UsageError for a source that the workspace does not have.
    """
    if GUARD in approved:
        return Approval(by)
    named = [each.removeprefix(f"{GUARD}=") for each in approved if each.startswith(f"{GUARD}=")]
    for name in named:
        if name not in sources:
            raise UsageError(
                f"there is no usage source {name} in this workspace",
                where=f"--approve {GUARD}={name}",
                advice=f"Its sources: {', '.join(sources) or 'none'}.",
            )
    return Approval(by, frozenset(named)) if named else None


@dataclass(frozen=True, slots=True)
class Collected:
    """A pull and the number that the ledger gave it."""

    pull: Pull
    pull_id: int
    approved: int | None = None
    """The number of the pull that an approval believed: this one, or the newest before it."""


async def collect(
    ledger: Ledger,
    sources: Sequence[SourceSettings],
    now: datetime,
    *,
    shrink: Decimal = SHRINK,
    approval: Approval | None = None,
    pull: Puller = registry.pull,
) -> tuple[Collected, ...]:
    """Pull all sources at once and record each as it comes: whole, failed or not believed.

    An approval believes the pull just made; where that one failed, the newest that is not believed.
    """

    async def one(settings: SourceSettings) -> Collected:
        found = await pull(settings, now)
        approved_by = approval.by if approval is not None and approval.covers(settings.name) else None
        return await asyncio.to_thread(_record, ledger, found, shrink, approved_by)

    return tuple(await asyncio.gather(*(one(settings) for settings in sources)))


def _record(ledger: Ledger, pull: Pull, shrink: Decimal, approved_by: str | None) -> Collected:
    judged = judge(ledger, pull, shrink)
    if judged.state == "disbelieved" and approved_by is not None:
        number = recording.record_pull(ledger, pull, approved_by=approved_by)
        return Collected(pull, number, approved=number)
    number = recording.record_pull(ledger, judged)
    approved = None
    if judged.state == "failed" and approved_by is not None:
        approved = _believe_newest(ledger, pull, approved_by)
    return Collected(judged, number, approved)


def judge(ledger: Ledger, pull: Pull, shrink: Decimal) -> Pull:
    """The pull as it counts: a whole one that lost too much is not believed, with the reason as its error."""
    if pull.state != "whole":
        return pull
    before = pulls.latest_whole_pull(ledger, pull.source, before=pull.started_at)
    had = None if before is None else pulls.listed_in(ledger, before.id)
    reason = disbelief(had, dict.fromkeys((each.customer_id, each.device_id) for each in pull.samples), shrink)
    return pull if reason is None else replace(pull, state="disbelieved", error=reason)


def _believe_newest(ledger: Ledger, pull: Pull, approved_by: str) -> int | None:
    """Believe the newest pull that is not believed, where no believed one has come after it."""
    believed = pulls.latest_whole_pull(ledger, pull.source, before=pull.started_at)
    since = None if believed is None else believed.started_at
    found = pulls.latest_disbelieved_pull(ledger, pull.source, before=pull.started_at, since=since)
    if found is None:
        return None
    recording.approve_pull(ledger, found.id, by=approved_by, at=pull.started_at)
    return found.id
