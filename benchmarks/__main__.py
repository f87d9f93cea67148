"""`python -m benchmarks`: measure estates and print the results as tables."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks import ended, estates, ledger, month_end, report, terraform
from benchmarks.measuring import Measured, machine, measure


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each size in turn. If Terraform is on the PATH, also compare the first size with it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument(
        "--customers", default="1000,10000", help="numbers of customers, separated by commas (default: 1000,10000)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="measure only the first size, with three runs of each plan instead of five"
    )
    parser.add_argument(
        "--ledger",
        choices=("quick", "full", "only-full"),
        default="quick",
        help="the size of the ledger that is measured: quick (1 million readings), full (76 million: 20 minutes), or "
        "only-full without the estates",
    )
    parser.add_argument(
        "--month-end",
        default="100,200",
        help="numbers of customers for the commands of a month's end, separated by commas (default: 100,200). The "
        "figures of the documentation are those of 250,500,1000, which take 20 minutes",
    )
    parser.add_argument("--only-month-end", action="store_true", help="measure the commands of a month's end alone")
    parser.add_argument("--no-terraform", action="store_true", help="do not compare with Terraform")
    options = parser.parse_args(arguments)
    sizes = [int(size) for size in options.customers.split(",")]
    sizes, times = (sizes[:1], 3) if options.quick else (sizes, 5)
    console = Console()
    console = console if console.is_terminal else Console(width=120)
    console.print(f"{machine()}. Times are medians of {times} runs. Each run starts right after a run of its floor.")
    if options.ledger == "only-full":
        _ledger(console, ledger.FULL)
        return
    if options.only_month_end:
        _month_end(console, options.month_end)
        return
    found: list[Measured] = []
    beside: tuple[str, int, float] | None = None
    with tempfile.TemporaryDirectory(prefix="reconciler-bench-") as folder:
        for place, size in enumerate(sizes):
            found.append(measure(Path(folder) / str(size), size, times=times, drops=place == 0))
            report.show(console, found[-1])
        if not options.no_terraform and terraform.available():
            resources = sizes[0] * estates.DOCUMENTS_PER_CUSTOMER
            beside = _terraform(Path(folder) / "terraform", resources)
        report.compare(console, found, beside)
    _month_end(console, options.month_end)
    _ledger(console, ledger.FULL if options.ledger == "full" else ledger.QUICK)


def _month_end(console: Console, sizes: str) -> None:
    for kind in ("last", "peak"):
        with tempfile.TemporaryDirectory(prefix="reconciler-month-end-") as folder:
            found = [month_end.measure(Path(folder) / size, int(size), kind) for size in sizes.split(",")]
            month_end.show(console, found)


def _ledger(console: Console, size: ledger.Size) -> None:
    with tempfile.TemporaryDirectory(prefix="reconciler-ledger-") as folder:
        ledger.show(console, ledger.measure(Path(folder), size))
    with tempfile.TemporaryDirectory(prefix="reconciler-ended-") as folder:
        ended.show(console, ended.measure(Path(folder), ended.FULL if size == ledger.FULL else ended.QUICK))


def _terraform(folder: Path, resources: int) -> tuple[str, int, float]:
    version, seconds = terraform.measure(folder, resources, times=3)
    return version, resources, seconds


if __name__ == "__main__":
    main()
