"""The content of a plan in the order in which every form shows it: amounts, then risks, then customers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text, figure_text
from reconciler.rendering.changes import GLYPHS, cost_text
from reconciler.rendering.drift import Drift
from reconciler.rendering.times import time_text
from reconciler.rendering.totals import Totals, others_in, totals_of, totals_text

Json = Mapping[str, Any]

SHARED = "Shared setup"
"""The heading of actions that belong to no customer, such as products."""
WHAT_IF = "Usage lines, as a what-if"
"""The heading of actions that only the hourly job carries out."""


@dataclass(frozen=True, slots=True)
class Part:
    """The actions of one customer that are carried out together."""

    heading: str
    """Empty for the actions of the plan itself."""
    actions: list[Json]
    held: list[Json]


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
    currency: str | None = None
    """The currency of the plan."""

    @property
    def changes(self) -> Totals:
        """Return the change of the amount per month, by currency. Held actions do not count."""
        return totals_of(self.actions, self.currency)

    @property
    def counts(self) -> Counter[str]:
        """Return the number of actions of each type."""
        return Counter(action["action"] for action in self.actions)

    @property
    def parts(self) -> list[Part]:
        """Return the part of the plan, then that of the what-if. A part without actions is left out."""
        found = (_part("", self, what_if=False), _part(WHAT_IF, self, what_if=True))
        return [part for part in found if part.actions or part.held]


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan, grouped and in order, with or without a what-if of usage lines beside it."""

    plan: Json
    """The JSON of the plan. The guardrails, warnings and coverage of the what-if are in it too."""
    groups: tuple[Group, ...]
    """The groups with the largest change of the amount come first, then those with retirements, then by name."""
    what_if: Json | None = None
    drift: Drift | None = None
    """Set if the plan is shown as drift."""

    @property
    def all_actions(self) -> list[Json]:
        """Return the actions of all groups, without the held ones."""
        return [action for group in self.groups for action in group.actions]

    @property
    def currency(self) -> str | None:
        """Return the currency of the plan. None if it is unknown. Agreements may have others."""
        currency: str | None = self.plan["summary"]["money"]["currency"]
        return currency

    @property
    def change(self) -> str:
        """Return the change of the amount per month, of the plan and of the what-if, or of the drift alone.

        Empty if nothing changes. The amounts of the plan have one currency, so changes in others come after them.
        """
        if self.drift is not None:
            return totals_text(totals_of(self.all_actions, self.currency))
        own = _change(self.plan) if self.what_if is None else Decimal(self.what_if["total"]["change"])
        return totals_text({self.currency: own, **others_in(self.all_actions, self.currency)})

    @property
    def amounts(self) -> str:
        """Return the amounts per month, such as `18.00 → 18.15 USD a month from next month on`.

        Empty if nothing is billed, if the plan and the what-if may count the same addition, and for drift.
        """
        if self.drift is not None:
            return ""
        total = self.plan["summary"]["money"] if self.what_if is None else self.what_if["total"]
        if total["before"] is None or not (Decimal(total["before"]) or Decimal(total["after"])):
            return ""
        before, after = Decimal(total["before"]), Decimal(total["after"])
        amounts = (
            f"{figure_text(before, self.currency)} → {amount_text(after, self.currency)} a month from next month on"
        )
        return f"{amounts}, {costs}" if (costs := cost_text(total)) else amounts

    @property
    def headline(self) -> str:
        """Return what the heading says: the change of the amount, or the counts of a plan without amounts."""
        if self.drift is not None:
            return self.drift.headline
        if self.change:
            return f"{self.change} a month"
        return "no change of the monthly amount" if self.amounts else summary_text(self.plan)

    @property
    def leads(self) -> list[tuple[str, str]]:
        """Return what the first lines say of each part, with its name: of a what-if, or of drift. Empty for a plan."""
        if self.drift is not None:
            return self.drift.leads
        if self.what_if is None:
            return []
        return [
            ("Setup", f"applied by the merge: {_counts(self.plan)}{self._amount_of(self.plan, what_if=False)}"),
            (WHAT_IF, self._usage_lead(self.what_if)),
        ]

    @property
    def part(self) -> str:
        """Return the documents that a partial plan holds. Empty for a plan of everything."""
        if self.plan.get("changed_since"):
            return f"only what changed since {self.plan['changed_since']}"
        targets = self.plan.get("targets") or ()
        more = f" and {len(targets) - 1} more" if len(targets) > 1 else ""
        return f"only {targets[0]}{more}" if targets else ""

    @property
    def summary(self) -> str:
        """Return the counts of the plan. Of drift, what is as declared, and when that was checked."""
        if self.drift is None:
            return summary_text(self.plan)
        unchanged = self.plan["summary"]["unchanged"]
        changes = f". Writing what is declared changes the monthly total by {self.change}" if self.change else ""
        return f"{as_declared(unchanged)}, checked on {time_text(self.plan['created_at'])}{changes}"

    def _usage_lead(self, what_if: Json) -> str:
        if not what_if["usage_in_scope"]:
            return "applied by the hourly job: no changes"
        if what_if["usage_at"] is None:
            return "their change is not known, because the ledger has no usage"
        held = f"; {len(what_if['held'])} held" if what_if["held"] else ""
        at = time_text(what_if["usage_at"])
        amount = self._amount_of(what_if, what_if=True)
        return f"with the usage of {at}, applied by the hourly job: {_counts(what_if)}{held}{amount}"

    def _amount_of(self, part: Json, *, what_if: bool) -> str:
        actions = [each for each in self.all_actions if bool(each.get("what_if")) is what_if]
        change = totals_text({self.currency: _change(part), **others_in(actions, self.currency)})
        return f"; {change} a month" if change else ""


