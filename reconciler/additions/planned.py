"""An addition after the plan: its action, its values once the action is done, and what the ledger records of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from reconciler.additions.desired_addition import DesiredAddition
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.ownership import Owner
from reconciler.kinds.values import Value, plain_decimal
from reconciler.planning.action import Action
from reconciler.planning.plan import Note


@dataclass(frozen=True, slots=True)
class HandEdit:
    """A hand edit that this run found."""

    addition_id: int
    seen: Mapping[str, Any]
    """The live values of the edited fields."""
    period: str
    """The period in which it was first seen, as `2026-11`."""


@dataclass(frozen=True, slots=True)
class PlannedAddition:
    """One addition after the plan: its action, and its values once the action is done."""

    owner: Owner
    address: str
    live: LiveAddition | None
    """None if the action creates it."""
    action: Action | None
    """None if nothing has to be changed."""
    quantity: Decimal
    """Quantity after the action."""
    monthly: Decimal
    """Amount per month after the action, until its last day."""
    from_next_month: Decimal
    """Amount per month after the action, from the next month on: 0 if it ends with the period. The plan shows this."""
    fields: Mapping[str, Any]
    """All fields after the action, by the names of ConnectWise. A later run compares them to find hand edits."""
    cost_from_next_month: Decimal | None = None
    """Cost per month after the action, from the next month on. None if it is unknown."""
    costs_nothing: bool = False
    """Whether the manifests give it a cost of 0. Otherwise a cost of 0 in ConnectWise is unknown."""
    depends_on: frozenset[str] = frozenset()
    """Addresses of actions that come first, although no field refers to them."""
    notes: tuple[Note, ...] = ()
    drifted: tuple[Note, ...] = ()
    """Hand edits that stop the run, with `onDrift: fail`."""
    edit: HandEdit | None = None
    edited: Mapping[str, Any] = field(default_factory=dict)
    """The live values of all fields that someone else has edited, including the tag. Empty without an edit."""
    accepted: frozenset[str] = frozenset()
    """Fields with a hand edit that is not undone, with `onDrift: accept`."""
    adopted: bool = False
    """Whether this run adopts an addition that was not ours."""
    reason: str = ""
    """What is used and billed, as text. It is also set if nothing changes."""
    replaced: bool = False
    """Whether another live addition of its charge bills the following months in its place."""


def without_amount(planned: PlannedAddition) -> PlannedAddition:
    """Return an addition that is about to end with an amount of 0 after the plan.

    If another addition bills the following months in its place already, it has no amount before the plan either.
    """
    action = planned.action
    if action is not None and action.money is not None:
        action = action.model_copy(update={"money": action.money.ended(before=planned.replaced)})
    zero = Decimal(0)
    return replace(planned, action=action, quantity=zero, monthly=zero, from_next_month=zero, cost_from_next_month=zero)


def removed_last_day(live: LiveAddition) -> str:
    """Return the message on an adoption that removes the last day of an addition."""
    return (
        f"addition id {live.id} has the last day {live.cancelled}, which this plan removes; to keep it, declare "
        f"`end: {live.cancelled}`"
    )


def written_fields(desired: DesiredAddition) -> dict[str, Value]:
    """Return the fields of a desired addition, by the names of ConnectWise."""
    price = {} if desired.unit_price is None else {"unitPrice": desired.unit_price}
    cost = {} if desired.unit_cost is None else {"unitCost": desired.unit_cost}
    text = {} if desired.invoice_text is None else {"invoiceDescription": desired.invoice_text}
    # An addition without usage keeps a last day that was set by hand, unless the mapping has an end.
    last_day = {} if desired.emptied and desired.last_day is None else {"cancelledDate": desired.last_day}
    return {
        "agreement": desired.agreement,
        "product": desired.product,
        "serialNumber": desired.owner.tag,
        "quantity": desired.quantity,
        **price,
        **cost,
        "lessIncluded": Decimal(0),
        "billCustomer": "Billable",
        "effectiveDate": desired.effective_date,
        **last_day,
        **text,
    }


_RECORDED = ("serialNumber", "quantity", "unitPrice", "lessIncluded", "billCustomer", "effectiveDate", "cancelledDate")


def recorded_fields(values: Mapping[str, Any], *, with_cost: bool = False, with_text: bool = False) -> dict[str, Any]:
    """Return the fields that the ledger records of an addition, by the names of ConnectWise. Numbers become text.

    The unit cost and the text on the invoice are recorded only if we write them (`with_cost`, `with_text`). Otherwise
    ConnectWise fills them in, and the first ones that the manifests give undo no edit by hand.
    """
    also = {"unitCost": with_cost, "invoiceDescription": with_text}
    names = (*_RECORDED, *(name for name, ours in also.items() if ours and values.get(name) is not None))
    return {name: _plain(values.get(name)) for name in names}


def _plain(value: Any) -> Any:
    return plain_decimal(Decimal(value)) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value
