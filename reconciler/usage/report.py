"""The additions that are ours as they stand in ConnectWise, next to the usage they came from (guide step 10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from reconciler.connectwise import ConnectWise
from reconciler.kinds.estate import Estate, LiveObject
from reconciler.kinds.values import plain_decimal
from reconciler.ledger.store import Ledger
from reconciler.live.read import Scope, read_estate
from reconciler.manifests.documents import Manifests
from reconciler.planning.standing import mark_of, monthly, overlaps, quantity_of
from reconciler.usage.bills import Bill
from reconciler.usage.forgotten import with_forgotten
from reconciler.usage.plan import Metering, dates_of, rated


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


async def report_rows(
    client: ConnectWise, manifests: Manifests, ledger: Ledger, now: datetime, scope: Scope
) -> list[ReportRow]:
    """Every addition of the period that carries a mark of ours. Pulls nothing: usage is what the ledger holds."""
    estate = await read_estate(client, manifests, scope)
    estate = await with_forgotten(client, ledger, manifests.workspace.name, estate)
    metering = Metering(manifests, ledger, now, estate)
    by_mark = {bill.mark: bill for bill in rated(metering).bills}
    units = {source.name: source.unit for source in metering.workspace.usage}
    dates = dates_of(metering.period)
    currency = metering.workspace.billing.currency
    rows = [
        _row(obj, by_mark.get(mark_of(obj)), _agreement(obj.parent_id or 0, estate), units, currency)
        for objects in estate.additions.values()
        for obj in objects
        if mark_of(obj) and overlaps(obj, dates)
    ]
    return sorted(rows, key=lambda row: (row.agreement, row.product))


def _agreement(number: int, estate: Estate) -> str:
    known = estate.objects.get(("Agreement", number))
    return f"id {number}" if known is None else str(known.raw["name"]).strip()


def _row(obj: LiveObject, bill: Bill | None, agreement: str, units: dict[str, Any], currency: str | None) -> ReportRow:
    used = None if bill is None or bill.trail is None else bill.trail.in_unit.quantize(Decimal("0.001"))
    price = obj.raw.get("unitPrice")
    return ReportRow(
        agreement=agreement,
        product=str((obj.raw.get("product") or {}).get("identifier") or "").strip(),
        quantity=quantity_of(obj),
        unit_price=None if price is None else Decimal(price),
        amount=monthly(obj, currency),
        last_updated=obj.last_updated,
        mapping=None if bill is None else bill.mapping,
        source="" if bill is None else f"{bill.source}/{bill.customer_id}",
        used=used,
        unit=None if bill is None else units.get(bill.source),
    )
