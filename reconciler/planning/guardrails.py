"""Guardrails of the setup: the share of existing objects that one run may change without an approval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from reconciler.kinds.guardrail_settings import Guardrails, ShareLimit
from reconciler.kinds.values import plain_decimal
from reconciler.planning.action import Action
from reconciler.planning.plan import Tripped


def setup_guardrails(
    limits: Guardrails, actions: Iterable[Action], unchanged: int, elsewhere: int = 0
) -> tuple[Tripped, ...]:
    """Return the guardrails `updates` and `retirements` that these actions trip. Creates trip none.

    `unchanged` is the number of documents whose object is as declared. `elsewhere` is the number of documents that a
    partial plan leaves out. They count too, because a share is a share of the whole estate.
    """
    count = Counter(action.action for action in actions)
    existing = unchanged + elsewhere + count["update"] + count["retire"] + count["adopt"]
    found = (
        _share("updates", "updated", limits.updates, count["update"], existing),
        _share("retirements", "retired", limits.retirements, count["retire"], existing),
    )
    return tuple(trip for trip in found if trip is not None)


def _share(name: str, done: str, limit: ShareLimit | None, number: int, existing: int) -> Tripped | None:
    if limit is None or number < limit.at_least or number * 100 <= limit.percent * existing:
        return None
    percent = plain_decimal(limit.percent)
    return Tripped(
        name=name,
        message=f"{number} of {existing} objects would be {done}; "
        f"the limit is {percent} % if at least {limit.at_least} objects are {done}",
    )
