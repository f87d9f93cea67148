"""Plans as JSON for the tests of renderers, with names that try to break each form."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from reconciler.planning.action import Action, Change, Customer, Money
from reconciler.planning.plan import Plan, Summary
from reconciler.planning.plan_file import plan_json
from tests.planning.builders import action, plan_of

HOSTILE = (
    "</details>|@all",
    "<script>alert(1)</script>",
    "```\n# Heading",
    "![x](http://evil.example/x.png)",
    "[click](javascript:alert(1))",
    "#12 !34 %5 $6 GH-7 :tada: www.evil.example",
    "<!-- x --> --> ]]>",
    "| a | b |\n|---|---|",
    "a\u202eb\x1b[31m",
    "&lt;b&gt; & \"quotes\" 'single'",
    "/close",
    "1. one",
    "0123456789abcdef0123456789abcdef01234567",
    "${{ secrets.TOKEN }} $(id) `id`",
)


def usd(before: str, after: str) -> Money:
    return Money(before=Decimal(before), after=Decimal(after), currency="USD")


def addition(name: str, before: str, after: str, customer: str, **more: Any) -> Action:
    """Return the action that changes the quantity of an addition of a customer."""
    fields: dict[str, Any] = {
        "action": "update",
        "id": 7,
        "reason": f"{after} GB used",
        "changes": (Change(path="quantity", before=before, after=after, number=True),),
        "money": usd(before, after),
        "customer": Customer(address=f"Company/{name}", name=customer),
    }
    return action(f"Addition/{name}.storage:gb", **{**fields, **more})


def plan_with(*actions: Action, **more: Any) -> Plan:
    """Return a plan whose summary counts these actions, from 100 USD a month on."""
    start = Summary(unchanged=40, money=usd("100", "100"))
    return plan_of(*actions, **{"summary": start.with_more(actions), **more})


def json_of(plan: Plan) -> dict[str, Any]:
    """Return the JSON of a plan with lists in place of iterators."""
    content = plan_json(plan)
    return {**content, "actions": list(content["actions"])}


def many(count: int) -> Sequence[Action]:
    """Return the creates of so many additions, each of its own customer."""
    return [
        addition(f"c{index}", "0", "12.5", f"Customer {index} Ltd", action="create", id=None) for index in range(count)
    ]
