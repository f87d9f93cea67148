"""Reads again, in bulk, what a plan was based on, and refuses the whole plan when anything of it has changed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.applying.requests import Ids, natural_key, values_of
from reconciler.applying.verdict import compared, judge
from reconciler.connectwise import ConnectWise
from reconciler.connectwise.conditions import Condition, all_of, equals
from reconciler.connectwise.errors import NotFound
from reconciler.connectwise.parallel import in_parallel
from reconciler.errors import Refused
from reconciler.kinds.base import Kind
from reconciler.kinds.estate import LiveObject, keys_of
from reconciler.kinds.forms import Form
from reconciler.kinds.near import near_key
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link
from reconciler.live.read import WORKERS, read_additions
from reconciler.live.wants import LAST_UPDATED
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
    rows = await _rows(client, of, actions, ids)
    in_force = [row for row in rows if not of.ignore(row.raw)]
    by_id = {row.id: row for row in in_force}
    # Of two under one key the living one counts, as it does when a plan is made.
    by_key = {key: row for row in sorted(in_force, key=_dormant_first(of)) for key in keys_of(of, row)}
    # What looks the same as what would be made is in its way, too: `judge` refuses it.
    by_look = {near_key(key): row for key, row in by_key.items() if not of.dormant(row.raw)}
    found: dict[str, LiveObject] = {}
    for action in actions:
        if action.id is None:
            key = natural_key(of, values_of(action, ids))
            live = by_key.get(key) or by_look.get(near_key(key))
        else:
            live = by_id.get(action.id)
        if live is not None:
            found[action.address] = live
    return found


def _dormant_first(of: Kind) -> Callable[[LiveObject], bool]:
    return lambda row: not of.dormant(row.raw)


async def _rows(client: ConnectWise, of: Kind, actions: Sequence[Action], ids: Ids) -> list[LiveObject]:
    if of.parent is not None:
        return await _nested_rows(client, of, actions, ids)
    fields = _fields(of, actions)
    fixed: Condition | None = all_of(*(equals(path, value) for path, value in of.conditions)) if of.conditions else None
    found: list[dict[str, Any]] = []
    for where, values in _where(of, actions, ids).items():
        found += await client.list_where_in(str(of.collection), where, values, also=fixed, fields=fields)
    below = _collections(of, actions)
    return [
        LiveObject(
            of.name, number, {**row, **{name: await client.list(path.format(id=number)) for name, path in below}}
        )
        for number, row in {row["id"]: row for row in found}.items()
    ]


def _collections(of: Kind, actions: Iterable[Action]) -> list[tuple[str, str]]:
    """(property, path) of the collections below an object that the plan looked at: cross-references."""
    names = {name for action in actions for name in compared(action)}
    return [
        (item.form.reads[0], item.form.children.path)
        for item in of.fields
        if item.name in names and item.form.children is not None and item.form.children.on_create
    ]


def _where(of: Kind, actions: Iterable[Action], ids: Ids) -> dict[str, list[str | int]]:
    found: dict[str, list[str | int]] = defaultdict(list)
    by = str(of.find_by)
    for action in actions:
        if action.id is not None:
            found["id"].append(action.id)
        elif by.startswith("company/"):
            found["company/id"].append(values_of(action, ids)["company"].id)
        else:
            found[by].append(str(values_of(action, ids)[of.key[0]]))
    return {where: list(dict.fromkeys(values)) for where, values in found.items()}


def _fields(of: Kind, actions: Iterable[Action]) -> tuple[str, ...]:
    names = {name for action in actions for name in compared(action)} | set(of.key)
    paths = [path for item in of.fields if item.name in names for path in _list_reads(item.form)]
    return tuple(dict.fromkeys(["id", *paths, *of.read_also, LAST_UPDATED]))


def _list_reads(form: Form) -> Sequence[str]:
    own = form.children is not None and form.children.on_create
    return () if own else form.reads


async def _nested_rows(client: ConnectWise, of: Kind, actions: Sequence[Action], ids: Ids) -> list[LiveObject]:
    fields = _fields(of, actions)

    async def below(parent: int) -> list[LiveObject]:
        try:
            if of.name == "Addition":
                return [*(await read_additions(client, [parent]))[parent]]
            rows = await client.list(str(of.collection).format(**{str(of.parent): parent}), fields=fields)
        except NotFound:  # the parent is gone, and what was below it
            return []
        return [LiveObject(of.name, row["id"], row, parent) for row in rows]

    parents = sorted({_parent_id(of, action, ids) for action in actions})
    if of.name == "Addition":
        try:
            return [obj for objects in (await read_additions(client, parents)).values() for obj in objects]
        except NotFound:
            pass  # one of the agreements is gone: it takes a request each to learn which
    return [obj for objects in await in_parallel(below, parents, workers=WORKERS) for obj in objects]


def _parent_id(of: Kind, action: Action, ids: Ids) -> int:
    if action.id is not None:
        return int(action.endpoint.split("/")[-3])
    return int(values_of(action, ids)[str(of.parent)].id)
