"""Rows of the coverage table for customers and devices that nothing bills: excluded, unmapped, unattributed. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from reconciler.usage.bills import Moment, measure
from reconciler.usage.coverage import Row
from reconciler.usage.errors import UsageError
from reconciler.usage.facts import SourceFacts
from reconciler.usage.history import DeviceNow, History, Standing
from reconciler.usage.judgement import silence
from reconciler.usage.rating import Rated, rate
from reconciler.usage.rules import BYTES_OF, Exclusion, Rule


def excluded_row(exclusion: Exclusion, by_customer: Mapping[tuple[str, str], Rule], history: History | None) -> Row:
    """A customer, or one device of it, that is not billed for a reason."""
    detail = f"{exclusion.reason}{_until(exclusion)}"
    rule = by_customer.get((exclusion.source, exclusion.customer_id))
    if rule is not None and exclusion.device_id is None:
        detail += f"; CustomerMapping/{rule.name} bills nothing meanwhile, and its additions stay as they are"
    source = None if history is None else history.source
    name = _name(source, exclusion.customer_id)
    return Row(
        source=exclusion.source,
        customer_id=exclusion.customer_id,
        name=name if exclusion.device_id is None else f"device {exclusion.device_id} of {name}",
        state="excluded",
        effect="none",
        detail=detail,
        mapping=None if rule is None else rule.name,
        quantity=_used(history, exclusion),
        unit=None if source is None else source.unit,
        device_id=exclusion.device_id,
    )


def _until(exclusion: Exclusion) -> str:
    return f" (until {exclusion.until})" if exclusion.until is not None else ""


def _used(history: History | None, exclusion: Exclusion) -> Decimal | None:
    """What is left out by the newest pull; None where that is not known."""
    if history is None or history.source.whole is None:
        return None
    standing = history.standing(exclusion.customer_id)
    if exclusion.device_id is None:
        return in_unit(standing.bytes, history.source)
    devices = (*standing.excluded, *standing.devices)
    return in_unit(_bytes([each for each in devices if each.device_id == exclusion.device_id]), history.source)


def _bytes(devices: Iterable[DeviceNow]) -> int | None:
    known = [device.bytes for device in devices if device.state != "never"]
    return sum(known) if known else None


def unmapped_rows(
    history: History,
    by_customer: Mapping[tuple[str, str], Rule],
    active: Container[tuple[str, str]],
    expired: Mapping[tuple[str, str], Exclusion],
    default_rule: Rule | None,
    at: Moment,
) -> Iterable[Row]:
    """Customers of the newest believed pull that nothing maps or excludes."""
    source = history.source
    if source.whole is None:
        return
    for customer_id in source.whole.samples:
        key = (source.source, customer_id)
        if key in by_customer or key in active:
            continue
        standing = history.standing(customer_id)
        if not standing.devices:
            continue  # each of its devices is excluded, and has a row of its own
        known = source.known.get(customer_id)
        attributed = known is None or known.customer.attributed
        details = ["no mapping names this customer: map it or exclude it"]
        if not attributed:
            details = ["usage above end-customer level: map it or exclude it"]
        if key in expired:
            details.append(f"its exclusion ({expired[key].reason}) ended on {expired[key].until}")
        rated = None if default_rule is None else _price(history, customer_id, standing, default_rule, at)
        yield Row(
            source=source.source,
            customer_id=customer_id,
            name=_name(source, customer_id),
            state="unmapped" if attributed else "unattributed",
            effect="none",
            detail="; ".join(filter(None, (*details, silence(standing, source.unit)))),
            quantity=in_unit(standing.bytes, source),
            unit=source.unit,
            money=None if rated is None else rated.amount,
            accounted=at.settings.unmapped == "warn",
        )


def _price(history: History, customer_id: str, standing: Standing, default_rule: Rule, at: Moment) -> Rated | None:
    """What the default rule would bill for a customer; None where it cannot tell.

    Measured by the newest pull, which alone is loaded for customers that nothing maps.
    """
    source = history.source
    rule = replace(
        default_rule, source=source.source, customer_id=customer_id, unit=source.unit, measure="last", start=None
    )
    measured = None if standing.bytes is None else measure(rule, history, standing, at.period.start)
    if measured is None:
        return None
    try:
        return rate(rule, measured, at.settings.currency)
    except UsageError:
        return None


def _name(source: SourceFacts | None, customer_id: str) -> str:
    known = None if source is None else source.known.get(customer_id)
    return customer_id if known is None else known.customer.name


def in_unit(size: int | None, source: SourceFacts) -> Decimal | None:
    """In the source's unit, to three decimals."""
    return None if size is None else (Decimal(size) / BYTES_OF[source.unit]).quantize(Decimal("0.001"))
