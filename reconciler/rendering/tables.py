"""Tables for the terminal: pulls, coverage, report. Rich lays them out; everything from outside is made safe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from io import StringIO
from typing import Any

from reconciler.errors import in_one_line
from reconciler.rendering.coverage_json import EVERY_CUSTOMER, UNMAPPED, collapsed, quantity_of
from reconciler.rendering.paint import Paint, money, safe

WIDTH = 100
"""Columns that a table may take where nobody says how many there are; what is longer is folded, never cut."""
_A_WORD, _NARROW = 24, 8
"""Columns that a text is folded into at the least: those of its longest word up to so many, else so few. Where that is
too much, each row is told field by field."""
_GAP = 2

Column = tuple[str, str]
"""Heading, and `left` (a text, which may be folded), `right` (a figure) or `whole` (neither is folded)."""


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int = WIDTH) -> Iterator[str]:
    """Lines of a table that fits the width: texts and headings are folded, figures are not."""
    from rich.cells import cell_len  # noqa: PLC0415 (only commands that print tables wait for rich)

    told = [[safe(cell) for cell in row] for row in rows]
    for narrowest, folded in ((_A_WORD, False), (_A_WORD, True), (_NARROW, True)):
        headings = [heading.replace(" ", "\n") if folded else heading for heading, _ in columns]
        cells = [[*heading.split("\n"), *(row[place] for row in told)] for place, heading in enumerate(headings)]
        longest = [max(map(cell_len, column)) for column in cells]
        words = [max(cell_len(word) for cell in column for word in cell.split() or [""]) for column in cells]
        needed = [
            min(word, narrowest) if justify == "left" else whole
            for (_, justify), whole, word in zip(columns, longest, words, strict=True)
        ]
        if sum(needed) + _GAP * (len(columns) - 1) <= width:
            shown = [(heading, justify) for heading, (_, justify) in zip(headings, columns, strict=True)]
            yield from _table(shown, told, _widths(longest, needed, width), width)
            return
    yield from _fields(columns, told, width)


def _widths(longest: Sequence[int], needed: Sequence[int], width: int) -> list[int]:
    """Return the widths of the columns: as long as their longest cells, and if the table is then too wide, the widest
    columns narrowed until it fits, but none below its `needed` width. `needed` itself must fit.

    Rich narrows columns too, but it may end with a table that is too wide, and then cuts off the last figures.
    """
    found = list(longest)
    while sum(found) + _GAP * (len(found) - 1) > width:
        place = max(range(len(found)), key=lambda each: found[each] if found[each] > needed[each] else 0)
        found[place] -= 1
    return found


def _table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], widths: Sequence[int], width: int
) -> Iterator[str]:
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for (heading, justify), wide in zip(columns, widths, strict=True):
        side: Any = "right" if justify == "right" else "left"
        made.add_column(heading, justify=side, overflow="fold", no_wrap=justify != "left", width=wide)
    for row in rows:
        made.add_row(*map(Text, row))
    yield from _drawn(made, width)


def _fields(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Each row as lines of `field  value`: for a terminal too narrow for a table."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    for row in rows:
        made = Table.grid(padding=(0, _GAP, 0, 0))
        made.add_column(no_wrap=True)
        made.add_column(overflow="fold")
        for (heading, _), cell in zip(columns, row, strict=True):
            if cell:
                made.add_row(heading or "note", Text(cell))
        yield from _drawn(made, width)
        yield ""


def _drawn(made: Any, width: int) -> Iterator[str]:
    from rich.console import Console  # noqa: PLC0415

    console = Console(file=StringIO(), width=width, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(made)
    for line in captured.get().rstrip("\n").split("\n"):
        yield line.rstrip()


def pulls_table(rows: Sequence[Mapping[str, Any]], paint: Paint, width: int = WIDTH) -> Iterator[str]:
    columns = (("source", "left"), ("state", "left"), ("customers", "right"), ("samples", "right"), ("", "left"))
    yield from table(
        columns,
        [
            [
                row["source"],
                row["state"],
                str(row["customers"]),
                str(row["samples"]),
                in_one_line(row["error"]) if row["error"] else "; ".join(row["notes"]),
            ]
            for row in rows
        ],
        width,
    )
    failed = sum(row["state"] == "failed" for row in rows)
    doubted = sum(row["state"] == "disbelieved" for row in rows)
    more = f", {doubted} not believed" if doubted else ""
    yield paint(f"{counted(len(rows), 'source')} read, {failed} failed{more}.", "bold")
    if doubted:
        yield "If such a pull is right, accept it with: reconciler usage pull --approve shrink=SOURCE"


def coverage_table(plan: Mapping[str, Any], paint: Paint, width: int = WIDTH) -> Iterator[str]:
    """Yield the coverage table of a plan's JSON, and a line that counts the rows that are not accounted for."""
    columns = (
        ("state", "left"),
        ("source", "left"),
        ("customer", "left"),
        ("name", "left"),
        ("quantity", "right"),
        ("a month", "right"),
        ("", "left"),
    )
    rows = plan["coverage"]
    yield from table(columns, [_coverage_row(row) for row in collapsed(rows)], width)
    open_rows = sum(not row["accounted"] for row in rows)
    # What a source without usable data would report is unknown, and so is its amount.
    amounts = [row["money"] for row in rows if row["state"] in UNMAPPED or row["customer"] == EVERY_CUSTOMER]
    total = sum((Decimal(amount) for amount in amounts if amount is not None), Decimal(0))
    text = f"{len(rows)} accounted for."
    if open_rows:
        at_risk = "an unknown amount" if None in amounts else money(total, plan["summary"]["money"]["currency"])
        risk = f", {at_risk} a month at risk" if amounts else ""
        text = f"{open_rows} of {len(rows)} not accounted for{risk}."
    yield paint(text, "bold" if not open_rows else "red")


def _coverage_row(row: Mapping[str, Any]) -> list[str]:
    amount = "unknown" if row["state"] in UNMAPPED else ""
    amount = amount if row["money"] is None else money(Decimal(row["money"]), None)
    quantity = quantity_of(row) or "unknown"
    return [row["state"], row["source"], row["customer"], row["name"], quantity, amount, row["detail"]]


def report_table(rows: Sequence[Mapping[str, Any]], paint: Paint, width: int = WIDTH) -> Iterator[str]:
    """Rows as `usage report --json` prints them, amounts as decimal text."""
    columns = (
        ("agreement", "left"),
        ("product", "left"),
        ("quantity", "right"),
        ("unit price", "right"),
        ("amount", "right"),
        ("last update", "whole"),
        ("from", "left"),
        ("used", "right"),
    )
    yield from table(columns, [_report_row(row) for row in rows], width)
    total = sum((Decimal(row["amount"]) for row in rows), Decimal(0))
    yield paint(f"{counted(len(rows), 'addition')}, {money(total, None)} a month.", "bold")


def _report_row(row: Mapping[str, Any]) -> list[str]:
    used = "unknown" if row["used"] is None else f"{row['used']} {row['unit'] or ''}".rstrip()
    return [
        row["agreement"],
        row["product"],
        row["quantity"],
        "unknown" if row["unit_price"] is None else row["unit_price"],
        money(Decimal(row["amount"]), None),
        row["last_updated"] or "",
        row["source"] or "no mapping: an orphan",
        used,
    ]


def counted(number: int, what: str) -> str:
    """`1 addition`, `2 additions`."""
    return f"{number} {what}{'' if number == 1 else 's'}"
