"""Record in the ledger what a plan read of our additions, and how an apply left them.

If the ledger cannot be written, a note says so. No plan is lost, and the exit code of an apply does not change.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.additions.ledger_records import LedgerRecords, billed_additions, records_of_actions
from reconciler.cli.output import print_note
from reconciler.cli.session import Session, current_user
from reconciler.ledger.additions import (
    record_approvals,
    record_billed_additions,
    record_hand_edits,
    record_observed_additions,
    record_tag_search,
)
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.month_terms import record_month_terms
from reconciler.ledger.snapshot import Approval
from reconciler.metering.period import period_of
from reconciler.planning.approvals import Approved
from reconciler.planning.outcome import Outcome
from reconciler.planning.plan import Plan


def record_read(session: Session, records: LedgerRecords, *, searched: bool) -> None:
    """Record the additions that are ours. With `searched`, record that all agreements were searched for our tags."""
    workspace, now = session.manifests.workspace.name, session.context.now
    try:
        record_observed_additions(session.ledger, workspace, session.tenant, records.observed_additions, now)
        record_hand_edits(session.ledger, workspace, session.tenant, records.hand_edits)
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
    except LedgerError as error:
        print_note(f"the state of the additions after the apply could not be recorded: {error}")
