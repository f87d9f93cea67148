"""Pull all sources at the same time, decide whether each pull is believed, and record it in the ledger."""

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
from reconciler.metering.catching_up import CatchUp
from reconciler.metering.errors import UsageError
from reconciler.metering.monthly_report import report_of
from reconciler.metering.reading_reports import Reports
from reconciler.metering.shrink import shrink_problem
from reconciler.metering.sources import registry

if TYPE_CHECKING:
    from reconciler.metering.sources.registry import SourceSettings

SHRINK = Decimal(20)
"""The default of `guardrails.shrink`: the largest loss in percent from one believed pull to the next."""

GUARDRAIL = "shrink"
"""The name of the guardrail, as in `--approve shrink`."""

Puller = Callable[["SourceSettings", datetime], Coroutine[Any, Any, Pull]]


@dataclass(frozen=True, slots=True)
class Approval:
    """The confirmation that a pull is right although it lost much."""

    by: str
    """The user who approved, as `user@host`."""
    sources: frozenset[str] | None = None
    """The approved sources. None for all."""

    def covers(self, source: str) -> bool:
        """Return whether the approval is for this source."""
        return self.sources is None or source in self.sources


def approval_of(approved: Collection[str], sources: Collection[str], by: str) -> Approval | None:
    """Return the approval in the values of `--approve`: `shrink` or `shrink=SOURCE`. None if there is none.

    `sources` are the names of the workspace's sources. Raises `UsageError` for any other name.
    """
    if GUARDRAIL in approved:
        return Approval(by)
    named = [each.removeprefix(f"{GUARDRAIL}=") for each in approved if each.startswith(f"{GUARDRAIL}=")]
    for name in named:
        if name not in sources:
            raise UsageError(
                f"there is no usage source {name} in this workspace",
                where=f"--approve {GUARDRAIL}={name}",
                advice=f"use one of these sources: {', '.join(sources)}" if sources else "add it to `usage`",
            )
    return Approval(by, frozenset(named)) if named else None


@dataclass(frozen=True, slots=True)
class Collected:
    """A pull and its number in the ledger."""

    pull: Pull
    pull_id: int
    approved: int | None = None
    """The number of the pull that became believed by an approval: this one or an earlier one."""


async def collect(
    ledger: Ledger,
    sources: Sequence[SourceSettings],
    now: datetime,
    *,
    shrink: Decimal = SHRINK,
    approval: Approval | None = None,
    pull: Puller = registry.pull,
    catch_up: CatchUp | None = None,
    reports: Reports | None = None,
) -> tuple[Collected, ...]:
    """Pull all sources at the same time. Record each pull when it ends: whole, failed or not believed.

    One pull is recorded after another: SQLite has one writer, and a second one fails after a wait of 5 seconds.
    With `catch_up`, a source that was read whole also gets the hours in which no run was there, from its history.
    With `reports`, the monthly reports that are due are read too, and each is a pull of its own.

    An approval makes the new pull believed. If the new pull failed, it makes the newest earlier pull believed that is
    not believed so far.
    """

    one_at_a_time = asyncio.Lock()

    async def record(new: Pull, approved_by: str | None = None) -> Collected:
        async with one_at_a_time:
            return await asyncio.to_thread(_record, ledger, new, shrink, approved_by)

    async def record_past(past: Pull) -> Pull:
        return (await record(past)).pull

    def approved_by(source: str) -> str | None:
        return approval.by if approval is not None and approval.covers(source) else None

    async def pull_and_record(settings: SourceSettings) -> list[Collected]:
        new = await pull(settings, now)
        if catch_up is not None and new.state == "whole":
            new = await catch_up.add_to(new, ledger, settings, record_past)
        found = [await record(new, approved_by(settings.name))]
        if reports is not None:
            for period, moment in await asyncio.to_thread(reports.due, ledger, settings.name, now):
                report = await reports.read(settings, report_of(settings.name), period, moment)
                found.append(await record(report, approved_by(report.source)))
        return found

    found = await asyncio.gather(*(pull_and_record(settings) for settings in sources))
    return tuple(each for of_source in found for each in of_source)


def _record(ledger: Ledger, pull: Pull, shrink: Decimal, approved_by: str | None) -> Collected:
    checked = _checked(ledger, pull, shrink)
    if checked.state == "disbelieved" and approved_by is not None:
        number = recording.record_pull(ledger, pull, approved_by=approved_by)
        return Collected(pull, number, approved=number)
    number = recording.record_pull(ledger, checked)
    approved = None
    if checked.state == "failed" and approved_by is not None:
        approved = _believe_newest(ledger, pull, approved_by)
    return Collected(checked, number, approved)


def _checked(ledger: Ledger, pull: Pull, shrink: Decimal) -> Pull:
    """Return the pull. If it is whole but lost too much, return it as not believed, with the reason as its error."""
    if pull.state != "whole":
        return pull
    last = pulls.latest_whole_pull(ledger, pull.source, before=pull.started_at)
    listed_before = None if last is None else pulls.listed_in(ledger, last.id)
    listed_now = dict.fromkeys((each.customer_id, each.device_id) for each in pull.samples)
    reason = shrink_problem(listed_before, listed_now, shrink)
    return pull if reason is None else replace(pull, state="disbelieved", error=reason)


def _believe_newest(ledger: Ledger, pull: Pull, approved_by: str) -> int | None:
    """Approve the newest pull that is not believed, if no believed pull is newer. Return its number, or None."""
    last = pulls.latest_whole_pull(ledger, pull.source, before=pull.started_at)
    since = None if last is None else last.started_at
    disbelieved = pulls.latest_disbelieved_pull(ledger, pull.source, before=pull.started_at, since=since)
    if disbelieved is None:
        return None
    recording.approve_pull(ledger, disbelieved.id, by=approved_by, at=pull.started_at)
    return disbelieved.id
