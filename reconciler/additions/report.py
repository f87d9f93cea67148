"""The rows of `usage report`: our additions in ConnectWise, next to the usage behind them (guide step 10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reconciler.additions.charge import Charge
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.ownership import Owner, Ownership, owner_of
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.money import monthly_cost
from reconciler.kinds.values import plain_decimal


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One addition of ours. Amounts are per month, in the workspace's currency."""

    agreement: str
    """The name of the agreement in ConnectWise, or `id 9` if no manifest refers to it."""
    product: str
    quantity: Decimal
    unit_price: Decimal | None
    amount: Decimal
    unit_cost: Decimal | None
    cost: Decimal | None
    """Cost per month. None if it is unknown, which is not 0."""
    last_updated: str | None
    """The time of the last update in ConnectWise, UTC."""
    mapping: str | None
    """None for an orphan and for an adjustment."""
    source: str
    """`source/customer`. Empty if there is no mapping."""
    used: Decimal | None
    """Measured usage in `unit`, before allowance and rounding. None if unknown."""
    unit: str | None

    @property
    def margin(self) -> Decimal | None:
        """Return the amount less the cost. None if the cost is unknown."""
        return None if self.cost is None else self.amount - self.cost

    def to_json(self) -> dict[str, Any]:
        """Return the row for `--json`. Quantities and amounts are exact decimal text."""

        def text(value: Decimal | None) -> str | None:
            return None if value is None else plain_decimal(value)

        return {
            "agreement": self.agreement,
            "product": self.product,
            "quantity": text(self.quantity),
            "unit_price": text(self.unit_price),
            "amount": text(self.amount),
            "unit_cost": text(self.unit_cost),
            "cost": text(self.cost),
            "margin": text(self.margin),
            "last_updated": self.last_updated,
            "mapping": self.mapping,
            "source": self.source,
            "used": text(self.used),
            "unit": self.unit,
        }


def report_rows(
    ownership: Ownership,
    live_state: LiveState,
    charges: Iterable[Charge],
    units: Mapping[str, str],
    currency: str | None = None,
) -> list[ReportRow]:
    """Return one row for each addition of ours, sorted by agreement and product.

    `units` has the unit of each source, by its name. `currency` is that of the workspace.
    """
    by_owner = {owner_of(charge): charge for charge in charges}
    rows = [
        _row(each.addition, live_state, owner, by_owner.get(owner), units, currency)
        for owner, owned in ownership.by_owner.items()
        for each in owned
    ]
    rows += [
        _row(live, live_state, None, None, units, currency)
        for live in (*ownership.orphans, *ownership.period_additions)
    ]
    return sorted(rows, key=lambda row: (row.agreement, row.product))


def _row(
    live: LiveAddition,
    live_state: LiveState,
    owner: Owner | None,
    charge: Charge | None,
    units: Mapping[str, str],
    currency: str | None,
) -> ReportRow:
    used = None if charge is None or charge.trace is None else charge.trace.in_unit.quantize(Decimal("0.001"))
    unit_cost = Decimal(live.obj.raw.get("unitCost") or 0)
    declared = charge is not None and any(line.unit_cost == 0 for line in charge.lines)
    cost = monthly_cost(live.obj.raw, currency, zero_is_known=declared)
    known = live_state.objects.get(("Agreement", live.agreement_id))
    name = "" if known is None else str(known.raw.get("name") or "").strip()
    return ReportRow(
        agreement=name or f"id {live.agreement_id}",
        product=live.product,
        quantity=live.quantity,
        unit_price=live.price,
        amount=live.monthly,
        unit_cost=None if cost is None else unit_cost,
        cost=cost,
        last_updated=live.obj.last_updated,
        mapping=None if owner is None else owner.mapping,
        source="" if owner is None else owner.customer,
        used=used,
        unit=charge.unit if charge is not None else None if owner is None else units.get(owner.source),
    )
