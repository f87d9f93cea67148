"""A close says by which rule each charge of its month is rated again."""

from __future__ import annotations

from typing import Any

from reconciler.closing.closed_charges import closed_charges, own_bills
from reconciler.ledger.bill_records import BillRecord
from reconciler.ledger.snapshot import Close
from tests.planning.builders import NOW

KEY = ("cove", "77", "storage")


def charge(**more: Any) -> dict[str, Any]:
    known = {"customer": "cove/77", "mapping": "CustomerMapping/acme", "charge": "storage"}
    return {**known, "version": "sha256:2", "as_of": NOW.isoformat(), "rated": [{"amount": "2"}], **more}


def close(*charges: dict[str, Any]) -> Close:
    return Close("2026-10", NOW, "ann@desk", "aa", charges)


def bill(digest: str = "sha256:1") -> BillRecord:
    return BillRecord(*KEY, "acme", NOW, digest, [{"amount": "1"}])


def test_a_close_counts_in_place_of_the_last_run_of_the_month() -> None:
    (found,) = own_bills([bill()], closed_charges([close(charge())]))
    assert (found.key, found.mapping, found.billed_at) == (KEY, "acme", NOW)
    assert (found.digest, found.lines) == ("sha256:2", [{"amount": "2"}])


def test_the_last_of_several_closes_counts() -> None:
    later = close(charge(version="sha256:3"))
    assert closed_charges([close(charge()), later])[KEY].close is later


def test_a_charge_that_no_close_has_is_that_of_the_last_run() -> None:
    other = BillRecord("cove", "78", "storage", "beta", NOW, "sha256:1", [])
    assert own_bills([other], closed_charges([close(charge())]))[1] is other


def test_a_charge_without_a_figure_at_the_close_is_that_of_the_last_run() -> None:
    closed = closed_charges([close(charge(rated=None))])
    assert own_bills([bill()], closed) == [bill()]
    assert own_bills([], closed) == []


def test_a_close_without_a_version_froze_no_rule() -> None:
    old = charge()
    del old["version"]
    closed = closed_charges([close(old)])
    assert closed[KEY].digest is None
    assert own_bills([bill()], closed) == [bill()]
