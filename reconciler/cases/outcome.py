"""Plan a case, and say what stands after its run: lines, money, states, guardrails and warnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from reconciler.additions.plan import UsagePart, plan_usage
from reconciler.additions.views import AdditionView
from reconciler.cases.prepare import Prepared
from reconciler.cases.trace import trace_of
from reconciler.kinds.billing_rules import Rule, product_label
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.money import amount_after, cost_after
from reconciler.metering.coverage import CoverageRow as MeteredRow
from reconciler.planning.action import Action
from reconciler.planning.approvals import is_approved
from reconciler.planning.plan import CoverageRow, Note, Tripped

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Line:
    """One line after the run."""

    address: str
    also: tuple[str, ...]
    """Its short address."""
    product: str
    """The manifest name of the product, or the text of its look-up."""
    charge: str
    """The charge of the mapping. Empty for a line without a mapping."""
    quantity: Decimal
    unit_price: Decimal | None
    amount: Decimal
    unit_cost: Decimal | None
    cost: Decimal | None
    """None if it is unknown, which is not 0."""
    first_day: str | None
    last_day: str | None
    state: str
    """What the plan does for it, such as `create`, `update`, `up to date` or `held`."""


@dataclass(frozen=True, slots=True)
class Customer:
    """The coverage of one customer, or of one charge if its mapping has several."""

    source: str
    customer: str
    charge: str | None
    """None if its mapping has one charge, and without a mapping."""
    state: str
    reason: str
    money: Decimal | None
    accounted: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes out of a case."""

    period: str
    now: str
    unit: str | None
    """The unit of the quantities. None for a count, and if the charges of the mapping differ in it."""
    currency: str | None
    state: str | None
    """The state of the case's customer. None if the coverage does not have it."""
    reason: str
    lines: tuple[Line, ...]
    guardrails: tuple[str, ...]
    """The guardrails that refuse the run or hold the case's customer, and are not approved. Each is named once."""
    customers: tuple[Customer, ...]
    """All customers of the case."""
    warnings: tuple[str, ...]
    trace: tuple[str, ...]
    """How the quantity came to be, a step each."""

    @property
    def money(self) -> Decimal:
        """Return the total of a month."""
        return sum((line.amount for line in self.lines), _ZERO)

    @property
    def cost(self) -> Decimal | None:
        """Return the cost of a month. None if that of a line is unknown."""
        costs = [line.cost for line in self.lines]
        return None if None in costs else sum((each for each in costs if each is not None), _ZERO)

    @property
    def margin(self) -> Decimal | None:
        """Return the total of a month less its cost. None if that is unknown."""
        return None if self.cost is None else self.money - self.cost


def outcome_of(prepared: Prepared) -> Outcome:
    """Return what comes out of a prepared case."""
    inputs = prepared.inputs
    planned = plan_usage(inputs)
    trips = [trip for trip in planned.part.tripped if not is_approved(trip, inputs.approvals)]
    refused = any(not trip.holds for trip in trips)
    rows = [*zip(inputs.usage.coverage.rows, planned.part.coverage, strict=False)]
    own = first_to_see([row for metered, row in rows if _is_own(metered, prepared)])
    return Outcome(
        period=str(prepared.period),
        now=inputs.usage.now.isoformat(),
        unit=prepared.unit,
        currency=inputs.context.currency,
        state=None if own is None else own.state,
        reason="" if own is None else own.detail,
        lines=tuple(_lines(planned, prepared, refused=refused)),
        guardrails=tuple(dict.fromkeys(trip.name for trip in trips if _is_about(trip, prepared))),
        customers=tuple(_customer(row) for metered, row in rows if metered.device_id is None),
        warnings=tuple(map(_warning, planned.part.notes)),
        trace=tuple(trace_of(prepared)),
    )


class Seen(Protocol):
    """A row of the coverage."""

    @property
    def accounted(self) -> bool:
        """Whether the run is complete with it."""


SeenRow = TypeVar("SeenRow", bound=Seen)


