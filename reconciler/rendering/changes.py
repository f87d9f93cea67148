"""The text of one change of one field, the same in every form of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text, figure_text
from reconciler.rendering.paint import safe, shown, signed
from reconciler.rendering.times import time_text

Json = Mapping[str, Any]

ADDITION = "Addition"
"""The kind of usage lines."""
GLYPHS = {"create": "+", "update": "~", "adopt": "»", "retire": "-"}
"""The sign of each type of action."""


def change_lines(action: Json, *, compact: bool = False) -> Iterator[tuple[str, str]]:
    """Yield (sign, text) of each change of an action.

    The names of the fields have the same width, unless the lines have to be short (`compact`).
    """
    width = 0 if compact else max((len(safe(change["path"])) for change in action["changes"]), default=0)
    new = "new" if compact else "known after apply"
    for change in action["changes"]:
        if change.get("drift") and action["action"] == "update" and not change.get("sensitive"):
            yield from _drift(change)
        else:
            yield _change(action, change, width, new)


def _drift(change: Json) -> Iterator[tuple[str, str]]:
    """Yield the lines of one change as drift: what ConnectWise has, what is declared, and what we last wrote."""
    name, before, after = safe(change["path"]), _value(change, change["before"]), _value(change, change["after"])
    yield "-", f"{name} in ConnectWise = {before}"
    yield "+", f"{name} declared       = {after}"
    if (last := change.get("last_written")) is not None:
        when = f", on {time_text(change['written_at'])}" if change["written_at"] else ""
        yield " ", f"{name} last written   = {_value(change, last['value'])}{when}"


def _change(action: Json, change: Json, width: int, new: str) -> tuple[str, str]:
    name = safe(change["path"]).ljust(width)
    after = _value(change, change["after"])
    if change.get("known_after_apply"):
        after = f"{after} ({new})"
    if action["action"] == "create":
        return "+", f"{name} = {after}"
    if change.get("sensitive"):
        return "~", f"{name} = {after}"
    before = _value(change, change["before"])
    if before == after and isinstance(change["before"], dict) and isinstance(change["after"], dict):
        before, after = _with_id(before, change["before"]), _with_id(after, change["after"])
    return "~", f"{name} = {before} → {after}"


def _with_id(text: str, link: Json) -> str:
    """Return the name of a link with its ConnectWise id, which tells two objects with the same name apart."""
    return f"{text} (id {link.get('id')})"


def _value(change: Json, value: object) -> str:
    """Return a value as text. A plan holds numbers as decimal text, and they are shown without quotes."""
    return safe(value) if change.get("number") and isinstance(value, str) else shown(value)


def money_change(amounts: Json) -> str:
    """Return the change of a monthly amount, such as `18.00 → 18.15 USD a month (+0.15)`.

    The amount of an adjustment is billed once, such as `+4.50 USD once`.
    """
    before, after, currency = Decimal(amounts["before"]), Decimal(amounts["after"]), amounts["currency"]
    if amounts.get("once"):
        return f"{signed_amount(after, currency)} once"
    if before == 0:
        return f"{signed_amount(after, currency)} a month"
    change = signed(after - before, currency)
    return f"{figure_text(before, currency)} → {amount_text(after, currency)} a month ({change})"


def money_and_costs(amounts: Json) -> str:
    """Return the change of a monthly amount, with cost and margin if they are known."""
    costs = cost_text(amounts)
    return f"{money_change(amounts)}, {costs}" if costs else money_change(amounts)


def cost_text(amounts: Json) -> str:
    """Return cost and margin, such as `cost 7.20 → 7.26, margin 10.80 → 10.89`. Empty if the cost is not known.

    The values before are left out if nothing was billed, if they are unknown, and if they are the same.
    """
    if amounts.get("cost_after") is None:
        return ""
    return f"cost {_moved('cost', amounts)}, margin {_moved('margin', amounts)}"


def _moved(what: str, amounts: Json) -> str:
    currency, after = amounts["currency"], figure_text(Decimal(amounts[f"{what}_after"]), amounts["currency"])
    known = amounts.get(f"{what}_before") is not None and bool(Decimal(amounts["before"]))
    before = figure_text(Decimal(amounts[f"{what}_before"]), currency) if known else after
    return after if before == after else f"{before} → {after}"


def signed_amount(amount: Decimal, currency: str | None) -> str:
    """Return an amount with its sign, such as `+1.50 USD`. The currency is left out if it is None."""
    return f"{signed(amount, currency)} {currency or ''}".rstrip()
