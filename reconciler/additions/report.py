"""The additions that are ours as they stand in ConnectWise, next to the usage that they came from (guide step 10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reconciler.additions.charge import Charge
from reconciler.additions.live import LiveAddition
from reconciler.additions.ownership import Owner, Ownership
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.values import plain_decimal


@dataclass(frozen=True, slots=True)
class ReportRow:
    agreement: str
    """Its name in ConnectWise; its id where no manifest leads to it."""
    product: str
    quantity: Decimal
    unit_price: Decimal | None
    amount: Decimal
    last_updated: str | None
    """As ConnectWise says, UTC."""
    mapping: str | None
    """None for an addition that no mapping stands behind."""
    source: str
    used: Decimal | None
    """What was measured, in `unit` and before allowance and rounding; None where it is not known."""
    unit: str | None

    def to_json(self) -> dict[str, Any]:
        def text(value: Decimal | None) -> str | None:
            return None if value is None else plain_decimal(value)

        return {
            "agreement": self.agreement,
            "product": self.product,
            "quantity": text(self.quantity),
            "unit_price": text(self.unit_price),
            "amount": text(self.amount),
            "last_updated": self.last_updated,
            "mapping": self.mapping,
            "source": self.source,
            "used": text(self.used),
            "unit": self.unit,
        }


def report_rows(
    ownership: Ownership, live_state: LiveState, charges: Iterable[Charge], units: Mapping[str, str]
) -> list[ReportRow]:
    """One row for every addition of ours, by agreement and product. `units` is by source."""
    by_owner = {Owner(charge.mapping, charge.source, charge.customer_id): charge for charge in charges}
    rows = [
        _row(each.addition, live_state, owner, by_owner.get(owner), units)
        for owner, owned in ownership.by_owner.items()
        for each in owned
    ]
    rows += [_row(live, live_state, None, None, units) for live in (*ownership.orphans, *ownership.period_additions)]
    return sorted(rows, key=lambda row: (row.agreement, row.product))


def _row(
    live: LiveAddition, live_state: LiveState, owner: Owner | None, charge: Charge | None, units: Mapping[str, str]
) -> ReportRow:
    used = None if charge is None or charge.trace is None else charge.trace.in_unit.quantize(Decimal("0.001"))
    known = live_state.objects.get(("Agreement", live.agreement_id))
    return ReportRow(
        agreement=f"id {live.agreement_id}" if known is None else str(known.raw["name"]).strip(),
        product=live.product,
        quantity=live.quantity,
        unit_price=live.price,
        amount=live.monthly,
        last_updated=live.obj.last_updated,
        mapping=None if owner is None else owner.mapping,
        source="" if owner is None else f"{owner.source}/{owner.customer_id}",
        used=used,
        unit=None if owner is None else units.get(owner.source),
    )
