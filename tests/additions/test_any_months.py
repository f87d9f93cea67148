"""Random histories of months: each is billed once, by the usage that was known when its invoice was made."""

from __future__ import annotations

import os
import re
import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.additions.tag import parse
from reconciler.ledger.store import Ledger
from tests.planning import builders
from tests.planning.builders import mapping

from .scene import Scene
from .test_ended_months import late
from .test_period_lines import agreement, at, lines

HISTORIES = int(os.environ.get("MONTH_HISTORIES", "12"))
ADVANCE, EACH, ARREARS = ("rolling", "advance"), ("perPeriod", "advance"), ("perPeriod", "arrears")
STEP = st.sampled_from(
    ["hour", "fail", "use 0", "use 90", "use 130", "late 110", "late 140", "invoice", "ahead", "switch"]
)


class _Books:
    """The invoices of the agreement: what each has billed, by the month of the usage."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.next = datetime(2026, 11, 1, tzinfo=UTC)
        self.billed: dict[str, list[Decimal]] = {}
        self.at_zero: set[str] = set()
        """The months that an invoice covers by an addition with quantity 0."""
        self.invoiced: set[str] = set()
        """The months that no later figure changes: an invoice in arrears was made, or covers their own additions."""

    def invoice(self, invoiced: str, days_ahead: int = 0) -> list[tuple[str, bool, Decimal]]:
        """Make the next invoice if its time has come. Return (month, whether by its own addition, quantity)."""
        first = self.next
        following = (first + timedelta(days=31)).replace(day=1)
        due = following if invoiced == "arrears" else first
        if due > self.scene.now + timedelta(days=days_ahead):
            return []
        self.next = following
        self.invoiced |= {f"{first:%Y-%m}"} if invoiced == "arrears" else set()
        found = []
        for obj in self.scene.additions:
            tag = parse(obj.raw["serialNumber"])
            assert tag is not None
            begins, last = (str(obj.raw.get(name) or "9999")[:10] for name in ("effectiveDate", "cancelledDate"))
            if begins >= f"{following:%Y-%m-%d}" or last < f"{first:%Y-%m-%d}":
                continue
            month = tag.period or f"{first:%Y-%m}"
            self.invoiced |= {month} if tag.period else set()
            self.at_zero |= set() if obj.raw["quantity"] else {month}
            if obj.raw["quantity"]:
                self.billed.setdefault(month, []).append(obj.raw["quantity"])
                found.append((month, tag.period is not None, obj.raw["quantity"]))
        self.scene.live(agreement(invoiced=f"{following:%Y-%m-%d}"))
        return found


class _History:
    def __init__(self, scene: Scene, kind: tuple[str, str]) -> None:
        self.scene, self.books = scene, _Books(scene)
        self.kind = kind
        self.usage = self.last = Decimal(100)
        """`last` is the usage of the last run with an addition of all months, which keeps it when it ends."""
        self.levels: dict[str, Decimal] = {}
        """The usage of each month that the last run knew."""
        self.kinds: dict[str, str] = {}
        """The `lines` of each month at its last run."""
        self.named: set[str] = set()
        """The months that coverage named as not billed."""
        self.declare()

    def declare(self) -> None:
        of_lines, invoiced = self.kind
        self.scene.declare(builders.agreement(invoiced=invoiced), mapping(lines=of_lines))

    def run(self) -> None:
        self.scene.now += timedelta(hours=1)
        self.scene.uses({"77": str(self.usage)})
        self.apply()
        month = f"{self.scene.now:%Y-%m}"
        self.levels[month] = self.usage
        if self.kind[0] == "rolling":
            self.last = self.usage
        self.kinds[month] = self.kind[0]

    def apply(self) -> None:
        for row in self.scene.plan().coverage:
            if not row.accounted:
                self.named |= {f"{self.scene.now:%Y-%m}", *re.findall(r"\d{4}-\d{2}(?!-)", row.detail)}
        self.scene.apply()

    def step(self, step: str) -> None:
        what, _, figure = step.partition(" ")
        if what == "hour":
            self.run()
        elif what == "use":
            self.usage = Decimal(figure)
        elif what == "fail":
            self.scene.now += timedelta(hours=1)
            self.scene.uses({}, failed=True)
            self.apply()
        elif what == "late":
            self.late(figure)
        elif what == "switch":
            kinds = (ADVANCE, EACH, ARREARS)
            self.kind = kinds[(kinds.index(self.kind) + 1) % len(kinds)]
            self.declare()
            self.run()
        elif what == "invoice" or self.kind[1] == "advance":
            self.invoice(60 if what == "ahead" else 0)

    def late(self, figure: str) -> None:
        """Read a figure of the last minutes of the month before, which changes it if its additions can still change."""
        first = self.scene.now.replace(day=1, hour=0, minute=0)
        before = f"{first - timedelta(days=1):%Y-%m}"
        if before not in self.levels:
            return
        self.scene.now += timedelta(hours=1)
        about = first - timedelta(hours=2) + timedelta(minutes=self.scene.now.hour)
        late(self.scene, about, figure)
        # A later figure of an invoiced month becomes an adjustment. One of a rolling addition changes nothing.
        if before not in self.books.invoiced and self.kinds[before] != "rolling":
            self.levels[before] = Decimal(figure)
        self.run()

    def invoice(self, days_ahead: int = 0) -> None:
        for month, of_its_own, quantity in self.books.invoice(self.kind[1], days_ahead):
            told = (month, self.books.billed, lines(self.scene))
            assert len(self.books.billed[month]) == 1, told
            assert quantity == (self.levels[month] if of_its_own else self.last), told


@settings(
    max_examples=HISTORIES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(
    months=st.lists(st.lists(STEP, max_size=5), min_size=2, max_size=4), kind=st.sampled_from([ADVANCE, EACH, ARREARS])
)
def test_each_month_is_billed_once_by_the_usage_that_its_invoice_knew(
    empty_ledger: Path, tmp_path_factory: Any, months: list[list[str]], kind: tuple[str, str]
) -> None:
    path = shutil.copy(empty_ledger, tmp_path_factory.mktemp("months") / "ledger.sqlite")
    with Ledger.open(str(path), now=at(1)) as ledger:
        scene = Scene(ledger, guardrails={"zero": False, "quantity": None})
        scene.live(agreement())
        _play(_History(scene, kind), months)


def _play(history: _History, months: list[list[str]]) -> None:
    scene = history.scene
    for number, steps in enumerate(months):
        first = (datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=31 * number)).replace(day=1)
        scene.now = first + timedelta(days=1)
        history.run()
        for step in steps:
            history.step(step)
        scene.now = (first + timedelta(days=31)).replace(day=1) - timedelta(hours=6)
        history.run()
        history.invoice()
    scene.now += timedelta(days=2)
    history.run()
    billed, running = history.books.billed, f"{scene.now:%Y-%m}"
    scene.now += timedelta(days=130)
    for _ in range(6):
        history.invoice()
    for month, level in history.levels.items():
        known = (
            len(billed.get(month, ())) == 1 or month in history.named | history.books.at_zero | {running} or not level
        )
        assert known, (month, billed, history.levels, lines(scene))
