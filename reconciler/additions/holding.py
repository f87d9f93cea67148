"""Hold the customers whose guardrails tripped, and keep their actions apart from those that are done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.additions.planned import PlannedAddition
from reconciler.ledger.snapshot import Snapshot
from reconciler.planning.action import Action
from reconciler.planning.approvals import Approved, is_approved
from reconciler.planning.plan import Tripped

HeldMappings = Mapping[str, Sequence[Tripped]]
"""The guardrails that hold a mapping, by its address."""


def held_mappings(
    tripped: Iterable[Tripped], approvals: Iterable[Approved], snapshot: Snapshot
) -> tuple[list[Tripped], HeldMappings]:
    """Return the guardrails that single customers tripped, marked if they are approved, and the held mappings.

    An approval of `samples` counts for the whole period. All others count for the run that they are given to.
    """
    kept = [Approved(each.guardrail, each.address) for each in snapshot.approvals if each.guardrail == "samples"]
    every = (*approvals, *kept)
    trips: list[Tripped] = []
    held: dict[str, list[Tripped]] = {}
    for trip in tripped:
        if is_approved(trip, every):
            trips.append(trip.model_copy(update={"approved": True}))
            continue
        trips.append(trip)
        held.setdefault(str(trip.address), []).append(trip)
    return trips, held


def actions_done(planned: Iterable[PlannedAddition], held: HeldMappings) -> tuple[Action, ...]:
    """Return the actions of mappings that are not held."""
    return tuple(each.action for each in planned if each.action is not None and each.owner.mapping_address not in held)


def actions_held(planned: Iterable[PlannedAddition], held: HeldMappings) -> tuple[Action, ...]:
    """Return the actions of held mappings, each with the address of its mapping."""
    return tuple(
        each.action.model_copy(update={"held_for": each.owner.mapping_address})
        for each in planned
        if each.action is not None and each.owner.mapping_address in held
    )
