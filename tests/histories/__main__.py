"""`make histories`: play many random histories of a month that ends, and print what they had."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from multiprocessing import get_context
from tempfile import TemporaryDirectory
from time import monotonic

from reconciler.ledger.store import Ledger
from tests.planning.builders import NOW

from . import ratings
from .run import HistoryError, play

BATCH = 500
ONE_IN = 100
"""One history of this many also has the hours of an estate with a ledger, which take longer."""


def _batch(first: int) -> tuple[Counter[str], list[str]]:
    figures: Counter[str] = Counter()
    faults = []
    for seed in range(first, first + BATCH):
        try:
            figures += play(seed)
            if seed % ONE_IN == 0:
                figures += _hours(seed)
        except HistoryError as fault:
            faults.append(str(fault))
    return figures, faults


def _hours(seed: int) -> Counter[str]:
    with TemporaryDirectory() as folder, Ledger.open(f"{folder}/ledger.sqlite", now=NOW) as ledger:
        return Counter({f"hours: {what}": count for what, count in ratings.play(seed, ledger).items()})


def main() -> int:
    """Play the histories on all cores. Return 1 if one of them has a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.histories", description=__doc__)
    parser.add_argument("number", type=int, nargs="?", default=100_000, help="how many histories")
    parser.add_argument("seed", type=int, nargs="?", default=1, help="the seed of the first one")
    asked = parser.parse_args()
    began = monotonic()
    figures: Counter[str] = Counter()
    faults: list[str] = []
    with get_context("fork").Pool(os.cpu_count()) as pool:
        for found, wrong in pool.imap(_batch, range(asked.seed, asked.seed + asked.number, BATCH)):
            figures += found
            faults += wrong
    print(", ".join(f"{count:,} {what}" for what, count in figures.items()))
    print(f"{len(faults)} faults, {monotonic() - began:.0f} s")
    for fault in faults[:10]:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
