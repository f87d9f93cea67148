"""The usage half of a plan: bills and live additions in; a part of a plan, and notes for the ledger, out.

    bills ──────────▶ desired additions ─┐
    live additions ─▶ ownership ─────────┴▶ match ─▶ actions ─▶ guardrails ─▶ part of a plan

One pure pass. Everything that it looks at was read before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciler.additions.actions import ActionBuilder, PlannedAddition
from reconciler.additions.changes import charge_changes
from reconciler.additions.charge import Charge
from reconciler.additions.charges import ChargedUsage
from reconciler.additions.coverage import MappingFindings, coverage_rows
from reconciler.additions.desired import BillingContext, desired_additions
from reconciler.additions.floors import with_floor
from reconciler.additions.guardrails import ChargeChange, customer_trips, run_trips
from reconciler.additions.invoicing import (
    double_billing_notes,
    ending_duplicate_notes,
    mid_month_notes,
    uninvoiced_usage,
    waiting_notes,
)
from reconciler.additions.ledger_records import LedgerRecords, ledger_records
from reconciler.additions.live import live_additions
from reconciler.additions.match import Matched, match
from reconciler.additions.orphans import Orphan, orphans
from reconciler.additions.ownership import Owner, Ownership, assign_owners, recorded_owners
from reconciler.additions.views import AdditionView, addition_views
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.workspace import WorkspaceSpec
from reconciler.ledger.snapshot import Snapshot
from reconciler.planning.approvals import Approved, is_approved
from reconciler.planning.part import Part
from reconciler.planning.plan import Note, Tripped

_ZERO = Decimal(0)

Holding = Mapping[str, Sequence[Tripped]]
"""By the address of a mapping: the guardrails that hold it."""


@dataclass(frozen=True, slots=True)
class UsageInputs:
    """Everything that planning usage looks at."""

    usage: ChargedUsage
    rules: Sequence[Rule]
    """Of all mappings, whether they bill now or not."""
    snapshot: Snapshot
    context: BillingContext
    workspace: WorkspaceSpec
    approvals: Sequence[Approved] = ()
    prune: bool = False
    """Retire orphans."""


@dataclass(frozen=True, slots=True)
class UsagePart:
    part: Part
    notes: LedgerRecords
    lines: tuple[AdditionView, ...] = ()
    """Every addition of ours, by its address."""


def plan_usage(given: UsageInputs) -> UsagePart:
    """The usage half of a plan."""
    at, snapshot, spec, period = given.context, given.snapshot, given.workspace, given.usage.period
    first, last = period.first_day.isoformat(), period.last_day.isoformat()
    rules = {Owner(rule.name, rule.source, rule.customer_id): rule for rule in given.rules}
    digests = {owner: rule.quantity_digest for owner, rule in rules.items()}
    live = live_additions(at.live_state, first, spec.billing.currency)
    ownership = assign_owners(live, tuple(rules), frozenset(source.name for source in spec.usage), snapshot)

    known = recorded_owners(rules, snapshot)
    charges, floors = _with_floors(given, rules, digests, ownership, known)
    desired = desired_additions(charges.values(), {rule.name: rule for rule in given.rules}, at)
    matched = match(desired.lines, ownership, period, snapshot)
    writer = ActionBuilder(snapshot, str(period), last, spec.billing.currency, spec.billing.on_drift, digests)
    written = [*map(writer.pair, matched.pairs), *map(writer.superseded, matched.superseded)]
    lost = orphans(ownership.orphans, matched.duplicates, writer, at.live_state, period, snapshot, prune=given.prune)

    changes = charge_changes(written, charges, rules, digests, snapshot, str(period), spec.billing.currency)
    trips, holding = _of_customers(given, changes)
    trips += run_trips(
        spec.guardrails,
        [each for each in changes if each.address not in holding],
        [note for each in written if _whose(each) not in holding for note in each.drifted],
        spec.billing.currency,
    )
    invoiced = uninvoiced_usage(matched.pairs, written, str(period), last, spec.billing.currency)
    findings = MappingFindings(
        refused={**desired.refused, **{mapping: "; ".join(why) for mapping, why in matched.refused.items()}},
        held={address.partition("/")[2]: found for address, found in holding.items()},
        floors=floors,
        uninvoiced_usage=invoiced,
        charges={charge.mapping: charge for charge in charges.values()},
    )
    waiting = {str(row.mapping) for row in given.usage.coverage.rows if row.state == "waiting"}
    before, after = _money(written, lost, matched, ownership, holding)
    part = Part(
        actions=(
            *(each.action for each in written if each.action is not None and _whose(each) not in holding),
            *(each.action for each in lost if each.action is not None),
        ),
        held=tuple(
            each.action.model_copy(update={"held_for": _whose(each)})
            for each in written
            if each.action is not None and _whose(each) in holding
        ),
        after={each.address: each.after for each in written},
        unchanged=sum(each.action is None for each in written),
        money_before=before,
        money_after=after,
        tripped=tuple(trips),
        notes=(
            *(Note(message=text) for text in given.usage.warnings),
            *(note for each in written for note in each.notes),
            *(Note(address=f"CustomerMapping/{mapping}", message=text) for mapping, text in floors.items()),
            *(Note(address=f"CustomerMapping/{mapping}", message=text) for mapping, text in invoiced.items()),
            *mid_month_notes(matched.pairs, last),
            *ending_duplicate_notes(matched.ending_duplicates, spec.billing.currency),
            *waiting_notes(waiting, ownership, spec.billing.currency),
            *double_billing_notes(matched.pairs, ownership.foreign, last, spec.billing.currency),
        ),
        coverage=(*coverage_rows(given.usage.coverage, findings), *(each.row for each in lost)),
    )
    lines = addition_views(written, lost, ownership, holding, writer, at.live_state)
    return UsagePart(
        part, ledger_records(written, ownership, digests, snapshot, frozenset(holding), str(period), known), lines
    )


def _whose(written: PlannedAddition) -> str:
    return f"CustomerMapping/{written.owner.mapping}"


def _with_floors(
    given: UsageInputs,
    rules: Mapping[Owner, Rule],
    digests: Mapping[Owner, str],
    ownership: Ownership,
    known: Collection[Owner],
) -> tuple[dict[Owner, Charge], dict[str, str]]:
    """Bills that a lost ledger does not lower, and by mapping a sentence for each that it would have lowered."""
    charges: dict[Owner, Charge] = {}
    told: dict[str, str] = {}
    period, currency = given.usage.period, given.workspace.billing.currency
    for charge in given.usage.charges:
        owner = Owner(charge.mapping, charge.source, charge.customer_id)
        owned = ownership.by_owner.get(owner, ())
        charges[owner], why = with_floor(
            charge, rules[owner], digests[owner], owned, given.snapshot, period, currency, new=owner not in known
        )
        if why:
            told[charge.mapping] = why
    return charges, told


def _of_customers(given: UsageInputs, changes: Iterable[ChargeChange]) -> tuple[list[Tripped], Holding]:
    """The guardrails that single customers trip, and by mapping's address those that hold it.

    An approval of `samples` holds for the period; every other one for the run that it was given to.
    """
    kept = [Approved(each.guardrail, each.address) for each in given.snapshot.approvals if each.guardrail == "samples"]
    trips: list[Tripped] = []
    holding: dict[str, list[Tripped]] = {}
    for trip in customer_trips(given.workspace.guardrails, changes):
        if is_approved(trip, (*given.approvals, *kept)):
            trips.append(trip.model_copy(update={"approved": True}))
            continue
        trips.append(trip)
        holding.setdefault(str(trip.address), []).append(trip)
    return trips, holding


def _money(
    written: Iterable[PlannedAddition],
    lost: Iterable[Orphan],
    matched: Matched,
    ownership: Ownership,
    holding: Holding,
) -> tuple[Decimal, Decimal]:
    """What all additions of ours bill a month, before the plan and after it."""
    left = (*matched.kept, *(each.live for each in matched.ending_duplicates), *ownership.period_additions)
    before = after = sum((each.monthly for each in left), _ZERO)
    for each in written:
        now = _ZERO if each.live is None else each.live.monthly
        before += now
        after += now if _whose(each) in holding else each.monthly
    for orphan in lost:
        charges = orphan.row.money or _ZERO
        before += charges
        after += charges if orphan.action is None else _ZERO
    return before, after
