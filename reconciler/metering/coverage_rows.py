"""Coverage rows of customers and devices that nothing bills: excluded, unmapped, unattributed."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from decimal import Decimal

from reconciler.kinds.billing_rules import BYTES_OF, Exclusion, Rule
from reconciler.metering.coverage import CoverageRow
from reconciler.metering.customer_now import DeviceNow
from reconciler.metering.customer_status import silence
from reconciler.metering.history import History
from reconciler.metering.snapshot import SourceSnapshot

CustomerKey = tuple[str, str]
"""Source and customer id."""

AmountAtRisk = Callable[[History, str], Decimal | None]
"""Return what a customer would pay per month under the default rules. None if that is unknown."""


def excluded_row(exclusion: Exclusion, by_customer: Mapping[CustomerKey, Rule], history: History | None) -> CoverageRow:
    """Return the row of an excluded customer or device."""
    detail = f"{exclusion.reason}{_until(exclusion)}"
    rule = by_customer.get((exclusion.source, exclusion.customer_id))
    if rule is not None and exclusion.device_id is None:
        detail += f"; CustomerMapping/{rule.name} bills nothing meanwhile, and its additions stay unchanged"
    source = None if history is None else history.source
    name = _name(source, exclusion.customer_id)
    return CoverageRow(
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
    """Return the excluded usage in the newest pull. None if it is unknown."""
    if history is None or history.source.whole is None:
        return None
    current = history.customer_now(exclusion.customer_id)
    if exclusion.device_id is None:
        return in_unit(current.bytes, history.source)
    devices = (*current.excluded, *current.devices)
    return in_unit(_bytes([each for each in devices if each.device_id == exclusion.device_id]), history.source)


def _bytes(devices: Iterable[DeviceNow]) -> int | None:
    known = [device.bytes for device in devices if device.state != "never"]
    return sum(known) if known else None


def unmapped_rows(
    history: History,
    by_customer: Mapping[CustomerKey, Rule],
    excluded: Container[CustomerKey],
    expired: Mapping[CustomerKey, Exclusion],
    amount_at_risk: AmountAtRisk,
    *,
    accounted: bool,
) -> Iterable[CoverageRow]:
    """Yield the rows of customers in the newest believed pull that no mapping and no exclusion names.

    `accounted` is False if such a customer ends the run with exit code 5 (`billing.unmapped: error`).
    """
    source = history.source
    if source.whole is None:
        return
    for customer_id in source.whole.samples:
        key = (source.source, customer_id)
        if key in by_customer or key in excluded:
            continue
        current = history.customer_now(customer_id)
        if not current.devices:
            continue  # every device is excluded and has a row of its own
        known = source.known.get(customer_id)
        attributed = known is None or known.customer.attributed
        details = ["no mapping names this customer: map it or exclude it"]
        trial = attributed and history.in_trial(customer_id)
        if trial:
            details = [f"in trial in {source.source}, so nothing is billed; no mapping names this customer yet"]
        if not attributed:
            details = ["usage above end-customer level: map it or exclude it"]
        if key in expired:
            details.append(f"its exclusion ({expired[key].reason}) ended on {expired[key].until}")
        yield CoverageRow(
            source=source.source,
            customer_id=customer_id,
            name=_name(source, customer_id),
            state="trial" if trial else "unmapped" if attributed else "unattributed",
            effect="none",
            detail="; ".join(filter(None, (*details, silence(current, source.unit)))),
            quantity=in_unit(current.bytes, source),
            unit=source.unit,
            money=amount_at_risk(history, customer_id),
            accounted=accounted or trial,
        )


def _name(source: SourceSnapshot | None, customer_id: str) -> str:
    known = None if source is None else source.known.get(customer_id)
    return customer_id if known is None else known.customer.name


def in_unit(size: int | None, source: SourceSnapshot) -> Decimal | None:
    """Return a size in bytes in the source's unit, rounded to three decimals. None stays None."""
    return None if size is None else (Decimal(size) / BYTES_OF[source.unit]).quantize(Decimal("0.001"))
