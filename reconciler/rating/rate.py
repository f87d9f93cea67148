"""Rate usage: bytes to quantity to lines, in the order of BILLING's pipeline, steps 2 to 7.

    unit ─▶ included ─▶ rounding ─▶ minimum ─▶ product or ranges ─▶ price

Plan, apply and reports all call `rate`, so they cannot compute different quantities.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext

from reconciler.kinds.billing_rules import Range, Rounding, Rule
from reconciler.kinds.customer_mapping import ProductReference
from reconciler.kinds.money import amount_of
from reconciler.rating.errors import RatingError
from reconciler.rating.usage import Usage

# Bytes / 2^30 has up to 30 decimals. With 80 digits every division that ends is exact.
_PRECISION = 80
FINEST = Decimal("0.000001")
"""The finest quantity, also with `rounding: none`. ConnectWise stores a quantity as a double [spec]: a number with 30
decimals would come back changed, and every run would plan an update."""
_MODES = {"up": ROUND_CEILING, "nearest": ROUND_HALF_UP, "down": ROUND_FLOOR}
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One line of a charge: a product with its quantity. It becomes one addition."""

    product: ProductReference
    quantity: Decimal
    unit_price: Decimal | None
    currency: str | None = None
    """The currency whose minor unit the amount is rounded to."""
    unit_cost: Decimal | None = None
    """None if the cost is unknown, which is not 0."""

    @property
    def amount(self) -> Decimal | None:
        """Return the amount per month, rounded to the currency's minor unit. None if the price is unknown."""
        return None if self.unit_price is None else amount_of(self.quantity, self.unit_price, self.currency)

    @property
    def cost(self) -> Decimal | None:
        """Return the cost per month, rounded like the amount. None if the unit cost is unknown."""
        return None if self.unit_cost is None else amount_of(self.quantity, self.unit_cost, self.currency)


@dataclass(frozen=True, slots=True)
class RatingTrace:
    """The quantity after each step of the pipeline, so that a charge can be explained."""

    bytes: Decimal
    in_unit: Decimal
    after_allowance: Decimal
    rounded: Decimal
    quantity: Decimal
    """The billed quantity, after the minimum."""


@dataclass(frozen=True, slots=True)
class Rated:
    """The lines of one mapping, and the products of its ranges that have no quantity now.

    The additions of `other_products` are set to quantity 0 and kept.
    """

    lines: tuple[ChargeLine, ...]
    other_products: tuple[ProductReference, ...]
    trace: RatingTrace

    @property
    def amount(self) -> Decimal | None:
        """Return the amount per month: the sum of the rounded lines. None if the price of a line is unknown."""
        return sum_of(self.lines)


def sum_of(lines: tuple[ChargeLine, ...]) -> Decimal | None:
    """Return the sum of rounded lines, in the currency of the lines. None if the price of a line is unknown."""
    amounts = [line.amount for line in lines]
    return None if None in amounts else sum((each for each in amounts if each is not None), _ZERO)


def rate(rule: Rule, usage: Usage, currency: str | None = None) -> Rated:
    """Return the lines of `usage` under `rule`. Raises `RatingError` if the rule cannot be applied to the usage."""
    with localcontext(prec=_PRECISION):
        total, hours = Decimal(usage.total), Decimal(usage.hours)
        in_unit = total / (rule.divisor * hours)
        after_allowance = _without_allowance(rule, usage, in_unit)
        rounded = round_quantity(after_allowance, rule.rounding)
        quantity = rounded if rule.minimum is None else max(rule.minimum, rounded)
        if quantity < 0:
            raise RatingError(f"a quantity of {quantity} is negative", where=f"CustomerMapping/{rule.name}")
        lines, others = lines_of(rule, quantity, currency)
        trace = RatingTrace(total / hours, in_unit, after_allowance, rounded, quantity)
        return Rated(lines, others, trace)


def lines_of(
    rule: Rule, quantity: Decimal, currency: str | None
) -> tuple[tuple[ChargeLine, ...], tuple[ProductReference, ...]]:
    """Return the lines that bill a quantity, and the products of the ranges that bill none of it (step 6)."""
    lines = _volume(rule.ranges, quantity) if rule.tiering == "volume" else _graduated(rule.ranges, quantity)
    billed = {line.product for line in lines}
    others = dict.fromkeys(each.product for each in rule.ranges if each.product not in billed)
    return tuple(replace(line, currency=currency) for line in lines), tuple(others)


def round_quantity(quantity: Decimal, rounding: Rounding) -> Decimal:
    """Round a quantity to a multiple of the step. With mode `none`, keep six decimals."""
    with localcontext(prec=_PRECISION):
        if rounding.mode == "none":
            return quantity.quantize(FINEST, ROUND_HALF_UP)
        steps = (quantity / rounding.step).to_integral_value(_MODES[rounding.mode])
        return steps * rounding.step


def _without_allowance(rule: Rule, usage: Usage, in_unit: Decimal) -> Decimal:
    allowance = rule.allowance
    if allowance is None:
        return in_unit
    if allowance.per == "customer":
        return max(_ZERO, in_unit - allowance.amount)
    # Sum whole numbers and divide once. A sum of rounded thirds would miss a rounding step by a tiny amount.
    unit = rule.divisor
    if allowance.meter is not None:
        free = allowance.amount * unit * usage.others
        return max(_ZERO, usage.total - free) / (unit * usage.hours)
    devices = usage.by_device
    if None in devices:
        raise RatingError(
            f"`included` is per device, but source {rule.source} reports the customer without devices",
            where=f"CustomerMapping/{rule.name} spec.included",
            advice="write `per: customer`, or give the source's rows a device_id",
        )
    free = allowance.amount * unit * usage.hours
    return sum((max(_ZERO, used - free) for used in devices.values()), _ZERO) / (unit * usage.hours)


def _volume(ranges: tuple[Range, ...], quantity: Decimal) -> tuple[ChargeLine, ...]:
    """Put the whole quantity on the product of the range that contains it."""
    matching = next((each for each in ranges if each.up_to is None or quantity <= each.up_to), None)
    if matching is None:
        raise _no_range(quantity)
    return (ChargeLine(matching.product, quantity, matching.price, unit_cost=matching.cost),)


def _graduated(ranges: tuple[Range, ...], quantity: Decimal) -> tuple[ChargeLine, ...]:
    """Put each slice of the quantity on the product of its range. The first product has a line even at 0."""
    slices: dict[ProductReference, ChargeLine] = {}
    below = _ZERO
    for each in ranges:
        top = quantity if each.up_to is None else min(quantity, each.up_to)
        if top > below or not slices:
            earlier = slices.get(each.product)
            size = top - below + (earlier.quantity if earlier is not None else _ZERO)
            slices[each.product] = ChargeLine(each.product, size, each.price, unit_cost=each.cost)
            below = top
    if below < quantity:
        raise _no_range(quantity)
    return tuple(slices.values())


def _no_range(quantity: Decimal) -> RatingError:
    return RatingError(f"no range contains a quantity of {quantity}", advice="leave `upTo` out of the last range")
