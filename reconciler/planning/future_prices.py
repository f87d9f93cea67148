"""Tell which products of the catalog get another price in a later month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from reconciler.kinds.dated_prices import UnitPrice, days_after
from reconciler.kinds.product import ProductSpec
from reconciler.kinds.values import plain_decimal
from reconciler.manifests.documents import Manifests
from reconciler.planning.plan import Note


def future_prices(manifests: Manifests, first_day: date) -> Iterator[Note]:
    """Yield a note for each price of a product that works only after the period with this first day."""
    for document in manifests.of(ProductSpec):
        now = document.spec.in_force(first_day)
        for day in () if document.retired else days_after([document.spec.prices], first_day):
            then = document.spec.in_force(day)
            yield Note(address=document.address, message=f"from {day} on: {_text(then)}; until then {_text(now)}")
            now = then


def _text(found: UnitPrice) -> str:
    price = "no price" if found.price is None else f"price {plain_decimal(found.price)}"
    return price if found.cost is None else f"{price}, cost {plain_decimal(found.cost)}"
