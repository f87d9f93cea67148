"""The additions that live, as billing looks at them: whose they are, when they count, what they are worth. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reconciler.kinds.estate import Estate, LiveObject
from reconciler.kinds.forms import date_text
from reconciler.kinds.money import amount_of
from reconciler.kinds.values import Link

MARK = "rc:"
"""How the serial number of an addition of ours begins."""

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Period:
    """The month that is billed, as ConnectWise dates: first day and last day."""

    first: str
    last: str


class Standing:
    """Live additions of the period, by agreement, product and mark."""

    def __init__(self, estate: Estate, period: Period) -> None:
        self._period = period
        self._by_key: dict[tuple[int, int | None, str], list[LiveObject]] = defaultdict(list)
        self.all = [obj for objects in estate.additions.values() for obj in objects if overlaps(obj, period)]
        for obj in self.all:
            self._by_key[int(obj.parent_id or 0), product_id(obj), mark_of(obj)].append(obj)

    def ours(self, agreement: Link, product: Link, mark: str) -> list[LiveObject]:
        """Those that carry this mark, and so are ours; one whose last day is set only where no other goes on."""
        found = self._at(agreement, product, mark)
        return [obj for obj in found if not ends(obj, self._period)] or found

    def unmarked(self, agreement: Link, product: Link) -> list[LiveObject]:
        """Those that somebody else made, and that can be adopted: whoever set a last day wanted an end."""
        return [obj for obj in self._at(agreement, product, "") if not ends(obj, self._period)]

    def claimed(self, agreement: Link, product: Link, ids: frozenset[int]) -> list[LiveObject]:
        """Those of these ids, whatever mark they carry."""
        if not ids:
            return []
        here = (agreement.id, product.id)
        return [obj for obj in self.all if obj.id in ids and place_of(obj) == here and not ends(obj, self._period)]

    def _at(self, agreement: Link, product: Link, mark: str) -> list[LiveObject]:
        if agreement.id is None or product.id is None:
            return []
        return self._by_key.get((agreement.id, product.id, mark), [])


def overlaps(obj: LiveObject, period: Period) -> bool:
    """Dates are compared here, never by the server: one was seen to compare them wrongly [seen]."""
    effective = date_text(obj.raw.get("effectiveDate"))
    cancelled = date_text(obj.raw.get("cancelledDate"))
    return (effective is None or effective <= period.last) and (cancelled is None or cancelled >= period.first)


def ends(obj: LiveObject, period: Period) -> bool:
    """Whether its last day comes before the month is over."""
    cancelled = date_text(obj.raw.get("cancelledDate"))
    return cancelled is not None and cancelled <= period.last


def place_of(obj: LiveObject) -> tuple[int | None, int | None]:
    """Agreement and product, by id."""
    return (obj.parent_id, product_id(obj))


def product_id(obj: LiveObject) -> int | None:
    return (obj.raw.get("product") or {}).get("id")


def mark_of(obj: LiveObject) -> str:
    """The mark of an addition, empty where it is not ours."""
    serial = str(obj.raw.get("serialNumber") or "").strip()
    return serial if serial.startswith(MARK) else ""


def quantity_of(obj: LiveObject) -> Decimal:
    return Decimal(obj.raw.get("quantity") or 0)


def monthly(obj: LiveObject, currency: str | None = None) -> Decimal:
    """What a live addition bills a month."""
    return worth(obj.raw, currency)


def worth(fields: Mapping[str, Any], currency: str | None = None) -> Decimal:
    """What an addition with these fields bills a month: the quantity above what is included, if it bills at all,
    rounded to the currency's minor unit.

    `billedQuantity` and `extPrice` would say so too, but are computed by the server, for what stands there now [spec].
    """
    if str(fields.get("billCustomer") or "Billable") != "Billable":
        return _ZERO
    billed = Decimal(fields.get("quantity") or 0) - Decimal(fields.get("lessIncluded") or 0)
    return amount_of(max(_ZERO, billed), Decimal(fields.get("unitPrice") or 0), currency)
