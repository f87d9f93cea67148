"""Tell which lines belong to a month: by their addresses, which end with the month that they bill or correct."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from reconciler.additions.views import AdditionView

_SUFFIX = re.compile(r"@(\d{4}-\d{2})(?:\+(\d+))?$", re.ASCII)


class MonthOf(NamedTuple):
    """The month of a line."""

    month: str | None
    """The month that it bills or corrects, as `2026-10`. None for a line of all months."""
    adjustment: int = 0
    """The number of an adjustment. 0 for every other line."""


def month_of(address: str) -> MonthOf:
    """Return the month in the address of a line, such as `Addition/acme.storage:gb@2026-10+1`."""
    found = _SUFFIX.search(address)
    return MonthOf(None) if found is None else MonthOf(found[1], int(found[2] or 0))


def lines_of_month(views: Iterable[AdditionView], period: str) -> list[AdditionView]:
    """Return the lines of all months, those of this month, and the adjustments that correct it or are billed in it."""
    return [each for each in views if _concerns(each, period)]


def same_charge_and_month(views: Iterable[AdditionView], view: AdditionView) -> list[AdditionView]:
    """Return a line, and if it bills or corrects a single month, the other lines of its charge for that month."""
    month = month_of(view.address).month
    charge = view.address.partition(":")[0]
    others = (each for each in views if each.address.partition(":")[0] == charge and each.customer == view.customer)
    return [view] if month is None else [each for each in others if month_of(each.address).month == month]


def _concerns(view: AdditionView, period: str) -> bool:
    month, number = month_of(view.address)
    return month in (None, period) or (number > 0 and first_day(view)[:7] == period)


def first_day(view: AdditionView) -> str:
    """Return the first day of a line, as `2026-10-01`. Empty if it has none."""
    return str(view.desired.get("effectiveDate") or "") if view.live is None else view.live.effective or ""


def written_in_months(addresses: Iterable[str], period: str, also: Iterable[str]) -> list[str]:
    """Return of these addresses those of all months and of this one, and those that `also` has."""
    wanted = frozenset(also)
    return [each for each in dict.fromkeys(addresses) if each in wanted or month_of(each).month in (None, period)]
