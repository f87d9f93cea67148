"""Record in the ledger what a run has read, planned and done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.additions.ledger_records import AdditionRecord, LedgerRecords, LinkedObject, records_of_actions
from reconciler.cli.output import say
from reconciler.cli.session import Session, person
from reconciler.ledger.additions import (
    record_approvals,
    record_billed_additions,
    record_observed_additions,
    record_tag_search,
)
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.snapshot import Approval, BilledAddition
from reconciler.metering.period import period_of
from reconciler.planning.approvals import Approved
from reconciler.planning.outcome import Outcome, Result
from reconciler.planning.plan import Plan


def record_read(session: Session, notes: LedgerRecords, *, searched: bool) -> None:
    """Record which additions are ours. If the ledger cannot be written, say so; the plan is good all the same.

    `searched`: every agreement of the tenant was searched for our tags.
    """
    workspace, now = session.manifests.workspace.name, session.context.now
    try:
        record_observed_additions(session.ledger, workspace, session.tenant, notes.observed_additions, now)
        if searched:
            record_tag_search(session.ledger, workspace, session.tenant, now)
    except LedgerError as error:
        say(f"note: what was read could not be recorded: {error}")


def notes_of(plan: Plan) -> LedgerRecords:
    """Return what the ledger records after a plan file is applied: the additions of that plan and no others."""
    return LedgerRecords(billed=records_of_actions(plan.actions))


def record_applied(
    session: Session, plan: Plan, notes: LedgerRecords, outcome: Outcome | None, approved: Sequence[Approved]
) -> None:
    """Record how the apply left our additions, and who approved which guardrails.

    The apply is done when this is called. If the ledger cannot be written, a message says so; the exit code stays.
    """
    workspace, now = session.manifests.workspace.name, session.context.now
    period = str(period_of(now, session.workspace.billing.timezone))
    done = {} if outcome is None else {each.address: each for each in outcome.results}
    left = [(note.tag, _billed(note, done)) for note in notes.billed]
    unfinished = {tag for tag, each in left if each is None}  # no line of such a charge is recorded as billed
    billed = [each for tag, each in left if each is not None and tag not in unfinished]
    passed = [
        Approval(trip.name, trip.address, period, person(), now)
        for trip in plan.guardrails
        if any(each.covers(trip) for each in approved)
    ]
    try:
        record_billed_additions(session.ledger, workspace, session.tenant, billed, period, now)
        record_approvals(session.ledger, workspace, passed)
    except LedgerError as error:
        say(f"note: the state of the additions after the apply could not be recorded: {error}")


def _billed(each: AdditionRecord, done: Mapping[str, Result]) -> BilledAddition | None:
    """Return an addition as the apply left it. None if the plan's action for it was not done."""
    number = each.addition_id
    if each.changes:
        result = done.get(each.address)
        if result is None or result.status not in ("done", "already"):
            return None
        number = result.id or number
    if number is None:
        return None

    def found(link: LinkedObject) -> int | None:
        made = done.get(link[1] or "")
        return link[0] if link[0] is not None or made is None else made.id

    return BilledAddition(
        number, found(each.agreement), found(each.product), each.tag, each.customer, each.fields, each.rule
    )
