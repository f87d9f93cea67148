"""Causes in the guardrails of a plan: customers that one holds, and runs that one refuses."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from reconciler.alerts.cause import Cause, Member, Risk, risk_of
from reconciler.alerts.facts import Facts
from reconciler.planning.approvals import unapproved_trips
from reconciler.planning.plan import Plan, Tripped
from reconciler.rendering.counts import numbered

OF_SETUP = frozenset({"updates", "retirements"})
"""The guardrails that a plan of the setup can trip. All others are those of usage."""


def held_causes(plan: Plan) -> Iterator[Cause]:
    """Yield a cause for each guardrail that holds customers. The money at risk is that of the changes that wait."""
    names = {row.address: row.name for row in plan.coverage if row.address is not None}
    by_guardrail: dict[str, dict[str, Tripped]] = {}
    for trip in plan.guardrails:
        if trip.holds and not trip.approved:
            by_guardrail.setdefault(trip.name, {}).setdefault(str(trip.address), trip)
    for guardrail, trips in by_guardrail.items():
        which = guardrail if len(trips) > 1 else f"{guardrail}={next(iter(trips))}"
        yield Cause(
            key=f"held:{guardrail}",
            event="held",
            title=f"{numbered(len(trips), 'customer')} held by the guardrail {guardrail}",
            subject=f"customers held by the guardrail {guardrail}",
            advice="Check the changes with: reconciler plan --only usage. If they are right, run: "
            f"reconciler apply --only usage --approve {which}",
            members=tuple(Member(id=each, label=f"{names.get(each) or each} ({each})") for each in trips),
            risk=risk_of((_waiting(plan, each) for each in trips), plan.summary.money.currency),
            why=next(iter(trips.values())).message if len(trips) == 1 else "",
        )


def _waiting(plan: Plan, address: str) -> Decimal | None:
    """Return the change of the amount a month that waits for the approval of one mapping. None if it is unknown."""
    amounts = [each.money for each in plan.held if each.held_for == address and each.money is not None]
    return sum((each.after - each.before for each in amounts), Decimal(0)) if amounts else None


def refusing_causes(facts: Facts) -> Iterator[Cause]:
    """Yield a cause for each guardrail that refuses the run, and that nobody has approved."""
    plan = facts.plan
    if plan is None:
        return
    by_guardrail: dict[str, list[Tripped]] = {}
    for trip in unapproved_trips(plan, facts.approvals):
        by_guardrail.setdefault(trip.name, []).append(trip)
    for name, trips in by_guardrail.items():
        only = "setup" if name in OF_SETUP else "usage"
        addresses = [trip.address for trip in trips if trip.address is not None]
        yield Cause(
            key=f"guardrail:{name}",
            event="guardrail",
            title=f"the guardrail {name} refuses the run, so nothing is written",
            subject=f"runs that the guardrail {name} refuses",
            advice=f"Check the changes with: reconciler plan --only {only}. If they are right, run: "
            f"reconciler apply --only {only} --approve {name}",
            members=tuple(Member(id=each, label=each) for each in addresses),
            members_are="Additions",
            risk=_risk_of_refusal(plan),
            why="; ".join(trip.message for trip in trips[:3]),
        )


def _risk_of_refusal(plan: Plan) -> Risk:
    """Return the change of the amount a month that is not written because the run is refused."""
    money = plan.summary.money
    return risk_of([money.after - money.before], money.currency)
