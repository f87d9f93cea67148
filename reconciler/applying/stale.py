"""Reads again, in bulk, what a plan was based on, and refuses the whole plan when anything of it has changed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.applying.action_state import compared, judge
from reconciler.applying.requests import Ids, values_of
from reconciler.connectwise import ConnectWise
from reconciler.errors import Refused
from reconciler.kinds.base import Kind
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link
from reconciler.live.lookup import LookupTarget, lookup
from reconciler.planning.plan import Action, Plan


class StalePlan(Refused):
    """What the plan was based on has changed since."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What an earlier run of a plan has done of it: ids of objects by address."""

    done: Mapping[str, int] = field(default_factory=dict)
    begun: Mapping[str, int] = field(default_factory=dict)
    """Objects that were made, but not yet with all that stands below them."""


async def check(client: ConnectWise, plan: Plan) -> Progress:
    """How far an earlier run of this plan has come.

    Raises `StalePlan`, with a diff, when a field of an object is neither as the plan found it nor as it would leave it.
    """
    found = await _standing(client, plan)
    ids = {address: live.id for address, live in found.items()}
    verdicts = {action.address: judge(action, found.get(action.address), ids) for action in plan.actions}
    stale = [f"{address}: {verdict.differs}" for address, verdict in verdicts.items() if verdict.state == "stale"]
    if stale:
        raise StalePlan(
            "the plan is stale: what it was based on has changed since\n" + "\n".join(f"  {line}" for line in stale),
            advice="Nothing was written. Make a new plan: reconciler plan --out FILE",
        )
    return Progress(
        done={address: ids[address] for address, verdict in verdicts.items() if verdict.state == "done"},
        begun={address: ids[address] for address, verdict in verdicts.items() if verdict.state == "begun"},
    )


async def _standing(client: ConnectWise, plan: Plan) -> dict[str, LiveObject]:
    """By address: what lives of a plan, one level of the graph after another.

    A contact that was to be made can only be there already when its company is, and is looked for under that one.
    Where nothing of a new customer exists, its company is all that is asked for.
    """
    found: dict[str, LiveObject] = {}
    ids: dict[str, int] = {}
    left: Sequence[Action] = plan.actions
    while True:
        groups: dict[str, list[Action]] = defaultdict(list)
        later: list[Action] = []
        for action in left:
            if _possible(action, ids):
                groups[action.kind].append(action)
            else:
                later.append(action)
        if not groups:
            return found
        read = await asyncio.gather(*(_live(client, kind(name), actions, ids) for name, actions in groups.items()))
        for objects in read:
            found |= objects
        ids |= {address: live.id for address, live in found.items()}
        left = later


def _possible(action: Action, ids: Ids) -> bool:
    """Whether it can be there: not while something that its key refers to is not."""
    if action.id is not None:
        return True
    values = values_of(action, ids)
    return not any(isinstance(values.get(name), Link) and values[name].id is None for name in kind(action.kind).key)


async def _live(client: ConnectWise, of: Kind, actions: Sequence[Action], ids: Ids) -> dict[str, LiveObject]:
    """By address: the object that an action updates, or the one in the way of what it would create."""
    names = {name for action in actions for name in compared(action)}
    sought = [LookupTarget(action.id, values_of(action, ids), _parent_id(of, action, ids)) for action in actions]
    found = await lookup(client, of, sought, names)
    return {action.address: live for action, live in zip(actions, found, strict=True) if live is not None}


def _parent_id(of: Kind, action: Action, ids: Ids) -> int | None:
    if of.parent is None:
        return None
    if action.id is not None:
        return int(action.endpoint.split("/")[-3])
    return int(values_of(action, ids)[of.parent].id)
