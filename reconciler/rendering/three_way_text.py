"""Show the three-way check of a month on the terminal: the money first, then each difference, then each agreement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text, figure_text
from reconciler.rendering.counts import numbered
from reconciler.rendering.paint import Paint, safe
from reconciler.rendering.tables import WIDTH, Column, table
from reconciler.rendering.times import time_text

Json = Mapping[str, Any]

_STATES = {
    "invoiced": "invoiced",
    "missing": "without a valid invoice",
    "not yet": "not invoiced yet",
    "not due": "not billed in this month",
}


def three_way_text(found: Json, paint: Paint, width: int = WIDTH) -> Iterator[str]:
    """Yield the lines of a check. `found` is what `usage reconcile --json` prints."""
    currency = found["currency"]
    yield f"{paint(_heading(found), 'bold')}  {paint(_scope(found), 'dim')}"
    for note in found["notes"]:
        yield paint(f"note: {safe(note)}.", "yellow")
    yield ""
    yield from _money(found["totals"], currency, paint, width)
    yield ""
    yield paint(summary(found), "bold")
    if found["findings"]:
        yield from _findings(found["findings"], currency, width)
    if found["agreements"]:
        yield ""
        yield from _agreements(found["agreements"], currency, width)


def summary(found: Json) -> str:
    """Return how many differences there are, and their money."""
    totals, currency = found["totals"], found["currency"]
    if not totals["findings"]:
        return f"No differences on {numbered(totals['agreements'], 'agreement')}."
    parts = [
        f"{amount_text(Decimal(totals[key]), currency)} {words}"
        for key, words in (("not_billed", "not billed"), ("billed_too_much", "billed too much"))
        if Decimal(totals[key])
    ]
    if totals["unknown_amounts"]:
        parts.append(f"{numbered(totals['unknown_amounts'], 'unknown amount')}")
    return f"{numbered(totals['findings'], 'difference')}: {', '.join(parts) or 'no money'}."


def invoices_line(totals: Json) -> str:
    """Return how many agreements are invoiced for the month."""
    states = {name: number for name, number in totals["invoice_states"].items() if number}
    parts = ", ".join(f"{number:,} {_STATES[name]}" for name, number in states.items())
    return f"Invoices of {numbered(totals['agreements'], 'agreement')}: {parts or 'none'}."


def _heading(found: Json) -> str:
    return f"Check of {found['period']['name']}, workspace {safe(found['workspace'])}"


def _scope(found: Json) -> str:
    state = "running" if found["period"]["running"] else "over"
    return f"{found['period']['timezone']}, {state}, made at {time_text(found['made_at'])}"


def _money(totals: Json, currency: str | None, paint: Paint, width: int) -> Iterator[str]:
    """Yield the sums of each side, with cost and margin."""
    columns: Sequence[Column] = (("", "whole"), ("amount", "right"), ("cost", "right"), ("margin", "right"))
    rows = [
        _side_row("usage asks for", totals["usage"], currency),
        _side_row("our additions bill", totals["ours"], currency),
        _side_row("other additions bill", totals["others"], currency),
        ["agreements bill by themselves", _figure(totals["own"], currency), "", ""],
        ["invoices should have", _figure(totals["expected"], currency), "", ""],
        ["invoices have", _figure(totals["amount_invoiced"], currency), "", ""],
    ]
    yield from table(columns, rows, width)
    yield invoices_line(totals)
    without = sum((Decimal(totals[side]["without_cost"]) for side in ("usage", "ours", "others")), Decimal(0))
    if without:
        yield paint("Cost and margin are those of the lines whose cost is known.", "dim")


def _side_row(name: str, side: Json, currency: str | None) -> list[str]:
    return [name, *(_figure(side[key], currency) for key in ("amount", "cost", "margin"))]


def _findings(findings: Sequence[Json], currency: str | None, width: int) -> Iterator[str]:
    columns: Sequence[Column] = (
        ("what", "whole"),
        ("amount", "right"),
        ("margin", "right"),
        ("agreement", "left"),
        ("", "left"),
    )
    rows = [
        [
            each["kind"],
            _signed(each["amount"], currency),
            _signed(each["margin"], currency),
            each["agreement_name"] or each["customer"] or "",
            each["text"],
        ]
        for each in findings
    ]
    yield from table(columns, rows, width)


def _agreements(agreements: Sequence[Json], currency: str | None, width: int) -> Iterator[str]:
    columns: Sequence[Column] = (
        ("agreement", "left"),
        ("usage", "right"),
        ("ours", "right"),
        ("others", "right"),
        ("own", "right"),
        ("expected", "right"),
        ("invoiced", "right"),
        ("differences", "right"),
    )
    rows = [
        [
            each["name"],
            *(_figure(each[side]["amount"], currency) for side in ("usage", "ours", "others")),
            _figure(each["own"], currency),
            _figure(each["expected"], currency),
            "none" if each["amount_invoiced"] is None else _figure(each["amount_invoiced"], currency),
            str(each["findings"] or ""),
        ]
        for each in agreements
    ]
    yield from table(columns, rows, width)


def _figure(amount: str, currency: str | None) -> str:
    return figure_text(Decimal(amount), currency)


def _signed(amount: str | None, currency: str | None) -> str:
    """Return the price of a finding: `+` for money that is not billed, `-` for money that is billed too much."""
    if amount is None:
        return "unknown"
    value = Decimal(amount)
    return f"{'+' if value > 0 else ''}{figure_text(value, currency)}"
