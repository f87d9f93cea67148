"""What a reviewer has to look at first: guardrails, held customers, retirements, prices, secrets and gaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from reconciler.rendering.changes import money_change
from reconciler.rendering.coverage_json import EVERY_CUSTOMER, UNMAPPED, collapsed, quantity_of
from reconciler.rendering.paint import money, shown

Json = Mapping[str, Any]
Level = Literal["refuses", "holds", "look", "note"]
"""`refuses`: the plan cannot be applied so. `holds`: a part is not carried out. `look`: a person should read it."""


@dataclass(frozen=True, slots=True)
class Risk:
    """One thing to look at. `text` comes partly from outside, and is not made safe."""

    level: Level
    title: str
    text: str
    address: str | None = None


def risks_of(plan: Json, actions: Sequence[Json]) -> list[Risk]:
    """Return what to look at, the most important first. `actions` are those of the plan, without the held ones."""
    return [
        *_guardrails(plan),
        *_retirements(actions),
        *_prices(actions),
        *_secrets(actions),
        *_gaps(plan),
        *_warnings(plan),
    ]


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


def _retirements(actions: Iterable[Json]) -> Iterator[Risk]:
    for action in actions:
        if action["action"] == "retire":
            amount = f"; {money_change(action['money'])}" if action["money"] else ""
            yield Risk("look", "Retires", f"{action['reason']}{amount}", action["address"])


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
        amount = f", {money(sum(known, Decimal(0)), currency)} a month" if known else ""
        if state in UNMAPPED and len(known) < len(rows):
            amount += ", amount unknown" if not known else f" and an unknown amount of {len(rows) - len(known)}"
        names = ", ".join(row["name"] or f"{row['source']}/{row['customer']}" for row in rows[:_NAMED])
        more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
        detail = f": {rows[0]['detail']}" if len(rows) == 1 and rows[0]["detail"] else ""
        used = f" {quantity_of(rows[0])}" if len(rows) == 1 and quantity_of(rows[0]) else ""
        yield Risk("look", f"{len(rows)} {state}", f"{names}{more}{used}{amount}{detail}")


_NAMED = 3
"""The most customers that a risk names."""


def _warnings(plan: Json) -> Iterator[Risk]:
    for note in plan["warnings"]:
        yield Risk("note", "Warning", note["message"], note["address"])
