"""The steps of the rating of a charge, each with its figure, its unit and a sentence (BILLING, the pipeline)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from reconciler.additions.charge import Charge
from reconciler.amounts import amount_text, decimals_of
from reconciler.closing.json_values import Json, six_decimals
from reconciler.kinds.billing_rules import Rule, product_label
from reconciler.kinds.values import plain_decimal, with_unit
from reconciler.metering.measures import Measured
from reconciler.metering.wording import when
from reconciler.rating.rate import ChargeLine, RatingTrace


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the rating: what it gives, and how."""

    step: str
    """Its name, such as `rounding`. The names are those of the fields of a mapping where there is one."""
    value: str
    """The figure after the step, as exact text. An intermediate figure has at most six decimals."""
    unit: str
    """The unit of the figure: bytes, GB, or a currency."""
    text: str
    """How the figure came to be."""

    def to_json(self) -> Json:
        """Return the step as JSON."""
        return {"step": self.step, "value": self.value, "unit": self.unit, "text": self.text}


def steps_of(charge: Charge, rule: Rule, currency: str | None) -> Iterator[Step]:
    """Yield the steps from the measure to the amount. Nothing for a charge that is held: it has no figures."""
    trace, measured = charge.trace, charge.measured
    if trace is None or measured is None:
        return
    unit = rule.unit or ""
    yield Step("measure", six_decimals(trace.bytes), "bytes" if unit else "", _measure_text(measured, rule))
    if unit:
        text = f"bytes divided by {rule.divisor:,}, the bytes of one {unit}"
        yield Step("unit", six_decimals(trace.in_unit), unit, text)
    yield from _quantity_steps(trace, measured, rule)
    for line in charge.lines:
        yield from _line_steps(line, rule, unit, currency, trace.quantity)
    if len(charge.lines) > 1 and (total := charge.amount) is not None:
        text = f"the sum of {len(charge.lines)} rounded lines"
        yield Step("total", plain_decimal(total), currency or "", text)


def _quantity_steps(trace: RatingTrace, measured: Measured, rule: Rule) -> Iterator[Step]:
    unit, allowance, rounding = rule.unit or "", rule.allowance, rule.rounding
    if allowance is not None:
        of = {"customer": "all", "device": "each device"}.get(allowance.per)
        if of is None:
            others = six_decimals(Decimal(measured.others) / measured.hours)
            of = f"each unit of meter {allowance.per}, of which there are {others}"
        free = f"{with_unit(plain_decimal(allowance.amount), rule.unit)} for {of}"
        text = f"less the allowance of {free}, and never below 0{_over_allowance(measured, rule)}"
        yield Step("included", six_decimals(trace.after_allowance), unit, text)
    if rounding.mode == "none":
        how = "six decimals kept"
    else:
        mode = "half up to the nearest multiple" if rounding.mode == "nearest" else f"{rounding.mode} to a multiple"
        how = f"rounded {mode} of {with_unit(plain_decimal(rounding.step), rule.unit)}"
    yield Step("rounding", plain_decimal(trace.rounded), unit, how)
    if rule.minimum is not None:
        least = with_unit(plain_decimal(rule.minimum), rule.unit)
        raised = f"raised to the minimum of {least}"
        text = raised if trace.quantity != trace.rounded else f"at least the minimum of {least}"
        yield Step("minimum", plain_decimal(trace.quantity), unit, text)


def _line_steps(line: ChargeLine, rule: Rule, unit: str, currency: str | None, quantity: Decimal) -> Iterator[Step]:
    product = product_label(line.product)
    text = f"the whole quantity on product {product}"
    if len(rule.ranges) > 1:
        text = f"{_ranges_text(line, rule, quantity)}, on product {product}"
    yield Step("product", plain_decimal(line.quantity), unit, text)
    if line.unit_price is None or line.amount is None:
        yield Step("price", "unknown", currency or "", f"product {product} has no price")
        return
    yield Step(
        "price",
        plain_decimal(line.unit_price),
        currency or "",
        f"for one {unit or 'unit'} of product {product}{_since(line, rule)}",
    )
    finest = plain_decimal(Decimal(1).scaleb(-decimals_of(currency)))
    product_of = f"{with_unit(plain_decimal(line.quantity), rule.unit)} × {amount_text(line.unit_price, currency)}"
    yield Step("amount", plain_decimal(line.amount), currency or "", f"{product_of}, rounded half up to {finest}")


