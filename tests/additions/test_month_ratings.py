"""Tests of settled months whose usage is not loaded again, because nothing of them has changed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from reconciler.cli import ended_months
from reconciler.kinds.billing_rules import Rule
from reconciler.planning.approvals import Approved
from tests.planning import builders
from tests.planning.builders import mapping, product

from .scene import Scene
from .test_adjustments import adjustments, close, used
from .test_period_lines import agreement, arrears, at

__all__ = ["arrears"]
D = Decimal
load_snapshots = ended_months.load_snapshots


@pytest.fixture
def december(arrears: Scene) -> Scene:
    """Return a scene in December. November is closed, and a run has rated it since."""
    arrears.hour({"77": "100"}, at=at(30, 11, 20))
    arrears.hour({"77": "100"}, at=at(2, 12))
    close(arrears)
    arrears.hour({"77": "100"})
    return arrears


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the charges of November that are loaded, in the order of the plans."""
    found: list[str] = []

    def load(ledger: object, units: object, rules: list[Rule], *more: object, **named: object) -> object:
        found.extend(rule.charge for rule in rules)
        return load_snapshots(ledger, units, rules, *more, **named)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(ended_months, "load_snapshots", load)
    return found


def test_a_settled_month_is_not_loaded_again(december: Scene, loaded: list[str]) -> None:
    december.hour({"77": "120"})
    assert loaded == []


def test_an_open_month_is_loaded_by_each_run(arrears: Scene, loaded: list[str]) -> None:
    arrears.hour({"77": "100"}, at=at(30, 11, 20))
    arrears.hour({"77": "100"}, at=at(2, 12))
    arrears.hour({"77": "100"})
    assert loaded == ["storage", "storage"]


def test_an_invoiced_month_that_is_not_closed_is_not_loaded_again(arrears: Scene, loaded: list[str]) -> None:
    arrears.hour({"77": "100"}, at=at(30, 11, 20))
    arrears.live(agreement(invoiced="2026-12-01"))
    arrears.hour({"77": "100"}, at=at(2, 12))
    arrears.hour({"77": "100"})
    assert loaded == ["storage"]
    arrears.live(agreement(invoiced="2026-11-01"))
    arrears.hour({"77": "100"})
    assert loaded == ["storage", "storage"]


def test_a_late_sample_is_found_at_once_and_until_its_adjustment_is_made(december: Scene, loaded: list[str]) -> None:
    used(december, "130")
    assert [each.name for each in december.plan().tripped] == ["adjustment"]
    december.hour({"77": "100"})
    assert [each.name for each in december.plan().tripped] == ["adjustment"]
    december.apply(approve=[Approved("adjustment")])
    assert adjustments(december) == [("2026-11+1", D("7.50"), "gb", "2026-12-01")]
    loaded.clear()
    december.hour({"77": "100"})
    assert loaded == []


def test_a_late_sample_is_found_by_a_plan_that_records_nothing(december: Scene) -> None:
    used(december, "130")
    for _ in range(2):
        assert [each.name for each in december.planned().part.tripped] == ["adjustment"]


def test_an_hour_that_was_caught_up_is_found(december: Scene) -> None:
    december.uses({"77": "140"}, at=at(30, 11, 21))
    assert [each.name for each in december.plan().tripped] == ["adjustment"]


def test_a_dated_price_is_found(december: Scene) -> None:
    december.declare(product(prices=[{"from": "2026-11-01", "price": D("0.30")}]))
    assert [each.name for each in december.plan().tripped] == ["adjustment"]


def test_an_edit_by_hand_and_a_removed_addition_are_found(december: Scene) -> None:
    (line,) = [each for each in december.additions if str(each.raw["serialNumber"]).endswith("/2026-11")]
    del december.objects[line.kind, line.id]
    assert [each.name for each in december.plan().tripped] == ["adjustment"]


def test_an_exclusion_and_a_setting_are_found(december: Scene, loaded: list[str]) -> None:
    spec = {"customer": {"source": "cove", "id": "77"}, "device": "d77", "reason": "lab"}
    december.declare(builders.document("Exclusion", "lab", spec))
    december.planned()
    assert loaded == ["storage"]
    del december.documents["Exclusion/lab"]
    december.billing["graceHours"] = 100
    december.planned()
    assert loaded == ["storage", "storage"]


def test_only_the_customer_with_a_late_sample_is_loaded(arrears: Scene, loaded: list[str]) -> None:
    other = mapping("two", customer={"source": "cove", "id": "78"}, measure="peak")
    arrears.declare(other)
    arrears.hour({"77": "100", "78": "50"}, at=at(30, 11, 20))
    arrears.hour({"77": "100", "78": "50"}, at=at(2, 12))
    close(arrears)
    arrears.hour({"77": "100", "78": "50"})
    loaded.clear()
    used(arrears, "130")
    arrears.planned()
    assert loaded == ["storage"]


def test_a_month_without_a_figure_is_not_loaded_again(december: Scene, loaded: list[str]) -> None:
    """A whole month without a run has no figure, whatever comes later."""
    december.hour({"77": "100"}, at=at(2, 2).replace(year=2027))
    december.live(agreement(invoiced="2027-02-01"))
    december.hour({"77": "100"})
    loaded.clear()
    december.hour({"77": "100"})
    assert loaded == []


def test_a_month_that_cannot_be_read_now_is_loaded_again(december: Scene, loaded: list[str]) -> None:
    """After a lost ledger, no pull says whether the month has a figure."""
    for table in ("month_ratings", "rated_pulls", "chain", "samples", "pulls"):
        with december.ledger.write() as connection:
            connection.exec_driver_sql(f"DELETE FROM {table}")
    december.now += timedelta(hours=1)
    december.plan()
    december.plan()
    assert loaded == ["storage", "storage"]
