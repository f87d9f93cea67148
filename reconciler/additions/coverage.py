"""The coverage table of a plan: the rows of metering, with what planning additions found out about each mapping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from reconciler.additions.charge import Charge
from reconciler.metering.coverage import Coverage
from reconciler.metering.coverage import CoverageRow as MeteredRow
from reconciler.planning.plan import EVERY_CUSTOMER, CoverageRow, Released, Tripped


@dataclass(frozen=True, slots=True)
class MappingFindings:
    """By mapping, what keeps it from being billed as measured."""

    refused: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, Sequence[Tripped]] = field(default_factory=dict)
    """The guardrails that hold it."""
    floors: Mapping[str, str] = field(default_factory=dict)
    uninvoiced_usage: Mapping[str, str] = field(default_factory=dict)
    """What a period lacks that was invoiced before the line was made."""
    charges: Mapping[str, Charge] = field(default_factory=dict)


def coverage_rows(coverage: Coverage, findings: MappingFindings) -> Iterator[CoverageRow]:
    """A mapping that is refused or held is not accounted for, whatever was measured. A source that failed has a row
    of its own: nobody knows whom else it would have named."""
    for row in coverage.rows:
        yield _with_findings(_row(row), row.mapping or "", findings)
    for source, why in coverage.source_problems.items():
        yield CoverageRow(
            source=source,
            customer=EVERY_CUSTOMER,
            name="every customer",
            state="unknown",
            detail=why,
            accounted=False,
        )


def told(trips: Iterable[Tripped]) -> str:
    """The guardrails that hold a customer, for a sentence."""
    return "; ".join(f"guardrail {trip.name}: {trip.message}" for trip in trips)


def _row(row: MeteredRow) -> CoverageRow:
    return CoverageRow(
        source=row.source,
        customer=row.customer_id,
        name=row.shown_name,
        state=row.state,
        quantity=row.quantity,
        unit=row.unit,
        money=row.money,
        detail=row.detail,
        accounted=row.accounted,
        address=None if row.mapping is None else f"CustomerMapping/{row.mapping}",
    )


def _with_findings(row: CoverageRow, mapping: str, findings: MappingFindings) -> CoverageRow:
    if (reason := findings.refused.get(mapping)) is not None:
        return row.model_copy(update={"state": "refused", "detail": reason, "accounted": False})
    billed = _billed(row, mapping, findings)
    trips = findings.held.get(mapping)
    if not trips:
        return billed
    approval = " ".join(f"--approve {trip.name}={trip.address}" for trip in trips)
    detail = "; ".join(filter(None, (told(trips), f"let it pass with {approval}", billed.detail)))
    released = Released(state=billed.state, detail=billed.detail, accounted=billed.accounted)
    return billed.model_copy(update={"state": "held", "detail": detail, "accounted": False, "released": released})


def _billed(row: CoverageRow, mapping: str, findings: MappingFindings) -> CoverageRow:
    """A customer whose lines are written."""
    if (gap := findings.uninvoiced_usage.get(mapping)) is not None:
        return row.model_copy(update={"state": "invoiced", "detail": gap, "accounted": False})
    if (floor := findings.floors.get(mapping)) is not None:
        charge = findings.charges[mapping]
        quantity: Decimal | None = None if charge.trace is None else charge.trace.quantity
        return row.model_copy(
            update={"state": "held", "detail": floor, "accounted": False, "quantity": quantity, "money": charge.amount}
        )
    return row
