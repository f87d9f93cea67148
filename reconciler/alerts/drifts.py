"""Causes of drift: additions that someone edited by hand, and a setup that differs from the manifests."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from reconciler.alerts.cause import Cause, Member, risk_of
from reconciler.kinds.registry import declarable_kinds
from reconciler.planning.action import Action
from reconciler.planning.plan import Plan
from reconciler.rendering.counts import numbered

ADDITIONS, SETUP = "drift:additions", "drift:setup"
"""The keys of the two causes."""


def edited_causes(plan: Plan) -> Iterator[Cause]:
    """Yield a cause if someone edited our additions by hand. With `onDrift: fail`, it is a guardrail instead."""
    notes = {str(note.address): note.message for note in plan.warnings if note.drift}
    if notes:
        actions = {action.address: action for action in plan.actions}
        yield Cause(
            key=ADDITIONS,
            event="drift",
            title=f"{numbered(len(notes), 'addition')} edited by hand",
            subject="additions edited by hand",
            advice="Find out who edits them. A usage run undoes the edits, unless the workspace has onDrift: accept. "
            "To see what it wrote, run: reconciler history ADDRESS",
            members=tuple(Member(id=address, label=address) for address in notes),
            members_are="Additions",
            risk=risk_of((_change(actions.get(address)) for address in notes), plan.summary.money.currency),
            why="; ".join(notes.values()) if len(notes) == 1 else "",
        )


def setup_causes(plan: Plan) -> Iterator[Cause]:
    """Yield a cause if the setup in ConnectWise differs from the manifests. Only a check for drift can tell.

    In the plan of an apply, the differences are the changes that someone has merged.
    """
    kinds = {each.name for each in declarable_kinds()}
    actions = [action for action in plan.actions if action.kind in kinds]
    if actions:
        amounts = [change for action in actions if (change := _change(action)) is not None]
        yield Cause(
            key=SETUP,
            event="drift",
            title=f"{numbered(len(actions), 'object')} in ConnectWise not as declared",
            subject="objects in ConnectWise not as declared",
            advice="Apply the manifests, or change them. To see the differences, run: reconciler plan --only setup",
            members=tuple(Member(id=each.address, label=f"{each.address} ({each.action})") for each in actions),
            members_are="Objects",
            risk=risk_of(amounts, plan.summary.money.currency),
            why=_first_change(actions[0]) if len(actions) == 1 else "",
        )


def _change(action: Action | None) -> Decimal | None:
    """Return the change of the amount a month that an action makes. None if it has none."""
    return None if action is None or action.money is None else action.money.after - action.money.before


def _first_change(action: Action) -> str:
    fields = ", ".join(change.path for change in action.changes)
    return f"{action.reason}: {fields}" if fields else action.reason