def _ranges_text(line: ChargeLine, rule: Rule, quantity: Decimal) -> str:
    """Return which ranges give the quantity of a line: the one that holds all of it, or its slices of `quantity`."""
    spans = []
    borders = (Decimal(0), *(each.up_to for each in rule.ranges if each.up_to is not None))
    for each, below in zip(rule.ranges, borders, strict=True):
        holds = each.up_to is None or quantity <= each.up_to
        is_reached = not below or below < quantity
        if is_reached and (holds if rule.tiering == "volume" else each.product == line.product):
            spans.append(_span(below, each.up_to, rule.unit))
    if rule.tiering == "volume":
        return f"the whole quantity, in the range {spans[0]}"
    return f"the {'slice' if len(spans) == 1 else 'slices'} {' and '.join(spans)}"


def _span(below: Decimal, up_to: Decimal | None, unit: str | None) -> str:
    """Return a range as text: `up to 10 GB`, `above 10 up to 100 GB`, or `above 100 GB`."""
    top = "" if up_to is None else f"up to {with_unit(plain_decimal(up_to), unit)}"
    if not below:
        return top
    low = plain_decimal(below)
    return f"above {low} {top}" if top else f"above {with_unit(low, unit)}"


def _since(line: ChargeLine, rule: Rule) -> str:
    """Return from which day the price of a line is in force. Empty for a price without a day."""
    days = (each.since for each in rule.ranges if (each.product, each.price) == (line.product, line.unit_price))
    day = next(days, None)
    return "" if day is None else f", in force from {day}"


def _over_allowance(measured: Measured, rule: Rule) -> str:
    """Return what each device has above its own allowance. Empty for another allowance, and for many devices."""
    allowance, devices = rule.allowance, measured.by_device
    if allowance is None or allowance.per != "device" or not 1 < len(devices) <= _FEW or None in devices:
        return ""
    parts = []
    for name, used in sorted((name or "", used) for name, used in devices.items()):
        above = max(Decimal(0), Decimal(used) / (rule.divisor * measured.hours) - allowance.amount)
        parts.append(f"{name} {with_unit(six_decimals(above), rule.unit)}")
    return f": {', '.join(parts)}"


_FEW = 5
"""The most devices whose parts above their allowance are named."""
_MEASURES = {"last": "the newest hour", "peak": "the highest hour", "p95": "the hour of the 95th percentile"}


def _measure_text(measured: Measured, rule: Rule) -> str:
    """Return which hours the measure chose, and of how many. Another meter than used storage is named."""
    text = _report_text(measured) if rule.meter.reported else _hours_text(measured, "bytes" if rule.unit else "units")
    return text if rule.meter.is_storage else f"meter {rule.meter.name}, {text}"


def _report_text(measured: Measured) -> str:
    if not measured.known_hours:
        return "no monthly report has ever had a device of the customer"
    return f"the monthly report that was read at {when(measured.chosen[0].observed_at)}"


def _hours_text(measured: Measured, what: str) -> str:
    if not measured.known_hours:
        return "no hour has a figure of the customer"
    of = f" of {measured.known_hours} with a known figure" if measured.measure != "last" else ""
    if measured.measure == "mean":
        return f"the mean of {measured.hours} hours: {measured.total:,} {what} in all, divided by {measured.hours}"
    chosen = _MEASURES[measured.measure]
    if measured.measure == "p95":
        chosen = f"{chosen}, rank {-(-95 * measured.known_hours // 100)}"  # the nearest rank, as `measures` has it
    return f"{chosen}{of}: {when(measured.chosen[0].hour)}"
