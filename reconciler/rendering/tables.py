"""Tables for the terminal: pulls, coverage, report. Rich lays them out; everything from outside is made safe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from io import StringIO
from typing import Any

from reconciler.kinds.values import plain_decimal
from reconciler.planning.plan import UNMAPPED, CoverageRow, Plan, collapsed
from reconciler.rendering.paint import Paint, money, safe

WIDTH = 160
"""Columns that a table may take; what is longer is folded, never cut."""

Column = tuple[str, str]
"""Heading, and `left` or `right`."""


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a table whose columns are as wide as they need be."""
    from rich import box  # noqa: PLC0415 (only commands that print tables wait for rich)
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, justify in columns:
        made.add_column(heading, justify="right" if justify == "right" else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(safe(cell)) for cell in row))
    console = Console(file=StringIO(), width=WIDTH, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(made)
    for line in captured.get().rstrip("\n").split("\n"):
        yield line.rstrip()


def pulls_table(rows: Sequence[Mapping[str, Any]], paint: Paint) -> Iterator[str]:
    columns = (("source", "left"), ("state", "left"), ("customers", "right"), ("samples", "right"), ("", "left"))
    yield from table(
        columns,
        [
            [
                row["source"],
                row["state"],
                str(row["customers"]),
                str(row["samples"]),
                row["error"] or "; ".join(row["notes"]),
            ]
            for row in rows
        ],
    )
    failed = sum(row["state"] == "failed" for row in rows)
    doubted = sum(row["state"] == "disbelieved" for row in rows)
    more = f", {doubted} not believed" if doubted else ""
    yield paint(f"{counted(len(rows), 'source')} read, {failed} failed{more}.", "bold")
    if doubted:
        yield "Where what it says is right, believe it: reconciler usage pull --approve shrink=SOURCE"


def coverage_table(plan: Plan, paint: Paint) -> Iterator[str]:
    columns = (
        ("state", "left"),
        ("source", "left"),
        ("customer", "left"),
        ("name", "left"),
        ("quantity", "right"),
        ("a month", "right"),
        ("", "left"),
    )
    yield from table(columns, [_coverage_row(row) for row in collapsed(plan.coverage)])
    open_rows = sum(not row.accounted for row in plan.coverage)
    amounts = [row.money for row in plan.coverage if row.state in UNMAPPED]
    worth = sum((amount for amount in amounts if amount is not None), Decimal(0))
    text = f"{len(plan.coverage)} accounted for."
    if open_rows:
        at_risk = "unknown money" if None in amounts else money(worth, plan.summary.money.currency)
        text = f"{open_rows} of {len(plan.coverage)} not accounted for, {at_risk} a month at risk."
    yield paint(text, "bold" if not open_rows else "red")


def _coverage_row(row: CoverageRow) -> list[str]:
    quantity = "unknown" if row.quantity is None else f"{plain_decimal(row.quantity)} {row.unit or ''}".rstrip()
    worth = "unknown" if row.state in UNMAPPED else ""
    worth = worth if row.money is None else money(row.money, None)
    return [row.state, row.source, row.customer, row.name, quantity, worth, row.detail]


def report_table(rows: Sequence[Mapping[str, Any]], paint: Paint) -> Iterator[str]:
    """Rows as `usage report --json` prints them, amounts as decimal text."""
    columns = (
        ("agreement", "left"),
        ("product", "left"),
        ("quantity", "right"),
        ("unit price", "right"),
        ("amount", "right"),
        ("last update", "left"),
        ("from", "left"),
        ("used", "right"),
    )
    yield from table(columns, [_report_row(row) for row in rows])
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
