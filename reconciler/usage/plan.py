"""From pulls to wanted additions and the coverage table: the metering side of a plan, put together.

Reads the ledger, and nothing else; what lives in ConnectWise comes in as an estate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from reconciler.kinds.customer_mapping import CustomerMappingSpec, ProductReference
from reconciler.kinds.estate import Estate, LiveObject
from reconciler.kinds.forms import date_text
from reconciler.kinds.values import Link
from reconciler.kinds.workspace import WorkspaceSpec
from reconciler.ledger.journal import last_written
from reconciler.ledger.store import Ledger
from reconciler.manifests.documents import Document, Manifests
from reconciler.planning import standing
from reconciler.planning.additions import AdditionsPlan, plan_additions
from reconciler.planning.plan import CoverageRow
from reconciler.planning.standing import mark_of, monthly, overlaps, quantity_of
from reconciler.usage.collect import Collected, load_facts
from reconciler.usage.coverage import Coverage, MarkedAddition, Row
from reconciler.usage.desired import UsageResult, desired
from reconciler.usage.period import local_date, period_of
from reconciler.usage.rules import Rule, Unit, exclusion_of, rule_of, settings_of
from reconciler.usage.wanted import wanted


@dataclass(frozen=True, slots=True)
class Metering:
    """What metering looks at, at one moment."""

    manifests: Manifests
    ledger: Ledger
    now: datetime
    estate: Estate

    @property
    def workspace(self) -> WorkspaceSpec:
        return workspace_spec(self.manifests)


@dataclass(frozen=True, slots=True)
class UsagePlan:
    result: UsageResult
    additions: AdditionsPlan
    coverage: tuple[CoverageRow, ...]


def workspace_spec(manifests: Manifests) -> WorkspaceSpec:
    spec = manifests.workspace.spec
    if not isinstance(spec, WorkspaceSpec):
        raise TypeError(f"{manifests.workspace.address} is not a workspace")
    return spec


def plan_usage(metering: Metering, fresh: Sequence[Collected], *, setup: bool) -> UsagePlan:
    """The usage half of a plan. `fresh` are the pulls of this run; `setup`: the same plan makes what is missing."""
    billing, manifests, estate = metering.workspace.billing, metering.manifests, metering.estate
    result = rated(metering, fresh)
    want = wanted(
        result.bills,
        manifests,
        estate,
        result.period,
        today=local_date(metering.now, billing.timezone),
        currency=billing.currency,
        setup=setup,
    )
    period = standing.Period(result.period.first_day.isoformat(), result.period.last_day.isoformat())
    plan = plan_additions(
        want.lines,
        estate,
        period,
        currency=billing.currency,
        last_written=last_written(metering.ledger, manifests.workspace.name, [line.address for line in want.lines]),
        on_drift=billing.on_drift,
    )
    return UsagePlan(result, plan, coverage_rows(result.coverage, want.refused, billing.unmapped))


def rated(metering: Metering, fresh: Sequence[Collected]) -> UsageResult:
    """Usage measured and rated by the rules of the manifests; prices are the manifests', else the live products'."""
    billing, manifests, now, estate = metering.workspace.billing, metering.manifests, metering.now, metering.estate
    units = {source.name: source.unit for source in metering.workspace.usage}
    settings = settings_of(billing)
    rules = [_rule(document, units, manifests, estate) for document in manifests.of_kind("CustomerMapping")]
    exclusions = [exclusion_of(document.name, _spec(document)) for document in manifests.of_kind("Exclusion")]
    facts = load_facts(metering.ledger, units, rules, settings, now, fresh)
    period = period_of(now, billing.timezone)
    dates = standing.Period(period.first_day.isoformat(), period.last_day.isoformat())
    return desired(
        now,
        settings,
        rules,
        exclusions,
        facts,
        additions=_marked(estate, dates),
        default_rule=_default_rule(manifests, units),
    )


def _spec(document: Document) -> Any:
    return document.spec


def _rule(document: Document, units: Mapping[str, Unit], manifests: Manifests, estate: Estate) -> Rule:
    spec = _spec(document)
    links = estate.links.get(document.address, {})
    by_reference: dict[ProductReference, Link] = {}
    if spec.product is not None and ("product",) in links:
        by_reference[spec.product] = links["product",]
    for index, each in enumerate(spec.ranges or ()):
        if ("ranges", index, "product") in links:
            by_reference[each.product] = links["ranges", index, "product"]

    def price_of(product: ProductReference) -> Any:
        return _price(by_reference.get(product), manifests, estate)

    return rule_of(document.name, spec, units[spec.customer.source], price_of)


def _price(link: Link | None, manifests: Manifests, estate: Estate) -> Decimal | None:
    """A product's unit price: as declared, else as it lives. None where neither has one."""
    if link is None:
        return None
    declared = manifests.by_address.get(link.address or "")
    if declared is not None and "price" in declared.declared:
        return Decimal(_spec(declared).price) if _spec(declared).price is not None else None
    live = estate.objects.get(("Product", link.id or 0))
    price = None if live is None else live.raw.get("price")
    return None if price is None else Decimal(price)


