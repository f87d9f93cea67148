"""A plan for the terminal, in the manner of Terraform: glyphs, only declared fields, old → new, one summary line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kinds.registry import kind
from reconciler.kinds.values import plain_decimal
from reconciler.planning.plan import (
    EVERY_CUSTOMER,
    GLYPHS,
    UNMAPPED,
    Action,
    Change,
    CoverageRow,
    Money,
    Plan,
    collapsed,
)
from reconciler.rendering.paint import Paint, money, safe, shown, signed

_STYLES = {"create": "green", "update": "yellow", "adopt": "cyan", "retire": "red"}


def plan_text(plan: Plan, paint: Paint, *, coverage: bool = True) -> Iterator[str]:
    """The lines of a plan, without line ends."""
    for action in plan.actions:
        yield from _action(action, paint)
        yield ""
    for trip in plan.guardrails:
        where = f"{trip.address}: " if trip.address else ""
        yield paint(f"Guardrail {trip.name}: {safe(where + trip.message)}", "red")
    for note in plan.warnings:
        where = f"{note.address}: " if note.address else ""
        yield paint(f"Warning: {safe(where + note.message)}", "yellow")
    if coverage:
        yield from gaps(plan, paint)
    yield summary(plan, paint)


def _action(action: Action, paint: Paint) -> Iterator[str]:
    style = _STYLES[action.action]
    worth = f"   {_change_of(action.money)}" if action.money else ""
    title = f"{GLYPHS[action.action]} {safe(action.address)}"
    yield f"{paint(title, style)}  {paint(safe(action.reason), 'dim')}{paint(worth, 'bold') if worth else ''}"
    width = max((len(safe(change.path)) for change in action.changes), default=0)
    for change in action.changes:
        yield f"    {_change(action, change, width, paint)}"


def _change(action: Action, change: Change, width: int, paint: Paint) -> str:
    name = safe(change.path).ljust(width)
    after = _after(action, change)
    if action.action == "create":
        return f"{paint('+', 'green')} {name} = {after}"
    if change.sensitive:
        return f"{paint('~', 'yellow')} {name} = {after}"
    before = _bare(action, change, change.before)
    if before == after and isinstance(change.before, dict) and isinstance(change.after, dict):
        before, after = _with_id(before, change.before), _with_id(after, change.after)
    return f"{paint('~', 'yellow')} {name} = {before} → {after}"


def _with_id(text: str, link: Mapping[str, Any]) -> str:
    """Two entries of one name are told apart."""
    return f"{text} (id {link.get('id')})"


def _after(action: Action, change: Change) -> str:
    text = _bare(action, change, change.after)
    return f"{text} (known after apply)" if change.known_after_apply else text


def _bare(action: Action, change: Change, value: object) -> str:
    """Numbers are decimal text in a plan: shown without quotes where the field is a number."""
    item = kind(action.kind).by_name.get(change.path.partition(".")[0])
    numeric = item is not None and item.name in _NUMBERS and isinstance(value, str)
    return safe(str(value)) if numeric else shown(value)


_NUMBERS = frozenset({"quantity", "unitPrice", "lessIncluded", "price", "cost"})


def _change_of(amounts: Money) -> str:
    if amounts.before == 0:
        return f"{signed(amounts.after, amounts.currency)} a month"
    before, after = money(amounts.before, None), money(amounts.after, amounts.currency)
    return f"{before} → {after} a month ({signed(amounts.after - amounts.before, None)})"


def gaps(plan: Plan, paint: Paint) -> Iterator[str]:
    """What is not, or not plainly, billed: one line each. What is billed and accounted for is not listed, nor are the
    customers of a source that failed: a warning tells of it once, with their number."""
    rows = [
        row
        for row in collapsed(plan.coverage)
        if row.customer != EVERY_CUSTOMER and (row.state != "billed" or not row.accounted)
    ]
    if rows:
        yield paint("Not billed, or not as measured:", "bold")
    for row in rows:
        yield "  " + paint(gap(row), "yellow" if row.accounted else "red")
    if rows:
        yield ""


def gap(row: CoverageRow) -> str:
    used = "" if row.quantity is None else f" {plain_decimal(row.quantity)} {row.unit or ''}".rstrip()
    worth = ", money unknown" if row.state in UNMAPPED else ""
    worth = worth if row.money is None else f", {money(row.money, None)} a month"
    detail = f": {row.detail}" if row.detail else ""
    whose = f"{row.source}/{row.customer} " if row.customer else ""
    return safe(f"{row.state} {whose}{row.name}{used}{worth}{detail}")


def summary(plan: Plan, paint: Paint) -> str:
    """`Plan: 12 to create, 1 to update; 40 unchanged. A month: 120.00 → 143.00 USD (+23.00).`"""
    counts = plan.summary
    parts = [
        f"{number} to {verb}"
        for verb, number in (
            ("create", counts.create),
            ("update", counts.update),
            ("adopt", counts.adopt),
            ("retire", counts.retire),
        )
        if number
    ]
    head = f"Plan: {', '.join(parts)}; {counts.unchanged} unchanged." if parts else ""
    if not parts:
        one = counts.unchanged == 1
        what = "document or addition is" if one else "documents and additions are"
        head = f"No changes. {counts.unchanged} {what} as declared."
    return paint(head + _worth(counts.money), "bold")


def _worth(month: Money) -> str:
    """Nothing where nothing is billed: a plan of the setup alone looks at no money."""
    before, after = money(month.before, None), money(month.after, month.currency)
    if month.after != month.before:
        return f" A month: {before} → {after} ({signed(month.after - month.before, None)})."
    return f" A month: {after}." if month.after else ""
