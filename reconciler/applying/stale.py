"""Reads again, in bulk, what a plan was based on, and refuses the whole plan when anything of it has changed."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from deepdiff import DeepDiff

from reconciler.applying.requests import Ids, natural_key, values_of
from reconciler.connectwise import ConnectWise
from reconciler.connectwise.conditions import Condition, all_of, equals
from reconciler.connectwise.errors import NotFound
from reconciler.connectwise.parallel import in_parallel
from reconciler.errors import Refused
from reconciler.kinds.base import Kind
from reconciler.kinds.estate import LiveObject, keys_of
from reconciler.kinds.forms import Form
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link, to_json
from reconciler.live.read import WORKERS, read_additions
from reconciler.live.wants import LAST_UPDATED
from reconciler.planning.diff import as_it_stands
from reconciler.planning.plan import Action, Change, Plan


class StalePlan(Refused):
    """What the plan was based on has changed since."""


async def check(client: ConnectWise, plan: Plan) -> dict[str, int]:
    """The actions that an earlier run of this plan has done, with the ids of their objects.

    Raises `StalePlan`, with a diff, when one object is neither as the plan found it nor as it would leave it.
    """
    found = await _standing(client, plan)
    ids = {address: live.id for address, live in found.items()}
    done: dict[str, int] = {}
    stale: list[str] = []
    for action in plan.actions:
        live = found.get(action.address)
        verdict = _judge(action, live, ids)
        if isinstance(verdict, str):
            stale.append(f"{action.address}: {verdict}")
        elif verdict:
            done[action.address] = ids[action.address]
    if stale:
        raise StalePlan(
            "the plan is stale: what it was based on has changed since\n" + "\n".join(f"  {line}" for line in stale),
            advice="Nothing was written. Make a new plan: reconciler plan --out FILE",
        )
    return done


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


def _judge(action: Action, live: LiveObject | None, ids: Ids) -> bool | str:
    """True: done already. False: as the plan found it. Text: neither, and what differs."""
    of = kind(action.kind)
    if live is None:
        return False if action.precondition is None else f"id {action.id} is no longer there"
    now = as_it_stands(of, _compared(action), live)
    wanted = _wanted(action, ids)
    if all(_done(change, now, wanted) for change in action.changes):
        return True
    if action.precondition is None:
        return f"was to be created, but exists: id {live.id} ({_differences(wanted, now)})"
    before = action.precondition.fields
    if all(_means(now[name], before[name]) for name in now if name in before):
        return False
    return _differences(before, now)


def _wanted(action: Action, ids: Ids) -> dict[str, Any]:
    """By field, what the action would leave, with links to what is there by now."""
    return {name: to_json(value) for name, value in values_of(action, ids).items()}


def _done(change: Change, now: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a field, or one entry of it (`customFields.Region`), stands as it would be left."""
    name, _, entry = change.path.partition(".")
    if name not in now:
        return True  # sent and never read back: a password
    if not entry:
        return _holds(now[name], wanted[name])
    standing = (now[name] or {}).get(entry)
    if change.after is None and isinstance(standing, dict):
        return bool(standing.get("inactive"))
    return _holds(standing, wanted[name][entry])


def _holds(standing: Any, wanted: Any) -> bool:
    """Entries that nobody declared are no difference."""
    if isinstance(wanted, dict) and not _is_link(wanted):
        there = standing if isinstance(standing, dict) else {}
        return all(_holds(there.get(name), entry) for name, entry in wanted.items())
    return _means(standing, wanted)


def _compared(action: Action) -> list[str]:
    """The fields to look at: those of the precondition, or those a create would set."""
    if action.precondition is not None:
        return list(action.precondition.fields)
    return [change.path for change in action.changes]


def _means(left: Any, right: Any) -> bool:
    """Equal as manifests mean it: links by id, lists in any order, nothing and empty the same."""
    if left in _NOTHING and right in _NOTHING:
        return True
    one, other = _by_id(left), _by_id(right)
    if one == other or not isinstance(one, list | dict):
        return bool(one == other)  # nearly every field of ten thousand additions ends here, without DeepDiff's price
    return not DeepDiff(one, other, ignore_order=True)


_NOTHING: tuple[Any, ...] = (None, "", [], {})


def _is_link(content: Any) -> bool:
    return isinstance(content, dict) and "name" in content and content.keys() <= {"name", "id", "address"}


def _by_id(content: Any) -> Any:
    if _is_link(content):
        return content.get("id", content.get("address"))
    if isinstance(content, dict):
        return {name: _by_id(entry) for name, entry in content.items()}
    if isinstance(content, list):
        return [_by_id(entry) for entry in content]
    return content


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    parts = [
        f"{name}: {_told(before[name])} → {_told(now[name])}"
        for name in now
        if name in before and not _means(before[name], now[name])
    ]
    return "; ".join(parts)


def _told(content: Any) -> str:
    if _is_link(content):
        return str(content["name"])
    return json.dumps(content, ensure_ascii=False, default=str)


async def _live(client: ConnectWise, of: Kind, actions: Sequence[Action], ids: Ids) -> dict[str, LiveObject]:
    """By address: the object that an action updates, or the one in the way of what it would create."""
    rows = await _rows(client, of, actions, ids)
    in_force = [row for row in rows if not of.ignore(row.raw)]
    by_id = {row.id: row for row in in_force}
    # Of two under one key the living one counts, as it does when a plan is made.
    by_key = {key: row for row in sorted(in_force, key=_dormant_first(of)) for key in keys_of(of, row)}
    found: dict[str, LiveObject] = {}
    for action in actions:
        live = by_key.get(natural_key(of, values_of(action, ids))) if action.id is None else by_id.get(action.id)
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
    names = {name for action in actions for name in _compared(action)}
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
    names = {name for action in actions for name in _compared(action)} | set(of.key)
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
