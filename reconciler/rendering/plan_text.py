"""Show a plan on the terminal: what to look at, the customers with their actions, the gaps, and a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text, figure_text
from reconciler.rendering.changes import GLYPHS, change_lines, cost_text, money_change
from reconciler.rendering.drift import Drift, drift_of
from reconciler.rendering.merging import NO_APPROVAL, approvals_of
from reconciler.rendering.notes_text import gaps_text, most_of, warnings_text
from reconciler.rendering.paint import Paint, safe, shortened, signed
from reconciler.rendering.risks import first_risks
from reconciler.rendering.totals import others_in, totals_of, totals_text
from reconciler.rendering.undo_text import undo_text
from reconciler.rendering.view import (
    Group,
    PlanView,
    as_declared,
    counts_text,
    facts_of,
    summary_text,
    view_of,
)

_STYLES = {
    "create": "green",
    "update": "yellow",
    "adopt": "cyan",
    "retire": "red",
    "+": "green",
    "~": "yellow",
    "-": "red",
    " ": "dim",
}
_LEVELS = {"refuses": "red", "holds": "red", "look": "yellow"}
_TOTAL = "Monthly total from next month"
_FEW = 3
"""The fewest actions of a customer that are shown whole."""
_ALL = 60
"""A plan with at most so many actions is shown whole."""
_LONGEST_REASON = 1000
"""The longest reason of an action that is shown whole, in characters."""
_WHOLE = 30
"""Of a larger plan, about so many actions are shown whole, and so many more customers by their counts."""

Json = Mapping[str, Any]


def plan_text(
    plan: Json, paint: Paint, what_if: Json | None = None, *, full: bool = False, drift: bool = False
) -> Iterator[str]:
    """Yield the lines of a plan, without line ends. `plan` is the plan's JSON, `what_if` that of usage lines beside it.

    With `drift`, the plan is shown as drift. Without `full`, only the first of many customers, warnings and approvals
    are shown, and long values are cut.
    """
    view = view_of(plan, what_if, drift_of(plan) if drift else None)
    yield from _risks(view, paint, full=full)
    if any(group.actions for group in view.groups):
        yield from _groups(view, paint, full=full)
    yield from warnings_text(view.plan, paint, whole=full)
    yield from gaps_text(view.plan, paint, whole=full)
    if view.drift is not None:
        yield from _drift(view, view.drift, paint)
    elif what_if is None:
        yield from _costs(plan["summary"]["money"])
        yield _summary(view, paint)
    else:
        yield from _merging(view, paint, full=full)
    if plan.get("undo"):
        yield from undo_text(plan["undo"], paint)


def _risks(view: PlanView, paint: Paint, *, full: bool) -> Iterator[str]:
    risks = first_risks(view)
    for risk in risks[: most_of(risks, whole=full)]:
        where = f"{risk.address}: " if risk.address else ""
        yield paint(f"{_cut(risk.title, full=full)}: {_cut(where + risk.text, full=full)}", _LEVELS[risk.level])
    if left := len(risks) - most_of(risks, whole=full):
        yield paint(f"… and {left:,} more to look at; --full shows all", "yellow")


def _cut(text: str, *, full: bool) -> str:
    return safe(text) if full else shortened(safe(text))


def _groups(view: PlanView, paint: Paint, *, full: bool) -> Iterator[str]:
    """Yield the actions of each customer. If there are too many, the last customers are counted only."""
    whole = full or len(view.all_actions) <= _ALL
    groups = [group for group in view.groups if group.actions]
    headed = any(group.address for group in groups)
    shown, named = 0, 0
    for place, group in enumerate(groups):
        if not whole and named >= _WHOLE:
            yield from _rest(groups[place:], view, paint)
            return
        if headed:
            yield paint(f"{_cut(group.name, full=full)}: {', '.join(facts_of(group))}", "bold")
        if whole or shown < _WHOLE:
            most = len(group.actions) if whole else max(_FEW, _WHOLE - shown)
            yield from _actions(group, most, paint, full=full)
            if left := group.actions[most:]:
                yield f"… and {counts_text(_counted(left))}; --full shows all"
                yield ""
            shown += len(group.actions)
        else:
            named += 1


def _actions(group: Group, most: int, paint: Paint, *, full: bool) -> Iterator[str]:
    for part in group.parts:
        if part.heading and part.actions and most > 0:
            yield paint(f"{part.heading}:", "dim")
        for action in part.actions[: max(most, 0)]:
            yield from _action(action, paint, full=full)
            yield ""
        most -= len(part.actions)


def _drift(view: PlanView, drift: Drift, paint: Paint) -> Iterator[str]:
    """Yield the last lines of drift: what to do, the causes, and how many objects differ."""
    yield from (paint(sentence, "bold") for sentence in drift.advice)
    yield from (f"{name} {cause}" for name, cause in drift.leads)
    yield paint(f"Drift: {drift.headline}; {view.summary}.", "bold")


def _merging(view: PlanView, paint: Paint, *, full: bool) -> Iterator[str]:
    """Yield the last lines of a plan with a what-if: what merging approves, each part, and the amount of both."""
    found = approvals_of(view)
    yield paint("Merging approves:" if found else NO_APPROVAL, "bold")
    for each in found[: most_of(found, whole=full)]:
        yield f"  {_cut(each.option, full=full)}  {paint(safe(each.effect), 'dim')}"
    if left := len(found) - most_of(found, whole=full):
        yield f"  … and {left:,} more; --full or --format approvals shows all"
    yield ""
    for name, lead in view.leads:
        yield f"{paint(name, 'bold')}, {safe(lead)}."
    amounts = f", {view.amounts}" if view.amounts else ""
    change = f"{view.change} a month" if view.change else "no change"
    yield paint(f"Together: {change}{amounts}.", "bold")


def _rest(groups: Sequence[Group], view: PlanView, paint: Paint) -> Iterator[str]:
    """Yield the line that sums up the customers that are not named."""
    actions = [action for group in groups for action in group.actions]
    change = totals_text(totals_of(actions, view.currency))
    amount = f", {change} a month" if change else ""
    what = "customer" if len(groups) == 1 else "customers"
    yield paint(
        f"… and {len(groups):,} more {what}{amount}: {counts_text(_counted(actions))}; --full shows all", "bold"
    )
    yield ""


def _counted(actions: Sequence[Json]) -> Counter[str]:
    return Counter(action["action"] for action in actions)


def _action(action: Json, paint: Paint, *, full: bool) -> Iterator[str]:
    style = _STYLES[action["action"]]
    amount = f"   {money_change(action['money'])}" if action["money"] else ""
    title = f"{GLYPHS[action['action']]} {_cut(action['address'], full=full)}"
    reason = safe(action["reason"])
    reason = paint(reason if full else shortened(reason, _LONGEST_REASON), "dim")
    yield f"{paint(title, style)}  {reason}{paint(amount, 'bold') if amount else ''}"
    if action["money"] and (costs := cost_text(action["money"])):
        yield f"    {paint(costs, 'dim')}"
    for sign, text in change_lines(action):
        yield f"    {paint(sign, _STYLES[sign])} {text if full else shortened(text)}"


def _summary(view: PlanView, paint: Paint) -> str:
    """Return the last line: `Plan: 1 to create; 4 unchanged. Monthly total from next month: 9.00 → 9.50 (+0.50).`"""
    counts = view.plan["summary"]
    if counts_text(counts):
        head = f"Plan: {summary_text(view.plan)}."
    else:
        head = f"No changes. {as_declared(counts['unchanged'])}." if counts["unchanged"] else "No changes."
    others = totals_text(others_in(view.all_actions, view.currency))
    more = f" In other currencies: {others} a month." if others else ""
    return paint(f"{head}{_monthly_total(counts['money'])}{more}", "bold")


def _monthly_total(amounts: Json) -> str:
    """Return the monthly total, or an empty text if nothing is billed: a plan with setup only has no amounts."""
    before, after, currency = Decimal(amounts["before"]), Decimal(amounts["after"]), amounts["currency"]
    if after != before:
        change = signed(after - before, currency)
        return f" {_TOTAL}: {figure_text(before, currency)} → {amount_text(after, currency)} ({change})."
    return f" {_TOTAL}: {amount_text(after, currency)}." if after else ""


def _costs(amounts: Json) -> Iterator[str]:
    """Yield the line with cost and margin from the next month on. None if nothing is billed or a cost is unknown."""
    if (Decimal(amounts["before"]) or Decimal(amounts["after"])) and (text := cost_text(amounts)):
        yield f"From next month: {text} {amounts['currency'] or ''}".rstrip() + "."
