"""Plan usage: from charges and live additions to a part of a plan, and to what the ledger has to record.

    live additions ─▶ ownership ─────────┐
    charges ───────▶ desired additions ──┴▶ match ─▶ actions ─▶ guardrails ─▶ part of a plan

This is one pure pass. All that it needs was read before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from reconciler.additions.actions import ActionBuilder
from reconciler.additions.adjustment_plan import adjustment_views, plan_adjustments
from reconciler.additions.adjustments import dues
from reconciler.additions.beside import Beside
from reconciler.additions.changes import charge_changes
from reconciler.additions.charge import Charge
from reconciler.additions.charges import ChargedUsage
from reconciler.additions.coverage import MappingFindings, Reasons, coverage_rows
from reconciler.additions.desired import BillingContext, DesiredAdditions, desired_additions, desired_of_month
from reconciler.additions.ended_months import ChargedMonth
from reconciler.additions.floors import with_floors
from reconciler.additions.future_prices import FuturePrices, future_notes
from reconciler.additions.guardrails import customer_trips, run_trips
from reconciler.additions.holding import actions_done, actions_held, held_mappings
from reconciler.additions.invoicing import (
    ending_duplicate_notes,
    mid_month_notes,
    uninvoiced_usage,
    waiting_notes,
)
from reconciler.additions.last_days import ended_with_their_month
from reconciler.additions.leaving import double_notes, ended_additions, left_additions, overbilled
from reconciler.additions.ledger_records import LedgerRecords, ledger_records
from reconciler.additions.line_amounts import NO_AMOUNTS, LineAmounts, edited_after_invoice
from reconciler.additions.match import Matched, match
from reconciler.additions.month_ratings import new_ratings
from reconciler.additions.month_terms import new_terms
from reconciler.additions.monthly_totals import monthly_totals, standing_amounts
from reconciler.additions.moves import Moves, with_moves
from reconciler.additions.orphans import orphans
from reconciler.additions.ownership import Owner, Ownership, ownership_of, recorded_owners
from reconciler.additions.pair_actions import planned_pair
from reconciler.additions.period_money import period_money
from reconciler.additions.planned_months import billed_charges, ended_reasons, rules_by_owner, with_charges
from reconciler.additions.proposed import proposed_usage
from reconciler.additions.rivals import new_edits, rival_trips
from reconciler.additions.switching import switched_additions
from reconciler.additions.views import AdditionView, addition_views
from reconciler.kinds.agreement import KIND as AGREEMENT
from reconciler.kinds.agreement import goes_on
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.workspace import WorkspaceSpec
from reconciler.ledger.snapshot import AcceptedAmount, MonthRating, Snapshot, TermsKey
from reconciler.metering.coverage import State
from reconciler.metering.period import month_before
from reconciler.planning.approvals import Approved
from reconciler.planning.part import Part
from reconciler.planning.plan import Note

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class UsageInputs:
    """Everything that planning of usage needs."""

    usage: ChargedUsage
    rules: Sequence[Rule]
    """The rules of all mappings, whether they are billed now or not."""
    snapshot: Snapshot
    context: BillingContext
    workspace: WorkspaceSpec
    approvals: Sequence[Approved] = ()
    prune: bool = False
    """Whether to retire orphans."""
    ending: Collection[int] = ()
    """The ids of agreements that the same plan retires."""
    in_setup: Collection[int] = ()
    """The ids of agreements whose amount, with their additions, the setup of the same plan counts."""
    left_open: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By source and customer id: the closed months that left the customer open, with the reasons."""
    future: Sequence[FuturePrices] = ()
    """The rules with the prices of later months in which prices change, in the order of their days."""
    terms: Mapping[TermsKey, Mapping[str, Any]] = field(default_factory=dict)
    """The terms that the ledger has of the running month."""
    accepted: Sequence[AcceptedAmount] = ()
    """The amounts of settled months that no addition can bill, and that a person accepted."""
    ratings: Mapping[TermsKey, MonthRating] = field(default_factory=dict)
    """The ratings of settled months that the ledger has, and that hold by the samples of now."""
    amounts: LineAmounts = NO_AMOUNTS
    """What the additions of single months billed."""


@dataclass(frozen=True, slots=True)
class UsagePart:
    """The part of a plan that usage gives."""

    part: Part
    records: LedgerRecords
    views: tuple[AdditionView, ...] = ()
    """Every addition of ours."""
    ended_months: Reasons = field(default_factory=dict)
    """By charge and month: why an ended month is not billed as measured."""


