"""Causes in the coverage of a plan: customers that are not billed as they should be, and sources that failed.

The states of customers are those of `metering.coverage`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from reconciler.alerts.cause import Cause, Member, risk_of
from reconciler.alerts.facts import SourceReading
from reconciler.kinds.alert_settings import AlertEvent
from reconciler.planning.plan import EVERY_CUSTOMER, CoverageRow, Plan
from reconciler.rendering.counts import numbered

_LIST = "To list them, run: reconciler usage coverage"
_MAP = f"Map them or exclude them. {_LIST}"
_CORRECT = f"Correct them as the coverage says. {_LIST}"


@dataclass(frozen=True, slots=True)
class _Gap:
    """How the rows of one state are told."""

    event: AlertEvent
    noun: str
    rest: str
    """What is the matter with them, after their number."""
    advice: str


_GAPS: Mapping[str, _Gap] = {
    "unmapped": _Gap("unmapped", "customer", "without a mapping, which nothing bills", _MAP),
    "unattributed": _Gap("unmapped", "customer", "with usage above end-customer level, which nothing bills", _MAP),
    "held": _Gap(
        "held", "customer", "kept at the last quantity after the ledger was lost", f"Check the quantities. {_LIST}"
    ),
    "stale": _Gap(
        "held", "customer", "held, because figures of their devices are too old", f"Check the devices. {_LIST}"
    ),
    "unknown": _Gap("held", "customer", "held without a usable figure", f"Check their devices. {_LIST}"),
    "trial": _Gap(
        "held", "customer", "in trial although they are billed already", f"Check their state in the console. {_LIST}"
    ),
    "uncounted": _Gap(
        "gap", "device", "that no charge counts", f"Add a charge that counts them, or exclude them. {_LIST}"
    ),
    "refused": _Gap("gap", "customer", "that cannot be billed", _CORRECT),
    "vanished": _Gap(
        "gap", "customer", "that their source no longer lists", f"Give each mapping an `end`, or remove it. {_LIST}"
    ),
    "never seen": _Gap(
        "gap", "mapping", "of customers that no pull has listed", f"Check the ids of the customers. {_LIST}"
    ),
    "proposed": _Gap(
        "gap", "proposed mapping", "to check", "Check them, then run: reconciler import --confirm ADDRESS"
    ),
    "invoiced": _Gap("gap", "customer", "with usage that no invoice bills", _CORRECT),
    "owed": _Gap(
        "gap", "customer", "with an amount of a month that is over, which no addition can bill", f"Bill it. {_LIST}"
    ),
    "left open": _Gap("gap", "customer", "that a close of a month left open", f"Mend them, and close again. {_LIST}"),
    "ended": _Gap("gap", "customer", "still in use or on an invoice after the end of the mapping", _CORRECT),
    "orphan": _Gap(
        "gap",
        "addition",
        "without a mapping, still billing",
        "Map the customers again, or retire the additions: reconciler apply --only usage --prune",
    ),
}
_OTHER = _Gap("gap", "customer", "billed, but not accounted for", _CORRECT)


def gap_causes(plan: Plan) -> Iterator[Cause]:
    """Yield a cause for each state in which rows are not accounted for.

    Left out are customers that a guardrail holds (`guardrails`), and those of a source without usable data.
    """
    failed = {row.source for row in plan.coverage if row.customer == EVERY_CUSTOMER}
    by_state: dict[str, list[CoverageRow]] = {}
    for row in plan.coverage:
        of_source = row.customer == EVERY_CUSTOMER or (row.source in failed and row.state == "unknown")
        if not row.accounted and not of_source and row.released is None:
            by_state.setdefault(row.state, []).append(row)
    for state, rows in by_state.items():
        gap, members = _GAPS.get(state, _OTHER), members_of(rows)
        name = state.replace(" ", "-")
        yield Cause(
            key=name if name in ("unmapped", "unattributed") else f"{gap.event}:{name}",
            event=gap.event,
            title=f"{numbered(len(members), gap.noun)} {gap.rest}",
            subject=f"{gap.noun}s {gap.rest}",
            advice=gap.advice,
            members=members,
            members_are="Additions" if state == "orphan" else "Customers",
            risk=risk_of((row.money for row in rows), _currency(plan)),
            why=rows[0].detail if len(rows) == 1 else "",
        )


def members_of(rows: Iterable[CoverageRow]) -> tuple[Member, ...]:
    """Return the members of a cause, those with the most money first. A customer has a row for each of its charges."""
    members: dict[str, Member] = {}
    money: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in sorted(rows, key=lambda row: row.name):
        member = member_of(row)
        members.setdefault(member.id, member)
        money[member.id] += row.money or Decimal(0)
    return tuple(sorted(members.values(), key=lambda each: -money[each.id]))


def member_of(row: CoverageRow) -> Member:
    """Return a row as a member of a cause. The name of an addition without a mapping, and of a device, has its id."""
    address = row.address or f"{row.source}/{row.customer}"
    if row.state == "uncounted":
        return Member(id=f"{address} {row.name.partition(' of ')[0]}", label=f"{row.name} ({address})")
    if row.state == "orphan":
        return Member(id=row.name, label=row.name)
    return Member(id=address, label=f"{row.name} ({address})" if row.name else address)


def _currency(plan: Plan) -> str | None:
    return plan.summary.money.currency


# ── sources ──────────────────────────────────────────────────────────────────────────────────────────────


_SourceState = Literal["failed", "disbelieved", "old", "unread"]
_TITLES: Mapping[_SourceState, str] = {
    "failed": "source {} cannot be read",
    "disbelieved": "source {} lost many customers or devices at once, and is not believed",
    "old": "source {} has no new data",
    "unread": "source {} was never read",
}
_RETRY = "Check the source and its credentials. To try again, run: reconciler usage pull"
_SOURCE_ADVICE: Mapping[_SourceState, str] = {
    "failed": _RETRY,
    "disbelieved": "Check the source. If the loss is real, run: reconciler usage pull --approve shrink={}",
    "old": _RETRY,
    "unread": _RETRY,
}


def source_causes(plan: Plan, sources: Mapping[str, SourceReading]) -> Iterator[Cause]:
    """Yield a cause for each source whose data the plan could not use, with the customers that it holds."""
    for row in plan.coverage:
        if row.customer == EVERY_CUSTOMER:
            held = [each for each in plan.coverage if _is_held_by(each, row.source)]
            reading = sources.get(row.source, SourceReading("unread"))
            yield _source_cause(row.source, reading, row.detail, held, _currency(plan))


def pulled_causes(sources: Mapping[str, SourceReading]) -> Iterator[Cause]:
    """Yield a cause for each source whose newest pull failed or is not believed. For a run without a plan."""
    for name, reading in sources.items():
        if reading.state in ("failed", "disbelieved"):
            yield _source_cause(name, reading, reading.error, (), None)


def _is_held_by(row: CoverageRow, source: str) -> bool:
    return row.source == source and row.state == "unknown" and row.customer != EVERY_CUSTOMER


def _source_cause(
    source: str, reading: SourceReading, why: str, held: Iterable[CoverageRow], currency: str | None
) -> Cause:
    # The newest pull was read to its end and believed: then its data is too old.
    state: _SourceState = "old" if reading.state == "whole" else reading.state
    rows = tuple(held)
    members = members_of(rows)
    title = _TITLES[state].format(source)
    return Cause(
        key=f"source:{source}:{state}",
        event="source",
        title=f"{title}: {numbered(len(members), 'customer')} held" if members else title,
        subject=title,
        advice=_SOURCE_ADVICE[state].format(source),
        members=members,
        grows=False,
        risk=risk_of((row.money for row in rows), currency),
        why=why,
        since=reading.believed_at,
    )
