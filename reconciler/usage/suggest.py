"""`did you mean`: a mapping whose customer is not there, and a customer that nothing maps, of like names.

Names only suggest: customers are matched by id, and two customers of one name stay two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.usage.coverage import Row

NEAR = 85
"""Of 100: how alike two names must be for one to suggest the other."""

MOST_COMPARISONS = 200_000
"""Beyond this many pairs only equal names are suggested; an estate that is all gaps has other worries."""


def with_suggestions(rows: Sequence[Row]) -> list[Row]:
    """The rows. Where a customer that is not there and an unmapped one of its source are alike, each names
    the other."""
    meant: dict[int, str] = {}
    for source in dict.fromkeys(row.source for row in rows):
        absent = {index: row.name for index, row in enumerate(rows) if _is(row, source, ("vanished", "never seen"))}
        unmapped = {index: row.name for index, row in enumerate(rows) if _is(row, source, ("unmapped", "unattributed"))}
        for index, other in _pairs(absent, unmapped).items():
            meant[index] = f"did you mean customer {rows[other].customer_id}, {rows[other].name}?"
            meant[other] = f"did you mean it by CustomerMapping/{rows[index].mapping}, whose customer is not there?"
    return [
        replace(row, detail=f"{row.detail}; {meant[index]}") if index in meant else row
        for index, row in enumerate(rows)
    ]


def _is(row: Row, source: str, states: tuple[str, ...]) -> bool:
    return row.source == source and row.state in states


def _pairs(absent: Mapping[int, str], unmapped: Mapping[int, str]) -> dict[int, int]:
    if not absent or not unmapped:
        return {}
    if len(absent) * len(unmapped) > MOST_COMPARISONS:
        by_name = {name.casefold(): index for index, name in unmapped.items()}
        return {index: by_name[name.casefold()] for index, name in absent.items() if name.casefold() in by_name}
    from rapidfuzz import fuzz, process, utils  # noqa: PLC0415 - needed on few runs, and slow to import

    pairs: dict[int, int] = {}
    for index, name in absent.items():
        found = process.extractOne(
            name, unmapped, scorer=fuzz.WRatio, processor=utils.default_process, score_cutoff=NEAR
        )
        if found is not None:
            pairs[index] = found[2]
    return pairs
