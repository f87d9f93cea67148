"""A live addition with the values that billing needs: tag, quantity, price, dates, and monthly amount."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from reconciler.additions.tag import Tag, parse
from reconciler.kinds.agreement import goes_on
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.money import monthly_amount

AgreementProduct = tuple[int | None, int | None]
"""The ids of the agreement and of the product of an addition. None: the object does not exist yet."""


@dataclass(frozen=True, slots=True)
class LiveAddition:
    """One addition as ConnectWise returned it."""

    obj: LiveObject
    agreement_id: int
    product_id: int | None
    product: str
    """The identifier of the product in ConnectWise, or `id 4` if the response has no identifier."""
    serial: str
    """The serial number without blanks at its ends. Empty if there is none."""
    tag: Tag | None
    """None if the serial number is not one of our tags."""
    quantity: Decimal
    price: Decimal | None
    """Unit price. None if the response has none."""
    monthly: Decimal
    """Amount per month, until its last day."""
    effective: str | None
    """First day, as `2026-11-01`."""
    cancelled: str | None
    """Last day, as `2026-11-30`. None if there is no end."""

    @property
    def id(self) -> int:
        """Return the id in ConnectWise."""
        return self.obj.id

    @property
    def agreement_product(self) -> AgreementProduct:
        """Return the ids of the agreement and of the product."""
        return (self.agreement_id, self.product_id)

    @property
    def is_left(self) -> bool:
        """Return whether a move has taken all months from it: it has quantity 0, and its last day is its first one.

        An addition that bills a month with quantity 0 goes on until the end of that month.
        """
        return not self.quantity and self.cancelled is not None and self.cancelled <= (self.effective or "")

    def ended_before(self, first_day: str) -> bool:
        """Return whether the last day is before `first_day`. The server must not compare dates [seen]."""
        return self.cancelled is not None and self.cancelled < first_day

    def ends_by(self, last_day: str) -> bool:
        """Return whether the addition has a last day, and this is `last_day` or earlier."""
        return self.cancelled is not None and self.cancelled <= last_day


def live_additions(live_state: LiveState, first_day: str, currency: str | None) -> tuple[LiveAddition, ...]:
    """Return all additions that were read and did not end before `first_day`, sorted by id.

    `first_day` is the first day of the period. Additions that begin in a later period are included, so that no second
    addition is created beside them.
    """
    return tuple(each for each in all_additions(live_state, currency) if not each.ended_before(first_day))


def all_additions(live_state: LiveState, currency: str | None) -> tuple[LiveAddition, ...]:
    """Return all additions that were read, sorted by id."""
    additions = (addition_of(obj, currency) for objects in live_state.additions.values() for obj in objects)
    return tuple(sorted(additions, key=lambda each: each.id))


def addition_of(obj: LiveObject, currency: str | None) -> LiveAddition:
    """Return the addition in a response of ConnectWise."""
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


def agreement_goes_on(live: LiveAddition, live_state: LiveState, day: str) -> bool:
    """Return whether the agreement of an addition bills after a day.

    Of an agreement that no document names, the addition itself has the status.
    """
    agreement = live_state.objects.get(("Agreement", live.agreement_id))
    return goes_on(live.obj.raw if agreement is None else agreement.raw, day)


def ids_text(additions: Iterable[LiveAddition]) -> str:
    """Return the ids as text, such as `12 and 15`."""
    return " and ".join(str(each.id) for each in additions)
