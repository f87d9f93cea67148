"""Tests of ended months: late samples change their additions until an invoice does, by the rules of their last day."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.snapshot import AcceptedGap, Close
from reconciler.ledger.store import Ledger
from tests.planning import builders
from tests.planning.builders import mapping, product

from .scene import GB, Scene, live_product
from .test_period_lines import OTHER, agreement, arrears, at, lines, row_of

__all__ = ["arrears"]
D = Decimal


def late(scene: Scene, about: datetime, size: str, *, device: str | None = "d77") -> None:
    """Record a pull of now, with a figure of the customer that is about an earlier moment."""
    sample = Sample("cove", "77", device, about, int(D(size) * GB))
    ends = scene.now + timedelta(seconds=9)
    record_pull(
        scene.ledger, Pull("cove", scene.now, ends, "whole", (Customer("cove", "77", "Acme"),), (sample,), None)
    )


@pytest.fixture
def december(arrears: Scene) -> Scene:
    """Return a scene in December, with an addition of November that no invoice has billed."""
    arrears.hour({"77": "100"}, at=at(30, 11, 20))
    arrears.hour({"77": "200"}, at=at(2, 12))
    assert lines(arrears) == [
        ("2026-11", 9, 100, "2026-11-01", "2026-11-30"),
        ("2026-12", 9, 200, "2026-12-01", "2026-12-31"),
    ]
    return arrears


def test_an_ended_month_follows_late_samples_until_it_is_invoiced(december: Scene) -> None:
    december.now += timedelta(hours=1)
    late(december, at(30, 11, 21), "130")
    (action,) = [each for each in december.apply() if each.address.endswith("@2026-11")]
    assert "for 2026-11, which is over" in action.reason
    assert lines(december)[0] == ("2026-11", 9, 130, "2026-11-01", "2026-11-30")
    december.live(agreement(invoiced="2026-12-01"))
    december.now += timedelta(hours=1)
    late(december, at(30, 11, 22), "150")
    december.apply()
    assert lines(december)[0] == ("2026-11", 9, 130, "2026-11-01", "2026-11-30")


def test_a_late_sample_of_an_earlier_hour_changes_nothing(december: Scene) -> None:
    december.now += timedelta(hours=1)
    late(december, at(20), "500")
    december.apply()
    assert lines(december)[0] == ("2026-11", 9, 100, "2026-11-01", "2026-11-30")


def test_a_peak_rises_with_a_late_sample(arrears: Scene) -> None:
    arrears.declare(mapping(measure="peak"))
    arrears.hour({"77": "100"}, at=at(1, 11, 0))
    arrears.hour({"77": "100"}, at=at(2, 12))
    late(arrears, at(20), "140")
    arrears.now += timedelta(hours=1)
    arrears.apply()
    assert lines(arrears)[0] == ("2026-11", 9, 140, "2026-11-01", "2026-11-30")


def test_several_months_are_open_if_their_invoices_are_late(december: Scene) -> None:
    december.hour({"77": "300"}, at=at(2, 1).replace(year=2027))
    december.now += timedelta(hours=1)
    late(december, at(30, 11, 21), "110")
    december.apply()
    assert [line[2] for line in lines(december)] == [110, 200, 300]


def test_an_ended_month_is_rated_by_the_rules_of_its_last_day(december: Scene) -> None:
    december.declare(mapping(minimum=500), product(price=D("0.50")))
    december.now += timedelta(hours=1)
    late(december, at(30, 11, 21), "130")
    december.apply(approve=())
    november = next(obj for obj in december.additions if str(obj.raw["serialNumber"]).endswith("/2026-11"))
    assert (november.raw["quantity"], november.raw["unitPrice"]) == (D(130), D("0.25"))


def test_an_ended_month_keeps_its_product_and_its_agreement(december: Scene) -> None:
    december.declare(
        product("tb", identifier="TB", price=D("0.1")),
        builders.agreement("other", name="Other", invoiced="arrears"),
        mapping(product="tb", agreement="other"),
    )
    december.live(agreement(OTHER, invoiced="2026-12-01"), live_product(6, "TB"))
    december.now += timedelta(hours=1)
    late(december, at(30, 11, 21), "130")
    december.uses({"77": "210"})
    december.apply()
    assert lines(december) == [
        ("2026-11", 9, 130, "2026-11-01", "2026-11-30"),
        ("2026-12", 9, 0, "2026-12-01", "2026-12-31"),
        ("2026-12", OTHER, 210, "2026-12-01", "2026-12-31"),
    ]


def test_a_month_in_which_the_mapping_moved_stays_on_its_last_agreement(december: Scene) -> None:
    december.declare(builders.agreement("other", name="Other", invoiced="arrears"), mapping(agreement="other"))
    december.live(agreement(OTHER, invoiced="2026-12-01"))
    december.hour({"77": "200"})
    moved = [
        ("2026-12", 9, 0, "2026-12-01", "2026-12-31"),
        ("2026-12", OTHER, 200, "2026-12-01", "2026-12-31"),
    ]
    assert lines(december)[1:] == moved
    december.hour({"77": "300"}, at=at(2, 1).replace(year=2027))
    assert [each for each in lines(december) if each[0] == "2026-12"] == moved


def test_an_ended_month_of_a_mapping_that_changed_to_rolling_is_followed(december: Scene) -> None:
    december.declare(builders.agreement())
    december.now += timedelta(hours=1)
    late(december, at(30, 11, 21), "130")
    december.uses({"77": "210"})
    december.apply()
    assert lines(december) == [
        ("", 9, 210, "2026-12-01", ""),
        ("2026-11", 9, 130, "2026-11-01", "2026-11-30"),
        ("2026-12", 9, 0, "2026-12-01", "2026-12-31"),
    ]


def test_a_month_without_any_figure_is_named_until_it_is_invoiced(december: Scene) -> None:
    """A month in which every pull failed has no addition, and its amount is not known."""
    december.hour({"77": "300"}, at=at(2, 2).replace(year=2027))
    row = row_of(december.plan())
    assert (row.accounted, "2027-01: no figure of 2027-01 is known" in row.detail) == (False, True)
    december.live(agreement(invoiced="2027-02-01"))
    assert row_of(december.plan()).accounted


def test_the_end_of_a_mapping_limits_its_last_month(arrears: Scene) -> None:
    arrears.hour({"77": "100"}, at=at(10))
    arrears.hour({"77": "150"}, at=at(25))
    arrears.declare(mapping(end="2026-11-20"))
    arrears.hour({"77": "150"}, at=at(26))
    arrears.hour({"77": "150"}, at=at(2, 12))
    assert lines(arrears) == [("2026-11", 9, 100, "2026-11-01", "2026-11-30")]


def test_a_start_in_an_ended_month_bills_it_from_the_samples_of_the_ledger(arrears: Scene) -> None:
    del arrears.documents["CustomerMapping/acme"]
    arrears.hour({"77": "100"}, at=at(20))
    arrears.declare(mapping(start="2026-11-15"))
    arrears.hour({"77": "150"}, at=at(2, 12))
    assert lines(arrears) == [
        ("2026-11", 9, 100, "2026-11-15", "2026-11-30"),
        ("2026-12", 9, 150, "2026-12-01", "2026-12-31"),
    ]


def test_a_mapping_without_a_start_never_reaches_back(arrears: Scene) -> None:
    del arrears.documents["CustomerMapping/acme"]
    arrears.hour({"77": "100"}, at=at(20))
    arrears.declare(mapping())
    arrears.hour({"77": "150"}, at=at(2, 12))
    assert lines(arrears) == [("2026-12", 9, 150, "2026-12-01", "2026-12-31")]


def test_after_a_lost_ledger_an_ended_month_is_not_lowered(december: Scene, empty: Ledger) -> None:
    december.ledger = empty
    december.now += timedelta(hours=1)
    late(december, at(30, 11, 21), "20")
    december.apply()
    assert lines(december)[0] == ("2026-11", 9, 100, "2026-11-01", "2026-11-30")


def test_an_agreement_that_expired_is_still_billed_for_its_last_month(december: Scene) -> None:
    expired = {"agreementStatus": "Expired", "endDate": "2026-11-30T00:00:00Z", "noEndingDateFlag": False}
    december.live(agreement(**expired))
    december.now += timedelta(hours=1)
    late(december, at(30, 11, 21), "130")
    december.apply()
    assert lines(december)[0] == ("2026-11", 9, 130, "2026-11-01", "2026-11-30")


def test_each_charge_of_an_ended_month_follows_late_samples(arrears: Scene) -> None:
    """One is a count, and one has an allowance for each unit of another meter."""
    arrears.documents["CustomerMapping/acme"] = builders.document(
        "CustomerMapping",
        "acme",
        {name: value for name, value in builders.MAPPING.items() if name != "product"}
        | {
            "charges": [
                {"product": "gb", "included": {"amount": 10, "per": "devices"}},
                {"meter": "devices", "product": "device"},
            ]
        },
    )
    arrears.declare(product("device", identifier="DEVICE", price=D(5)))
    arrears.live(live_product(6, "DEVICE"))
    arrears.hour({"77": "100"}, at=at(30, 11, 20))
    arrears.hour({"77": "200"}, at=at(2, 12))
    arrears.now += timedelta(hours=1)
    late(arrears, at(30, 11, 21), "130")
    arrears.apply()
    assert sorted((line[3], line[2]) for line in lines(arrears)) == [
        ("2026-11-01", 1),
        ("2026-11-01", 120),
        ("2026-12-01", 1),
        ("2026-12-01", 190),
    ]


def test_the_text_on_the_invoice_follows_late_samples(arrears: Scene) -> None:
    arrears.declare(mapping(invoiceText="{customer}: {quantity} {unit} in {period}"))
    arrears.hour({"77": "100"}, at=at(30, 11, 20))
    arrears.hour({"77": "200"}, at=at(2, 12))
    arrears.now += timedelta(hours=1)
    late(arrears, at(30, 11, 21), "130")
    arrears.apply()
    november = next(obj for obj in arrears.additions if str(obj.raw["serialNumber"]).endswith("/2026-11"))
    assert november.raw["invoiceDescription"] == "Acme: 130 GB in 2026-11"


def closed(*customers: str) -> Close:
    """Return a close of November that leaves these customers open."""
    gaps = tuple(AcceptedGap(each, "unmapped", "asked the customer", "ann@office", "2026-12-02") for each in customers)
    return Close("2026-11", at(2, 12), "ann@office", "digest", (), gaps)


def test_a_closed_month_is_never_rewritten(december: Scene) -> None:
    december.closes = [closed()]
    december.now += timedelta(hours=1)
    late(december, at(30, 11, 21), "130")
    december.apply()
    assert lines(december)[0] == ("2026-11", 9, 100, "2026-11-01", "2026-11-30")


def test_a_customer_that_a_close_left_open_is_followed_and_listed(december: Scene) -> None:
    december.closes = [closed("cove/77", "cove/99")]
    december.now += timedelta(hours=1)
    late(december, at(30, 11, 21), "130")
    rows = {row.customer: row for row in december.plan().coverage if row.customer != "*"}
    assert {(each, row.state, row.accounted) for each, row in rows.items()} == {
        ("77", "unknown", False),
        ("99", "left open", False),
    }
    text = "2026-11 was closed without this customer by ann@office: asked the customer (unmapped)"
    assert all(text in row.detail for row in rows.values())
    december.apply()
    assert lines(december)[0] == ("2026-11", 9, 130, "2026-11-01", "2026-11-30")


def test_a_customer_that_a_close_left_open_is_still_so_if_a_guardrail_holds_it(december: Scene) -> None:
    december.closes = [closed("cove/77")]
    december.now += timedelta(hours=1)
    late(december, december.now, "2000")
    row = row_of(december.plan())
    assert row.state == "held"
    assert row.released is not None
    assert (row.released.state, row.released.accounted) == ("left open", False)


def test_without_a_date_of_the_next_invoice_an_ended_month_in_arrears_gets_no_addition(december: Scene) -> None:
    december.hour({"77": "300"}, at=at(2, 2).replace(year=2027))
    assert "2027-01: no figure of 2027-01 is known" in row_of(december.plan()).detail
    live = agreement()
    del live.raw["nextInvoiceDate"]
    december.live(live)
    assert "2027-01" not in row_of(december.plan()).detail


# ── in advance ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def advance(scene: Scene) -> Scene:
    """Return a scene whose mapping has an addition for each month, on an agreement that is invoiced in advance."""
    scene.declare(mapping(lines="perPeriod"))
    scene.live(agreement(invoiced="2026-12-01"))
    scene.hour({"77": "100"}, at=at(10))
    return scene


def test_in_advance_a_month_gets_its_addition_when_it_has_ended(advance: Scene) -> None:
    assert lines(advance) == []
    advance.hour({"77": "120"}, at=at(30, 11, 20))
    advance.hour({"77": "200"}, at=at(1, 12))
    assert lines(advance) == [("2026-11", 9, 120, "2026-12-01", "2026-12-31")]
    advance.hour({"77": "210"})
    assert lines(advance) == [("2026-11", 9, 120, "2026-12-01", "2026-12-31")]


def test_in_advance_the_addition_is_dated_in_the_first_month_that_is_not_invoiced(advance: Scene) -> None:
    advance.live(agreement(invoiced="2027-02-01"))
    advance.hour({"77": "200"}, at=at(1, 12))
    assert lines(advance) == [("2026-11", 9, 100, "2027-02-01", "2027-02-28")]


def test_in_advance_the_addition_follows_late_samples_until_its_invoice(advance: Scene) -> None:
    advance.hour({"77": "200"}, at=at(1, 12))
    advance.now += timedelta(hours=1)
    late(advance, at(30, 11, 22), "130")
    advance.apply()
    assert lines(advance) == [("2026-11", 9, 130, "2026-12-01", "2026-12-31")]
    advance.live(agreement(invoiced="2027-01-01"))
    advance.now += timedelta(hours=1)
    late(advance, at(30, 11, 23), "150")
    advance.apply()
    assert lines(advance) == [("2026-11", 9, 130, "2026-12-01", "2026-12-31")]


def test_in_advance_each_month_has_one_addition(advance: Scene) -> None:
    advance.hour({"77": "200"}, at=at(1, 12))
    advance.live(agreement(invoiced="2027-01-01"))
    advance.hour({"77": "300"}, at=at(1, 1).replace(year=2027))
    advance.live(agreement(invoiced="2027-02-01"))
    advance.hour({"77": "300"}, at=at(1, 2).replace(year=2027))
    assert lines(advance) == [
        ("2026-11", 9, 100, "2026-12-01", "2026-12-31"),
        ("2026-12", 9, 200, "2027-01-01", "2027-01-31"),
        ("2027-01", 9, 300, "2027-02-01", "2027-02-28"),
    ]


def test_in_advance_the_monthly_total_is_that_of_the_newest_addition(advance: Scene) -> None:
    advance.now = at(1, 12)
    advance.uses({"77": "200"})
    part = advance.plan()
    assert (part.money_before, part.money_after) == (D(0), D("25.00"))
    advance.apply()
    advance.hour({"77": "200"}, at=at(2, 12))
    part = advance.plan()
    assert (part.money_before, part.money_after) == (D("25.00"), D("25.00"))


def test_in_advance_an_agreement_that_ends_leaves_its_last_month_out(advance: Scene) -> None:
    advance.live(agreement(invoiced="2026-12-01", endDate="2026-12-05T00:00:00Z", noEndingDateFlag=False))
    advance.hour({"77": "200"}, at=at(1, 12))
    assert lines(advance) == [("2026-11", 9, 100, "2026-12-01", "2026-12-31")]
    advance.live(agreement(invoiced="2027-01-01", endDate="2026-12-31T00:00:00Z", noEndingDateFlag=False))
    advance.hour({"77": "200"}, at=at(1, 1).replace(year=2027))
    assert "2026-12: agreement backup ended on 2026-12-31" in row_of(advance.plan()).detail


def test_from_rolling_to_single_months_in_advance_each_month_is_billed_once(scene: Scene) -> None:
    scene.live(agreement(invoiced="2026-11-01"), builders.addition(effectiveDate="2026-09-01T00:00:00Z"))
    scene.hour({"77": "100"}, at=at(10))
    scene.live(agreement(invoiced="2026-12-01"))
    scene.declare(mapping(lines="perPeriod"))
    scene.hour({"77": "120"})
    assert lines(scene) == [("", 9, 100, "2026-09-01", "2026-11-30")]
    scene.hour({"77": "130"}, at=at(2, 12))
    scene.live(agreement(invoiced="2027-01-01"))
    scene.hour({"77": "140"}, at=at(2, 1).replace(year=2027))
    assert lines(scene) == [("", 9, 100, "2026-09-01", "2026-11-30"), ("2026-12", 9, 130, "2027-01-01", "2027-01-31")]


def test_in_advance_a_month_of_an_agreement_that_ended_is_billed_on_the_next_one(advance: Scene) -> None:
    advance.live(agreement(invoiced="2026-12-01", endDate="2026-11-30T00:00:00Z", noEndingDateFlag=False))
    advance.live(agreement(OTHER, invoiced="2026-12-01"))
    advance.declare(mapping(lines="perPeriod", agreement={"id": OTHER}))
    advance.hour({"77": "200"}, at=at(1, 12))
    assert lines(advance) == [("2026-11", OTHER, 100, "2026-12-01", "2026-12-31")]


def test_in_advance_an_ended_month_stays_on_the_agreement_of_its_last_day(advance: Scene) -> None:
    advance.live(agreement(OTHER, invoiced="2026-12-01"))
    advance.declare(mapping(lines="perPeriod", agreement={"id": OTHER}))
    advance.hour({"77": "200"}, at=at(1, 12))
    assert lines(advance) == [("2026-11", 9, 100, "2026-12-01", "2026-12-31")]


def test_the_workspace_can_choose_the_lines_of_all_mappings(scene: Scene) -> None:
    scene.billing = {"lines": "perPeriod"}
    scene.live(agreement(invoiced="2026-12-01"))
    scene.hour({"77": "100"}, at=at(10))
    scene.hour({"77": "200"}, at=at(1, 12))
    assert lines(scene) == [("2026-11", 9, 100, "2026-12-01", "2026-12-31")]
