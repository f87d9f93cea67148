"""Read what the invoices of a month billed of some lines, as far as it is known, for `usage explain`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.views import AdditionView
from reconciler.cli.session import Session
from reconciler.closing.invoiced_lines import InvoicedMonth, invoiced_json
from reconciler.closing.month_lines import first_day, month_of
from reconciler.closing.three_way_invoices import READ_BEFORE, invoice_of, invoices_of_month
from reconciler.closing.three_way_standing import standing_at, with_shares
from reconciler.closing.three_way_usage import agreement_facts
from reconciler.connectwise.errors import Forbidden
from reconciler.kinds.live_state import LiveState
from reconciler.ledger.additions import hand_edits_of
from reconciler.ledger.runs import WriteRecord
from reconciler.ledger.snapshot import SeenEdit, Snapshot
from reconciler.ledger.written_additions import stood
from reconciler.live.invoices import read_agreement_invoices
from reconciler.metering.period import Period, day_start, period_of
from reconciler.reporting.billed import from_journal

_TICK = timedelta.resolution


@dataclass(frozen=True, slots=True)
class Asked:
    """The lines whose invoices are asked for."""

    views: Sequence[AdditionView]
    writes: Sequence[WriteRecord]
    """Every write to them, oldest first."""
    period: Period


async def invoices_of_lines(
    session: Session, live_state: LiveState, snapshot: Snapshot, asked: Asked
) -> list[dict[str, Any]] | None:
    """Return the invoices of the agreements of some lines, with the lines as they stood when each was made.

    They are those of the month, and of the months in which adjustments and lines of one month are dated. None if the
    role of the API member does not allow to read invoices.
    """
    found: list[dict[str, Any]] = []
    by_month: defaultdict[str, list[AdditionView]] = defaultdict(list)
    for view in asked.views:
        if view.live is not None:
            by_month[_month(view, asked.period)].append(view)
    numbers = {view.live.agreement_id for view in asked.views if view.live is not None}
    facts = agreement_facts(session.manifests, live_state, sorted(numbers))
    if not facts:
        return found
    zone, now = session.workspace.billing.timezone, session.context.now
    months = {name: period_of(day_start(date.fromisoformat(f"{name}-01"), zone), zone) for name in sorted(by_month)}
    since = min(each.first_day for each in months.values()) - READ_BEFORE
    try:
        rows = await read_agreement_invoices(session.client, facts.keys(), since, asked.period.first_day)
    except Forbidden:
        return None
    invoices = [*map(invoice_of, rows)]
    snapshot = replace(snapshot, hand_edits=_edits(session, asked.views))
    currency = session.workspace.billing.currency
    for name, month in months.items():
        for number, agreement in facts.items():
            own = [each for each in by_month[name] if each.live is not None and each.live.agreement_id == number]
            if not own:
                continue
            of_month = invoices_of_month(agreement, invoices, month, running=now < month.end)
            standing = {}
            if of_month.valid:
                first = of_month.valid[0]
                made = min(first.made_at or day_start(first.day + timedelta(days=1), zone) - _TICK, now)
                live = [each.live for each in own if each.live is not None]
                written = _written(asked.writes, live, snapshot, made, currency)
                stands = with_shares(standing_at(made, live, written, snapshot, currency), facts, month)
                standing = {each.addition.id: each for each in stands}
            lines = {each.address: standing[each.live.id] for each in own if each.live and each.live.id in standing}
            found.append(invoiced_json(InvoicedMonth(month, agreement, of_month, lines, currency)))
    return found


def _month(view: AdditionView, period: Period) -> str:
    """Return the month whose invoice bills a line: a line of one month may be dated in a later one."""
    return str(period) if month_of(view.address).month is None else first_day(view)[:7] or str(period)


def _edits(session: Session, views: Iterable[AdditionView]) -> Mapping[int, tuple[SeenEdit, ...]]:
    ids = {each.live.id for each in views if each.live is not None}
    edits = hand_edits_of(session.ledger, session.manifests.workspace.name, session.tenant, ids)
    return {number: tuple(each for each in edits if each.addition_id == number) for number in ids}


def _written(
    writes: Sequence[WriteRecord],
    live: Iterable[LiveAddition],
    snapshot: Snapshot,
    moment: datetime,
    currency: str | None,
) -> Mapping[int, LiveAddition]:
    """Return lines as our writes had left them at a moment, by id."""

    def each_written() -> Iterator[Any]:
        for line in live:
            recorded = snapshot.additions.get(line.id)
            own = [each for each in writes if each.object_id == line.id and each.state == "done" and each.below is None]
            before = [each for each in own if each.sent_at <= moment]
            if recorded is not None:
                yield stood(recorded, before[-1] if before else None, own[len(before) :])

    found = (each for each in each_written() if each is not None)
    return {each.id: each for each in from_journal(found, snapshot, currency)}
