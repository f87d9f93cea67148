"""What a month must have billed in the end, computed from its samples and its price alone.

Nothing of `reconciler` is used here. It is written from BILLING: the last reading of an hour counts, the measure is
taken over the hours, then come allowance, rounding, minimum, ranges, and lines that are rounded half up to cents.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil

from .terms import Price, Terms

Reading = tuple[datetime, int]
"""The moment of a reading, and its bytes."""


def expected(terms: Terms, readings: Iterable[Reading], at_end: Price, now: Price, *, month: str) -> Decimal | None:
    """Return what the month must have billed. None if it has no reading.

    `at_end` is the price at the end of the month, and `now` the one in Git. A price with a day on the first of the
    month or before counts whenever it was written. A plain one counts only if it stood at the end of the month.
    """
    first = f"{month}-{terms.start or 1:02d}"
    hours: dict[str, Reading] = {}
    for moment, size in readings:
        hour = moment.strftime("%Y-%m-%d %H")
        if hour[:7] == month and hour[:10] >= first and moment >= hours.get(hour, (moment, 0))[0]:
            hours[hour] = (moment, size)
    if not hours:
        return None
    quantity = _quantity(terms, [Fraction(hours[each][1], 10**9) for each in sorted(hours)])
    price = _price(now, month)
    return _amount(terms, quantity, at_end_price(at_end, month) if price is None else price)


def at_end_price(price: Price, month: str) -> Decimal:
    """Return the price that is in force in a month, by what stands in Git."""
    dated = _price(price, month)
    return price.plain if dated is None else dated


def _price(price: Price, month: str) -> Decimal | None:
    found = None
    for day, each in price.dated:
        if day <= f"{month}-01":
            found = each
    return found


def _quantity(terms: Terms, totals: Sequence[Fraction]) -> Fraction:
    if terms.measure == "last":
        measured = totals[-1]
    elif terms.measure == "peak":
        measured = max(totals)
    elif terms.measure == "mean":
        measured = sum(totals, Fraction(0)) / len(totals)
    else:
        measured = sorted(totals)[ceil(Fraction(95, 100) * len(totals)) - 1]
    step = Fraction(terms.step)
    rounded = ceil(max(Fraction(0), measured - terms.included) / step) * step
    return max(rounded, Fraction(terms.minimum or 0))


def _amount(terms: Terms, quantity: Fraction, price: Decimal) -> Decimal:
    if terms.limit is None:
        return _line(quantity, price)
    if terms.tiering == "volume":
        return _line(quantity, price if quantity <= terms.limit else price * 2)
    below = min(quantity, Fraction(terms.limit))
    return _line(below, price) + _line(max(Fraction(0), quantity - terms.limit), price * 2)


def _line(quantity: Fraction, price: Decimal) -> Decimal:
    exact = Decimal(quantity.numerator) * price / Decimal(quantity.denominator)
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
