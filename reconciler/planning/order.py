"""Orders actions by their dependencies.

Retirements have the opposite order: an object is retired after the objects that refer to it.

    IntegratorLogin ─▶ ManagedDevicesIntegration ─┐
                          ManagementItSolution ───┼─▶ ManagementSolution ─┐
    Company ─▶ Contact ─▶ Agreement ──────────────┘                       ├─▶ Addition
                                    Product ──────────────────────────────┘

The order follows the references between objects, and not a list of kinds. The picture shows the result.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from reconciler.kinds.registry import kind
from reconciler.planning.action import Action, Change
from reconciler.planning.problems import PlanError
from reconciler.planning.retired_last import users_of_retired


def with_dependencies(
    actions: Sequence[Action], also: Mapping[str, frozenset[str]] | None = None
) -> tuple[Action, ...]:
    """Return the actions in an order in which they can be carried out, each with the addresses it depends on.

    `also` adds dependencies that no change shows. Raises `PlanError` for a cycle.
    """
    by_address = {action.address: action for action in actions}
    if len(by_address) < len(actions):
        twice = [address for address, count in Counter(action.address for action in actions).items() if count > 1]
        raise PlanError([f"two actions have the address {address}" for address in twice])
    providers = _by_field(actions)
    users = users_of_retired(actions)
    graph: dict[str, list[str]] = {}
    for action in actions:
        needed = {address for change in action.changes for address in linked_addresses(change.after)}
        for other, its_field, our_field in kind(action.kind).created_after:
            needed |= providers.get((other, its_field, _after(action.changes, our_field)), set())
        needed |= users.get(action.address, set())
        needed |= (also or {}).get(action.address, frozenset())
        graph[action.address] = sorted((needed & by_address.keys()) - {action.address})
    try:
        ordered = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise PlanError([f"these depend on each other: {' → '.join(error.args[1])}"]) from None
    return tuple(by_address[address].model_copy(update={"depends_on": tuple(graph[address])}) for address in ordered)


def linked_addresses(value: Any) -> Iterator[str]:
    """Yield the addresses that the JSON of a change links to."""
    if isinstance(value, dict):
        if isinstance(value.get("address"), str):
            yield value["address"]
        else:
            for entry in value.values():
                yield from linked_addresses(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from linked_addresses(entry)


def _after(changes: Iterable[Change], path: str) -> Any:
    return next((change.after for change in changes if change.path == path), None)


def _by_field(actions: Sequence[Action]) -> Mapping[tuple[str, str, Any], set[str]]:
    """Return (kind, field, value) → the actions that write it, for the fields that other kinds are created after."""
    followed = {(other, field) for action in actions for other, field, _ours in kind(action.kind).created_after}
    found: dict[tuple[str, str, Any], set[str]] = defaultdict(set)
    for action in actions:
        for change in action.changes:
            if (action.kind, change.path) in followed and isinstance(change.after, str):
                found[action.kind, change.path, change.after].add(action.address)
    return found
