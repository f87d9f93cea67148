"""The customers that are not billed, or not as measured, by state and reason: the same in every form of a plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text
from reconciler.rendering.coverage_json import (
    EVERY_CUSTOMER,
    UNMAPPED,
    collapsed,
    entries_in,
    how_often,
    is_quiet,
    name_of,
    quantity_of,
)

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reason:
    """Customers with the same state, for the same reason."""

    state: str
    detail: str
    """The reason. It comes partly from outside, and is not made safe."""
    rows: list[str]
    """A text for each customer, with its quantity and amount. It comes partly from outside, and is not made safe."""
    number: int
    """How many customers, devices or additions they are. A customer can have a row for each of its charges."""

    @property
    def title(self) -> str:
        """Return the number of customers and their state."""
        return f"{self.number} {self.state}"


def states_text(plan: Json) -> str:
    """Return the number of customers in each state, such as `40 billed, 2 unmapped`."""
    rows = {(row["state"], row["source"], row["customer"], row["name"]): row for row in plan["coverage"]}
    states = Counter(row["state"] for row in rows.values())
    return ", ".join(f"{number} {state}" for state, number in states.most_common())


def reasons_of(plan: Json) -> list[Reason]:
    """Return the reasons why customers are not billed as measured, in the order of the plan.

    Customers of a source whose data cannot be used are left out: a warning names the source and counts them.
    """
    currency = plan["summary"]["money"]["currency"]
    found: dict[tuple[str, str], list[Json]] = {}
    for row in collapsed(plan["coverage"]):
        if row["customer"] != EVERY_CUSTOMER and not is_quiet(row):
            found.setdefault((row["state"], row["detail"]), []).append(row)
    return [Reason(*key, [_row_text(row, currency) for row in rows], entries_in(rows)) for key, rows in found.items()]


def _row_text(row: Json, currency: str | None) -> str:
    unknown = ", amount unknown" if row["state"] in UNMAPPED else ""
    amount = unknown if row["money"] is None else f", {amount_text(Decimal(row['money']), currency)} {how_often(row)}"
    used = f", {quantity_of(row)}" if quantity_of(row) else ""
    where = f"{row['source']}/{row['customer']} " if row["customer"] else ""
    return f"{where}{name_of(row)}{used}{amount}"