def plan_usage(inputs: UsageInputs) -> UsagePart:
    """Return the part of a plan that updates additions to the usage of the period so far."""
    context, snapshot, spec = inputs.context, inputs.snapshot, inputs.workspace
    period, currency = inputs.usage.period, spec.billing.currency
    last_day = period.last_day.isoformat()
    over = inputs.usage.ended_months
    months = {str(month_before(period, spec.billing.timezone)), *(str(each.period) for each in over)}
    ownership = ownership_of(context.live_state, inputs.rules, spec, snapshot, period, months)
    rules = rules_by_owner(inputs.usage, inputs.rules, ownership)
    digests = {owner: rule.quantity_digest for owner, rule in rules.items()}
    elsewhere = context.manifests.elsewhere
    if elsewhere is not None:  # The mappings of other orphans may be among those that a partial plan leaves out.
        customers = {(rule.source, rule.customer_id) for rule in inputs.rules}
        known = (each for each in ownership.orphans if each.tag is not None and each.tag.customer in customers)
        ownership = replace(ownership, orphans=tuple(known))
    recorded = recorded_owners(rules, snapshot)
    in_months = [
        *((charge, period) for charge in inputs.usage.charges),
        *((charge, month.period) for month in over for charge in month.charges),
    ]
    charges, floors = with_floors(in_months, rules, digests, ownership, snapshot, currency, recorded)
    running = [charge for charge in charges.values() if charge.period in (None, str(period))]
    over = tuple(with_charges(each, charges) for each in over)
    desired, of_ended, moves, matched = _matched(inputs, running, over, rules, ownership)
    not_counted = {*inputs.in_setup, *_ending_agreements(context.live_state, last_day)}
    builder = ActionBuilder(
        snapshot, str(period), last_day, currency, spec.billing.on_drift, digests, not_counted=not_counted
    )
    planned = [planned_pair(builder, pair) for pair in matched.pairs]
    planned += left_additions(matched.superseded, moves, rules, context, builder)
    ended = _in_state("ended", inputs.usage)
    planned += ended_additions(ended, rules, ownership, planned, context.live_state, builder)
    refused = _refused(desired, matched)
    billed = {charge.mapping for charge in running if charge.state != "held"} - refused.keys()
    switched = [
        *switched_additions(
            rules, billed, (pair.desired for pair in matched.pairs), ownership, context.live_state, builder
        )
    ]
    orphaned = orphans(
        ownership.orphans,
        matched.duplicates,
        builder,
        context.live_state,
        period,
        snapshot,
        prune=inputs.prune,
        ending=inputs.ending,
    )

    adopted = [each.live for each in planned if each.adopted and each.live is not None]
    beside = Beside(ownership, matched.pairs, last_day, currency)
    proposed = proposed_usage(
        inputs.usage.proposed, rules, ownership, adopted, snapshot, context, builder, beside=beside
    )

    changes = charge_changes(planned, charges, rules, digests, snapshot, str(period), currency, ownership=ownership)
    planned += switched + ended_with_their_month(ownership, [*planned, *switched], context.live_state, builder)
    edits = new_edits(planned, snapshot, inputs.usage.now, spec.billing.on_drift)
    rivals = rival_trips(planned, edits, changes, snapshot, inputs.usage.now)
    trips, held = held_mappings(
        (*customer_trips(spec.guardrails, changes, currency), *rivals), inputs.approvals, snapshot
    )
    trips += run_trips(
        spec.guardrails,
        [each for each in changes if each.address not in held],
        [note for each in planned if each.owner.mapping_address not in held for note in each.drifted],
        currency,
        (elsewhere or {}).get("CustomerMapping", 0),
    )

    later = overbilled(rules, ownership, context.live_state, currency)
    uninvoiced = {
        **desired.uninvoiced,
        **uninvoiced_usage(matched.pairs, planned, period, currency, snapshot, context.live_state),
    }
    due = dues(over, ownership, snapshot, inputs.accepted, inputs.amounts)
    adjustments = plan_adjustments(due, context, builder, inputs.approvals)
    money = period_money(ownership, planned, held, rules, builder)
    planned = [*map(money.of, planned)]
    findings = MappingFindings(
        refused={mapping: text for mapping, text in refused.items() if mapping not in ended},
        held={address.partition("/")[2]: found for address, found in held.items()},
        floors=floors,
        uninvoiced=uninvoiced,
        proposed=proposed.details,
        ended_months=ended_reasons(over, of_ended),
        left_open=inputs.left_open,
        overbilled=later,
        charges={(charge.mapping, charge.name): charge for charge in running},
        standing=standing_amounts(ownership, builder, money),
    )
    before, after, costs = monthly_totals(planned, orphaned, matched, ownership, held, builder, money)
    part = Part(
        actions=(
            *actions_done(planned, held),
            *(each.action for each in orphaned if each.action is not None),
            *adjustments.actions,
        ),
        held=(*actions_held(planned, held), *adjustments.held),
        after={each.address: each.depends_on for each in planned},
        unchanged=sum(each.action is None for each in planned),
        money_before=before,
        money_after=after,
        costs=costs,
        tripped=(*trips, *adjustments.tripped),
        notes=(
            *(Note(message=text) for text in inputs.usage.warnings),
            *(note for each in planned for note in each.notes),
            *(Note(address=f"CustomerMapping/{mapping}", message=text) for (mapping, _), text in floors.items()),
            *(Note(address=f"CustomerMapping/{mapping}", message=text) for mapping, text in uninvoiced.items()),
            *mid_month_notes(matched.pairs, last_day),
            *ending_duplicate_notes(matched.ending_duplicates, currency),
            *waiting_notes(_in_state("waiting", inputs.usage), ownership, currency),
            *double_notes(matched.superseded, moves.by_id, currency),
            *(Note(address=f"CustomerMapping/{mapping}", message=text) for mapping, text in later.items()),
            *beside.notes(matched.pairs),
            *edited_after_invoice(inputs.amounts, ownership, currency),
            *future_notes(running, inputs.rules, inputs.future, currency),
        ),
        coverage=(
            *coverage_rows(inputs.usage.coverage, findings),
            *(each.row for each in orphaned),
            *adjustments.rows,
        ),
    )
    held_names = {address.partition("/")[2] for address in held}
    records = ledger_records(planned, ownership, digests, snapshot, held, str(period), recorded)
    return UsagePart(
        part,
        replace(
            records,
            hand_edits=edits,
            terms=tuple(new_terms(inputs.rules, context.manifests, context.live_state, period, inputs.terms)),
            amounts=inputs.amounts.new,
            ratings=new_ratings(over, inputs.ratings),
            charges=billed_charges(inputs.usage, {*refused, *held_names}, floors),
        ),
        (
            *addition_views(planned, proposed.planned, orphaned, ownership, held, builder, context.live_state),
            *adjustments.views,
            *adjustment_views(ownership, context.live_state, builder),
        ),
        findings.ended_months,
    )


