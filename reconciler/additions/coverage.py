"""The coverage table of a plan: the rows of metering, with what the plan found about each mapping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from reconciler.additions.charge import Charge
from reconciler.metering.coverage import Coverage
from reconciler.metering.coverage import CoverageRow as MeteredRow
from reconciler.planning.plan import EVERY_CUSTOMER, CoverageRow, Released, Tripped

MappingCharge = tuple[str, str]
"""The names of a mapping and of its charge."""

Reasons = Mapping[MappingCharge, Mapping[str, str]]
"""Reasons by charge and month, as `2026-10`."""

LEFT_OPEN = "left open"
"""The state of a customer that is billed, or of which nothing is known, if a close left a month of it open."""


@dataclass(frozen=True, slots=True)
class MappingFindings:
    """By mapping: why it is not billed as measured."""

    refused: Mapping[str, str] = field(default_factory=dict)
    """The reason why it cannot be billed."""
    held: Mapping[str, Sequence[Tripped]] = field(default_factory=dict)
    """The guardrails that hold it."""
    floors: Mapping[MappingCharge, str] = field(default_factory=dict)
    """By charge: the reason why its quantity is kept above the measured one."""
    uninvoiced: Mapping[str, str] = field(default_factory=dict)
    """The usage of the period that no invoice bills."""
    proposed: Mapping[str, str] = field(default_factory=dict)
    """What a proposed mapping would bill."""
    overbilled: Mapping[str, str] = field(default_factory=dict)
    """The months after its end that were invoiced already."""
    ended_months: Reasons = field(default_factory=dict)
    """Why ended months are not billed as measured."""
    left_open: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By source and customer id: the closed months that left the customer open, with the reasons."""
    charges: Mapping[MappingCharge, Charge] = field(default_factory=dict)
    standing: Mapping[MappingCharge, Decimal] = field(default_factory=dict)
    """By charge: what its additions bill a month as they stand."""


def coverage_rows(coverage: Coverage, findings: MappingFindings) -> Iterator[CoverageRow]:
    """Yield the rows of the plan's coverage table.

    A mapping that is refused or held is not accounted for. A source without usable data gets a row of its own, because
    customers that appear only there cannot be checked.
    """
    charges = Counter(row.mapping for row in coverage.rows if row.charge is not None)
    for row in coverage.rows:
        mapping, charge = row.mapping or "", row.charge or ""
        shown = _row(row, of_several=charges[row.mapping] > 1)
        found = _with_standing(_with_findings(shown, mapping, charge, findings), (mapping, charge), findings)
        yield _with_ended_months(found, (mapping, charge), findings)
    seen = {(row.source, row.customer_id) for row in coverage.rows}
    for (source, customer), reason in findings.left_open.items():
        if (source, customer) not in seen:
            yield CoverageRow(
                source=source, customer=customer, name=customer, state=LEFT_OPEN, detail=reason, accounted=False
            )
    for source, reason in coverage.source_problems.items():
        yield CoverageRow(
            source=source,
            customer=EVERY_CUSTOMER,
            name="every customer",
            state="unknown",
            detail=reason,
            accounted=False,
        )


def trips_text(trips: Iterable[Tripped]) -> str:
    """Return the guardrails that hold a customer as text."""
    return "; ".join(f"guardrail {trip.name}: {trip.message}" for trip in trips)


def _row(row: MeteredRow, *, of_several: bool) -> CoverageRow:
    """Return the row of a plan. If the mapping has several charges, it says which one it is about."""
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
        charge=row.charge if of_several else None,
    )


def _with_standing(row: CoverageRow, charge: MappingCharge, findings: MappingFindings) -> CoverageRow:
    """Return the row of a customer without a usable figure with what stands: this is billed on, and so at risk."""
    standing = findings.standing.get(charge)
    if row.state == "trial" and standing:
        detail = f"{row.detail}; its additions are billed already, and are held: check its state in the console"
        return row.model_copy(update={"accounted": False, "money": standing, "detail": detail})
    if row.accounted or row.money is not None or standing is None:
        return row
    return row.model_copy(update={"money": standing})


def _with_findings(row: CoverageRow, mapping: str, charge: str, findings: MappingFindings) -> CoverageRow:
    """Return the row, changed if its mapping is proposed, refused, held, kept at a floor, or not invoiced."""
    if (proposed := findings.proposed.get(mapping)) is not None:
        return row.model_copy(update={"detail": "; ".join(filter(None, (row.detail, proposed)))})
    if (reason := findings.refused.get(mapping)) is not None:
        return row.model_copy(update={"state": "refused", "detail": reason, "accounted": False})
    if (later := findings.overbilled.get(mapping)) is not None:
        detail = "; ".join(filter(None, (row.detail, later)))
        row = row.model_copy(update={"detail": detail, "accounted": False})
    written = _written(row, mapping, charge, findings)
    trips = findings.held.get(mapping)
    if not trips:
        return written
    approval = " ".join(f"--approve {trip.name}={trip.address}" for trip in trips)
    advice = f"check the change, then confirm it with {approval}"
    detail = "; ".join(filter(None, (trips_text(trips), advice, written.detail)))
    released = Released(state=written.state, detail=written.detail, accounted=written.accounted)
    return written.model_copy(update={"state": "held", "detail": detail, "accounted": False, "released": released})


def _with_ended_months(row: CoverageRow, charge: MappingCharge, findings: MappingFindings) -> CoverageRow:
    """Return the row with what is missing in ended months. A customer that is billed now is then not accounted for."""
    missing = [f"{month}: {reason}" for month, reason in findings.ended_months.get(charge, {}).items()]
    left_open = findings.left_open.get((row.source, row.customer))
    if not missing and left_open is None:
        return row
    instead = "invoiced" if missing else LEFT_OPEN

    def changed(state: str, detail: str) -> dict[str, Any]:
        return {
            "state": instead if state == "billed" else state,
            "detail": "; ".join(filter(None, (detail, *missing, left_open))),
            "accounted": False,
        }

    released = row.released
    if released is not None:
        released = released.model_copy(update=changed(released.state, released.detail))
    return row.model_copy(update={**changed(row.state, row.detail), "released": released})


def _written(row: CoverageRow, mapping: str, name: str, findings: MappingFindings) -> CoverageRow:
    """Return the row of a customer whose additions are written."""
    if (reason := findings.uninvoiced.get(mapping)) is not None:
        return row.model_copy(update={"state": "invoiced", "detail": reason, "accounted": False})
    if (reason := findings.floors.get((mapping, name))) is not None:
        charge = findings.charges[mapping, name]
        quantity = None if charge.trace is None else charge.trace.quantity
        return row.model_copy(
            update={"state": "held", "detail": reason, "accounted": False, "quantity": quantity, "money": charge.amount}
        )
    return row
