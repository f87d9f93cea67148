"""The content of a plan in the order in which every form shows it: amounts, then risks, then customers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text, figure_text
from reconciler.rendering.changes import GLYPHS, signed_amount

Json = Mapping[str, Any]

SHARED = "Shared setup"
"""The heading of actions that belong to no customer, such as products."""
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Group:
    """The actions of one customer."""

    name: str
    """The name of its company, or `Shared setup`. It comes from outside and is not made safe."""
    address: str | None
    """The address of its company. None for the shared setup."""
    actions: tuple[Json, ...]
    held: tuple[Json, ...] = ()
    """Actions that a guardrail holds."""

    @property
    def change(self) -> Decimal:
        """Return the change of the amount per month. Held actions do not count."""
        return change_of(self.actions)

    @property
    def counts(self) -> Counter[str]:
        """Return the number of actions of each type."""
        return Counter(action["action"] for action in self.actions)


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan, grouped and in order."""

    plan: Json
    groups: tuple[Group, ...]
    """The groups with the largest change of the amount come first, then those with retirements, then by name."""

    @property
    def all_actions(self) -> list[Json]:
        """Return the actions of all groups, without the held ones."""
        return [action for group in self.groups for action in group.actions]

    @property
    def currency(self) -> str | None:
        """Return the currency of all amounts. None if it is unknown."""
        currency: str | None = self.plan["summary"]["money"]["currency"]
        return currency

    @property
    def before(self) -> Decimal:
        """Return the amount per month before the plan."""
        return Decimal(self.plan["summary"]["money"]["before"])

    @property
    def after(self) -> Decimal:
        """Return the amount per month after the plan."""
        return Decimal(self.plan["summary"]["money"]["after"])

    @property
    def amounts(self) -> str:
        """Return the amounts per month, such as `18.00 → 18.15 USD a month`. Empty if nothing is billed."""
        if not self.before and not self.after:
            return ""
        return f"{figure_text(self.before, self.currency)} → {amount_text(self.after, self.currency)} a month"


def view_of(plan: Json) -> PlanView:
    """Return the view of a plan. `plan` is the JSON of a plan file."""
    actions: dict[tuple[str | None, str], list[Json]] = {}
    held: dict[tuple[str | None, str], list[Json]] = {}
    for found, into in ((plan["actions"], actions), (plan.get("held") or (), held)):
        for action in found:
            into.setdefault(customer_of(action), []).append(action)
    groups = (
        Group(key[1], key[0], tuple(actions.get(key, ())), tuple(held.get(key, ()))) for key in {**actions, **held}
    )
    return PlanView(plan, tuple(sorted(groups, key=_rank)))


def customer_of(action: Json) -> tuple[str | None, str]:
    """Return the address and the name of an action's customer. Those of the shared setup are None and a heading."""
    customer = action.get("customer")
    return (customer["address"], customer["name"]) if customer else (None, SHARED)


def _rank(group: Group) -> tuple[Any, ...]:
    retires = group.counts["retire"]
    return (
        -abs(group.change),
        -retires,
        -len(group.held),
        group.address is not None,
        group.name.casefold(),
        group.name,
    )


def change_of(actions: Iterable[Json]) -> Decimal:
    """Return the change of the amount per month that these actions make."""
    amounts = (action["money"] for action in actions)
    return sum((Decimal(each["after"]) - Decimal(each["before"]) for each in amounts if each), _ZERO)


def facts_of(group: Group, currency: str | None) -> list[str]:
    """Return the facts for the heading of a group: the change of its amount, its counts, and what is held."""
    facts = [f"{signed_amount(group.change, currency)} a month"] if group.change else []
    facts += [counts_text(group.counts)] if group.actions else []
    return [*facts, *([f"{len(group.held)} held"] if group.held else [])]


def counts_text(counts: Mapping[str, int]) -> str:
    """Return counts of actions such as `2 to create, 1 to retire`."""
    return ", ".join(f"{counts[verb]} to {verb}" for verb in GLYPHS if counts[verb])


def summary_text(plan: Json) -> str:
    """Return the counts of a plan, such as `12 to create, 1 to retire; 40 unchanged`."""
    counts = plan["summary"]
    unchanged = counts["unchanged"]
    if changes := counts_text(counts):
        return f"{changes}; {unchanged} unchanged"
    what = "document or addition is" if unchanged == 1 else "documents and additions are"
    return f"No changes; {unchanged} {what} as declared" if unchanged else "No changes"
