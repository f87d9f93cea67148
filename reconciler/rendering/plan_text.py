"""Show a plan on the terminal: what to look at, the customers with their actions, the gaps, and a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text, figure_text
from reconciler.rendering.changes import GLYPHS, change_lines, money_change, signed_amount
from reconciler.rendering.coverage_json import EVERY_CUSTOMER, UNMAPPED, collapsed, is_quiet, quantity_of
from reconciler.rendering.drift import Drift, drift_of
from reconciler.rendering.merging import NO_APPROVAL, approvals_of
from reconciler.rendering.paint import Paint, safe, signed
from reconciler.rendering.risks import first_risks
from reconciler.rendering.undo_text import undo_text
from reconciler.rendering.view import Group, PlanView, change_of, counts_text, facts_of, view_of

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
"""If more documents than this are proposed, one warning covers them all."""
_ALL = 60
"""A plan with at most so many actions is shown whole."""
_WHOLE = 30
"""Of a larger plan, about so many actions are shown whole, and so many more customers by their counts."""

Json = Mapping[str, Any]


def plan_text(
    plan: Json, paint: Paint, what_if: Json | None = None, *, full: bool = False, drift: bool = False
) -> Iterator[str]:
    """Yield the lines of a plan, without line ends. `plan` is the plan's JSON, `what_if` that of usage lines beside it.

    With `drift`, the plan is shown as drift. Without `full`, the actions of a plan with many of them are shown for the
    first customers only.
    """
    view = view_of(plan, what_if, drift_of(plan) if drift else None)
    for risk in first_risks(view):
        where = f"{risk.address}: " if risk.address else ""
        yield paint(f"{risk.title}: {safe(where + risk.text)}", _LEVELS[risk.level])
    if any(group.actions for group in view.groups):
        yield from _groups(view, paint, whole=full or len(view.all_actions) <= _ALL)
    yield from _warnings(view.plan, paint)
    yield from gaps(view.plan, paint)
    if view.drift is not None:
        yield from _drift(view, view.drift, paint)
    elif what_if is None:
        yield summary(plan, paint)
    else:
        yield from _merging(view, paint)
    if plan.get("undo"):
        yield from undo_text(plan["undo"], paint)


def _groups(view: PlanView, paint: Paint, *, whole: bool) -> Iterator[str]:
    """Yield the actions of each customer. If there are too many, the last customers are counted only."""
    groups = [group for group in view.groups if group.actions]
    headed = any(group.address for group in groups)
    shown, named = 0, 0
    for place, group in enumerate(groups):
        if not whole and named >= _WHOLE:
            yield from _rest(groups[place:], view, paint)
            return
        if headed:
            yield paint(_heading(group, view), "bold")
        if whole or shown < _WHOLE:
            most = len(group.actions) if whole else max(_FEW, _WHOLE - shown)
            yield from _actions(group, most, paint)
            if left := group.actions[most:]:
                yield f"… and {counts_text(_counted(left))}; --full shows all"
                yield ""
            shown += len(group.actions)
        else:
            named += 1


def _actions(group: Group, most: int, paint: Paint) -> Iterator[str]:
    for part in group.parts:
        if part.heading and part.actions and most > 0:
            yield paint(f"{part.heading}:", "dim")
        for action in part.actions[: max(most, 0)]:
            yield from _action(action, paint)
            yield ""
        most -= len(part.actions)


def _drift(view: PlanView, drift: Drift, paint: Paint) -> Iterator[str]:
    """Yield the last lines of drift: what to do, the causes, and how many objects differ."""
    yield from (paint(sentence, "bold") for sentence in drift.advice)
    yield from (f"{name} {cause}" for name, cause in drift.leads)
    yield paint(f"Drift: {drift.headline}; {view.summary}.", "bold")


def _merging(view: PlanView, paint: Paint) -> Iterator[str]:
    """Yield the last lines of a plan with a what-if: what merging approves, each part, and the amount of both."""
    found = approvals_of(view)
    yield paint("Merging approves:" if found else NO_APPROVAL, "bold")
    for each in found:
        yield f"  {safe(each.option)}  {paint(safe(each.effect), 'dim')}"
    yield ""
    for name, lead in view.leads:
        yield f"{paint(name, 'bold')}, {safe(lead)}."
    amounts = f", {view.amounts}" if view.amounts else ""
    change = f"{signed_amount(view.change, view.currency)} a month" if view.change else "no change"
    yield paint(f"Together: {change}{amounts}.", "bold")


def _rest(groups: Sequence[Group], view: PlanView, paint: Paint) -> Iterator[str]:
    """Yield the line that sums up the customers that are not named."""
    actions = [action for group in groups for action in group.actions]
    change = change_of(actions)
    amount = f", {signed_amount(change, view.currency)} a month" if change else ""
    what = "customer" if len(groups) == 1 else "customers"
    yield paint(
        f"… and {len(groups):,} more {what}{amount}: {counts_text(_counted(actions))}; --full shows all", "bold"
    )
    yield ""


def _counted(actions: Sequence[Json]) -> Counter[str]:
    return Counter(action["action"] for action in actions)


def _heading(group: Group, view: PlanView) -> str:
    """Return the heading of a customer, with its amount first, such as `Acme: +3.63 USD a month, 1 to update`."""
    return f"{safe(group.name)}: {', '.join(facts_of(group, view.currency))}"


def _action(action: Json, paint: Paint) -> Iterator[str]:
    style = _STYLES[action["action"]]
    amount = f"   {money_change(action['money'])}" if action["money"] else ""
    title = f"{GLYPHS[action['action']]} {safe(action['address'])}"
    yield f"{paint(title, style)}  {paint(safe(action['reason']), 'dim')}{paint(amount, 'bold') if amount else ''}"
    for sign, text in change_lines(action):
        yield f"    {paint(sign, _STYLES[sign])} {text}"


def _warnings(plan: Json, paint: Paint) -> Iterator[str]:
    """Yield the warnings. Many proposed documents share one. A document that the row of a mapping names has none."""
    shown_rows = {row["address"] for row in plan["coverage"] if row["state"] == "proposed"}
    waiting = [each for each in plan["warnings"] if each.get("proposed") and each.get("needed_by") not in shown_rows]
    few = len(waiting) <= _FEW
    for note in plan["warnings"]:
        if not note.get("proposed") or (few and note in waiting):
            where = f"{note['address']}: " if note["address"] else ""
            yield paint(f"Warning: {safe(where + note['message'])}", "yellow")
    if not few:
        first = ", ".join(each["address"] for each in waiting[:_FEW])
        text = (
            f"{len(waiting)} documents are only proposed. Confirm them with `reconciler import --confirm`: {first}, …"
        )
        yield paint(f"Warning: {safe(text)}", "yellow")


def _needed(plan: Json) -> dict[str, list[str]]:
    """Return the proposed documents that each proposed mapping needs, by its address."""
    found: dict[str, list[str]] = {}
    for note in plan["warnings"]:
        if note.get("needed_by"):
            found.setdefault(note["needed_by"], []).append(note["address"])
    return found


def gaps(plan: Json, paint: Paint) -> Iterator[str]:
    """Yield a line for each customer that is not billed, or not as measured.

    Customers of a source whose data cannot be used are left out: one warning names the source and counts them.
    """
    rows = [row for row in collapsed(plan["coverage"]) if row["customer"] != EVERY_CUSTOMER and not is_quiet(row)]
    currency = plan["summary"]["money"]["currency"]
    if rows:
        yield paint("Not billed, or not as measured:", "bold")
    needed = _needed(plan)
    for row in rows:
        also = needed.get(row["address"], []) if row["state"] == "proposed" else []
        more = safe(f"; it would also create {', '.join(also)}") if also else ""
        yield "  " + paint(gap(row, currency) + more, "yellow" if row["accounted"] else "red")
    if rows:
        yield ""


def gap(row: Json, currency: str | None) -> str:
    """Return the line of one coverage row: state, customer, quantity, amount per month, reason."""
    used = f" {quantity_of(row)}".rstrip()
    amount = ", amount unknown" if row["state"] in UNMAPPED else ""
    amount = amount if row["money"] is None else f", {amount_text(Decimal(row['money']), currency)} a month"
    detail = f": {row['detail']}" if row["detail"] else ""
    customer = f"{row['source']}/{row['customer']} " if row["customer"] else ""
    return safe(f"{row['state']} {customer}{row['name']}{used}{amount}{detail}")


def summary(plan: Json, paint: Paint) -> str:
    """Return the last line: `Plan: 1 to create; 4 unchanged. Monthly total from next month: 9.00 → 9.50 (+0.50).`"""
    counts = plan["summary"]
    unchanged = counts["unchanged"]
    parts = [f"{counts[verb]} to {verb}" for verb in GLYPHS if counts[verb]]
    head = f"Plan: {', '.join(parts)}; {unchanged} unchanged." if parts else ""
    if not parts:
        what = "document or addition is" if unchanged == 1 else "documents and additions are"
        head = f"No changes. {unchanged} {what} as declared." if unchanged else "No changes."
    return paint(head + _monthly_total(counts["money"]), "bold")


def _monthly_total(amounts: Json) -> str:
    """Return the monthly total, or an empty text if nothing is billed: a plan with setup only has no amounts."""
    before, after, currency = Decimal(amounts["before"]), Decimal(amounts["after"]), amounts["currency"]
    if after != before:
        change = signed(after - before, currency)
        return f" {_TOTAL}: {figure_text(before, currency)} → {amount_text(after, currency)} ({change})."
    return f" {_TOTAL}: {amount_text(after, currency)}." if after else ""
