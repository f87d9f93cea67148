"""What a reviewer has to look at first: guardrails, held customers, retirements, prices, secrets and gaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from reconciler.amounts import amount_text
from reconciler.rendering.changes import ADDITION, money_change
from reconciler.rendering.counts import numbered
from reconciler.rendering.coverage_json import (
    EVERY_CUSTOMER,
    UNMAPPED,
    collapsed,
    entries_in,
    how_often,
    name_of,
    quantity_of,
)
from reconciler.rendering.paint import shown
from reconciler.rendering.totals import totals_of
from reconciler.rendering.view import PlanView, customer_of

Json = Mapping[str, Any]
Level = Literal["refuses", "holds", "look", "note"]
"""`refuses`: the plan cannot be applied so. `holds`: a part is not carried out. `look`: a person should read it."""

_NAMED = 3
"""The most customers or objects that a risk names."""


@dataclass(frozen=True, slots=True)
class Risk:
    """One thing to look at. `text` comes partly from outside, and is not made safe."""

    level: Level
    title: str
    text: str
    address: str | None = None


def risks_of(view: PlanView) -> list[Risk]:
    """Return what to look at, the most important first."""
    return [*first_risks(view), *_gaps(view.plan), *_warnings(view.plan)]


def first_risks(view: PlanView) -> list[Risk]:
    """Return the risks of what the plan does: without warnings, and without customers that are not billed.

    The actions of drift are what is wrong already, so they are no risks.
    """
    actions = view.all_actions if view.drift is None else []
    found = (_retirements(actions, view.currency), _overwritten(actions), _prices(actions), _secrets(actions))
    return [*_guardrails(view.plan), *(risk for each in found for risk in each)]


def _overwritten(actions: Iterable[Json]) -> Iterator[Risk]:
    """Yield one risk for the objects that someone has changed in ConnectWise since our last write.

    Hand edits of additions have warnings of their own.
    """
    found = [
        (action, [change for change in action["changes"] if (change.get("last_written") or {}).get("edited")])
        for action in actions
        if action["kind"] != ADDITION
    ]
    edited = [(action, changes) for action, changes in found if changes]
    if not edited:
        return
    names = ", ".join(
        f"{action['address']} ({', '.join(change['path'] for change in changes)})"
        for action, changes in edited[:_NAMED]
    )
    more = f" and {len(edited) - _NAMED} more" if len(edited) > _NAMED else ""
    yield Risk(
        "look",
        f"Overwrites changes that were made in ConnectWise to {numbered(len(edited), 'object')}",
        f"{names}{more}",
    )


def _guardrails(plan: Json) -> Iterator[Risk]:
    for refuses in (True, False):
        for trip in plan["guardrails"]:
            if (not trip["holds"]) is not refuses:
                continue
            name = f"Guardrail {trip['name']}"
            if trip.get("approved"):
                yield Risk("look", f"{name}, approved", trip["message"], trip["address"])
            else:
                yield Risk("refuses" if refuses else "holds", name, trip["message"], trip["address"])


def _retirements(actions: Iterable[Json], currency: str | None) -> Iterator[Risk]:
    """Yield one risk for each customer with retirements, and one for those of the shared setup.

    Of many customers, one risk has the sum, and the others are those with the largest amounts.
    """
    by_customer: dict[tuple[str | None, str], list[Json]] = {}
    for action in actions:
        if action["action"] == "retire":
            by_customer.setdefault(customer_of(action), []).append(action)
    shown = list(by_customer.items())
    if len(shown) > _MANY:
        shown = sorted(shown, key=lambda each: -_largest(each[1], currency))[:_MANY]
        every = [action for retired in by_customer.values() for action in retired]
        title = f"Retires {numbered(len(every), 'object')} of {numbered(len(by_customer), 'customer')}"
        first = ", ".join(name for (_address, name), _retired in shown[:_NAMED])
        yield Risk("look", title, f"{first} and {len(by_customer) - _NAMED:,} more{_amounts(every, currency)}")
    for (_address, name), retired in shown:
        addresses = ", ".join(action["address"] for action in retired[:_NAMED])
        more = f" and {len(retired) - _NAMED:,} more" if len(retired) > _NAMED else ""
        why = f"; {retired[0]['reason']}" if len(retired) == 1 else ""
        title = f"Retires {len(retired):,} of {name}"
        yield Risk("look", title, f"{addresses}{more}{why}{_amounts(retired, currency)}")


_MANY = 10
"""The most customers with retirements that have a risk each."""


def _largest(actions: Sequence[Json], currency: str | None) -> Decimal:
    return max(map(abs, totals_of(actions, currency).values()))


def _amounts(actions: Sequence[Json], currency: str | None) -> str:
    """Return the amounts of actions before and after, in each currency. Empty if they have none."""
    before, after = (totals_of(actions, currency, side) for side in ("before", "after"))
    found = [
        money_change({"before": amount, "after": after[own], "currency": own})
        for own, amount in before.items()
        if amount or after[own]
    ]
    return "".join(f"; {each}" for each in found)


_PRICES = {"price", "cost", "unitPrice", "unitCost"}


def _prices(actions: Sequence[Json]) -> Iterator[Risk]:
    """Yield a risk for each product whose price changes. Lines of additions follow their products."""
    for action in actions:
        found = [each for each in action["changes"] if each["path"] in _PRICES and each["before"] is not None]
        if action["action"] == "update" and action["kind"] == "Product" and found:
            text = ", ".join(f"{each['path']} {_number(each['before'])} → {_number(each['after'])}" for each in found)
            yield Risk("look", "Changes a price", text, action["address"])


def _number(value: Any) -> str:
    return value if isinstance(value, str) else shown(value)


def _secrets(actions: Iterable[Json]) -> Iterator[Risk]:
    for action in actions:
        if action["action"] != "create" and any(change.get("sensitive") for change in action["changes"]):
            yield Risk("look", "Writes a secret", action["reason"], action["address"])


def _gaps(plan: Json) -> Iterator[Risk]:
    """Yield a risk for each state of coverage that leaves usage unaccounted for, with its count and amount."""
    currency = plan["summary"]["money"]["currency"]
    by_state: dict[str, list[Json]] = {}
    for row in collapsed(plan["coverage"]):
        if not row["accounted"] and row["customer"] != EVERY_CUSTOMER:
            by_state.setdefault(row["state"], []).append(row)
    for state, rows in by_state.items():
        known = [Decimal(row["money"]) for row in rows if row["money"] is not None]
        amount = f", {amount_text(sum(known, Decimal(0)), currency)} {how_often(rows[0])}" if known else ""
        if state in UNMAPPED and len(known) < len(rows):
            amount += ", amount unknown" if not known else f" and an unknown amount of {len(rows) - len(known)}"
        names = ", ".join(name_of(row).strip() or f"{row['source']}/{row['customer']}" for row in rows[:_NAMED])
        more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
        detail = f": {rows[0]['detail']}" if len(rows) == 1 and rows[0]["detail"] else ""
        used = f" {quantity_of(rows[0])}" if len(rows) == 1 and quantity_of(rows[0]) else ""
        yield Risk("look", f"{entries_in(rows)} {state}", f"{names}{more}{used}{amount}{detail}")


def _warnings(plan: Json) -> Iterator[Risk]:
    """Yield a risk for each warning, and one for all proposed documents."""
    proposed = [note["address"] or "" for note in plan["warnings"] if note.get("proposed")]
    if proposed:
        what = "document waits" if len(proposed) == 1 else "documents wait"
        more = f" and {len(proposed) - _NAMED} more" if len(proposed) > _NAMED else ""
        text = f"{', '.join(proposed[:_NAMED])}{more}"
        yield Risk("look", f"{len(proposed)} proposed {what} for `reconciler import --confirm`", text)
    for note in plan["warnings"]:
        if not note.get("proposed") and not note.get("partial"):  # the foot says that the plan is partial
            yield Risk("note", "Warning", note["message"], note["address"])
