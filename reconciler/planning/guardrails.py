"""Guardrails of the setup: how much of what is there one run may touch without a person saying so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from reconciler.kinds.values import plain_decimal
from reconciler.kinds.workspace import Guardrails, ShareLimit
from reconciler.planning.plan import Action, Tripped


def setup_guardrails(limits: Guardrails, actions: Iterable[Action], unchanged: int) -> tuple[Tripped, ...]:
    """`updates` and `retirements`; `unchanged` is how many documents stand as declared. What is made trips none."""
    count = Counter(action.action for action in actions)
    there = unchanged + count["update"] + count["retire"] + count["adopt"]
    found = (
        _share("updates", "updated", limits.updates, count["update"], there),
        _share("retirements", "retired", limits.retirements, count["retire"], there),
    )
    return tuple(trip for trip in found if trip is not None)


def _share(name: str, done: str, limit: ShareLimit | None, number: int, there: int) -> Tripped | None:
    if limit is None or number < limit.at_least or number * 100 <= limit.percent * there:
        return None
    percent = plain_decimal(limit.percent)
    return Tripped(
        name=name,
        message=f"{number} of {there} objects would be {done}, more than {percent} % and at least {limit.at_least}",
    )
