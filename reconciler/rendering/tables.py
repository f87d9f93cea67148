"""Print the tables of `usage pull`, `usage coverage` and `usage report`. Rich draws them; every cell is made safe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from io import StringIO
from typing import Any

from reconciler.amounts import amount_text, figure_text
from reconciler.errors import in_one_line
from reconciler.rendering.counts import numbered
from reconciler.rendering.coverage_json import EVERY_CUSTOMER, UNMAPPED, collapsed, customers_in, how_often, quantity_of
from reconciler.rendering.paint import Paint, safe

WIDTH = 100
"""Width of a table in characters, if the caller gives none. Longer text is wrapped, never cut."""
_LONG_WORD, _NARROW = 24, 8
"""Smallest width of a text column in characters. The first is tried before the second; each is reduced to the longest
word of the column. If the table is still too wide, each row is printed field by field."""
_GAP = 2
"""Characters between two columns."""

Column = tuple[str, str]
"""Heading, and `left` (text, which may be wrapped), `right` (a figure) or `whole` (text that is never wrapped)."""


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int = WIDTH) -> Iterator[str]:
    """Yield the lines of a table of at most `width` characters. Text and headings are wrapped, figures are not."""
    from rich.cells import cell_len  # noqa: PLC0415 (only commands that print tables wait for rich)

    safe_rows = [[safe(cell) for cell in row] for row in rows]
    for narrowest, wrapped in ((_LONG_WORD, False), (_LONG_WORD, True), (_NARROW, True)):
        headings = [heading.replace(" ", "\n") if wrapped else heading for heading, _ in columns]
        cells = [[*heading.split("\n"), *(row[index] for row in safe_rows)] for index, heading in enumerate(headings)]
        longest = [max(map(cell_len, column)) for column in cells]
        words = [max(cell_len(word) for cell in column for word in cell.split() or [""]) for column in cells]
        needed = [
            min(word, narrowest) if justify == "left" else whole
            for (_, justify), whole, word in zip(columns, longest, words, strict=True)
        ]
        if sum(needed) + _GAP * (len(columns) - 1) <= width:
            shown = [(heading, justify) for heading, (_, justify) in zip(headings, columns, strict=True)]
            yield from _table(shown, safe_rows, _widths(longest, needed, width), width)
            return
    yield from _fields(columns, safe_rows, width)


def _widths(longest: Sequence[int], needed: Sequence[int], width: int) -> list[int]:
    """Return the widths of the columns: the length of the longest cell, less what makes the table too wide.

    The widest column is narrowed first, and none below its `needed` width. The sum of `needed` must fit into `width`.
    Rich narrows columns too, but its table may stay too wide, and then it cuts off the last figures.
    """
    widths = list(longest)
    while sum(widths) + _GAP * (len(widths) - 1) > width:
        widest = max(range(len(widths)), key=lambda index: widths[index] if widths[index] > needed[index] else 0)
        widths[widest] -= 1
    return widths


def _table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], widths: Sequence[int], width: int
) -> Iterator[str]:
    from rich import box  # noqa: PLC0415 - slow to import
    from rich.table import Table  # noqa: PLC0415 - slow to import
    from rich.text import Text  # noqa: PLC0415 - slow to import

    drawing = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for (heading, justify), column_width in zip(columns, widths, strict=True):
        side: Any = "right" if justify == "right" else "left"
        drawing.add_column(heading, justify=side, overflow="fold", no_wrap=justify != "left", width=column_width)
    for row in rows:
        drawing.add_row(*map(Text, row))
    yield from _drawn(drawing, width)


def _fields(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Yield each row as lines of `heading  value`, for a terminal that is too narrow for the table."""
    from rich.table import Table  # noqa: PLC0415 - slow to import
    from rich.text import Text  # noqa: PLC0415 - slow to import

    for row in rows:
        drawing = Table.grid(padding=(0, _GAP, 0, 0))
        drawing.add_column(no_wrap=True)
        drawing.add_column(overflow="fold")
        for (heading, _), cell in zip(columns, row, strict=True):
            if cell:
                drawing.add_row(heading or "note", Text(cell))
        yield from _drawn(drawing, width)
        yield ""


