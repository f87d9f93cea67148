"""Add `did you mean` to coverage rows: a mapping whose customer is gone, and an unmapped customer with a like name.

Names only suggest. Customers are matched by id, and two customers with the same name stay two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.manifests.suggestions import nearest_key
from reconciler.metering.coverage import CoverageRow

NEAR = 85
"""How alike two names must be for a suggestion, of 100."""

MOST_COMPARISONS = 200_000
"""The largest number of pairs that are compared. Above it only equal names are suggested, to keep the run short."""


def with_suggestions(rows: Sequence[CoverageRow]) -> list[CoverageRow]:
    """Return the rows with suggestions in their details.

    If a customer that is gone and an unmapped customer of the same source have like names, each row names the other.
    """
    meant: dict[int, str] = {}
    for source in dict.fromkeys(row.source for row in rows):
        absent = {index: row.name for index, row in enumerate(rows) if _is(row, source, ("vanished", "never seen"))}
        unmapped = {index: row.name for index, row in enumerate(rows) if _is(row, source, ("unmapped", "unattributed"))}
        for index, other in _pairs(absent, unmapped).items():
            meant[index] = f"did you mean customer {rows[other].customer_id}, {rows[other].name}?"
            meant[other] = f"did you mean this customer in CustomerMapping/{rows[index].mapping}?"
    return [
        replace(row, detail=f"{row.detail}; {meant[index]}") if index in meant else row
        for index, row in enumerate(rows)
    ]


def _is(row: CoverageRow, source: str, states: tuple[str, ...]) -> bool:
    return row.source == source and row.state in states


def _pairs(absent: Mapping[int, str], unmapped: Mapping[int, str]) -> dict[int, int]:
    if not absent or not unmapped:
        return {}
    if len(absent) * len(unmapped) > MOST_COMPARISONS:
        by_name = {name.casefold(): index for index, name in unmapped.items()}
        return {index: by_name[name.casefold()] for index, name in absent.items() if name.casefold() in by_name}
    nearest = {index: nearest_key(name, unmapped, NEAR) for index, name in absent.items()}
    return {index: other for index, other in nearest.items() if other is not None}
