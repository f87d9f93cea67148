"""Tests of additions of one month whose last day was moved by hand: each later invoice would bill them again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.kinds.live_state import LiveObject

from .scene import Scene
from .test_adjustments import ADJUST, close, used
from .test_line_amounts import december, edit, edits, hour, invoice, november
from .test_period_lines import arrears

__all__ = ["arrears", "december"]
LATER = "2027-03-31T00:00:00Z"


def last_day(line: LiveObject) -> str:
    return str(line.raw["cancelledDate"])[:10]


@pytest.mark.parametrize("moved_to", [LATER, None])
@pytest.mark.parametrize("settle", [close, invoice])
def test_the_last_day_of_a_month_that_is_closed_or_invoiced_is_moved_back(
    december: Scene, settle: object, moved_to: str | None
) -> None:
    assert callable(settle)
    settle(december)
    hour(december)
    edit(december, november(december), cancelledDate=moved_to)
    part = hour(december)
    (action,) = part.actions
    assert (action.action, last_day(november(december))) == ("retire", "2026-11-30")
    assert "it bills 2026-11 only, so it ends on 2026-11-30: each later invoice would bill its 25.00 USD" in str(
        action.reason
    )
    assert edits(part) == [f"edited by hand: cancelledDate 2026-11-30 → {(moved_to or 'none')[:10]}"]
    assert hour(december).actions == ()


def test_the_last_day_of_an_adjustment_is_moved_back(december: Scene) -> None:
    close(december)
    used(december, "130")
    december.apply(approve=ADJUST)
    (adjustment,) = [each for each in december.additions if "+" in str(each.raw["serialNumber"])]
    edit(december, adjustment, cancelledDate=LATER)
    (action,) = hour(december).actions
    assert (action.address, last_day(december.objects[adjustment.kind, adjustment.id])) == (
        "Addition/acme.storage:gb@2026-11+1",
        last_day(adjustment),
    )


def test_a_month_that_was_invoiced_again_already_stays_billed_and_no_further_one_is(december: Scene) -> None:
    invoice(december)
    hour(december)
    edit(december, november(december), cancelledDate=LATER)
    invoice(december, "2027-01-01")
    hour(december)
    assert last_day(november(december)) == "2026-12-31"


def test_an_addition_of_an_agreement_that_has_ended_stays_as_it_is(december: Scene) -> None:
    invoice(december)
    hour(december)
    edit(december, november(december), cancelledDate=LATER)
    (agreement,) = [each for each in december.objects.values() if each.kind == "Agreement"]
    december.live(replace(agreement, raw={**agreement.raw, "agreementStatus": "Cancelled"}))
    assert [each for each in hour(december).actions if each.kind == "Addition"] == []


def test_a_first_day_that_was_moved_into_a_later_month_moves_the_last_day_into_it(december: Scene) -> None:
    edit(december, november(december), effectiveDate="2026-12-01T00:00:00Z", cancelledDate=LATER)
    invoice(december)
    hour(december)
    line = november(december)
    assert (str(line.raw["effectiveDate"])[:10], last_day(line)) == ("2026-12-01", "2026-12-31")


def test_a_moved_last_day_refuses_the_run_with_on_drift_fail(december: Scene) -> None:
    invoice(december)
    hour(december)
    december.billing["onDrift"] = "fail"
    edit(december, november(december), cancelledDate=LATER)
    assert [each.name for each in december.planned().part.tripped] == ["drift"]
