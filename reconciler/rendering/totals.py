"""What actions change of the amount per month. Amounts of different currencies are never added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from reconciler.rendering.changes import signed_amount

Json = Mapping[str, Any]
Totals = dict[str | None, Decimal]
"""An amount per month for each currency. That of the plan comes first. None is an unknown currency."""


def totals_of(actions: Iterable[Json], currency: str | None, side: str = "") -> Totals:
    """Return the change that actions make, by currency, or with `side` the amounts `before` or `after` of them.

    An amount without a currency is in that of the plan, which is `currency`. One that is billed once does not count.
    """
    found: Totals = {currency: Decimal(0)}
    for money in (action["money"] for action in actions):
        if money and not money.get("once"):
            amount = Decimal(money[side]) if side else Decimal(money["after"]) - Decimal(money["before"])
            own = money["currency"] or currency
            found[own] = found.get(own, Decimal(0)) + amount
    return found


def totals_text(changes: Totals) -> str:
    """Return changes such as `+1.50 USD` or `+1.50 USD and -20.00 EUR`. Empty if nothing changes."""
    return " and ".join(signed_amount(amount, currency) for currency, amount in changes.items() if amount)


def others_in(actions: Iterable[Json], currency: str | None) -> Totals:
    """Return the changes in other currencies than that of the plan, which its summary leaves out."""
    return {own: amount for own, amount in totals_of(actions, currency).items() if own != currency and amount}
