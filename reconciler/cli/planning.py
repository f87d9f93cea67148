"""Make a plan: read everything, compute the plan from what was read, then record what was read in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.additions.ledger_records import LedgerRecords
from reconciler.additions.plan import plan_usage
from reconciler.cli.output import print_note
from reconciler.cli.reading import Inputs, read_inputs
from reconciler.cli.recording import record_read
from reconciler.cli.session import Session, tenant_of
from reconciler.live.read import Scope
from reconciler.metering.collect import GUARDRAIL
from reconciler.planning.approvals import Approved, unused_approvals
from reconciler.planning.build import build
from reconciler.planning.part import Part
from reconciler.planning.plan import Note, Plan
from reconciler.planning.setup import plan_setup
from reconciler.planning.undeclared import undeclared


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what the ledger records after it is applied."""

    plan: Plan
    notes: LedgerRecords


async def make_plan(
    session: Session, scope: Scope, *, approvals: Sequence[Approved] = (), prune: bool = False
) -> Planned:
    """Return the plan of a scope. `prune` retires orphans: our additions without a mapping."""
    inputs = await read_inputs(session, scope, approvals, prune=prune)
    planned = plan_from(session, inputs)
    if inputs.usage is not None:
        record_read(session, planned.notes, searched=inputs.searched)
    report_unused(planned.plan, approvals)
    return planned


def plan_from(session: Session, inputs: Inputs) -> Planned:
    """Return the plan from what was read. Does no I/O."""
    manifests, spec = session.manifests, session.workspace
    parts: list[Part] = []
    warnings: Sequence[Note] = ()
    notes = LedgerRecords()
    if (setup := inputs.setup) is not None:
        parts.append(plan_setup(manifests.documents, setup.live_state, spec.guardrails, setup.kept_values))
        warnings = undeclared(setup.created, manifests, setup.live_state)
    if inputs.usage is not None:
        usage = plan_usage(inputs.usage)
        parts.append(usage.part)
        notes = usage.records
    plan = build(
        workspace=manifests.workspace.name,
        tenant=tenant_of(session),
        now=session.context.now,
        manifest_digest=manifests.digest,
        parts=parts,
        currency=spec.billing.currency,
        warnings=warnings,
    )
    return Planned(plan, notes)


def report_unused(plan: Plan, approvals: Sequence[Approved]) -> None:
    """Print a note for each approval that matches no tripped guardrail, such as one with a misspelt address.

    `shrink` is left out, because it approves a pull and not a plan.
    """
    for each in unused_approvals(plan, approvals):
        if each.name != GUARDRAIL:
            print_note(f"--approve {each.text} matches no tripped guardrail of this plan")
