"""The address of a line says which month it bills or corrects."""

from __future__ import annotations

import pytest

from reconciler.additions.live_additions import addition_of
from reconciler.additions.views import AdditionView
from reconciler.closing.month_lines import (
    first_day,
    lines_of_month,
    month_of,
    same_charge_and_month,
    written_in_months,
)
from reconciler.kinds.live_state import LiveObject

ROLLING, MONTH, FIRST, OTHER = (
    f"Addition/acme.storage:gb{suffix}" for suffix in ("", "@2026-10", "@2026-10+1", "@2026-11")
)
DEVICES = "Addition/acme.devices:device@2026-10"


def view(address: str, *, begins: str | None = None, live: bool = True) -> AdditionView:
    raw = {"id": 1, "effectiveDate": begins}
    addition = addition_of(LiveObject("Addition", 1, raw, 9), "USD") if live else None
    desired = {} if live or begins is None else {"effectiveDate": begins}
    return AdditionView(address, (), "kept", "", "acme", "cove/77", addition, desired)


@pytest.mark.parametrize(
    ("address", "month"), [(ROLLING, (None, 0)), (MONTH, ("2026-10", 0)), (f"{MONTH}+12", ("2026-10", 12))]
)
def test_an_address_ends_with_the_month_and_the_number_of_an_adjustment(
    address: str, month: tuple[str | None, int]
) -> None:
    assert month_of(address) == month


def test_a_month_has_its_own_lines_those_of_all_months_and_its_adjustments() -> None:
    views = [view(ROLLING), view(MONTH), view(FIRST, begins="2026-12-01T00:00:00Z"), view(OTHER)]
    assert [each.address for each in lines_of_month(views, "2026-10")] == [ROLLING, MONTH, FIRST]
    assert [each.address for each in lines_of_month(views, "2026-11")] == [ROLLING, OTHER]
    assert [each.address for each in lines_of_month(views, "2026-12")] == [ROLLING, FIRST]


def test_an_adjustment_that_is_not_made_yet_has_the_day_that_the_plan_gives_it() -> None:
    waiting = view(FIRST, begins="2026-11-01", live=False)
    assert lines_of_month([waiting], "2026-11") == [waiting]
    assert first_day(view(FIRST, live=False)) == ""


def test_a_line_of_one_month_is_shown_with_its_adjustments_and_another_line_alone() -> None:
    views = [view(ROLLING), view(MONTH), view(FIRST), view(OTHER), view(DEVICES)]
    assert [each.address for each in same_charge_and_month(views, views[2])] == [MONTH, FIRST]
    assert same_charge_and_month(views, views[0]) == [views[0]]


def test_writes_are_those_of_the_month_and_of_the_lines_that_are_shown() -> None:
    addresses = [ROLLING, MONTH, OTHER, MONTH, FIRST]
    assert written_in_months(addresses, "2026-11", [FIRST]) == [ROLLING, OTHER, FIRST]
