"""Random histories of moves, invoices and usage: each month is billed once, with the usage of its invoice day."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.ledger.store import Ledger
from tests.planning.builders import addition, mapping, product

from .scene import Scene, live_product
from .test_moves import NEW, OLD, agreement, at, lines

HISTORIES = int(os.environ.get("MOVE_HISTORIES", "50"))
INVOICES = ("invoice old", "invoice new", "ahead old", "ahead new")
STEP = st.sampled_from(["move", *INVOICES, "rename", "kill", "hour", "fail", "use 0", "use 90", "use 130"])
SMALL, LARGE = 4, 6
RANGES = [{"upTo": 110, "product": "gb"}, {"product": "tb"}]


def date_of(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)


class _Books:
    """The invoices of both agreements: what each has billed the customer for a month, and by which product."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.next = {OLD: date_of(2026, 11), NEW: date_of(2026, 11)}
        self.billed: dict[str, list[tuple[int, dict[int, int]]]] = {}

    def invoice(self, number: int, days_ahead: int = 0) -> str | None:
        """Bill the next month of an agreement, if it begins by then (CONNECTWISE.md, How an invoice is made).

        Return the month if a line of ours runs in it.
        """
        first = self.next[number]
        if first > self.scene.now + timedelta(days=days_ahead):
            return None
        following = (first + timedelta(days=31)).replace(day=1)
        self.next[number] = following
        quantities: dict[int, int] = {}
        for obj in self.scene.additions:
            last = str(obj.raw.get("cancelledDate") or "9999")[:10]
            begins = str(obj.raw["effectiveDate"])[:10]
            taken_away = not obj.raw["quantity"] and last <= begins
            runs = begins < f"{following:%Y-%m-%d}" and last >= f"{first:%Y-%m-%d}"
            if obj.parent_id == number and runs and not taken_away:
                of = obj.raw["product"]["id"]
                quantities[of] = quantities.get(of, 0) + int(obj.raw["quantity"])
        self.scene.live(agreement(number, invoiced=f"{following:%Y-%m-%d}T00:00:00Z"))
        if not quantities:
            return None
        self.billed.setdefault(f"{first:%Y-%m}", []).append((number, {of: n for of, n in quantities.items() if n}))
        return f"{first:%Y-%m}"


def document(name: str, where: int, *, ranged: bool) -> Any:
    if not ranged:
        return mapping(name, agreement={"id": where})
    return mapping(name, agreement={"id": where}, product=None, ranges=RANGES)


@settings(
    max_examples=HISTORIES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(months=st.lists(st.lists(STEP, max_size=6), min_size=1, max_size=4), ranged=st.booleans())
def test_each_month_is_billed_once_with_the_usage_of_its_invoice_day(
    empty_ledger: Path, tmp_path_factory: Any, months: list[list[str]], *, ranged: bool
) -> None:
    path = shutil.copy(empty_ledger, tmp_path_factory.mktemp("moves") / "ledger.sqlite")
    with Ledger.open(str(path), now=at(1)) as ledger:
        _play(Scene(ledger, guardrails={"zero": False}), months, ranged=ranged)


def _play(scene: Scene, months: list[list[str]], *, ranged: bool) -> None:
    scene.declare(product("tb", identifier="TB", price=Decimal("0.1")))
    scene.live(agreement(OLD), agreement(), addition(effectiveDate="2026-09-01T00:00:00Z"), live_product(LARGE, "TB"))
    books, where, name = _Books(scene), OLD, "acme"
    scene.declare(document(name, where, ranged=ranged))
    usage = level = "100"
    scene.hour({"77": usage}, at=at(2))
    named: set[str] = set()
    for number, steps in enumerate(months):
        first = (date_of(2026, 11) + timedelta(days=31 * number)).replace(day=1)
        scene.now = first + timedelta(days=1)
        killed = False
        for step in [*steps, "hour", "invoice old", "invoice new"]:
            if step == "move":
                where = OLD + NEW - where
            elif step == "rename":
                del scene.documents[f"CustomerMapping/{name}"]
                name = "bolt" if name == "acme" else "acme"
            elif step.startswith("use"):
                usage = step.split()[1]
            scene.declare(document(name, where, ranged=ranged))
            if step.startswith(("invoice", "ahead")):
                # A run that was killed is completed before the next invoice.
                if killed:
                    scene.hour({"77": usage})
                    level, killed = usage, False
                month = books.invoice(OLD if step.endswith("old") else NEW, 90 if step.startswith("ahead") else 0)
                if month is not None:
                    _check(books, month, level, lines(scene), ranged=ranged)
                continue
            scene.now += timedelta(hours=1)
            if step == "fail":
                scene.uses({}, failed=True)
                scene.apply()
                continue
            scene.uses({"77": usage})
            part = scene.plan()
            named |= {f"{first:%Y-%m}" for row in part.coverage if row.state == "invoiced"}
            killed = step == "kill"
            scene.apply(part.actions[:1] if killed else None)
            level = level if killed else usage
        month = f"{first:%Y-%m}"
        billed = books.billed.get(month, [])
        assert len(billed) == 1 or month in named or level == "0", (month, books.billed, lines(scene))


def _check(books: _Books, month: str, level: str, standing: Any, *, ranged: bool) -> None:
    """Check that this invoice is the only one of the month, and has the usage on the product of its range."""
    told = (month, books.billed, standing)
    (found,) = books.billed[month] if len(books.billed[month]) == 1 else (None,)
    assert found is not None, told
    expected = LARGE if ranged and int(level) > 110 else SMALL
    assert found[1] == ({expected: int(level)} if int(level) else {}), told
