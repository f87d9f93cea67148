"""How the quantity of a case came to be, in sentences: the rating trace."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from reconciler.additions.charge import Charge
from reconciler.cases.moments import time_text
from reconciler.cases.prepare import Prepared
from reconciler.kinds.billing_rules import BYTES_OF, Rule, product_label
from reconciler.kinds.values import plain_decimal
from reconciler.metering.measures import HourTotal, Measured

_FINEST = Decimal("0.000001")
_MOST_DEVICES = 5


def trace_of(prepared: Prepared) -> Iterator[str]:
    """Yield the steps from the usage to the lines of the case's mapping. Nothing for a customer that is held."""
    rule = prepared.rule
    usage = prepared.inputs.usage
    if rule is None:
        return
    charges = [each for each in (*usage.proposed, *usage.charges) if each.mapping == rule.name]
    charge = next((each for each in charges if each.trace is not None), None)
    if charge is None or charge.trace is None or charge.measured is None:
        return
    timezone = prepared.inputs.workspace.billing.timezone
    yield from _measured(charge.measured, rule, timezone)
    yield from _rated(charge, rule)


def _measured(measured: Measured, rule: Rule, timezone: str) -> Iterator[str]:
    unit = rule.unit
    if not measured.known_hours:
        yield f"0 {unit} used, because the source has never listed the customer"
        return
    first = measured.chosen[0]
    if measured.hours > 1:
        used = _in_unit(measured.total, unit, measured.hours)
        yield f"{used} {unit} used, the {measured.measure} of {measured.hours} hours{_elapsed(measured)}"
        return
    of = f"the {measured.measure} of {measured.known_hours} hours{_elapsed(measured)}"
    which = "" if measured.measure == "last" else f", {of}"
    at = time_text(first.observed_at, timezone)
    yield f"{_in_unit(first.bytes, unit)} {unit} used at {at}{_devices(first, unit)}{which}"


def _elapsed(measured: Measured) -> str:
    """Return how many hours have passed, if some of them have no known figure."""
    elapsed = measured.elapsed_hours
    if elapsed is None or elapsed == measured.known_hours:
        return ""
    return f" with a known figure, of {elapsed}"


def _devices(hour: HourTotal, unit: str) -> str:
    """Return the devices of an hour with their figures. Empty if the source reports one total."""
    named = [each for each in hour.devices if each.device_id is not None]
    shown = [f"{each.device_id} {_in_unit(each.bytes, unit)}" for each in named[:_MOST_DEVICES]]
    more = [f"{len(named) - _MOST_DEVICES} more"] if len(named) > _MOST_DEVICES else []
    return f" ({', '.join([*shown, *more])})" if shown else ""


def _rated(charge: Charge, rule: Rule) -> Iterator[str]:
    """Yield the steps of rating, and the lines."""
    trace, unit = charge.trace, rule.unit
    assert trace is not None  # noqa: S101 - the caller has checked it
    if rule.allowance is not None:
        free = f"{plain_decimal(rule.allowance.amount)} {unit} a {rule.allowance.per}"
        yield f"{_shown(trace.after_allowance)} {unit} above the allowance of {free}"
    rounding = rule.rounding
    if rounding.mode == "none":
        yield f"{plain_decimal(trace.rounded)} {unit} with six decimals"
    else:
        how = "half up to the nearest multiple" if rounding.mode == "nearest" else f"{rounding.mode} to a multiple"
        yield f"{plain_decimal(trace.rounded)} {unit}, rounded {how} of {plain_decimal(rounding.step)}"
    if rule.minimum is not None:
        yield f"{plain_decimal(trace.quantity)} {unit} with the minimum of {plain_decimal(rule.minimum)} {unit}"
    if len(rule.ranges) > 1:
        on = ", ".join(f"{plain_decimal(each.quantity)} on {product_label(each.product)}" for each in charge.lines)
        yield f"{rule.tiering} ranges: {on}"


def _in_unit(size: int, unit: str, hours: int = 1) -> str:
    return _shown(Decimal(size) / (BYTES_OF[unit] * hours))


def _shown(quantity: Decimal) -> str:
    return plain_decimal(quantity.quantize(_FINEST))
