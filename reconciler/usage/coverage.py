"""Everything is accounted for, in both directions: each customer, mapping, exclusion and tagged addition has a row.

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
| tagged addition, no mapping | orphan |
| usage above end-customer level | unattributed |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from reconciler.kinds.values import plain_decimal
from reconciler.usage.mark import customer_of
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
    "orphan",
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
class MarkedAddition:
    """A live addition that carries a mark of ours."""

    mark: str
    quantity: Decimal
    money: Decimal
    """A month."""
    where: str
    """Agreement and product, for a sentence."""
    until: str | None = None
    """Its last day, where somebody has set one."""


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


def orphans(additions: Iterable[MarkedAddition], marks: frozenset[str]) -> list[Row]:
    """Rows for marked additions whose mapping is gone."""
    rows = []
    for addition in additions:
        if addition.mark in marks:
            continue
        source, customer_id = customer_of(addition.mark) or ("", "")
        rows.append(
            Row(
                source=source,
                customer_id=customer_id,
                name=addition.where,
                state="orphan",
                effect="none",
                detail=_orphaned(addition),
                quantity=addition.quantity,
                money=addition.money,
                accounted=not addition.quantity or addition.until is not None,
            )
        )
    return rows


def _orphaned(addition: MarkedAddition) -> str:
    """What an orphan bills, why nobody answers for it, and what can be done."""
    billing = f"billing {plain_decimal(addition.quantity)}"
    why = f"no mapping has its mark {addition.mark}"
    if addition.until is not None:
        return f"{billing} until its last day, {addition.until}: {why}"
    return f"still {billing}: {why}; cancel it in ConnectWise, or map the customer again"


def in_order(rows: Sequence[Row]) -> tuple[Row, ...]:
    """By source, then name, then id: the same table on every run."""
    return tuple(sorted(rows, key=lambda row: (row.source, row.name.casefold(), row.customer_id, row.detail)))