def view_of(plan: Json, what_if: Json | None = None, drift: Drift | None = None) -> PlanView:
    """Return the view of a plan. `plan` is the JSON of a plan file, and `what_if` that of usage lines beside it.

    With `drift`, which is made from the plan, the plan is shown as drift.
    """
    if what_if is not None:
        plan = _with_what_if(plan, what_if)
    if drift is not None:
        plan = drift.plan
    actions: dict[tuple[str | None, str], list[Json]] = {}
    held: dict[tuple[str | None, str], list[Json]] = {}
    for found, into in ((plan["actions"], actions), (plan.get("held") or (), held)):
        for action in found:
            into.setdefault(customer_of(action), []).append(action)
    currency = plan["summary"]["money"]["currency"]
    groups = (
        Group(key[1], key[0], tuple(actions.get(key, ())), tuple(held.get(key, ())), currency)
        for key in {**actions, **held}
    )
    return PlanView(plan, tuple(sorted(groups, key=_rank)), what_if, drift)


def _with_what_if(plan: Json, what_if: Json) -> Json:
    """Return a plan with what the what-if has: its actions are marked, and the same warning appears once."""
    notes = {(each["address"], each["message"]): each for each in (*plan["warnings"], *what_if["warnings"])}
    return {
        **plan,
        "actions": [*plan["actions"], *_marked(what_if["actions"])],
        "held": [*(plan.get("held") or ()), *_marked(what_if["held"])],
        "guardrails": [*plan["guardrails"], *_marked(what_if["guardrails"])],
        "warnings": list(notes.values()),
        "coverage": what_if["coverage"],
    }


def _marked(found: Iterable[Json]) -> list[Json]:
    return [{**each, "what_if": True} for each in found]


def _part(heading: str, group: Group, *, what_if: bool) -> Part:
    own = ([each for each in every if bool(each.get("what_if")) is what_if] for every in (group.actions, group.held))
    return Part(heading, *own)


def _counts(part: Json) -> str:
    return counts_text(part["summary"]) or "no changes"


def _change(plan: Json) -> Decimal:
    money = plan["summary"]["money"]
    return Decimal(money["after"]) - Decimal(money["before"])


def customer_of(action: Json) -> tuple[str | None, str]:
    """Return the address and the name of an action's customer. Those of the shared setup are None and a heading.

    A customer whose name is blank is shown by its address.
    """
    customer = action.get("customer")
    if not customer:
        return None, SHARED
    name = customer["name"]
    return customer["address"], name if name.strip() else customer["address"]


def _rank(group: Group) -> tuple[Any, ...]:
    retires = group.counts["retire"]
    return (
        -max(map(abs, group.changes.values())),
        -retires,
        -len(group.held),
        group.address is not None,
        group.name.casefold(),
        group.name,
    )


def facts_of(group: Group) -> list[str]:
    """Return the facts for the heading of a group: the change of its amount, its counts, and what is held."""
    change = totals_text(group.changes)
    facts = [f"{change} a month"] if change else []
    facts += [counts_text(group.counts)] if group.actions else []
    return [*facts, *([f"{len(group.held)} held"] if group.held else [])]


def counts_text(counts: Mapping[str, int]) -> str:
    """Return counts of actions such as `2 to create, 1 to retire`."""
    return ", ".join(f"{counts[verb]:,} to {verb}" for verb in GLYPHS if counts[verb])


def summary_text(plan: Json) -> str:
    """Return the counts of a plan, such as `12 to create, 1 to retire; 40 unchanged`."""
    counts = plan["summary"]
    unchanged = counts["unchanged"]
    if changes := counts_text(counts):
        return f"{changes}; {unchanged:,} unchanged"
    return f"No changes; {as_declared(unchanged)}" if unchanged else "No changes"


def as_declared(unchanged: int) -> str:
    """Return how many documents and additions are as declared, such as `40 documents and additions are as declared`."""
    what = "document or addition is" if unchanged == 1 else "documents and additions are"
    return f"{unchanged:,} {what} as declared"