def _drawn(drawing: Any, width: int) -> Iterator[str]:
    """Yield the lines that rich prints for a table, without blanks at their ends."""
    from rich.console import Console  # noqa: PLC0415 - slow to import

    console = Console(file=StringIO(), width=width, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(drawing)
    for line in captured.get().rstrip("\n").split("\n"):
        yield line.rstrip()


_PULL_STATES = {"whole": "complete", "disbelieved": "not believed"}
"""What the table shows for the states of a pull. `failed` is shown as it is."""


def pulls_table(rows: Sequence[Mapping[str, Any]], paint: Paint, width: int = WIDTH) -> Iterator[str]:
    """Yield the table of pulls, a row for each source. `rows` are the rows of `usage pull --json`."""
    columns = (("source", "left"), ("state", "left"), ("customers", "right"), ("samples", "right"), ("", "left"))
    yield from table(
        columns,
        [
            [
                row["source"],
                _PULL_STATES.get(row["state"], row["state"]),
                str(row["customers"]),
                str(row["samples"]),
                in_one_line(row["error"]) if row["error"] else "; ".join(row["notes"]),
            ]
            for row in rows
        ],
        width,
    )
    failed = sum(row["state"] == "failed" for row in rows)
    disbelieved = sum(row["state"] == "disbelieved" for row in rows)
    more = f", {disbelieved} not believed" if disbelieved else ""
    yield paint(f"{numbered(len(rows), 'source')} read, {failed} failed{more}.", "bold")
    if disbelieved:
        yield "If such a pull is right, accept it with: reconciler usage pull --approve shrink=SOURCE"


def coverage_table(plan: Mapping[str, Any], paint: Paint, width: int = WIDTH) -> Iterator[str]:
    """Yield the coverage table of a plan's JSON, and a line that counts the customers that are not accounted for."""
    rows = plan["coverage"]
    charges = any(row.get("charge") for row in rows)
    columns = (
        ("state", "left"),
        ("source", "left"),
        ("customer", "left"),
        ("name", "left"),
        *((("charge", "left"),) if charges else ()),
        ("quantity", "right"),
        ("a month", "right"),
        ("", "left"),
    )
    currency = plan["summary"]["money"]["currency"]
    yield from table(columns, [_coverage_row(row, currency, charges=charges) for row in collapsed(rows)], width)
    customers, open_customers = customers_in(rows), customers_in(row for row in rows if not row["accounted"])
    # What a source without usable data would report is unknown, and so is its amount.
    amounts = [row["money"] for row in rows if row["state"] in UNMAPPED or row["customer"] == EVERY_CUSTOMER]
    total = sum((Decimal(amount) for amount in amounts if amount is not None), Decimal(0))
    text = f"{numbered(customers, 'customer')} accounted for."
    if open_customers:
        known = f"; {amount_text(total, currency)} a month at risk" if amounts else ""
        risk = "; the amount at risk is unknown" if None in amounts else known
        text = f"{open_customers} of {numbered(customers, 'customer')} not accounted for{risk}."
    yield paint(text, "bold" if not open_customers else "red")


def _coverage_row(row: Mapping[str, Any], currency: str | None, *, charges: bool) -> list[str]:
    amount = "unknown" if row["state"] in UNMAPPED else ""
    amount = amount if row["money"] is None else figure_text(Decimal(row["money"]), currency)
    once = how_often(row) == "once"
    amount += " once" if once else ""
    quantity = quantity_of(row) or ("" if once else "unknown")
    charge = [row.get("charge") or ""] if charges else []
    return [row["state"], row["source"], row["customer"], row["name"], *charge, quantity, amount, row["detail"]]


WITH_COSTS = 130
"""From this width in characters on, the table of additions has a column for the cost. The sums below it always do."""


def report_table(
    rows: Sequence[Mapping[str, Any]], paint: Paint, width: int = WIDTH, *, currency: str | None = None
) -> Iterator[str]:
    """Yield the table of our additions and their usage. `rows` are the rows of `usage report --json`."""
    known = [row for row in rows if row.get("cost") is not None]
    costs: tuple[Column, ...] = (("cost", "right"), ("margin", "right")) if known else ()
    if width < WITH_COSTS:  # cost and amount give the margin
        costs = costs[1:]
    columns = (
        ("agreement", "left"),
        ("product", "left"),
        ("quantity", "right"),
        ("unit price", "right"),
        ("amount", "right"),
        *costs,
        ("last update", "whole"),
        ("from", "left"),
        ("used", "right"),
    )
    yield from table(columns, [_report_row(row, currency, [name for name, _ in costs]) for row in rows], width)
    total = sum((Decimal(row["amount"]) for row in rows), Decimal(0))
    yield paint(f"{numbered(len(rows), 'addition')}, {amount_text(total, currency)} a month.", "bold")
    if known:
        cost, margin = (sum((Decimal(row[name]) for row in known), Decimal(0)) for name in ("cost", "margin"))
        of = "" if len(known) == len(rows) else f" of {numbered(len(known), 'addition')} with a known cost"
        yield f"Cost {amount_text(cost, currency)}, margin {amount_text(margin, currency)} a month{of}."


def _report_row(row: Mapping[str, Any], currency: str | None, costs: Sequence[str]) -> list[str]:
    used = "unknown" if row["used"] is None else f"{row['used']} {row['unit'] or ''}".rstrip()
    return [
        row["agreement"],
        row["product"],
        row["quantity"],
        "unknown" if row["unit_price"] is None else row["unit_price"],
        figure_text(Decimal(row["amount"]), currency),
        *("unknown" if row[name] is None else figure_text(Decimal(row[name]), currency) for name in costs),
        row["last_updated"] or "",
        row["source"] or "orphan: no mapping",
        used,
    ]