def _matched(
    inputs: UsageInputs,
    running: Sequence[Charge],
    over: Sequence[ChargedMonth],
    rules: Mapping[Owner, Rule],
    ownership: Ownership,
) -> tuple[DesiredAdditions, list[DesiredAdditions], Moves, Matched]:
    """Return the desired additions of the running month and of each ended one, and their match with the live ones."""
    context, period = inputs.context, inputs.usage.period
    desired = desired_additions(running, rules, context, ownership.by_owner)
    of_ended = [desired_of_month(each.of_open, context, ownership.by_owner) for each in over]
    of_all_months = [each for each in desired.additions if each.owner.period is None]
    of_months = [each for found in (desired, *of_ended) for each in found.additions if each.owner.period is not None]
    moves = with_moves(of_all_months, ownership, context.live_state, period)
    return desired, of_ended, moves, match((*moves.additions, *of_months), ownership, period, inputs.snapshot)


def _refused(desired: DesiredAdditions, matched: Matched) -> dict[str, str]:
    """Return the mappings that cannot be billed, with the reason."""
    return {**desired.refused, **{mapping: "; ".join(reasons) for mapping, reasons in matched.refused.items()}}


def _in_state(state: State, usage: ChargedUsage) -> set[str]:
    """Return the mappings whose customer is in a state."""
    return {str(row.mapping) for row in usage.coverage.rows if row.state == state}


def _ending_agreements(live_state: LiveState, last_day: str) -> Iterator[int]:
    """Yield the ids of the agreements that bill nothing after the period."""
    for (of, number), agreement in live_state.objects.items():
        if of == AGREEMENT.name and not goes_on(agreement.raw, last_day):
            yield number
