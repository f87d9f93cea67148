"""Rows of the coverage table for customers that nothing bills: excluded, unmapped, unattributed."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from reconciler.ledger.records import Sample
from reconciler.usage.bills import Moment, measure
from reconciler.usage.coverage import Row
from reconciler.usage.errors import UsageError
from reconciler.usage.facts import SourceFacts
from reconciler.usage.rating import Rated, rate
from reconciler.usage.rules import BYTES_OF, Exclusion, Rule


def excluded_row(exclusion: Exclusion, by_customer: Mapping[tuple[str, str], Rule], source: SourceFacts | None) -> Row:
    until = f" (until {exclusion.until})" if exclusion.until is not None else ""
    detail = f"{exclusion.reason}{until}"
    rule = by_customer.get((exclusion.source, exclusion.customer_id))
    if rule is not None:
        detail += f"; CustomerMapping/{rule.name} bills nothing meanwhile, and its additions stay as they are"
    known = None if source is None else source.known.get(exclusion.customer_id)
    return Row(
        source=exclusion.source,
        customer_id=exclusion.customer_id,
        name=exclusion.customer_id if known is None else known.customer.name,
        state="excluded",
        effect="none",
        detail=detail,
        mapping=None if rule is None else rule.name,
        quantity=None if source is None else _used(source, exclusion.customer_id),
        unit=None if source is None else source.unit,
    )


def unmapped_rows(
    source: SourceFacts,
    by_customer: Mapping[tuple[str, str], Rule],
    active: Container[tuple[str, str]],
    expired: Mapping[tuple[str, str], Exclusion],
    default_rule: Rule | None,
    at: Moment,
) -> Iterable[Row]:
    """Customers of the newest whole pull that nothing maps or excludes."""
    if source.whole is None:
        return
    for customer_id in source.whole.samples:
        key = (source.source, customer_id)
        if key in by_customer or key in active:
            continue
        known = source.known.get(customer_id)
        name = customer_id if known is None else known.customer.name
        attributed = known is None or known.customer.attributed
        details = ["no mapping names this customer: map it or exclude it"]
        if not attributed:
            details = ["usage above end-customer level: map it or exclude it"]
        if key in expired:
            details.append(f"its exclusion ({expired[key].reason}) ended on {expired[key].until}")
        rated = None if default_rule is None else _price(source, customer_id, default_rule, at)
        yield Row(
            source=source.source,
            customer_id=customer_id,
            name=name,
            state="unmapped" if attributed else "unattributed",
            effect="none",
            detail="; ".join(details),
            quantity=_used(source, customer_id),
            unit=source.unit,
            money=None if rated is None else rated.amount,
        )


def _price(source: SourceFacts, customer_id: str, default_rule: Rule, at: Moment) -> Rated | None:
    """What the default rule would bill for a customer; None where it cannot tell.

    Measured by the newest pull, which alone is loaded for customers that nothing maps.
    """
    rule = replace(
        default_rule, source=source.source, customer_id=customer_id, unit=source.unit, measure="last", start=None
    )
    measured = measure(rule, source, at.period.start, at.period.end)
    if measured is None:
        return None
    try:
        return rate(rule, measured)
    except UsageError:
        return None


def _used(source: SourceFacts, customer_id: str) -> Decimal | None:
    """What a customer used by the newest whole pull, in the source's unit and to three decimals; None: unknown."""
    samples: tuple[Sample, ...] = () if source.whole is None else source.whole.samples.get(customer_id, ())
    known = [sample.bytes for sample in samples if sample.bytes is not None]
    if not known:
        return None
    return (Decimal(sum(known)) / BYTES_OF[source.unit]).quantize(Decimal("0.001"))
