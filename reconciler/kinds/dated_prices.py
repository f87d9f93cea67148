"""Prices with a date: which entry of `prices` is in force in a month, and from which month an entry works."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from reconciler.kinds.fields import DateText, Model, Price

INSIDE = "inside"
"""The type of a validator's error about a part of its value. `at` in its context is the path of that part."""


class DatedPrice(Model):
    """A price, from a day on."""

    from_: Annotated[datetime.date, DateText] = Field(
        alias="from",
        description='First day of this price, such as "2027-01-01". A month is billed at the price of its first day, '
        "so a day inside a month works from the next month on.",
        examples=["2027-01-01"],
    )
    price: Price = Field(description="Unit price from that day on, in the agreement's currency.", examples=[0.18])
    cost: Price | None = Field(None, description="Unit cost from that day on.", examples=[0.07])

    @property
    def works_from(self) -> datetime.date:
        """Return the first day of the first month that is billed at this price."""
        return first_month(self.from_)


def _in_order(prices: tuple[DatedPrice, ...]) -> tuple[DatedPrice, ...]:
    """Return the entries unchanged. Raises an error at the first one that does not begin after the one before it."""
    for index, (before, entry) in enumerate(pairwise(prices), start=1):
        if entry.from_ == before.from_:
            raise _inside(index, f"two prices are from {entry.from_}: remove one of them")
        if entry.from_ < before.from_:
            raise _inside(index, f"{entry.from_} is before {before.from_}, the `from` of the entry above: sort them")
        if entry.works_from == before.works_from:
            raise _inside(
                index,
                f"the price from {before.from_} is never in force: it and the one from {entry.from_} both work from "
                f"{entry.works_from} on; remove one of them",
            )
    return prices


def _inside(index: int, message: str) -> PydanticCustomError:
    return PydanticCustomError(INSIDE, "{message}", {"message": message, "at": (index, "from")})


# The order of the annotations matters: after the validator, the JSON Schema would lose the limit.
DatedPrices = Annotated[tuple[DatedPrice, ...], Field(min_length=1), AfterValidator(_in_order)]
"""Prices with rising days."""


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """What one unit is sold for and costs. None is unknown, and is not 0."""

    price: Decimal | None = None
    cost: Decimal | None = None
    since: datetime.date | None = field(default=None, compare=False)
    """The first day of the price, for explanations. None for a price without a day."""


UNKNOWN = UnitPrice()


def first_month(day: datetime.date) -> datetime.date:
    """Return the first day of the first month that begins on a day or after it."""
    return day if day.day == 1 else (day.replace(day=1) + datetime.timedelta(days=31)).replace(day=1)


def entry_in_force(prices: Sequence[DatedPrice], first_day: datetime.date) -> DatedPrice | None:
    """Return the last entry that begins not after a period's first day. None if all begin later."""
    return next((entry for entry in reversed(prices) if entry.from_ <= first_day), None)


def unit_price(
    price: Decimal | None, cost: Decimal | None, prices: Sequence[DatedPrice] | None, first_day: datetime.date
) -> UnitPrice:
    """Return the price and the cost that are in force in the period with this first day.

    `price` and `cost` are the plain ones: they hold before the first entry. An entry without a cost has the plain one.
    """
    entry = entry_in_force(prices or (), first_day)
    if entry is None:
        return UnitPrice(price, cost)
    return UnitPrice(entry.price, cost if entry.cost is None else entry.cost, entry.from_)


def days_after(lists: Iterable[Sequence[DatedPrice] | None], first_day: datetime.date) -> list[datetime.date]:
    """Return the first days of the months after `first_day` in which a price of these lists begins to work."""
    days = {entry.works_from for prices in lists for entry in prices or ()}
    return sorted(day for day in days if day > first_day)
