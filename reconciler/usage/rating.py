"""Bytes → quantity → lines: steps 2 to 7 of the pipeline, in their order, rounding once.

    unit ─▶ included ─▶ rounding ─▶ minimum ─▶ product or ranges ─▶ price

Plan and apply both call `rate`; there is no second path to a quantity.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext

from reconciler.kinds.customer_mapping import ProductReference
from reconciler.kinds.money import amount_of
from reconciler.usage.errors import UsageError
from reconciler.usage.measure import Measured
from reconciler.usage.rules import BYTES_OF, Range, Rounding, Rule

# Bytes / 2^30 has up to 30 decimals: enough digits that every division that ends is exact.
_PRECISION = 80
FINEST = Decimal("0.000001")
"""What `none` still rounds to: a quantity is a double in ConnectWise [spec], and one with thirty decimals would come
back as another number each hour."""
_MODES = {"up": ROUND_CEILING, "nearest": ROUND_HALF_UP, "down": ROUND_FLOOR}
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Line:
    """What one addition says: a product and a quantity in the source's unit."""

    product: ProductReference
    quantity: Decimal
    unit_price: Decimal | None
    currency: str | None = None
    """What the amount is rounded for."""

    @property
    def amount(self) -> Decimal | None:
        """Money a month, rounded to the currency's minor unit; None where no price is known."""
        return None if self.unit_price is None else amount_of(self.quantity, self.unit_price, self.currency)


@dataclass(frozen=True, slots=True)
class Trail:
    """A quantity after each step, for `explain`."""

    bytes: Decimal
    in_unit: Decimal
    after_allowance: Decimal
    rounded: Decimal
    quantity: Decimal
    """After the minimum: what is billed."""


@dataclass(frozen=True, slots=True)
class Rated:
    """The lines of one mapping, and the products of its ranges that hold none of the quantity now.

    An addition of ours for one of `other_products` goes to quantity 0 and is kept.
    """

    lines: tuple[Line, ...]
    other_products: tuple[ProductReference, ...]
    trail: Trail

    @property
    def amount(self) -> Decimal | None:
        """The sum of rounded lines; None where no price is known."""
        amounts = [line.amount for line in self.lines]
        return None if None in amounts else sum((each for each in amounts if each is not None), _ZERO)


def rate(rule: Rule, measured: Measured, currency: str | None = None) -> Rated:
    """Rate what was measured. Raises UsageError where the rule cannot be applied to it."""
    with localcontext(prec=_PRECISION):
        total, hours = Decimal(measured.total), Decimal(measured.hours)
        in_unit = total / (BYTES_OF[rule.unit] * hours)
        after_allowance = _without_allowance(rule, measured, in_unit)
        rounded = round_quantity(after_allowance, rule.rounding)
        quantity = rounded if rule.minimum is None else max(rule.minimum, rounded)
        if quantity < 0:
            raise UsageError(f"a quantity of {quantity} is negative", where=f"CustomerMapping/{rule.name}")
        lines, others = lines_of(rule, quantity, currency)
        trail = Trail(total / hours, in_unit, after_allowance, rounded, quantity)
        return Rated(lines, others, trail)


def lines_of(
    rule: Rule, quantity: Decimal, currency: str | None
) -> tuple[tuple[Line, ...], tuple[ProductReference, ...]]:
    """The lines that hold a quantity, and the products of the ranges that hold none of it (step 6)."""
    lines = _volume(rule.ranges, quantity) if rule.tiering == "volume" else _graduated(rule.ranges, quantity)
    billed = {line.product for line in lines}
    others = dict.fromkeys(each.product for each in rule.ranges if each.product not in billed)
    return tuple(replace(line, currency=currency) for line in lines), tuple(others)


def _without_allowance(rule: Rule, measured: Measured, in_unit: Decimal) -> Decimal:
    allowance = rule.allowance
    if allowance is None:
        return in_unit
    if allowance.per == "customer":
        return max(_ZERO, in_unit - allowance.amount)
    devices = measured.by_device
    if None in devices:
        raise UsageError(
            f"`included` is per device, but source {rule.source} counts the customer as one, without devices",
            where=f"CustomerMapping/{rule.name} spec.included",
            advice="write `per: customer`, or give the source's rows a device_id",
        )
    # Whole numbers until the one division: thirds that are added up would no longer meet a step exactly.
    unit = BYTES_OF[rule.unit]
    free = allowance.amount * unit * measured.hours
    return sum((max(_ZERO, used - free) for used in devices.values()), _ZERO) / (unit * measured.hours)


def round_quantity(quantity: Decimal, rounding: Rounding) -> Decimal:
    """A quantity to a multiple of the step, or as it is."""
    with localcontext(prec=_PRECISION):
        if rounding.mode == "none":
            return quantity.quantize(FINEST, ROUND_HALF_UP)
        steps = (quantity / rounding.step).to_integral_value(_MODES[rounding.mode])
        return steps * rounding.step


def _volume(ranges: tuple[Range, ...], quantity: Decimal) -> tuple[Line, ...]:
    """Everything on the one product whose range holds the quantity."""
    holding = next((each for each in ranges if each.up_to is None or quantity <= each.up_to), None)
    if holding is None:
        raise _no_range(quantity)
    return (Line(holding.product, quantity, holding.price),)


def _graduated(ranges: tuple[Range, ...], quantity: Decimal) -> tuple[Line, ...]:
    """Each slice on its own product; the first product always has a line, be it of 0."""
    slices: dict[ProductReference, Line] = {}
    below = _ZERO
    for each in ranges:
        top = quantity if each.up_to is None else min(quantity, each.up_to)
        if top > below or not slices:
            known = slices.get(each.product)
            size = top - below + (known.quantity if known is not None else _ZERO)
            slices[each.product] = Line(each.product, size, each.price)
            below = top
    if below < quantity:
        raise _no_range(quantity)
    return tuple(slices.values())


def _no_range(quantity: Decimal) -> UsageError:
    return UsageError(f"no range holds a quantity of {quantity}", advice="leave `upTo` out of the last range")
