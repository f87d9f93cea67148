"""Show the next invoices on the terminal: a row for each agreement, or each line of a few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text, figure_text
from reconciler.rendering.counts import numbered
from reconciler.rendering.paint import Paint, safe
from reconciler.rendering.tables import WIDTH, Column, table

Json = Mapping[str, Any]

_MOST_UNCERTAIN = 20
"""The most agreements whose uncertain parts are listed below the table."""


def preview_text(found: Json, paint: Paint, width: int = WIDTH, *, lines: bool = False) -> Iterator[str]:
    """Yield the next invoices. `found` is what `usage preview --json` prints. With `lines`, each line is shown too."""
    agreements = found["agreements"]
    if lines:
        for each in agreements:
            yield from _invoice(each, paint, width)
            yield ""
    elif agreements:
        columns: Sequence[Column] = (
            ("agreement", "left"),
            ("covers", "whole"),
            ("made", "whole"),
            ("lines", "right"),
            ("stands", "right"),
            ("after the plan", "right"),
            ("waits", "right"),
        )
        yield from table(columns, [_row(each) for each in agreements], width)
        yield from _all_uncertain(agreements, paint)
    for total in found["totals"]:
        yield paint(_total_text(total), "bold")
    following = sum(each["follow_usage"] for each in agreements)
    if following:
        yield f"The quantity of {numbered(following, 'line')} follows usage until the invoice is made."
    yield f"{numbered(len(agreements), 'agreement')}, {found['uncertain']} with uncertain parts."


def _total_text(total: Json) -> str:
    stands, after = (amount_text(Decimal(total[name]), total["currency"]) for name in ("stands", "after_plan"))
    return f"Total: {stands} as the lines stand, {after} after the next plan."


def _row(each: Json) -> list[str]:
    return [
        each["name"],
        _covers(each["invoice"]),
        _made(each["invoice"]),
        str(len(each["lines"])),
        figure_text(Decimal(each["stands"]), each["currency"]),
        figure_text(Decimal(each["after_plan"]), each["currency"]),
        str(len(each["waits"]) or ""),
    ]


def _covers(invoice: Json | None) -> str:
    return "" if invoice is None else f"{invoice['from']} to {invoice['to'] or '?'}"


def _made(invoice: Json | None) -> str:
    if invoice is None:
        return "none"
    return f"{invoice['made']} {invoice['on'] or '?'}{', due' if invoice['due'] else ''}"


def _all_uncertain(agreements: Sequence[Json], paint: Paint) -> Iterator[str]:
    """Yield the uncertain parts of each agreement. Those that every rolling line has are left to the details."""
    open_ones = [each for each in agreements if each["uncertain"]]
    if open_ones:
        yield paint("Uncertain", "bold")
    for each in open_ones[:_MOST_UNCERTAIN]:
        for sentence in each["uncertain"]:
            yield f"    {safe(each['name'])}: {safe(sentence)}"
    if len(open_ones) > _MOST_UNCERTAIN:
        yield f"    {numbered(len(open_ones) - _MOST_UNCERTAIN, 'more agreement')}: --json shows all"


def _invoice(each: Json, paint: Paint, width: int) -> Iterator[str]:
    address = f" ({each['address']})" if each["address"] else ""
    name = safe(f"{each['name']}{address}")
    yield f"{paint(name, 'bold')}  {_head(each['invoice'])}"
    columns: Sequence[Column] = (
        ("line", "left"),
        ("quantity", "right"),
        ("unit price", "right"),
        ("stands", "right"),
        ("after the plan", "right"),
    )
    own = Decimal(each["own"])
    rows = [["the agreement itself", "", "", *[figure_text(own, each["currency"])] * 2]] if own else []
    rows += [_line(line, each["currency"]) for line in each["lines"]]
    if rows:
        yield from table(columns, rows, width)
    for waiting in each["waits"]:
        yield f"    waits: {safe(_waiting(waiting, each['currency']))}"
    for sentence in each["uncertain"]:
        yield f"    {safe(sentence)}"


def _waiting(each: Json, currency: str | None) -> str:
    amount = "" if each["amount"] is None else f", {amount_text(Decimal(each['amount']), currency)}"
    return f"{each['what']} {each['why']}{amount}"


def _head(invoice: Json | None) -> str:
    if invoice is None:
        return "no next invoice"
    return f"covers {_covers(invoice)}, billed in {invoice['invoiced']}, made {_made(invoice)}"


def _line(line: Json, currency: str | None) -> list[str]:
    after = line["after_plan"]
    name = line["address"] or f"{line['product']}, id {line['id']}, not ours"
    stands = "" if line["stands"] is None else figure_text(Decimal(line["stands"]["amount"]), currency)
    return [
        name,
        _changed(line, "quantity"),
        _changed(line, "unit_price"),
        stands,
        figure_text(Decimal(after["amount"]), currency),
    ]


def _changed(line: Json, field: str) -> str:
    """Return a field as it stands, and after an arrow as the plan leaves it, if that differs."""
    after = line["after_plan"][field] or "unknown"
    before = after if line["stands"] is None else line["stands"][field] or "unknown"
    return after if before == after else f"{before} → {after}"