def _marked(estate: Estate, period: standing.Period) -> list[MarkedAddition]:
    return [
        MarkedAddition(
            mark=mark_of(obj),
            quantity=quantity_of(obj),
            money=monthly(obj),
            where=_where(obj),
            until=date_text(obj.raw.get("cancelledDate")),
        )
        for objects in estate.additions.values()
        for obj in objects
        if mark_of(obj) and overlaps(obj, period)
    ]


def _where(obj: LiveObject) -> str:
    product = (obj.raw.get("product") or {}).get("identifier")
    return f"agreement id {obj.parent_id}, product {product}, addition id {obj.id}"


def _default_rule(manifests: Manifests, units: Mapping[str, Unit]) -> Rule | None:
    """How a customer that nothing maps would be billed, where the root's Defaults say with what product."""
    given = dict(manifests.fallback.get("CustomerMapping", {}))
    if not units or ("product" not in given and "ranges" not in given):
        return None
    source, unit = next(iter(units.items()))
    nobody = {"company": "nobody", "agreement": "nobody", "solution": "none", "managedId": "0"}
    spec = CustomerMappingSpec.model_validate({**nobody, **given, "customer": {"source": source, "id": "nobody"}})

    def price_of(product: ProductReference) -> Any:
        declared = manifests.by_address.get(f"Product/{product}")
        return None if declared is None else _spec(declared).price

    return rule_of("default", spec, unit, price_of)


def coverage_rows(
    coverage: Coverage, refused: Mapping[str, str], unmapped: Literal["error", "warn"]
) -> tuple[CoverageRow, ...]:
    """The table for the plan. A mapping that is refused is not accounted for, whatever was measured; a source that
    failed has a row of its own, since nobody knows whom else it would have named."""
    gaps = {id(row) for row in coverage.gaps(unmapped)}
    rows = [_row(row, id(row) not in gaps, refused.get(row.mapping or "")) for row in coverage.rows]
    return (*rows, *map(_failed_source, coverage.failed_sources))


def _failed_source(source: str) -> CoverageRow:
    return CoverageRow(
        source=source,
        customer="*",
        name="every customer",
        state="unknown",
        detail="its newest reading failed or is stale: whoever it would have named is not accounted for",
        accounted=False,
    )


def _row(row: Row, accounted: bool, refusal: str | None) -> CoverageRow:
    found = CoverageRow(
        source=row.source,
        customer=row.customer_id,
        name=row.shown_name,
        state=row.state,
        quantity=row.quantity,
        unit=row.unit,
        money=row.money,
        detail=row.detail,
        accounted=accounted,
    )
    if refusal is None:
        return found
    return found.model_copy(update={"state": "refused", "detail": refusal, "accounted": False})
