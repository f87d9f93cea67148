"""Everything that sources and mappings name is accounted for: each customer, mapping and exclusion has a row.

Additions of ours that no mapping stands behind (orphans) join the table when additions are planned.

| seen in | state |
|---|---|
| source and mapping | billed; refused where it cannot be billed |
| mapping whose first day is to come | waiting |
| mapping whose customer was never seen | never seen: a minimum is billed |
| source and exclusion | excluded; unmapped once it has expired |
| source only | unmapped |
| mapping only, whole pull | vanished: held for the grace, then its hours count 0 |
| any, failed or stale pull, or one that is not believed | unknown: held |
| devices whose last figure is too old | stale: held |
| usage above end-customer level | unattributed |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from reconciler.usage.rules import Unit

State = Literal[
    "billed",
    "waiting",
    "never seen",
    "refused",
    "excluded",
    "unmapped",
    "unattributed",
    "vanished",
    "unknown",
    "stale",
]
Effect = Literal["billed", "held", "zero", "none"]

_UNMAPPED = ("unmapped", "unattributed")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the coverage table."""

    source: str
    customer_id: str
    name: str
    state: State
    effect: Effect
    """What happens to the additions: written, left as they are, written although the customer is gone, or nothing."""
    detail: str
    """A sentence for a person."""
    mapping: str | None = None
    quantity: Decimal | None = None
    """In `unit`; None where it is unknown, which is not 0."""
    unit: Unit | None = None
    money: Decimal | None = None
    """A month: billed, or at risk where nothing bills it; None where no price is known."""
    renamed_from: str | None = None
    accounted: bool = True
    """False ends a run with exit code 5."""
    device_id: str | None = None
    """Of an exclusion that names one device."""

    @property
    def shown_name(self) -> str:
        """The name, with the one before it: `Old → New`."""
        return f"{self.renamed_from} → {self.name}" if self.renamed_from else self.name


@dataclass(frozen=True, slots=True)
class Coverage:
    rows: tuple[Row, ...]
    troubles: Mapping[str, str] = field(default_factory=dict)
    """Sources whose newest pull failed, is stale or is not believed: why, and how many customers that holds."""

    @property
    def failed_sources(self) -> tuple[str, ...]:
        return tuple(self.troubles)

    def count(self) -> Mapping[State, int]:
        counts: dict[State, int] = {}
        for row in self.rows:
            counts[row.state] = counts.get(row.state, 0) + 1
        return counts

    def gaps(self) -> tuple[Row, ...]:
        """Rows that end a run with exit code 5."""
        return tuple(row for row in self.rows if not row.accounted)

    @property
    def is_complete(self) -> bool:
        """Whether usage is fully accounted for; otherwise a run ends with exit code 5."""
        return not self.failed_sources and not self.gaps()

    @property
    def at_risk(self) -> Decimal | None:
        """Money a month that nothing bills; None, which is unknown, where no price is known of some of it."""
        amounts = [row.money for row in self.rows if row.state in _UNMAPPED]
        if None in amounts:
            return None
        return sum((each for each in amounts if each is not None), Decimal(0))

    def to_json(self) -> dict[str, Any]:
        """For the plan: quantities and money as text, exactly."""
        return {
            "complete": self.is_complete,
            "counts": dict(self.count()),
            "failed_sources": list(self.failed_sources),
            "rows": [_row_json(row) for row in self.rows],
        }


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "source": row.source,
        "customer_id": row.customer_id,
        "device_id": row.device_id,
        "name": row.name,
        "renamed_from": row.renamed_from,
        "state": row.state,
        "effect": row.effect,
        "mapping": row.mapping,
        "quantity": None if row.quantity is None else f"{row.quantity:f}",
        "unit": row.unit,
        "money": None if row.money is None else f"{row.money:f}",
        "detail": row.detail,
        "accounted": row.accounted,
    }


def in_order(rows: Sequence[Row]) -> tuple[Row, ...]:
    """By source, then name, then id: the same table on every run."""
    return tuple(sorted(rows, key=lambda row: (row.source, row.name.casefold(), row.customer_id, row.detail)))
