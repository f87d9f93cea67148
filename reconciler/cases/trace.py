"""How the quantity of a case came to be, in sentences: the rating trace."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from reconciler.additions.charge import Charge
from reconciler.additions.ownership import owner_of, owner_of_rule
from reconciler.cases.moments import time_text
from reconciler.cases.prepare import Prepared
from reconciler.kinds.billing_rules import Rule, product_label
from reconciler.kinds.values import plain_decimal, with_unit
from reconciler.metering.measures import HourTotal, Measured
from reconciler.rating.rate import RatingTrace

_FINEST = Decimal("0.000001")
_MOST_DEVICES = 5


def trace_of(prepared: Prepared) -> Iterator[str]:
    """Yield the steps from the usage to the lines of the case's mapping. Nothing for a charge that is held."""
    usage = prepared.inputs.usage
    timezone = prepared.inputs.workspace.billing.timezone
    several = len(prepared.rules) > 1
    for rule in prepared.rules:
        charges = [
            each for each in (*usage.proposed, *usage.charges) if owner_of(each).of_all_months == owner_of_rule(rule)
        ]
        charge = next((each for each in charges if each.trace is not None), None)
        if charge is None or charge.trace is None or charge.measured is None:
            continue
        for step in (*_measured(charge.measured, rule, timezone), *_rated(charge, charge.trace, rule)):
            yield f"{rule.charge}: {step}" if several else step


def _measured(measured: Measured, rule: Rule, timezone: str) -> Iterator[str]:
    verb = "used" if rule.meter.is_storage else "counted"
    if not measured.known_hours:
        yield f"{with_unit('0', rule.unit)} {verb}, because the source has never listed the customer"
        return
    first = measured.chosen[0]
    if measured.hours > 1:
        used = _in_unit(measured.total, rule, measured.hours)
        yield f"{used} {verb}, the {measured.measure} of {measured.hours} hours{_elapsed(measured)}"
        return
    of = f"the {measured.measure} of {measured.known_hours} hours{_elapsed(measured)}"
    which = "" if measured.measure == "last" else f", {of}"
    at = time_text(first.observed_at, timezone)
    yield f"{_in_unit(first.bytes, rule)} {verb} at {at}{_devices(first, rule)}{which}"


def _elapsed(measured: Measured) -> str:
    """Return how many hours have passed, if some of them have no known figure."""
    elapsed = measured.elapsed_hours
    if elapsed is None or elapsed == measured.known_hours:
        return ""
    return f" with a known figure, of {elapsed}"


def _devices(hour: HourTotal, rule: Rule) -> str:
    """Return the devices of an hour with their figures. Empty if the source reports one total."""
    named = [each for each in hour.devices if each.device_id is not None]
    shown = [f"{each.device_id} {_in_unit(each.bytes, rule)}" for each in named[:_MOST_DEVICES]]
    more = [f"{len(named) - _MOST_DEVICES} more"] if len(named) > _MOST_DEVICES else []
    return f" ({', '.join([*shown, *more])})" if shown else ""


def _rated(charge: Charge, trace: RatingTrace, rule: Rule) -> Iterator[str]:
    """Yield the steps of rating, and the lines."""

    def text(quantity: Decimal) -> str:
        return with_unit(plain_decimal(quantity), rule.unit)

    if rule.allowance is not None:
        above = with_unit(_shown(trace.after_allowance), rule.unit)
        others = "" if rule.allowance.meter is None else f", of {_others(charge)}"
        yield f"{above} above the allowance of {text(rule.allowance.amount)} a {rule.allowance.per}{others}"
    rounding = rule.rounding
    if rounding.mode == "none":
        yield f"{text(trace.rounded)} with six decimals"
    else:
        how = "half up to the nearest multiple" if rounding.mode == "nearest" else f"{rounding.mode} to a multiple"
        yield f"{text(trace.rounded)}, rounded {how} of {plain_decimal(rounding.step)}"
    if rule.minimum is not None:
        yield f"{text(trace.quantity)} with the minimum of {text(rule.minimum)}"
    if len(rule.ranges) > 1:
        on = ", ".join(f"{plain_decimal(each.quantity)} on {product_label(each.product)}" for each in charge.lines)
        yield f"{rule.tiering} ranges: {on}"


def _others(charge: Charge) -> str:
    """Return what the meter of the allowance counts in the chosen hours."""
    measured = charge.measured
    return "0" if measured is None else _shown(Decimal(measured.others) / measured.hours)


def _in_unit(size: int, rule: Rule, hours: int = 1) -> str:
    return with_unit(_shown(Decimal(size) / (rule.divisor * hours)), rule.unit)


def _shown(quantity: Decimal) -> str:
    return plain_decimal(quantity.quantize(_FINEST))
