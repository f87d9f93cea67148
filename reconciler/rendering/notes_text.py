"""Show on the terminal the warnings of a plan, and the customers that are not billed as measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text
from reconciler.rendering.counts import numbered
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
from reconciler.rendering.paint import Paint, safe, shortened

_FEW = 3
"""If more documents than this are proposed, one warning covers them all."""
_SHOWN = 30
"""Of many warnings or customers, so many are shown."""
_MANY = 60
"""If there are no more warnings or customers than this, all are shown."""

Json = Mapping[str, Any]


def warnings_text(plan: Json, paint: Paint, *, whole: bool) -> Iterator[str]:
    """Yield the warnings. Many proposed documents share one. A document that the row of a mapping names has none."""
    shown_rows = {row["address"] for row in plan["coverage"] if row["state"] == "proposed"}
    waiting = [each for each in plan["warnings"] if each.get("proposed") and each.get("needed_by") not in shown_rows]
    few = len(waiting) <= _FEW
    notes = [note for note in plan["warnings"] if not note.get("proposed") or (few and note in waiting)]
    for note in notes[: most_of(notes, whole=whole)]:
        where = f"{note['address']}: " if note["address"] else ""
        yield paint(f"Warning: {_cut(where + note['message'], whole=whole)}", "yellow")
    if left := len(notes) - most_of(notes, whole=whole):
        yield paint(f"… and {numbered(left, 'more warning')}; --full shows all", "yellow")
    if not few:
        first = ", ".join(each["address"] for each in waiting[:_FEW])
        text = (
            f"{len(waiting)} documents are only proposed. Confirm them with `reconciler import --confirm`: {first}, …"
        )
        yield paint(f"Warning: {safe(text)}", "yellow")


def gaps_text(plan: Json, paint: Paint, *, whole: bool) -> Iterator[str]:
    """Yield a line for each customer that is not billed, or not as measured.

    Customers of a source whose data cannot be used are left out: one warning names the source and counts them.
    """
    rows = [row for row in collapsed(plan["coverage"]) if row["customer"] != EVERY_CUSTOMER and not is_quiet(row)]
    currency = plan["summary"]["money"]["currency"]
    if not rows:
        return
    yield paint("Not billed, or not as measured:", "bold")
    needed = _needed(plan)
    for row in rows[: most_of(rows, whole=whole)]:
        also = needed.get(row["address"], []) if row["state"] == "proposed" else []
        more = f"; it would also create {', '.join(also)}" if also else ""
        yield "  " + paint(_cut(_gap(row, currency) + more, whole=whole), "yellow" if row["accounted"] else "red")
    if left := entries_in(rows[most_of(rows, whole=whole) :]):
        yield "  " + paint(f"… and {numbered(left, 'more customer')}; --full shows all", "red")
    yield ""


def most_of(found: Sequence[Any], *, whole: bool) -> int:
    """Return how many entries of a list are shown."""
    return len(found) if whole or len(found) <= _MANY else _SHOWN


def _cut(text: str, *, whole: bool) -> str:
    return safe(text) if whole else shortened(safe(text), _LONGEST)


_LONGEST = 1000
"""The longest warning that is shown whole, in characters."""


def _needed(plan: Json) -> dict[str, list[str]]:
    """Return the proposed documents that each proposed mapping needs, by its address."""
    found: dict[str, list[str]] = {}
    for note in plan["warnings"]:
        if note.get("needed_by"):
            found.setdefault(note["needed_by"], []).append(note["address"])
    return found


def _gap(row: Json, currency: str | None) -> str:
    """Return the line of one coverage row: state, customer, quantity, amount per month, reason."""
    used = f" {quantity_of(row)}".rstrip()
    amount = ", amount unknown" if row["state"] in UNMAPPED else ""
    amount = amount if row["money"] is None else f", {amount_text(Decimal(row['money']), currency)} {how_often(row)}"
    detail = f": {row['detail']}" if row["detail"] else ""
    customer = f"{row['source']}/{row['customer']} " if row["customer"] else ""
    return f"{row['state']} {customer}{name_of(row)}{used}{amount}{detail}"
