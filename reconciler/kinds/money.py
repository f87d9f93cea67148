"""The rounding of amounts to the minor unit of their currency."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

from reconciler.amounts import decimals_of
from reconciler.kinds.field_mapping import date_text

PRICE_DECIMALS = 6
"""The most decimals of a unit price."""

WHOLE = Fraction(1)
"""The share of an addition whose days are all billed."""
_PRECISION = 80


def at_most_six_decimals(price: Decimal) -> Decimal:
    """Return a unit price unchanged. Raises `ValueError` if it has more than `PRICE_DECIMALS` decimals."""
    exponent = price.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > PRICE_DECIMALS:
        raise ValueError(f"a unit price has at most six decimals, and {price} has {-exponent}")
    return price


def amount_of(quantity: Decimal, unit_price: Decimal, currency: str | None) -> Decimal:
    """Return quantity × unit price, rounded half up to the currency's minor unit.

    A total is the sum of such amounts. It is not rounded again.
    """
    with localcontext(prec=_PRECISION):
        return (quantity * unit_price).quantize(Decimal(1).scaleb(-decimals_of(currency)), ROUND_HALF_UP)


def monthly_amount(fields: Mapping[str, Any], currency: str | None, share: Fraction = WHOLE) -> Decimal:
    """Return the amount that an addition with these fields bills per month, or for a share of its days.

    This is the quantity above `lessIncluded`, times the unit price, rounded to the minor unit of the currency. It is 0
    if the addition is not billable. `fields` has the names of ConnectWise. The server's `billedQuantity` and `extPrice`
    are not used, because they hold the values from before a change [spec].
    """
    if str(fields.get("billCustomer") or "Billable") != "Billable":
        return Decimal(0)
    billed = Decimal(fields.get("quantity") or 0) - Decimal(fields.get("lessIncluded") or 0)
    return _part_of(max(Decimal(0), billed), Decimal(fields.get("unitPrice") or 0), share, currency)


def monthly_cost(
    fields: Mapping[str, Any], currency: str | None, share: Fraction = WHOLE, *, zero_is_known: bool = False
) -> Decimal | None:
    """Return what an addition with these fields costs per month: the billed quantity, times the unit cost.

    None if the cost is unknown. ConnectWise gives a unit cost of 0 also if there is none, so 0 is a cost only with
    `zero_is_known`, where the manifests give it.
    """
    billed = Decimal(fields.get("quantity") or 0) - Decimal(fields.get("lessIncluded") or 0)
    unit_cost = Decimal(fields.get("unitCost") or 0)
    if billed <= 0:
        return Decimal(0)
    return _part_of(billed, unit_cost, share, currency) if unit_cost or zero_is_known else None


def _part_of(quantity: Decimal, unit_price: Decimal, share: Fraction, currency: str | None) -> Decimal:
    """Return quantity × unit price × share, rounded once."""
    with localcontext(prec=_PRECISION):
        return amount_of(quantity * share.numerator / share.denominator, unit_price, currency)


def cost_after(
    fields: Mapping[str, Any], day: str, currency: str | None, *, zero_is_known: bool = False
) -> Decimal | None:
    """Return what an addition costs per month after `day`: 0 if it has ended by then. None if the cost is unknown."""
    if _ends_by(fields, day):
        return Decimal(0)
    return monthly_cost(fields, currency, zero_is_known=zero_is_known)


def amount_after(fields: Mapping[str, Any], day: str, currency: str | None) -> Decimal:
    """Return the amount that an addition bills per month after `day`: 0 if it has ended by then.

    An addition that ends on its first day bills nothing, whatever day that is: it was made to end.
    """
    return Decimal(0) if _ends_by(fields, day) else monthly_amount(fields, currency)


def _ends_by(fields: Mapping[str, Any], day: str) -> bool:
    last = date_text(fields.get("cancelledDate"))
    return last is not None and (last <= day or last <= (date_text(fields.get("effectiveDate")) or ""))
