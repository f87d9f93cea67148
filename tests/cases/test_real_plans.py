"""A case gives the lines of a real plan: random estates and histories, against the sandbox.

`make test` tries a few. `CASES_SEEDS=100 pytest tests/cases/test_real_plans.py` tries more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from reconciler.cases.estate import Estate
from reconciler.cases.loading import cases_in
from reconciler.cases.outcome import Outcome
from reconciler.cases.suite import run
from reconciler.manifests.files import SourceFile
from reconciler.manifests.loading import load
from reconciler.manifests.report import Report
from reconciler.metering.sources import registry
from tests.shop import Shop
from tests.simulation.console import Console
from tests.simulation.month import Month
from tests.simulation.terms import Terms

SEEDS = range(1, int(os.environ.get("CASES_SEEDS", "3")) + 1)
PACES = (1, 1, 1, 0.25, 2, 7, 26)
STATES = {"failed": "failed", "disbelieved": "not believed"}
GB = 10**9

Line = tuple[Decimal, Decimal, str | None]
"""Quantity, unit price and last day."""


@dataclass
class History:
    """What the console said at each pull, as entries of a case."""

    shop: Shop
    console: Console
    random: Random
    entries: list[str] = field(default_factory=list)
    failing: bool = False

    def happen(self) -> None:
        """Change something at the console."""
        console, random = self.console, self.random
        number = random.choice([each for each, devices in console.customers.items() if devices])
        device = random.choice(list(console.customers[number]))
        other = random.choice(list(console.customers))
        match random.randint(0, 12):
            case 0 | 1:
                console.resize(number, device, random.randint(0, 300) * GB + random.randint(0, GB))
            case 2:
                console.resize(number, device, None)
            case 3 if len(console.customers[number]) > 1:
                console.remove_device(number, device)
            case 4 if other != number:
                console.move(device, number, other)
            case 5:
                console.add_device(number, random.choice((None, 20 * GB)))
            case 6 if len(console.customers) > 3:
                console.remove(number)
            case 7 if console.away:
                console.give_back(random.choice(list(console.away)))
            case 8 | 9:
                for each in console.customers[number]:
                    console.resize(number, each, random.choice((0, 400 * GB, 900 * GB)))
            case 10 if not self.failing:
                self.fail(failing=True)

    def fail(self, *, failing: bool) -> None:
        """Let all pulls fail, or none."""
        self.failing = failing
        self.shop.fault(*(["500@/jsonapi"] if failing else []))

    def pull(self) -> None:
        """Pull the usage, and note what the console listed."""
        if self.failing and self.random.random() < 0.5:
            self.fail(failing=False)
        said = self.shop("usage", "pull", "--json")
        (row,) = said.json
        at = moment(self.shop.time)
        if row["state"] != "whole":
            self.entries.append(f"{{at: {at}, pull: {STATES[row['state']]}}}")
            return
        for number, devices in self.console.listing.items():
            for device, size in devices.items():
                used = "missing" if size is None else size
                self.entries.append(f'{{at: {at}, customer: "{number}", device: "{device}", used: {used}}}')


def moment(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def standing(month: Month, terms: Terms, billed: str) -> Iterator[str]:
    """Yield the lines of a mapping as they stand in the tenant."""
    for row in month.rows_of(terms.number, month.rows()):
        yield (
            f"{{product: {row['product'].lower()}, quantity: {row['quantity']}, unitPrice: {row['unitPrice']}, "
            f'firstDay: "{row["effectiveDate"][:10]}", billed: {billed}}}'
        )


def case_of(month: Month, terms: Terms, history: History, billed: str) -> Outcome:
    """Run a price case of a mapping with the manifests of the shop, and return its result."""
    text = f"""cases:
  - name: {terms.mapping}
    mapping: {terms.mapping}
    now: {moment(history.shop.time)}
    standing: [{", ".join(standing(month, terms, billed)) if billed else ""}]
    usage: [{", ".join(history.entries)}]
    expect: {{lines: []}}
"""
    source = SourceFile("tests/real.yaml", text)
    report = Report({source.name: source})
    results = run(cases_in(source, report), Estate(load(history.shop.folder)), report)
    assert not report.diagnostics(), "\n".join(map(str, report.diagnostics()))
    return results[0].outcome


def lines_of(terms: Terms, outcome: Outcome) -> dict[str, Line]:
    """Return the lines of the case's own mapping."""
    return {
        line.product: (line.quantity, line.unit_price or Decimal(0), line.last_day)
        for line in outcome.lines
        if line.address.startswith(f"Addition/{terms.mapping}.")
    }


def planned(month: Month, terms: Terms, plan: Any) -> dict[str, Line]:
    """Return the lines of a mapping after a real plan: the rows of the tenant with its actions."""
    found = {row["id"]: dict(row) for row in month.rows_of(terms.number, month.rows())}
    for action in plan["actions"]:
        if action["address"].startswith(f"Addition/{terms.mapping}."):
            after = {change["path"]: change["after"] for change in action["changes"]}
            if "product" in after:
                after["product"] = after["product"]["name"]
            found.setdefault(action["id"] or action["address"], {}).update(after)
    return {
        str(row["product"]).lower(): (
            Decimal(str(row["quantity"])),
            Decimal(str(row["unitPrice"])),
            (row.get("cancelledDate") or "")[:10] or None,
        )
        for row in found.values()
    }


def compare(month: Month, history: History, billed: str) -> None:
    """Fail if a case of one mapping differs from a real plan of all."""
    plan = month.shop("--json", "plan", "--only", "usage").json
    refusing = [trip for trip in plan["guardrails"] if not trip["holds"]]
    if refusing:  # the guardrail counts customers, and a case has one
        return
    for terms in month.terms.values():
        outcome = case_of(month, terms, history, billed)
        address = f"CustomerMapping/{terms.mapping}"
        (row,) = [row for row in plan["coverage"] if row["address"] == address]
        trips = {trip["name"] for trip in plan["guardrails"] if trip["address"] == address}
        shown = f"{month.log[0]}, {terms}, {history.entries}"
        assert outcome.state == row["state"], f"{shown}\n{outcome.reason}\n{row['detail']}"
        assert set(outcome.guardrails) == trips, shown
        assert lines_of(terms, outcome) == planned(month, terms, plan), shown


@pytest.mark.parametrize("seed", SEEDS)
def test_a_case_gives_the_lines_of_a_real_plan(shop: Shop, seed: int) -> None:
    shop.patch.setattr(registry, "history", lambda *_: None)  # a case has only the hours that it names
    month = Month(shop, seed)
    shop.apply("--only", "setup")
    history = History(shop, month.console, month.random)
    billed = ""
    for step in range(8):
        for _ in range(month.random.randint(0, 3)):
            history.happen()
        history.pull()
        if step == 3:
            compare(month, history, billed)
            assert shop("apply", "--only", "usage", "--auto-approve").code in {0, 3, 5}
            billed = str(month.period.first)[:7]
            month.prices["p-four"] += Decimal("0.01")
            month.write()
        if step < 7:
            shop.advance(month.random.choice(PACES))
    compare(month, history, billed)
