"""Finds the actions that must be done before an object is retired, because they end references to it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.kinds.base import Kind
from reconciler.kinds.registry import kind
from reconciler.planning.action import Action

Place = tuple[str, int]
"""Kind and id of an object."""


def users_of_retired(actions: Sequence[Action]) -> Mapping[str, set[str]]:
    """Return, by address of each retired object, the addresses of the actions that end a reference to it.

    Such an action retires an object that refers to it, changes a reference to it, or writes to a nested object.
    """
    retired = {(action.kind, action.id): action.address for action in actions if action.action == "retire"}
    found: dict[str, set[str]] = defaultdict(set)
    for action in actions if retired else ():
        for place in _referred(action):
            if (address := retired.get(place)) is not None and address != action.address:
                found[address].add(action.address)
    for address, after in _created_after(actions).items():
        found[address] |= after
    return found


def _referred(action: Action) -> Iterator[Place]:
    """Yield the objects to which the object of an action refers before the action."""
    of = kind(action.kind)
    if action.id is not None and of.parent is not None:
        yield _kind_of(of, of.parent), int(action.endpoint.split("/")[-3])
    elif of.parent is not None:
        parent = next((change.after for change in action.changes if change.path == of.parent), None)
        yield from ((_kind_of(of, of.parent), number) for number in _ids(parent))
    before = {change.path: change.before for change in action.changes}
    if action.action == "retire" and action.precondition is not None:
        before |= action.precondition.fields
    for path, value in before.items():
        name = path.partition(".")[0]
        target = of.by_name[name].mapping.target
        if target is not None and target.kind is not None:
            yield from ((target.kind, number) for number in _ids(value))


def _kind_of(of: Kind, field: str) -> str:
    target = of.by_name[field].mapping.target
    return str(target and target.kind)


def _ids(value: Any) -> Iterator[int]:
    """Yield the ids of a link, or of a list of links, in a plan's JSON."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict) and isinstance(each.get("id"), int):
            yield each["id"]


def _created_after(actions: Sequence[Action]) -> Mapping[str, set[str]]:
    """Return, by address of each retired object, the retired ones that were created after it (`Kind.created_after`)."""
    users: dict[tuple[str, str, Any], set[str]] = defaultdict(set)
    retired = [action for action in actions if action.action == "retire" and action.precondition is not None]
    for action in retired:
        for other, its_field, our_field in kind(action.kind).created_after:
            users[other, its_field, _found(action, our_field)].add(action.address)
    return {
        action.address: addresses
        for action in retired
        for (other, its_field, value), addresses in users.items()
        if other == action.kind and value is not None and _found(action, its_field) == value
    }


def _found(action: Action, field: str) -> Any:
    fields = {} if action.precondition is None else action.precondition.fields
    return fields.get(field)
