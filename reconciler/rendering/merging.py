"""What merging a pull request approves: the guardrails that its plans trip, as the apply gets them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.rendering.counts import numbered
from reconciler.rendering.totals import totals_of, totals_text
from reconciler.rendering.view import PlanView

Json = Mapping[str, Any]

NO_APPROVAL = "Merging approves no guardrail."


@dataclass(frozen=True, slots=True)
class Approval:
    """One guardrail that merging approves. Its texts come partly from outside, and are not made safe."""

    option: str
    """The option of `apply`, such as `--approve quantity=CustomerMapping/acme`."""
    effect: str
    """The apply that gets the option, and the usage lines that it releases."""


def approvals_of(view: PlanView) -> list[Approval]:
    """Return what merging approves, once each. Empty for a plan without a what-if, which nobody merges."""
    if view.what_if is None:
        return []
    held: dict[str, list[Json]] = {}
    for action in view.what_if["held"]:
        held.setdefault(action["held_for"], []).append(action)
    found: dict[str, Approval] = {}
    for trip in view.plan["guardrails"]:
        option = "--approve " + "=".join(part for part in (trip["name"], trip["address"]) if part)
        found.setdefault(option, Approval(option, _effect(trip, held.get(trip["address"], ()), view.currency)))
    return list(found.values())


def _effect(trip: Json, held: list[Json] | tuple[()], currency: str | None) -> str:
    who = "for the hourly job" if trip.get("what_if") else "for the apply of the setup"
    if not held:
        return who
    change = totals_text(totals_of(held, currency))
    amount = f", {change} a month" if change else ""
    return f"{who}: releases {numbered(len(held), 'held line')}{amount}"
