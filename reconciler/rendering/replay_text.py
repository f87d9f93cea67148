"""Show a replay on the terminal: the customers that differ, and the sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text, figure_text
from reconciler.rendering.close_text import closed_line
from reconciler.rendering.counts import numbered
from reconciler.rendering.paint import Paint, signed
from reconciler.rendering.tables import WIDTH, Column, table

Json = Mapping[str, Any]

_MOST = 50
"""The most charges that are shown, the largest difference first. The JSON has all of them."""
_COLUMNS: Sequence[Column] = (
    ("customer", "left"),
    ("charge", "left"),
    ("billed", "right"),
    ("rated again", "right"),
    ("difference", "right"),
    ("quantity × price", "left"),
)


def replay_text(found: Json, paint: Paint, width: int = WIDTH) -> Iterator[str]:
    """Yield a replay. `found` is what `usage replay --json` prints."""
    currency = found["currency"]
    rows = [(each, charge) for each in found["customers"] for charge in each["charges"] if not charge["same"]]
    rows.sort(key=lambda row: -abs(Decimal(row[1]["difference"])))
    if rows:
        yield from table(_COLUMNS, [_row(each, charge, currency) for each, charge in rows[:_MOST]], width)
    if len(rows) > _MOST:
        yield f"{numbered(len(rows) - _MOST, 'more charge')}: --json shows all."
    before, after = (Decimal(found[name]) for name in ("before", "after"))
    by = _own_rules(found) if found["rules"] == "own" else f"the rules of {found['rules']}"
    head = f"{found['period']} by {by}: {numbered(found['same'], 'charge')} the same, {found['different']} different."
    yield paint(head, "yellow" if rows else "bold")
    yield (
        f"Billed {amount_text(before, currency)}, rated again {amount_text(after, currency)}, "
        f"difference {signed(after - before, currency)}."
    )
    for each in found["closes"]:
        yield closed_line(each)


def _own_rules(found: Json) -> str:
    """Return by which rules a month is rated: those frozen at its close, or those of its last run."""
    charges = [charge["frozen_at"] is not None for each in found["customers"] for charge in each["charges"]]
    if not any(charges):
        return "its own rules"
    rest = charges.count(False)
    others = f" ({numbered(rest, 'charge')} by those of its last run)" if rest else ""
    return f"the rules frozen at its close{others}"


def _row(customer: Json, charge: Json, currency: str | None) -> list[str]:
    return [
        f"{customer['customer']} {customer['name']}",
        f"{charge['mapping'].partition('/')[2]}.{charge['charge']}",
        "none" if charge["billed"] is None else figure_text(Decimal(charge["before"]), currency),
        "none" if charge["rated"] is None else figure_text(Decimal(charge["after"]), currency),
        signed(Decimal(charge["difference"]), currency),
        charge["why"] or f"{_quantities(charge['billed'])} → {_quantities(charge['rated'])}",
    ]


def _quantities(lines: Sequence[Json] | None) -> str:
    return ", ".join(f"{line['quantity']} × {line['unit_price']}" for line in lines or ()) or "nothing"
