"""Reads `--approve NAME` and `--approve NAME=ADDRESS`, and decides which guardrails these approve."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from reconciler.errors import ReconcilerError
from reconciler.planning.plan import Plan, Tripped, digest_of

NAMES = (
    "quantity",
    "zero",
    "samples",
    "customers",
    "money",
    "updates",
    "retirements",
    "drift",
    "rival",
    "shrink",
    "adjustment",
    "credit",
)
"""The names of all guardrails."""

ALWAYS_ON = {
    "drift": "Refuses the run if someone changed one of our additions by hand, and the workspace has `onDrift: fail`.",
    "rival": "Holds a customer if someone else changes one of its additions twice within 24 hours.",
    "adjustment": "Holds each adjustment that bills more for a month that is closed or invoiced.",
    "credit": "Holds each adjustment that gives back an amount of a month that is closed or invoiced.",
}
"""What the guardrails do that have no limit in `guardrails` of the workspace. Its model describes the others."""


@dataclass(frozen=True, slots=True)
class Approved:
    """One `--approve` of the command line."""

    name: str
    address: str | None = None
    """None approves every guardrail of that name."""

    @property
    def text(self) -> str:
        """The approval as the value of `--approve`."""
        return self.name if self.address is None else f"{self.name}={self.address}"

    def covers(self, trip: Tripped) -> bool:
        """Whether this approval is for a tripped guardrail. An owed amount is accepted by its own address only."""
        if trip.owed is not None:
            return self.name == trip.name and self.address == trip.address
        return self.name == trip.name and (self.address is None or self.address in (trip.address, *trip.also))


def parse_approvals(texts: Iterable[str]) -> tuple[Approved, ...]:
    """Return the approvals of the values of `--approve`.

    Raises `ReconcilerError` for a name that no guardrail has, so that a typing error is not overlooked.
    """
    found = []
    for text in texts:
        name, equals, address = text.partition("=")
        if name not in NAMES or (equals and not address):
            problem = "no guardrail has this name" if name not in NAMES else "the address is missing"
            raise ReconcilerError(
                problem,
                where=f"--approve {text}",
                advice=f"Write NAME or NAME=ADDRESS, with one of the names {', '.join(NAMES)}.",
            )
        found.append(Approved(name, address or None))
    return tuple(found)


def is_approved(trip: Tripped, approvals: Collection[Approved]) -> bool:
    """Whether a tripped guardrail was approved, in the plan or by one of these approvals."""
    return trip.approved or any(each.covers(trip) for each in approvals)


def unapproved_trips(plan: Plan, approvals: Collection[Approved]) -> tuple[Tripped, ...]:
    """Return the guardrails that refuse the run and are not approved."""
    return tuple(trip for trip in plan.guardrails if not trip.holds and not is_approved(trip, approvals))


def approvals_for(trips: Iterable[Tripped]) -> tuple[Approved, ...]:
    """Return an approval for each of these guardrails, once."""
    return tuple(dict.fromkeys(Approved(trip.name, trip.address) for trip in trips))


def unused_approvals(plan: Plan, approvals: Iterable[Approved]) -> tuple[Approved, ...]:
    """Return the approvals that are for no guardrail of the plan."""
    return tuple(each for each in approvals if not any(each.covers(trip) for trip in plan.guardrails))


def release_approved(plan: Plan, approvals: Collection[Approved]) -> Plan:
    """Return the plan with the held actions of the customers whose guardrails are all approved.

    Released actions come after the others, because no other action waits for a held one.
    """
    unapproved = [trip for trip in plan.guardrails if trip.holds and not is_approved(trip, approvals)]
    still_held = {trip.address for trip in unapproved}
    released = tuple(action for action in plan.held if action.held_for not in still_held)
    if not released:
        return plan
    actions = (*plan.actions, *released)
    trips = tuple(
        trip.model_copy(update={"approved": True}) if is_approved(trip, approvals) else trip for trip in plan.guardrails
    )
    customers = {action.held_for for action in released}
    coverage = tuple(
        row.model_copy(update={**row.released.model_dump(), "released": None})
        if row.released is not None and row.address in customers
        else row
        for row in plan.coverage
    )
    held = tuple(action for action in plan.held if action.held_for in still_held)
    return plan.model_copy(
        update={
            "summary": plan.summary.with_more(released),
            "actions": actions,
            "held": held,
            "guardrails": trips,
            "coverage": coverage,
            "digest": digest_of(actions),
        }
    )
