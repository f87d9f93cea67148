"""Record in the ledger what a plan read of our additions, and how an apply left them.

If the ledger cannot be written, a note says so. No plan is lost, and the exit code of an apply does not change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.additions.charge import Charge
from reconciler.additions.charges import ChargeInputs
from reconciler.additions.ledger_records import LedgerRecords, billed_additions, records_of_actions
from reconciler.cli.output import print_note
from reconciler.cli.session import Session, current_user
from reconciler.closing.bills import bills_of
from reconciler.ledger.accepted_amounts import record_accepted_amounts
from reconciler.ledger.additions import (
    record_approvals,
    record_billed_additions,
    record_hand_edits,
    record_observed_additions,
    record_tag_search,
)
from reconciler.ledger.bill_records import BilledCharge, BillRecord, VersionRecord
from reconciler.ledger.bills import record_bills
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.line_amounts import record_line_amounts
from reconciler.ledger.month_ratings import RatedPulls, record_month_ratings
from reconciler.ledger.month_terms import record_month_terms
from reconciler.ledger.snapshot import AcceptedAmount, Approval
from reconciler.metering.period import period_of
from reconciler.planning.approvals import Approved
from reconciler.planning.outcome import Outcome
from reconciler.planning.plan import Plan

_DONE = ("done", "already")


def record_read(session: Session, records: LedgerRecords, pulls: RatedPulls, *, searched: bool) -> None:
    """Record the additions that are ours, and what settled months were rated with, by these pulls.

    With `searched`, record that all agreements were searched for our tags.
    """
    workspace, now = session.manifests.workspace.name, session.context.now
    try:
        record_observed_additions(session.ledger, workspace, session.tenant, records.observed_additions, now)
        record_hand_edits(session.ledger, workspace, session.tenant, records.hand_edits)
        record_line_amounts(session.ledger, workspace, session.tenant, records.amounts, now)
        record_month_ratings(session.ledger, workspace, session.tenant, records.ratings, pulls, now)
        if searched:
            record_tag_search(session.ledger, workspace, session.tenant, now)
    except LedgerError as error:
        print_note(f"the additions that were read could not be recorded: {error}")


def records_of_plan(plan: Plan) -> LedgerRecords:
    """Return what the ledger records after a plan file is applied: the additions that the plan changes."""
    return LedgerRecords(billed=records_of_actions(plan.actions))


def record_applied(
    session: Session, plan: Plan, records: LedgerRecords, outcome: Outcome | None, approved: Sequence[Approved]
) -> None:
    """Record how the apply left our additions, and who approved which guardrails."""
    workspace, now = session.manifests.workspace.name, session.context.now
    period = str(period_of(now, session.workspace.billing.timezone))
    billed = billed_additions(records.billed, outcome)
    approvals = [
        Approval(trip.name, trip.address, period, current_user(), now)
        for trip in plan.guardrails
        if any(each.covers(trip) for each in approved)
    ]
    try:
        record_billed_additions(session.ledger, workspace, session.tenant, billed, period, now)
        record_approvals(session.ledger, workspace, approvals)
        record_month_terms(session.ledger, workspace, session.tenant, records.terms, now)
        amounts = _accepted_amounts(plan, approved)
        record_accepted_amounts(session.ledger, workspace, session.tenant, amounts, current_user(), now)
    except LedgerError as error:
        print_note(f"the state of the additions after the apply could not be recorded: {error}")


def _accepted_amounts(plan: Plan, approved: Sequence[Approved]) -> list[AcceptedAmount]:
    """Return the owed amounts that these approvals accept."""
    return [
        AcceptedAmount(owed.source, owed.customer, owed.charge, owed.period, owed.number, owed.tag, owed.money)
        for trip in plan.guardrails
        if (owed := trip.owed) is not None and any(each.covers(trip) for each in approved)
    ]


def record_billed(
    session: Session,
    charges: Iterable[Charge],
    inputs: ChargeInputs,
    outcome: Outcome | None,
    git_commit: str | None,
) -> None:
    """Record by which rules each charge was billed, and which lines they gave. A charge that failed is left out.

    `inputs` are those that the charges were made from.
    """
    workspace, period = session.manifests.workspace.name, str(period_of(inputs.now, inputs.settings.timezone))
    failed = [] if outcome is None else [each.address for each in outcome.results if each.status not in _DONE]
    bills = [each for each in bills_of(charges, inputs) if not _has_failed(each.charge, failed)]
    records = [
        BillRecord(*_charge_key(each.charge), each.charge.mapping, inputs.now, each.version.digest, each.lines)
        for each in bills
    ]
    versions = [
        VersionRecord(record.digest, each.version.to_json(), inputs.now, git_commit)
        for each, record in zip(bills, records, strict=True)
    ]
    every = {(rule.source, rule.customer_id, rule.charge) for rule in inputs.rules}
    try:
        record_bills(session.ledger, workspace, session.tenant, period, records, versions, every)
    except LedgerError as error:
        print_note(f"the rules by which this run billed could not be recorded: {error}")


def _charge_key(charge: Charge) -> BilledCharge:
    return (charge.source, charge.customer_id, charge.name)


def _has_failed(charge: Charge, failed: Iterable[str]) -> bool:
    return any(each.startswith(f"Addition/{charge.mapping}.{charge.name}:") for each in failed)
