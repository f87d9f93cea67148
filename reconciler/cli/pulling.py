"""Pull every usage source, record the pulls in the ledger, and show how far the reading is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any

from reconciler.cli.output import print_note
from reconciler.cli.progress import ReadingLine, reading_line
from reconciler.cli.session import Session, current_user, ledger_url
from reconciler.ledger.errors import Unwritable
from reconciler.ledger.pulls import latest_whole_pull
from reconciler.ledger.read_only import open_copy
from reconciler.ledger.records import Pull
from reconciler.manifests.selection import used_sources
from reconciler.metering.catching_up import CatchUp, History, Owners
from reconciler.metering.collect import SHRINK, Collected, approval_of, collect
from reconciler.metering.monthly_report import report_of
from reconciler.metering.period import Period
from reconciler.metering.reading_reports import Reports
from reconciler.metering.sources import registry
from reconciler.metering.sources.columns import Columns
from reconciler.rating.line_kinds import may_bill_single_months
from reconciler.rating.meters import columns_of, has_reported, label_of, meters_of, numbers_of


async def pull_usage(
    session: Session, approved: Collection[str] = (), line: ReadingLine | None = None
) -> tuple[Collected, ...]:
    """Pull every source and record the pulls. A source that fails is recorded as a failed pull; the others continue.

    `approved` are the values of `--approve`: `shrink` accepts a pull that lost many customers or devices at once.
    `line` shows the progress. Without it, this function draws its own line. If the ledger cannot be written and need
    not be, the pulls are recorded in a temporary copy of it.
    """
    if line is None:
        async with reading_line(lambda: session.client.requests.total) as own_line:
            return await pull_usage(session, approved, own_line)
    try:
        return await _pull(session, approved, line)
    except Unwritable as error:
        if session.writable:
            raise
        url = ledger_url(session.context, session.manifests)
        session.ledger.switch_to(open_copy(url, error, now=session.context.now, on_notice=print_note))
        return await _pull(session, approved, line)


async def _pull(session: Session, approved: Collection[str], line: ReadingLine) -> tuple[Collected, ...]:
    def text(setting: Any) -> str:
        return session.secret(setting, f"{session.manifests.workspace.address} usage")

    manifests = session.manifests
    sources = [
        registry.settings_of(source, text, manifests.root, _columns(session, source.name))
        for source in used_sources(manifests)
    ]
    guardrails, names = session.workspace.guardrails, [source.name for source in session.workspace.usage]
    return await collect(
        session.ledger,
        sources,
        session.context.now,
        shrink=SHRINK if guardrails is None else guardrails.shrink,
        approval=approval_of(approved, [*names, *map(report_of, names)], current_user()),
        pull=_shown_on(line),
        catch_up=CatchUp(
            session.workspace.billing.timezone, _history_shown_on(line), may_bill_single_months(manifests)
        ),
        reports=_reports(session, line),
    )


def _reports(session: Session, line: ReadingLine) -> Reports:
    """Return which monthly reports a run reads, and how. Their progress is on the line."""
    manifests = session.manifests
    counted = {source.name for source in used_sources(manifests) if has_reported(manifests, source.name)}

    async def read(settings: registry.SourceSettings, name: str, period: Period, moment: datetime) -> Pull:
        line.source(name, f"reading {period}")
        found = await registry.monthly_report(settings, name, period.start, period.end, moment)
        line.source(name, f"{len(found.samples)} devices" if found.state == "whole" else "failed")
        return found

    single = may_bill_single_months(manifests)
    return Reports(session.workspace.billing.timezone, counted, read, single)


def _columns(session: Session, source: str) -> Columns:
    """Return the columns that the meters of a source need.

    A partial plan does not know all meters. It also asks for what the newest pull asked for, so that the meters of
    other mappings have no gap.
    """
    meters = [meter for meter in meters_of(session.manifests, source) if not meter.reported]
    names, numbers = columns_of(meters), numbers_of(meters)
    source_type = next(each.type for each in session.workspace.usage if each.name == source)
    labels = label_of(meters, source_type)
    names |= labels
    if session.manifests.is_partial and (latest := latest_whole_pull(session.ledger, source)) is not None:
        names |= frozenset(latest.columns)
    return Columns(tuple(sorted(names)), numbers, labels)


def _shown_on(line: ReadingLine) -> Callable[[registry.SourceSettings, datetime], Coroutine[Any, Any, Pull]]:
    """Return a function that pulls one source and shows its progress on the line."""

    async def pull(settings: registry.SourceSettings, now: datetime) -> Pull:
        line.source(settings.name, "reading")
        found = await registry.pull(settings, now)
        line.source(settings.name, f"{len(found.customers)} customers" if found.state == "whole" else "failed")
        return found

    return pull


def _history_shown_on(line: ReadingLine) -> History:
    """Return a function that reads the history of one source and shows its progress on the line."""

    def history(
        settings: registry.SourceSettings, moments: Sequence[datetime], now: datetime, owners: Owners
    ) -> AsyncGenerator[Pull, None] | None:
        past = registry.history(settings, moments, now, owners)
        return None if past is None else counted(settings.name, past, len(moments))

    async def counted(source: str, past: AsyncGenerator[Pull, None], total: int) -> AsyncGenerator[Pull, None]:
        read = 0
        async with aclosing(past):
            async for pull in past:
                read += 1
                line.source(source, f"{read} of {total} missing hours")
                yield pull

    return history
