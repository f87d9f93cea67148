"""Reads the objects of a plan again, and refuses the whole plan if one has changed since the plan was made."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.applying.action_state import compared_fields, state_of
from reconciler.applying.requests import Ids, values_of
from reconciler.connectwise import ConnectWise
from reconciler.errors import Refused
from reconciler.kinds.base import Kind
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link
from reconciler.live.lookup import LookupTarget, lookup
from reconciler.planning.action import Action
from reconciler.planning.plan import Plan


class StalePlan(Refused):
    """What the plan was based on has changed since it was made."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an earlier run of the plan got: ids of objects by address."""

    done: Mapping[str, int] = field(default_factory=dict)
    """Objects that are as the plan writes them."""
    begun: Mapping[str, int] = field(default_factory=dict)
    """Objects that were created, but whose subcollections are not finished."""


async def check(client: ConnectWise, plan: Plan) -> Progress:
    """Return how far an earlier run of this plan got.

    Raises `StalePlan` with the differences if a field is neither as the plan found it nor as the plan writes it.
    """
    found = await _live_objects(client, plan)
    ids = {address: live.id for address, live in found.items()}
    states = {action.address: state_of(action, found.get(action.address), ids) for action in plan.actions}
    stale = [f"{address}: {each.difference}" for address, each in states.items() if each.state == "stale"]
    if stale:
        raise StalePlan(
            "the plan is stale: ConnectWise has changed since it was made\n" + "\n".join(f"  {line}" for line in stale),
            advice="Nothing was written. Make a new plan: reconciler plan --out FILE",
        )
    deleted = {action.address: action.id for action in plan.actions if action.id is not None}
    done = [address for address, each in states.items() if each.state == "done"]
    return Progress(
        done={address: ids[address] if address in ids else deleted[address] for address in done},
        begun={address: ids[address] for address, each in states.items() if each.state == "begun"},
    )


async def _live_objects(client: ConnectWise, plan: Plan) -> dict[str, LiveObject]:
    """Return the live objects of a plan by address. Reads one level of the graph after another.

    A contact that the plan creates can exist only if its company exists, and is looked up at that company. If nothing
    of a new customer exists, only its company is looked up.
    """
    found: dict[str, LiveObject] = {}
    ids: dict[str, int] = {}
    remaining: Sequence[Action] = plan.actions
    while True:
        groups: dict[str, list[Action]] = defaultdict(list)
        later: list[Action] = []
        for action in remaining:
            if _can_exist(action, ids):
                groups[action.kind].append(action)
            else:
                later.append(action)
        if not groups:
            return found
        read = await asyncio.gather(*(_look_up(client, kind(name), actions, ids) for name, actions in groups.items()))
        for objects in read:
            found |= objects
        ids |= {address: live.id for address, live in found.items()}
        remaining = later


def _can_exist(action: Action, ids: Ids) -> bool:
    """Whether the object can exist: everything that its key refers to exists."""
    if action.id is not None:
        return True
    values = values_of(action, ids)
    return not any(isinstance(values.get(name), Link) and values[name].id is None for name in kind(action.kind).key)


async def _look_up(client: ConnectWise, of: Kind, actions: Sequence[Action], ids: Ids) -> dict[str, LiveObject]:
    """Return, by address, the object that an action updates, or the one with the key of the object it creates."""
    names = {name for action in actions for name in compared_fields(action)}
    targets = [LookupTarget(action.id, values_of(action, ids), _parent_id(of, action, ids)) for action in actions]
    found = await lookup(client, of, targets, names)
    return {action.address: live for action, live in zip(actions, found, strict=True) if live is not None}


def _parent_id(of: Kind, action: Action, ids: Ids) -> int | None:
    """Return the id of the parent of a nested object, from its path or from the values of a create."""
    if of.parent is None:
        return None
    if action.id is not None:
        return int(action.endpoint.split("/")[-3])
    return int(values_of(action, ids)[of.parent].id)
