"""From pulls to wanted additions and the coverage table: the metering side of a plan, put together.

Reads the ledger, and nothing else; what lives in ConnectWise comes in as an estate.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from reconciler.kinds.estate import Estate, LiveObject
from reconciler.kinds.forms import date_text
from reconciler.kinds.workspace import WorkspaceSpec
from reconciler.ledger.journal import last_written, written_ids
from reconciler.ledger.store import Ledger
from reconciler.manifests.documents import Manifests
from reconciler.planning import standing
from reconciler.planning.additions import AdditionsPlan, WantedLine, plan_additions
from reconciler.planning.plan import EVERY_CUSTOMER, CoverageRow
from reconciler.planning.standing import mark_of, monthly, overlaps, quantity_of
from reconciler.usage import claims, pricing
from reconciler.usage.collect import Collected
from reconciler.usage.coverage import Coverage, MarkedAddition, Row
from reconciler.usage.desired import UsageResult, desired
from reconciler.usage.loading import load_facts
from reconciler.usage.period import Period, local_date, period_of
from reconciler.usage.rules import exclusion_of, settings_of
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

    @property
    def period(self) -> Period:
        return period_of(self.now, self.workspace.billing.timezone)


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


def dates_of(period: Period) -> standing.Period:
    return standing.Period(period.first_day.isoformat(), period.last_day.isoformat())


def plan_usage(metering: Metering, fresh: Sequence[Collected], *, setup: bool) -> UsagePlan:
    """The usage half of a plan. `fresh` are the pulls of this run; `setup`: the same plan makes what is missing."""
    billing, estate = metering.workspace.billing, metering.estate
    rated = _rated(metering, fresh)
    want = wanted(
        rated.result.bills,
        metering.manifests,
        estate,
        rated.result.period,
        today=local_date(metering.now, billing.timezone),
        currency=billing.currency,
        setup=setup,
        claims=rated.claims,
    )
    plan = _planned(metering, want.lines)
    refused = {**want.refused, **{mapping: "; ".join(reasons) for mapping, reasons in plan.refused.items()}}
    if plan.refused:
        plan = _planned(metering, [line for line in want.lines if line.mapping not in refused])
    return UsagePlan(rated.result, plan, coverage_rows(rated.result.coverage, refused))


def _planned(metering: Metering, lines: Sequence[WantedLine]) -> AdditionsPlan:
    """The lines against the additions. Where one would be made although we made it before, and it is there without
    its mark, that one is taken instead."""
    ledger, workspace = metering.ledger, metering.manifests.workspace.name
    written = last_written(ledger, workspace, [line.address for line in lines])

    def plan(those: Iterable[WantedLine]) -> AdditionsPlan:
        billing = metering.workspace.billing
        return plan_additions(
            those,
            metering.estate,
            dates_of(metering.period),
            currency=billing.currency,
            last_written=written,
            on_drift=billing.on_drift,
        )

    found = plan(lines)
    made_again = {action.address for action in found.actions if action.action == "create"} & written.keys()
    if not made_again:
        return found
    ids = written_ids(ledger, workspace, "Addition/")
    bare = claims.unmarked((line for line in lines if line.address in made_again), ids, metering.estate)
    return plan(replace(line, claims=line.claims | bare.get(line.mapping, frozenset())) for line in lines)


@dataclass(frozen=True, slots=True)
class _Rated:
    result: UsageResult
    claims: claims.Claims


def rated(metering: Metering) -> UsageResult:
    """Usage measured and rated from what the ledger holds, by the rules of the manifests."""
    return _rated(metering, ()).result


def _rated(metering: Metering, fresh: Sequence[Collected]) -> _Rated:
    manifests, estate, now = metering.manifests, metering.estate, metering.now
    units = {source.name: source.unit for source in metering.workspace.usage}
    settings = settings_of(metering.workspace.billing)
    rules = pricing.rules(manifests, units, estate)
    dates = dates_of(metering.period)
    claimed = claims.renamed(rules, units, estate, dates)
    result = desired(
        now,
        settings,
        rules,
        [exclusion_of(each.name, _spec(each)) for each in manifests.of_kind("Exclusion")],
        load_facts(metering.ledger, units, rules, settings, now, fresh),
        additions=_marked(estate, dates, besides=frozenset().union(*claimed.values())),
        default_rule=pricing.default_rule(manifests, units),
    )
    return _Rated(result, claimed)


def _spec(document: Any) -> Any:
    return document.spec


def _marked(estate: Estate, dates: standing.Period, *, besides: Collection[int]) -> list[MarkedAddition]:
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
        if mark_of(obj) and obj.id not in besides and overlaps(obj, dates)
    ]


def _where(obj: LiveObject) -> str:
    product = (obj.raw.get("product") or {}).get("identifier")
    return f"addition id {obj.id} ({product}, agreement id {obj.parent_id})"


def coverage_rows(coverage: Coverage, refused: Mapping[str, str]) -> tuple[CoverageRow, ...]:
    """The table for the plan. A mapping that is refused is not accounted for, whatever was measured; a source that
    failed has a row of its own, since nobody knows whom else it would have named."""
    rows = [_row(row, refused.get(row.mapping or "")) for row in coverage.rows]
    return (*rows, *(_failed_source(source, why) for source, why in coverage.troubles.items()))


def _failed_source(source: str, why: str) -> CoverageRow:
    return CoverageRow(
        source=source,
        customer=EVERY_CUSTOMER,
        name="every customer",
        state="unknown",
        detail=why,
        accounted=False,
    )


def _row(row: Row, refusal: str | None) -> CoverageRow:
    found = CoverageRow(
        source=row.source,
        customer=row.customer_id,
        name=row.shown_name,
        state=row.state,
        quantity=row.quantity,
        unit=row.unit,
        money=row.money,
        detail=row.detail,
        accounted=row.accounted,
    )
    if refusal is None:
        return found
    return found.model_copy(update={"state": "refused", "detail": refusal, "accounted": False})
