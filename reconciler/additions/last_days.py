"""Plan the last day of additions of single months that would be billed again.

An addition of one month is on one invoice, because its last day is in the month of its first one. After its month is
closed or invoiced, no charge writes it any more. If someone moves its last day by hand, each later invoice bills it
again, so its last day is moved back.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.additions.actions import ActionBuilder
from reconciler.additions.agreements import day_before, next_invoice_of
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.ownership import Owner, Ownership
from reconciler.additions.period_lines import month_end
from reconciler.additions.planned import PlannedAddition
from reconciler.amounts import amount_text
from reconciler.kinds.agreement import ENDED
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.registry import kind
from reconciler.planning.action import Change
from reconciler.planning.diff import changes_to_update
from reconciler.planning.plan import Note


def ended_with_their_month(
    ownership: Ownership, planned: Iterable[PlannedAddition], live_state: LiveState, builder: ActionBuilder
) -> list[PlannedAddition]:
    """Return the plan for each addition or adjustment of one month that later months would bill again.

    `planned` has the additions that the plan writes already. An addition whose agreement is cancelled or expired bills
    nothing more and stays as it is, and so does one whose last day is invoiced: `usage reconcile` names that invoice.
    """
    written = {each.live.id for each in planned if each.live is not None}
    found = []
    for owner, live in ownership.of_single_months():
        agreement = live_state.objects.get(("Agreement", live.agreement_id))
        if live.id in written or not live.quantity or agreement is None or live.effective is None:
            continue
        invoiced = next_invoice_of(live.agreement_id, live_state)
        last = max(month_end(live.effective), "" if invoiced is None else day_before(invoiced))
        if not live.ends_by(last) and agreement.raw.get("agreementStatus") not in ENDED:
            found.append(_planned(owner, live, last, builder))
    return found


def _planned(owner: Owner, live: LiveAddition, last: str, builder: ActionBuilder) -> PlannedAddition:
    """Return the plan that moves the last day of an addition back to `last`."""
    address = builder.unique_address(owner.address_of(live.product), live.id)
    changes = changes_to_update(kind("Addition"), {"cancelledDate": last}, live.obj)
    again = amount_text(live.monthly, builder.currency)
    reason = f"it bills {owner.period} only, so it ends on {last}: each later invoice would bill its {again} again"
    notes = (Note(address=address, message=f"edited by hand: {_edit_text(changes)}", drift=True),)
    recorded = builder.snapshot.additions.get(live.id)
    last_applied = recorded.last_applied if recorded else {}
    return builder.planned(
        owner,
        address,
        live,
        "retire",
        f"drift: edited by hand (cancelledDate); {reason}",
        changes,
        frozenset(),
        costs_nothing=False,
        with_cost="unitCost" in last_applied,
        with_text="invoiceDescription" in last_applied,
        reason=reason,
        edited={"cancelledDate": live.cancelled},
        **builder.notes_or_drifted(notes),
    )


def _edit_text(changes: tuple[Change, ...]) -> str:
    return ", ".join(f"{each.path} {each.after} → {each.before or 'none'}" for each in changes)
