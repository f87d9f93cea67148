"""Compute a quantity from hours, and lines from a quantity, for the oracle. It shares no code with the reconciler."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from tests.simulation.terms import RANGES, Terms

ZERO = Decimal(0)
GIGABYTE = 10**9
Hours = list[dict[int, int]]


def chosen(measure: str, hours: Hours) -> Hours:
    """Return the hours that a measure uses."""
    if measure == "mean" or not hours:
        return hours
    if measure == "last":
        return hours[-1:]
    totals = [sum(hour.values()) for hour in hours]
    chosen_total = max(totals) if measure == "peak" else sorted(totals)[ceil(len(totals) * 95 / 100) - 1]
    return [hours[totals.index(chosen_total)]]


def used(measure: str, hours: Hours) -> int:
    """Return the bytes of the chosen hours. 0 if nothing was used."""
    return sum(sum(hour.values()) for hour in chosen(measure, hours))


def quantity_of(terms: Terms, hours: Hours) -> Decimal:
    """Return the billed quantity of the hours of a period, in GB."""
    taken = chosen(terms.measure, hours)
    free = Fraction(terms.included or ZERO)
    devices = {device for hour in taken for device in hour}
    means = [Fraction(sum(hour.get(device, 0) for hour in taken), len(taken) * GIGABYTE) for device in devices]
    if terms.per_device:
        amount = sum((max(Fraction(0), each - free) for each in means), Fraction(0))
    else:
        amount = max(Fraction(0), sum(means, Fraction(0)) - free)
    return max(terms.minimum or ZERO, _rounded(terms, amount))


def _rounded(terms: Terms, amount: Fraction) -> Decimal:
    if terms.mode == "none":
        return Decimal(floor(amount * 10**6 + Fraction(1, 2))).scaleb(-6)
    steps = amount / Fraction(terms.step)
    whole = {"up": ceil(steps), "down": floor(steps), "nearest": floor(steps + Fraction(1, 2))}[terms.mode]
    return whole * terms.step


def lines_of(terms: Terms, quantity: Decimal) -> dict[str, Decimal]:
    """Return the quantity of each product, without products at 0."""
    if not quantity:
        return {}
    if terms.tiering == "flat":
        return {terms.product.upper(): quantity}
    if terms.tiering == "volume":
        return {next(name for to, name in RANGES if to is None or quantity <= to).upper(): quantity}
    found: dict[str, Decimal] = {}
    below = ZERO
    for to, name in RANGES:
        held = (quantity if to is None else min(quantity, to)) - below
        if held > 0:
            found[name.upper()] = held
        below = to or below
    return found