def first_to_see(rows: Sequence[SeenRow]) -> SeenRow | None:
    """Return the first row that is not accounted for, else the first one. A customer has a row for each charge."""
    return next((row for row in rows if not row.accounted), rows[0] if rows else None)


def _is_about(trip: Tripped, prepared: Prepared) -> bool:
    """Return whether a guardrail refuses the run, or holds the case's customer. Another customer has a state for it."""
    mapping = prepared.subject.mapping
    return not trip.holds or mapping is None or trip.address == mapping.address


def _is_own(row: MeteredRow, prepared: Prepared) -> bool:
    """Return whether a row is that of the case's customer. An excluded device has a row of its own."""
    return (row.source, row.customer_id) == prepared.subject.customer and row.device_id is None


def _customer(row: CoverageRow) -> Customer:
    return Customer(row.source, row.customer, row.charge, row.state, row.detail, row.money, row.accounted)


def _warning(note: Note) -> str:
    return note.message if note.address is None else f"{note.address}: {note.message}"


def _lines(planned: UsagePart, prepared: Prepared, *, refused: bool) -> Iterator[Line]:
    """Yield the lines as they stand after the run. With `refused`, a guardrail refuses the run: nothing is written."""
    actions = {} if refused else {action.address: action for action in planned.part.actions}
    names = _product_names(prepared.inputs.context.live_state)
    currency = prepared.inputs.context.currency
    day_before = (prepared.period.first_day - timedelta(days=1)).isoformat()
    for view in sorted(planned.views, key=lambda each: each.address):
        action = actions.get(view.address)
        fields: dict[str, Any] = {} if view.live is None else dict(view.live.obj.raw)
        if action is not None:
            fields |= {change.path: change.after for change in action.changes}
        elif view.state == "proposed":
            fields |= view.desired
        elif view.live is None:
            continue
        price, cost = fields.get("unitPrice"), fields.get("unitCost")
        product, charge = _product(view, action, names), _charge(view)
        costs_nothing = _costs_nothing(prepared.rules, charge, product)
        known = bool(cost and Decimal(cost)) or costs_nothing
        yield Line(
            address=view.address,
            also=view.also,
            product=product,
            charge=charge,
            quantity=Decimal(fields.get("quantity") or 0),
            unit_price=None if price is None else Decimal(price),
            # The money of an action is what bills from the next month on. A case is about its own month.
            amount=amount_after(fields, day_before, currency),
            unit_cost=Decimal(cost or 0) if known else None,
            cost=cost_after(fields, day_before, currency, zero_is_known=costs_nothing),
            first_day=date_text(fields.get("effectiveDate")),
            last_day=date_text(fields.get("cancelledDate")),
            state="not written" if refused and view.state not in {"kept", "orphan", "up to date"} else view.state,
        )


def _charge(view: AdditionView) -> str:
    """Return the charge in the address of a line. Empty for an orphan."""
    name = view.address.partition("/")[2].partition(":")[0]
    return "" if view.mapping is None else name.removeprefix(f"{view.mapping}.")


def _costs_nothing(rules: Iterable[Rule], charge: str, product: str) -> bool:
    """Return whether the manifests give a line a cost of 0. Without that, a cost of 0 in ConnectWise is unknown."""
    own = (each for rule in rules if rule.charge == charge for each in rule.ranges)
    return any(each.cost == 0 for each in own if product_label(each.product) == product)


def _product_names(live_state: LiveState) -> Mapping[int, str]:
    """Return the names of products by id: the manifest name, or the text of a look-up."""
    linked = (link for links in live_state.links.values() for path, link in links.items() if path[-1] == "product")
    names = {link.id: link.name for link in linked if link.id is not None}
    products = [(live.id, address) for address, live in live_state.matches.items() if live.kind == "Product"]
    return {**{number: address.partition("/")[2] for number, address in products}, **names}


def _product(view: AdditionView, action: Action | None, names: Mapping[int, str]) -> str:
    if view.live is not None:
        return names.get(view.live.product_id or 0, view.live.product)
    created = [change.after for change in action.changes if change.path == "product"] if action is not None else []
    return str(created[0]["name"]) if created else view.address.partition(":")[2]
