"""Plan the adjustments of settled months: an action for each, which waits until a person approves it.

An adjustment is an addition of quantity 1 in the open period, whose unit price is the amount. More is billed on the
product of the charge. Too much is given back on `billing.creditProduct`, the only addition with a negative price. Where
the agreement bills no more, or no credit product is named, the amount is listed as owed until a person accepts it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from reconciler.additions.actions import ActionBuilder
from reconciler.additions.adjustments import Due
from reconciler.additions.agreements import agreement_of, check_billable
from reconciler.additions.desired import BillingContext
from reconciler.additions.desired_addition import DesiredAddition
from reconciler.additions.ownership import Owner, Ownership
from reconciler.additions.period_lines import month_end
from reconciler.additions.refusal import RefusalError
from reconciler.additions.views import AdditionView
from reconciler.amounts import amount_text
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.values import Link
from reconciler.planning.action import NOTHING, Action, Money, Side
from reconciler.planning.approvals import Approved, is_approved
from reconciler.planning.plan import CoverageRow, Owed, Released, Tripped

CREDIT_PRODUCT = ("billing", "creditProduct")
"""The place of the credit product in the spec of the workspace."""


@dataclass(frozen=True, slots=True)
class Adjustments:
    """The adjustments of a run."""

    actions: tuple[Action, ...] = ()
    """Those that are approved."""
    held: tuple[Action, ...] = ()
    """Those that wait for an approval."""
    tripped: tuple[Tripped, ...] = ()
    rows: tuple[CoverageRow, ...] = ()
    """A row for each adjustment that is not done by this plan."""
    views: tuple[AdditionView, ...] = ()


class _OwedError(Exception):
    """No addition can bill an adjustment. The message says why."""


def plan_adjustments(
    found: Iterable[Due], context: BillingContext, builder: ActionBuilder, approvals: Sequence[Approved]
) -> Adjustments:
    """Return the plan for what settled months are due. Nothing of it is done without an approval."""
    planner = _Planner(context, builder, approvals)
    for each in found:
        planner.add(each)
    return planner.planned()


def adjustment_views(ownership: Ownership, live_state: LiveState, builder: ActionBuilder) -> Iterator[AdditionView]:
    """Yield the view of each adjustment in ConnectWise."""
    names = {
        live.id: address.partition("/")[2] for address, live in live_state.matches.items() if live.kind == "Product"
    }
    for owner, lines in ownership.adjustments.items():
        for live in lines:
            numbered = owner.with_adjustment(0 if live.tag is None else live.tag.adjustment)
            product = names.get(live.product_id or 0, live.product)
            address = builder.unique_address(numbered.address_of(product), live.id)
            yield AdditionView(
                address=address,
                also=(numbered.short(address),),
                state="up to date",
                reason=f"it corrects {owner.period}, and no plan changes it",
                mapping=owner.mapping,
                customer=owner.customer,
                live=live,
            )


class _Planner:
    def __init__(self, context: BillingContext, builder: ActionBuilder, approvals: Collection[Approved]) -> None:
        self._context, self._builder, self._approvals = context, builder, approvals
        self._actions: list[Action] = []
        self._held: list[Action] = []
        self._tripped: list[Tripped] = []
        self._rows: list[CoverageRow] = []
        self._views: list[AdditionView] = []

    def planned(self) -> Adjustments:
        """Return what was added."""
        return Adjustments(
            tuple(self._actions), tuple(self._held), tuple(self._tripped), tuple(self._rows), tuple(self._views)
        )

    def add(self, due: Due) -> None:
        """Add the action of an adjustment, or the amount that is owed."""
        if due.amount < 0 and self._credit_is_elsewhere():
            return
        product = self._product(due)
        address = due.owner.address_of("credit" if product is None else product.name)
        name = "adjustment" if due.amount > 0 else "credit"
        message = self._message(due)
        also = (due.owner.short(address), due.owner.mapping_address, due.owner.customer)
        trip = Tripped(name=name, address=address, message=message, holds=True, also=also)
        try:
            action = self._action(due, product, message)
        except _OwedError as reason:
            self._add_owed(due, trip.model_copy(update={"owed": _owed(due)}), str(reason))
            return
        if is_approved(trip, self._approvals):
            self._actions.append(action)
            self._tripped.append(trip.model_copy(update={"approved": True}))
            self._view(due, action, "create", message)
            return
        self._tripped.append(trip)
        self._held.append(action.model_copy(update={"held_for": address}))
        detail = f"{message}; approve it with --approve {name}={address}"
        released = Released(state="billed", detail=message, accounted=True)
        self._rows.append(_row(due, "adjustment", detail, address, released))
        self._view(due, action, "held", detail)

    def _add_owed(self, due: Due, trip: Tripped, reason: str) -> None:
        if is_approved(trip, self._approvals):
            self._tripped.append(trip.model_copy(update={"approved": True}))
            return
        self._tripped.append(trip)
        detail = f"{trip.message}; {reason}: bill it by hand, and accept it with --approve {trip.name}={trip.address}"
        self._rows.append(_row(due, "owed", detail, str(trip.address)))

    def _message(self, due: Due) -> str:
        currency = self._context.currency
        rated, billed = amount_text(due.rated, currency), amount_text(due.billed, currency)
        more = amount_text(abs(due.amount), currency)
        what = f"{more} more are due" if due.amount > 0 else f"{more} are given back"
        return f"{due.owner.period} is billed with {billed} and rated with {rated} now ({due.cause}): {what}"

    def _product(self, due: Due) -> Link | None:
        """Return the product of an adjustment. None for a credit without a credit product."""
        if due.amount < 0:
            links = self._context.live_state.links.get(self._context.manifests.workspace.address, {})
            return links.get(CREDIT_PRODUCT)
        line = max(due.charge.lines, key=lambda each: each.amount or Decimal(0))
        return due.terms.products[line.product]

    def _credit_is_elsewhere(self) -> bool:
        """Return whether a plan of a part of the manifests lacks the document of the credit product."""
        manifests = self._context.manifests
        product = manifests.workspace.spec.billing.credit_product
        return manifests.is_partial and isinstance(product, str) and f"Product/{product}" not in manifests.by_address

    def _action(self, due: Due, product: Link | None, message: str) -> Action:
        if product is None:
            workspace = self._context.manifests.workspace
            problems = self._context.live_state.refused.get(workspace.address, ())
            raise _OwedError("; ".join(problems) or "the workspace names no `creditProduct`")
        if product.id is None and not self._context.setup:
            raise _OwedError(f"its product {product.name} is not in ConnectWise yet: apply the setup first")
        first, last = self._days(due.terms.agreement)
        owner = due.owner
        desired = DesiredAddition(
            owner=owner,
            agreement=due.terms.agreement,
            product=product,
            quantity=Decimal(1),
            unit_price=due.amount,
            own_price=True,
            invoice_text=_text(due),
            effective_date=first,
            last_day=last,
            reason=message,
        )
        created = self._builder.creation(desired)
        money = Money.with_costs(NOTHING, Side(due.amount), self._context.currency)
        # Its digest of a rule would count the amount as a quantity that was billed.
        return created.model_copy(update={"money": money.model_copy(update={"once": True}), "rule": None})

    def _days(self, link: Link) -> tuple[str, str]:
        """Return the first and the last day in the open period: the running month, or the first one not invoiced."""
        context = self._context
        if ("Agreement", link.id or 0) not in context.live_state.objects:
            raise _OwedError(f"agreement {link.name} is no longer in ConnectWise")
        agreement = agreement_of(link, context.manifests, context.live_state, context.cycles)
        try:
            check_billable(
                replace(agreement, company_id=None), Link("", None), context.today.isoformat(), context.currency
            )
        except RefusalError as reason:
            raise _OwedError(str(reason)) from None
        first = max(
            context.period.first_day.isoformat(),
            agreement.start or "",
            agreement.bill_start or "",
            agreement.next_invoice or "",
        )
        if agreement.end is not None and agreement.end < first:
            raise _OwedError(f"agreement {agreement.name} ends on {agreement.end}, before its next invoice")
        return first, month_end(first)

    def _view(self, due: Due, action: Action, state: str, reason: str) -> None:
        self._views.append(
            AdditionView(
                address=action.address,
                also=(due.owner.short(action.address),),
                state=state,
                reason=reason,
                mapping=due.owner.mapping,
                customer=due.owner.customer,
                live=None,
                desired={change.path: change.after for change in action.changes},
            )
        )


def _text(due: Due) -> str:
    """Return the text of an adjustment on the invoice."""
    what = "Adjustment" if due.amount > 0 else "Credit"
    return f"{what} for {due.owner.period}, {due.owner.charge}: {due.cause}"


def _owed(due: Due) -> Owed:
    owner = due.owner
    return Owed(
        source=owner.source,
        customer=owner.customer_id,
        charge=owner.charge,
        period=str(owner.period),
        number=owner.adjustment,
        tag=owner.tag,
        money=due.amount,
    )


def _row(due: Due, state: str, detail: str, address: str, released: Released | None = None) -> CoverageRow:
    owner: Owner = due.owner
    return CoverageRow(
        source=owner.source,
        customer=owner.customer_id,
        name=due.charge.customer_name or owner.customer_id,
        state=state,
        money=due.amount,
        detail=detail,
        accounted=False,
        address=address,
        released=released,
    )
