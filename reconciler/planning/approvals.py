"""`--approve NAME` and `--approve NAME=ADDRESS`: which guardrails a person lets pass."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from reconciler.errors import ReconcilerError
from reconciler.planning.plan import Plan, Tripped, digest_of

NAMES = ("quantity", "zero", "samples", "customers", "money", "updates", "retirements", "drift", "shrink")
"""Every guardrail, as `--approve` names it."""


@dataclass(frozen=True, slots=True)
class Approved:
    name: str
    address: str | None = None
    """None lets every trip of that name pass."""

    @property
    def text(self) -> str:
        """As `--approve` takes it."""
        return self.name if self.address is None else f"{self.name}={self.address}"

    def covers(self, trip: Tripped) -> bool:
        return self.name == trip.name and (self.address is None or self.address in (trip.address, *trip.also))


def approvals_of(texts: Iterable[str]) -> tuple[Approved, ...]:
    """Of the values of `--approve`. A name that no guardrail has is an error, so that a typing error approves nothing
    silently."""
    found = []
    for text in texts:
        name, equals, address = text.partition("=")
        if name not in NAMES or (equals and not address):
            raise ReconcilerError(
                f"--approve {text} names no {'guardrail' if name not in NAMES else 'address'}",
                where="--approve",
                advice=f"Write NAME or NAME=ADDRESS, with one of the names {', '.join(NAMES)}.",
            )
        found.append(Approved(name, address or None))
    return tuple(found)


def is_approved(trip: Tripped, approvals: Collection[Approved]) -> bool:
    return trip.approved or any(each.covers(trip) for each in approvals)


def open_trips(plan: Plan, approvals: Collection[Approved]) -> tuple[Tripped, ...]:
    """The guardrails that refuse the run, and that nobody has approved."""
    return tuple(trip for trip in plan.guardrails if not trip.holds and not is_approved(trip, approvals))


def unused(plan: Plan, approvals: Iterable[Approved]) -> tuple[Approved, ...]:
    """Approvals that fit no guardrail of the plan."""
    return tuple(each for each in approvals if not any(each.covers(trip) for trip in plan.guardrails))


def with_approved(plan: Plan, approvals: Collection[Approved]) -> Plan:
    """The plan with the held actions of customers whose every guardrail is approved.

    The actions stand in the order of the plan, and those that are let go come after them: nothing else waits for a
    held action.
    """
    holding = [trip for trip in plan.guardrails if trip.holds and not is_approved(trip, approvals)]
    still = {trip.address for trip in holding}
    free = tuple(action for action in plan.held if action.held_for not in still)
    if not free:
        return plan
    actions = (*plan.actions, *free)
    trips = tuple(
        trip.model_copy(update={"approved": True}) if is_approved(trip, approvals) else trip for trip in plan.guardrails
    )
    whose = {action.held_for for action in free}
    coverage = tuple(
        row.model_copy(update={**row.released.model_dump(), "released": None})
        if row.released is not None and row.address in whose
        else row
        for row in plan.coverage
    )
    held = tuple(action for action in plan.held if action.held_for in still)
    return plan.model_copy(
        update={
            "summary": plan.summary.with_also(free),
            "actions": actions,
            "held": held,
            "guardrails": trips,
            "coverage": coverage,
            "digest": digest_of(actions),
        }
    )
