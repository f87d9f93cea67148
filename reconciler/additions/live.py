"""A live addition as billing looks at it: whose it is, when it bills, and what it is worth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from reconciler.additions.money import monthly_amount
from reconciler.additions.tag import Tag, parse
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.live_state import LiveObject, LiveState

AgreementProduct = tuple[int | None, int | None]
"""Agreement and product, by id."""


@dataclass(frozen=True, slots=True)
class LiveAddition:
    """One addition, read once and never changed."""

    obj: LiveObject
    agreement_id: int
    product_id: int | None
    product: str
    """The product's identifier in ConnectWise, or its id where the answer has none."""
    serial: str
    """The serial number, trimmed; empty where there is none."""
    tag: Tag | None
    """None where the serial number is not a tag of ours."""
    quantity: Decimal
    price: Decimal | None
    monthly: Decimal
    """Money that it bills a month."""
    effective: str | None
    """First day, as `2026-11-01`."""
    cancelled: str | None
    """Last day."""

    @property
    def id(self) -> int:
        return self.obj.id

    @property
    def agreement_product(self) -> AgreementProduct:
        return (self.agreement_id, self.product_id)

    def ended_before(self, first_day: str) -> bool:
        """Whether it ended before this day. Dates are compared here and never by the server [seen]."""
        return self.cancelled is not None and self.cancelled < first_day

    def ends_by(self, last_day: str) -> bool:
        """Whether its last day comes no later than this day."""
        return self.cancelled is not None and self.cancelled <= last_day


def live_additions(live_state: LiveState, first_day: str, currency: str | None) -> tuple[LiveAddition, ...]:
    """Every addition that was read and has not ended before the period's first day, in the order of ids.

    An addition that begins later counts, too: a line of ours that begins next month gets no twin.
    """
    every = (addition_of(obj, currency) for objects in live_state.additions.values() for obj in objects)
    return tuple(sorted((each for each in every if not each.ended_before(first_day)), key=lambda each: each.id))


def addition_of(obj: LiveObject, currency: str | None) -> LiveAddition:
    raw = obj.raw
    product = raw.get("product") or {}
    serial = str(raw.get("serialNumber") or "").strip()
    price = raw.get("unitPrice")
    return LiveAddition(
        obj=obj,
        agreement_id=int(obj.parent_id or 0),
        product_id=product.get("id"),
        product=str(product.get("identifier") or "").strip() or f"id {product.get('id')}",
        serial=serial,
        tag=parse(serial),
        quantity=Decimal(raw.get("quantity") or 0),
        price=None if price is None else Decimal(price),
        monthly=monthly_amount(raw, currency),
        effective=date_text(raw.get("effectiveDate")),
        cancelled=date_text(raw.get("cancelledDate")),
    )


def ids_text(additions: Iterable[LiveAddition]) -> str:
    """`12 and 15`, for a sentence."""
    return " and ".join(str(each.id) for each in additions)
