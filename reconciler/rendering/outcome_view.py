"""The results of an outcome in the order in which every form shows them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text
from reconciler.rendering.coverage_json import EVERY_CUSTOMER, collapsed, how_often, name_of, quantity_of

Json = Mapping[str, Any]

_ORDER = ("failed", "unknown", "skipped")
"""The statuses of what was not done, the most important first."""


def not_done(outcome: Json) -> list[Json]:
    """Return the results of actions that were not carried out: failed ones first, then unknown, then skipped ones."""
    return sorted((each for each in outcome["results"] if each["status"] in _ORDER), key=_rank)


def done(outcome: Json) -> list[Json]:
    """Return the results of actions whose objects are as planned, in the order of the plan."""
    return [each for each in outcome["results"] if each["status"] not in _ORDER]


def gaps(outcome: Json) -> list[tuple[str, str]]:
    """Return what is not accounted for, as (state, text): the customer, its usage, its amount, and why.

    The texts come partly from outside, and are not made safe.
    """
    return [(row["state"], _gap(row, outcome.get("currency"))) for row in collapsed(outcome.get("unaccounted", ()))]


def _gap(row: Json, currency: str | None) -> str:
    every = row["customer"] == EVERY_CUSTOMER
    who = f"all customers of {row['source']}" if every else f"{row['source']}/{row['customer']} {name_of(row)}".rstrip()
    amount = "" if row["money"] is None else f"{amount_text(Decimal(row['money']), currency)} {how_often(row)}"
    facts = ", ".join(filter(None, (quantity_of(row), amount)))
    return ": ".join(filter(None, (who, facts, row["detail"])))


def _rank(result: Json) -> int:
    return _ORDER.index(result["status"])
