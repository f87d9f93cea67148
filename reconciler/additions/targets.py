"""Limit the usage part of a plan to single additions, as `--target Addition/…` asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from reconciler.additions.plan import UsagePart
from reconciler.additions.views import AdditionView
from reconciler.errors import ReconcilerError
from reconciler.manifests.selection import Targets, unknown_target
from reconciler.planning.action import Action
from reconciler.planning.part import Costs

_ZERO = Decimal(0)


def limited(usage: UsagePart, targets: Targets) -> UsagePart:
    """Return the usage part with only the actions of the targets, and those that must be done before them.

    Raises `ReconcilerError` if no addition has the address of a target, or if several have it.
    """
    if not targets.additions:
        return usage
    whole = {address.removeprefix("CustomerMapping/") for address in targets.documents}
    wanted = {view.address for view in usage.views if view.mapping in whole}
    wanted |= {_address_of(address, usage.views) for address in targets.additions}
    part = usage.part
    wanted = _with_earlier(wanted, part.after)
    dropped = [action for action in (*part.actions, *part.held) if action.address not in wanted]
    less = sum((_difference(action) for action in dropped if action in part.actions), _ZERO)
    limited_part = replace(
        part,
        actions=tuple(action for action in part.actions if action.address in wanted),
        held=tuple(action for action in part.held if action.address in wanted),
        money_after=part.money_after - less,
        costs=None if part.costs is None else _costs(part.costs, [each for each in dropped if each in part.actions]),
    )
    return replace(usage, part=limited_part)


def _costs(costs: Costs, dropped: Iterable[Action]) -> Costs:
    """Return the costs without the changes of actions that are not done."""
    changes = [each.money.change_of_cost for each in dropped if each.money is not None]
    less = sum((each for each in changes if each is not None), _ZERO)
    return replace(costs, after=costs.after - less, unknown_after=costs.unknown_after + changes.count(None))


def _difference(action: Action) -> Decimal:
    return _ZERO if action.money is None else action.money.change


def _address_of(address: str, views: Collection[AdditionView]) -> str:
    """Return the full address of the addition that has this full or short address."""
    found = [view.address for view in views if view.has_address(address)]
    exact = [each for each in found if each == address]
    if len(found) > 1 and len(exact) != 1:
        raise ReconcilerError(
            f"{address} matches {len(found)} additions",
            where="--target",
            advice=f"Give the full address: {' or '.join(found)}.",
        )
    if not found:
        raise unknown_target(address, _names(views))
    return (exact or found)[0]


def _names(views: Iterable[AdditionView]) -> Iterator[str]:
    for view in views:
        yield from (*view.also, view.address)


def _with_earlier(addresses: Collection[str], after: Mapping[str, frozenset[str]]) -> set[str]:
    """Return the addresses, and those of all actions that must be done before them."""
    found: set[str] = set()
    waiting = [*addresses]
    while waiting:
        address = waiting.pop()
        if address not in found:
            found.add(address)
            waiting += after.get(address, ())
    return found
