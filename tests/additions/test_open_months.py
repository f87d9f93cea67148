"""Tests of what an ended month is rated by, and of months that cannot be rated."""

from __future__ import annotations

from datetime import timedelta

from reconciler.ledger.store import Ledger
from tests.planning import builders
from tests.planning.builders import mapping, product

from .scene import Scene, live_product
from .test_ended_months import advance, december, late
from .test_period_lines import OTHER, agreement, arrears, at, lines, row_of

__all__ = ["advance", "arrears", "december"]


def month_lines(scene: Scene, month: str) -> list[int]:
    return [line[2] for line in lines(scene) if line[3].startswith(month)]


def test_a_month_before_the_start_is_not_billed(arrears: Scene) -> None:
    arrears.hour({"77": "100"}, at=at(10))
    arrears.declare(mapping(start="2027-01-01"))
    arrears.hour({"77": "100"}, at=at(2, 1).replace(year=2027))
    assert [line[0] for line in lines(arrears)] == ["2026-11", "2027-01"]


def test_each_charge_with_a_start_in_an_ended_month_bills_it(arrears: Scene) -> None:
    del arrears.documents["CustomerMapping/acme"]
    arrears.hour({"77": "100"}, at=at(20))
    arrears.declare(product("device", identifier="DEVICE", price=5))
    arrears.live(live_product(6, "DEVICE"))
    spec = {name: value for name, value in builders.MAPPING.items() if name != "product"}
    charges = [{"product": "gb"}, {"meter": "devices", "product": "device"}]
    arrears.declare(builders.document("CustomerMapping", "acme", {**spec, "start": "2026-11-15", "charges": charges}))
    arrears.hour({"77": "150"}, at=at(2, 12))
    assert sorted(month_lines(arrears, "2026-11")) == [1, 100]


def test_an_addition_on_an_agreement_that_was_not_read_is_not_made_again(december: Scene) -> None:
    for obj in december.additions:
        del december.objects[obj.kind, obj.id]
    december.now += timedelta(hours=1)
    assert [each.address for each in december.plan().actions if each.address.endswith("@2026-11")] == []


def test_without_recorded_terms_an_addition_stays_on_its_agreement(december: Scene) -> None:
    with december.ledger.write() as connection:
        connection.exec_driver_sql("DELETE FROM month_terms")
    december.declare(builders.agreement("other", name="Other", invoiced="arrears"), mapping(agreement="other"))
    december.live(agreement(OTHER, invoiced="2026-12-01"))
    december.now += timedelta(hours=1)
    late(december, at(30, 11, 21), "130")
    december.apply()
    assert lines(december)[0] == ("2026-11", 9, 130, "2026-11-01", "2026-11-30")


def test_a_new_mapping_gets_no_addition_of_a_month_without_figures(arrears: Scene) -> None:
    arrears.declare(mapping(start="2026-11-15"))
    arrears.hour({"77": "100"}, at=at(2, 12))
    assert month_lines(arrears, "2026-11") == []
    assert row_of(arrears.plan()).accounted


def test_a_minimum_bills_an_ended_month_of_a_customer_that_was_never_listed(arrears: Scene) -> None:
    del arrears.documents["CustomerMapping/acme"]
    arrears.hour({"78": "100"}, at=at(20))
    arrears.declare(mapping(start="2026-11-15", minimum=50))
    arrears.hour({"78": "100"}, at=at(2, 12))
    assert month_lines(arrears, "2026-11") == [50]


def test_an_ended_month_is_unknown_without_a_believed_pull(december: Scene, empty: Ledger) -> None:
    december.ledger = empty
    december.uses({}, failed=True)
    assert any("2026-11: no figure of 2026-11 is known" in row.detail for row in december.plan().coverage)


def test_an_ended_month_that_cannot_be_rated_is_named(arrears: Scene) -> None:
    arrears.declare(mapping(included={"amount": 10, "per": "device"}))
    for moment in (at(30, 11, 20), at(2, 12)):
        arrears.now = moment
        late(arrears, moment, "100", device=None)
        arrears.apply()
    assert any("2026-11: `included` is per device" in row.detail for row in arrears.plan().coverage)


def test_no_terms_are_recorded_before_the_product_exists(arrears: Scene) -> None:
    arrears.declare(product("tb", identifier="TB", price=1), mapping(product="tb"))
    arrears.uses({"77": "100"})
    assert arrears.planned(setup=True).records.terms == ()


def test_in_advance_a_month_whose_invoice_would_begin_after_the_agreement_is_named(advance: Scene) -> None:
    advance.live(agreement(invoiced="2027-02-01", endDate="2027-01-15T00:00:00Z", noEndingDateFlag=False))
    advance.hour({"77": "200"}, at=at(1, 12))
    assert "agreement backup ends on 2027-01-15" in row_of(advance.plan()).detail
