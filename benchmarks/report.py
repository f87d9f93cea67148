"""Print the measurements as tables."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.measuring import Applied, Measured
from benchmarks.phases import Phase


def show(console: Console, found: Measured) -> None:
    """Print the table of one estate, and one sentence for each conclusion."""
    title = f"{found.customers:,} customers, {found.documents:,} documents"
    table = _table(title, "phase", "seconds", "documents/s", "requests", "lower bound", "peak MB")
    _phases(table, "empty tenant", found.empty, found.documents)
    if found.applied is not None:
        _apply(table, "apply", found.applied)
    _phases(table, "applied tenant", found.existing, found.documents)
    if found.no_op is not None:
        no_op = found.no_op
        table.add_section()
        table.add_row(
            "no-op plan, cold start",
            f"{no_op.seconds:.2f}",
            f"{found.documents / no_op.seconds:,.0f}",
            f"{no_op.requests:,} + {no_op.console} console",
            f"{no_op.bound:,}",
            f"{no_op.peak_mb:.0f}",
        )
        least = no_op.floor_requests + no_op.floor_parsing
        requests = f"{no_op.requests + no_op.console:,}"
        table.add_row("floor", f"{least:.2f}", f"{found.documents / least:,.0f}", requests, "", "")
        table.add_row("  the requests, with bare aiohttp", f"{no_op.floor_requests:.2f}", "", "", "", "")
        table.add_row("  the YAML, with py-yaml12", f"{no_op.floor_parsing:.2f}", "", "", "", "")
    pull_requests = {"one customer": found.changed, "a new customer": found.added}
    for what, one in pull_requests.items():
        if one is not None:
            table.add_section()
            name = f"plan --changed-since, {what}"
            table.add_row(name, f"{one.seconds:.2f}", "", f"{one.requests:,}", "", f"{one.peak_mb:.0f}")
            table.add_row("  processor time", f"{one.processor:.2f}", "", "", "", "")
    if found.reconciled is not None:
        check = found.reconciled
        table.add_section()
        name = f"usage reconcile, {check.differences:,} differences"
        table.add_row(name, f"{check.seconds:.2f}", "", f"{check.requests:,}", "", f"{check.peak_mb:.0f}")
        table.add_row("  processor time", f"{check.processor:.2f}", "", "", "", "")
    if found.under_drops is not None:
        table.add_section()
        _apply(table, f"apply, {found.under_drops.dropped} responses dropped", found.under_drops)
    console.print(table)
    for line in _sentences(found):
        console.print(line)


def compare(console: Console, estates: Sequence[Measured], terraform: tuple[str, int, float] | None) -> None:
    """Print how estates compare with each other and, if measured, with Terraform (version, resources, seconds)."""
    plans = {each.customers: each.no_op for each in estates if each.no_op is not None}
    sizes = sorted(plans)
    for small, large in itertools.pairwise(sizes):
        ratio = plans[large].seconds / plans[small].seconds
        console.print(f"A no-op plan of {large:,} customers takes {ratio:.1f} times as long as one of {small:,}.")
    if terraform is not None:
        version, resources, seconds = terraform
        console.print(
            f"{version} plans {resources:,} unchanged terraform_data resources in {seconds:.2f} s, without API calls."
        )
        ours = plans.get(sizes[0]) if sizes else None
        if ours is not None:
            console.print(
                f"A no-op plan of {sizes[0]:,} customers takes {ours.seconds / seconds:.3f} of Terraform's time."
            )


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(columns[0])
    for name in columns[1:]:
        table.add_column(name, justify="right")
    return table


def _phases(table: Table, title: str, found: Sequence[Phase], documents: int) -> None:
    if not found:
        return
    table.add_section()
    table.add_row(f"[bold]{title}[/bold]", "", "", "", "", "")
    for each in found:
        speed = "" if each.name == "import" or each.seconds < 0.001 else f"{documents / each.seconds:,.0f}"
        table.add_row(f"  {each.name}", f"{each.seconds:.3f}", speed, "", "", f"{each.peak_mb:.0f}")


def _apply(table: Table, name: str, done: Applied) -> None:
    speed = f"{done.objects / done.seconds:,.0f} objects/s"
    table.add_row(name, f"{done.seconds:.2f}", speed, f"{done.requests:,}", f"{done.planned:,}", f"{done.peak_mb:.0f}")


def _sentences(found: Measured) -> list[str]:
    said = []
    if found.no_op is not None:
        said.append(
            f"The no-op plan takes {found.no_op.ratio:.2f} times as long as its floor. "
            "The floor contains no start of an interpreter and no imports. The plan contains both."
        )
    for name, done in (("apply", found.applied), ("apply with dropped responses", found.under_drops)):
        if done is not None:
            doubled = done.objects - done.planned
            what = "none created twice" if doubled == 0 else f"{doubled:+} COMPARED WITH THE PLAN"
            said.append(f"{name}: {done.objects:,} objects created, {what}, {done.per_object:.3f} requests per object.")
    return said
