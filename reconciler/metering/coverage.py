"""The coverage table: one row for each customer, mapping and exclusion, so that all usage is accounted for.

Planning of additions appends a row for each orphan, an addition of ours without a mapping.

| seen in | state |
|---|---|
| source and mapping | billed, or refused if it cannot be billed |
| mapping that starts later | waiting |
| mapping whose `end` is past | ended: its last month is billed, and later usage does not count |
| mapping whose customer was never listed | never seen: only a minimum is billed |
| mapping with `metadata.proposed: true` | proposed: listed with the money that it would have, never billed |
| a device that no count of its mapping takes | uncounted |
| customer in trial | trial: nothing is billed for these hours |
| source and exclusion | excluded, or unmapped after the exclusion has expired |
| source only | unmapped |
| mapping only, whole pull | vanished: held for `graceHours`, then its usage counts as zero |
| any, and the pull failed, is too old or is not believed | unknown: held |
| devices whose last figure is too old | stale: held |
| usage above end-customer level | unattributed |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from reconciler.kinds.meters import Unit

State = Literal[
    "billed",
    "waiting",
    "never seen",
    "refused",
    "proposed",
    "ended",
    "uncounted",
    "trial",
    "excluded",
    "unmapped",
    "unattributed",
    "vanished",
    "unknown",
    "stale",
]
"""The states of a row, see the table above."""

Effect = Literal["billed", "held", "zero", "none"]
"""The effect of a run on the additions of a row, see `CoverageRow.effect`."""


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """One row of the coverage table."""

    source: str
    customer_id: str
    name: str
    state: State
    effect: Effect
    """The effect of the run on the additions.

    `billed`: they are written. `held`: they stay as they are. `zero`: they are written with zero usage, which bills a
    minimum or an earlier peak. `none`: there are none.
    """
    detail: str
    """The reason, as a sentence for the reader."""
    mapping: str | None = None
    charge: str | None = None
    """The charge of the mapping. A mapping has a row for each of its charges."""
    quantity: Decimal | None = None
    """Quantity in `unit`. None if unknown, which is not 0."""
    unit: Unit | None = None
    money: Decimal | None = None
    """Amount per month: billed, or at risk if nothing bills the usage. None if the price is unknown."""
    renamed_from: str | None = None
    accounted: bool = True
    """False: the run ends with exit code 5."""
    device_id: str | None = None
    """The device, for an exclusion of one device."""

    @property
    def shown_name(self) -> str:
        """Return the name. After a rename, return `Old → New`."""
        return f"{self.renamed_from} → {self.name}" if self.renamed_from else self.name


@dataclass(frozen=True, slots=True)
class Coverage:
    """The rows of the table, and the sources without usable data."""

    rows: tuple[CoverageRow, ...]
    source_problems: Mapping[str, str] = field(default_factory=dict)
    """By source: why its newest pull cannot be used, and how many customers are held because of that."""

    @property
    def failed_sources(self) -> tuple[str, ...]:
        """Return the names of the sources without usable data."""
        return tuple(self.source_problems)

    def gaps(self) -> tuple[CoverageRow, ...]:
        """Return the rows that are not accounted for. They end the run with exit code 5."""
        return tuple(row for row in self.rows if not row.accounted)

    @property
    def is_complete(self) -> bool:
        """Return whether all usage is accounted for. If not, the run ends with exit code 5."""
        return not self.failed_sources and not self.gaps()


def in_order(rows: Sequence[CoverageRow]) -> tuple[CoverageRow, ...]:
    """Return the rows sorted by source, name and id, so that every run prints the same table."""
    return tuple(sorted(rows, key=_order))


def _order(row: CoverageRow) -> tuple[str, ...]:
    """Return what rows are sorted by. The charges of a mapping stay in the order of its document."""
    return (row.source, row.name.casefold(), row.customer_id, row.mapping or "", "" if row.charge else row.detail)
