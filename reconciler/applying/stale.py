"""Reads again, in bulk, what a plan was based on, and refuses the whole plan when anything of it has changed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deepdiff import DeepDiff

from reconciler.applying.requests import natural_key, values_of
from reconciler.connectwise import ConnectWise
from reconciler.connectwise.parallel import in_parallel
from reconciler.errors import Refused
from reconciler.kinds.base import Kind
from reconciler.kinds.estate import LiveObject, keys_of
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link, to_json
from reconciler.live.read import WORKERS, read_additions
from reconciler.live.wants import LAST_UPDATED
from reconciler.planning.plan import Action, Plan


class StalePlan(Refused):
    """What the plan was based on has changed since."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Which actions an earlier run has already done: their addresses, with the ids."""

    done: Mapping[str, int]


async def check(client: ConnectWise, plan: Plan) -> Standing:
    """Raises `StalePlan`, with a diff, when one object is neither as the plan found it nor as it would leave it."""
    groups: dict[str, list[Action]] = defaultdict(list)
    for action in plan.actions:
        groups[action.kind].append(action)
    read = await asyncio.gather(*(_live(client, kind(name), actions) for name, actions in groups.items()))
    done: dict[str, int] = {}
    stale: list[str] = []
    for actions, objects in zip(groups.values(), read, strict=True):
        for action in actions:
            found = objects.get(action.address)
            verdict = _judge(action, found)
            if isinstance(verdict, str):
                stale.append(f"{action.address}: {verdict}")
            elif verdict and found is not None:
                done[action.address] = found.id
    if stale:
        raise StalePlan(
            "the plan is stale: what it was based on has changed since\n" + "\n".join(f"  {line}" for line in stale),
            advice="Nothing was written. Make a new plan: reconciler plan --out FILE",
        )
    return Standing(done)


def _judge(action: Action, live: LiveObject | None) -> bool | str:
    """True: done already. False: as the plan found it. Text: neither, and what differs."""
    of = kind(action.kind)
    if live is None:
        return False if action.precondition is None else f"id {action.id} is no longer there"
    wanted = {change.path: change.after for change in action.changes}
    now = {name: to_json(of.by_name[name].form.decode(live.raw)) for name in _compared(action)}
    if all(_means(now.get(path), after) for path, after in wanted.items() if path in now):
        return True
    if action.precondition is None:
        return f"was to be created, but exists: id {live.id} ({_differences(wanted, now)})"
    before = action.precondition.fields
    if all(_means(now[name], before[name]) for name in now if name in before):
        return False
    return _differences(before, now)


def _compared(action: Action) -> list[str]:
    """The fields to look at: those of the precondition, or those a create would set."""
    of = kind(action.kind)
    names = action.precondition.fields if action.precondition else [change.path for change in action.changes]
    return [name for name in names if name in of.by_name and of.by_name[name].form.compared and name != of.parent]


def _means(left: Any, right: Any) -> bool:
    """Equal as manifests mean it: links by id, lists in any order."""
    return not DeepDiff(_by_id(left), _by_id(right), ignore_order=True)


def _by_id(content: Any) -> Any:
    if isinstance(content, dict):
        return content["id"] if "id" in content else {name: _by_id(entry) for name, entry in content.items()}
    if isinstance(content, list):
        return [_by_id(entry) for entry in content]
    return content


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    parts = [
        f"{name}: {before[name]!r} → {now[name]!r}"
        for name in now
        if name in before and not _means(before[name], now[name])
    ]
    return "; ".join(parts)


async def _live(client: ConnectWise, of: Kind, actions: Sequence[Action]) -> dict[str, LiveObject]:
    """By address: the object that an action updates, or the one in the way of what it would create."""
    rows = await _rows(client, of, actions)
    by_id = {row.id: row for row in rows}
    by_key = {key: row for row in rows if not (of.ignore(row.raw) or of.dormant(row.raw)) for key in keys_of(of, row)}
    found: dict[str, LiveObject] = {}
    for action in actions:
        if action.id is not None:
            live = by_id.get(action.id)
        else:
            live = by_key.get(natural_key(of, values_of(action, {}))) if _possible(of, action) else None
        if live is not None:
            found[action.address] = live
    return found


def _possible(of: Kind, action: Action) -> bool:
    """Whether it can exist already: not while something that its key refers to has yet to be made."""
    values = values_of(action, {})
    return not any(isinstance(values.get(name), Link) and values[name].id is None for name in of.key)


async def _rows(client: ConnectWise, of: Kind, actions: Sequence[Action]) -> list[LiveObject]:
    possible = [action for action in actions if action.id is not None or _possible(of, action)]
    if of.parent is not None:
        return await _nested_rows(client, of, possible)
    fields = _fields(of, possible)
    path = str(of.collection)
    ids = [action.id for action in possible if action.id is not None]
    found: list[dict[str, Any]] = []
    if ids:
        found += await client.list_where_in(path, "id", ids, fields=fields)
    for where, values in _where(of, [action for action in possible if action.id is None]).items():
        found += await client.list_where_in(path, where, values, fields=fields)
    return [await _whole(client, of, row, possible) for row in {row["id"]: row for row in found}.values()]


def _where(of: Kind, creates: Iterable[Action]) -> dict[str, list[str | int]]:
    found: dict[str, list[str | int]] = defaultdict(list)
    for action in creates:
        values = values_of(action, {})
        if of.find_by is not None and of.find_by.startswith("company/"):
            found["company/id"].append(values["company"].id)
        elif of.find_by is not None:
            found[of.find_by].append(str(values[of.key[0]]))
    return found


def _fields(of: Kind, actions: Iterable[Action]) -> tuple[str, ...]:
    names = {name for action in actions for name in _compared(action)} | set(of.key)
    paths = [path for item in of.fields if item.name in names for path in _list_reads(item.form)]
    return tuple(dict.fromkeys(["id", *paths, *of.read_also, LAST_UPDATED]))


def _list_reads(form: Any) -> Sequence[str]:
    own = form.children is not None and form.children.on_create
    return () if own else form.reads


async def _whole(client: ConnectWise, of: Kind, row: dict[str, Any], actions: Iterable[Action]) -> LiveObject:
    """With the collections below it, where the plan looked at them."""
    names = {name for action in actions for name in _compared(action)}
    for item in of.fields:
        if item.name in names and item.form.children is not None and item.form.children.on_create:
            row = {**row, item.form.reads[0]: await client.list(item.form.children.path.format(id=row["id"]))}
    return LiveObject(of.name, row["id"], row)


async def _nested_rows(client: ConnectWise, of: Kind, actions: Sequence[Action]) -> list[LiveObject]:
    parents = sorted({_parent_id(of, action) for action in actions})
    if of.name == "Addition":
        additions = await read_additions(client, parents)
        return [obj for objects in additions.values() for obj in objects]
    fields = _fields(of, actions)

    async def below(parent: int) -> list[LiveObject]:
        rows = await client.list(str(of.collection).format(**{str(of.parent): parent}), fields=fields)
        return [LiveObject(of.name, row["id"], row, parent) for row in rows]

    return [obj for objects in await in_parallel(below, parents, workers=WORKERS) for obj in objects]


def _parent_id(of: Kind, action: Action) -> int:
    if action.id is not None:
        return int(action.endpoint.split("/")[-3])
    return int(values_of(action, {})[str(of.parent)].id)
