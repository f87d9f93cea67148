"""Show a plan on the terminal as Terraform does: a sign for each action, old → new for each field, and a summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text, figure_text
from reconciler.rendering.coverage_json import EVERY_CUSTOMER, UNMAPPED, collapsed, quantity_of
from reconciler.rendering.paint import Paint, safe, shown, signed
from reconciler.rendering.undo_text import undo_text

GLYPHS = {"create": "+", "update": "~", "adopt": "»", "retire": "-"}
_STYLES = {"create": "green", "update": "yellow", "adopt": "cyan", "retire": "red"}
_FEW = 3
"""If more documents than this are proposed, one warning covers them all."""

Json = Mapping[str, Any]


def plan_text(plan: Json, paint: Paint, *, coverage: bool = True) -> Iterator[str]:
    """Yield the lines of a plan, without line ends. `plan` is the plan's JSON."""
    for action in plan["actions"]:
        yield from _action(action, paint)
        yield ""
    for trip in plan["guardrails"]:
        where = f"{trip['address']}: " if trip["address"] else ""
        yield paint(f"Guardrail {trip['name']}: {safe(where + trip['message'])}", "red")
    yield from _warnings(plan, paint, coverage=coverage)
    if coverage:
        yield from gaps(plan, paint)
    yield summary(plan, paint)
    if plan.get("undo"):
        yield from undo_text(plan["undo"], paint)


def _warnings(plan: Json, paint: Paint, *, coverage: bool) -> Iterator[str]:
    """Yield the warnings. Many proposed documents share one. A document that the row of a mapping names has none."""
    shown_rows = {row["address"] for row in plan["coverage"] if row["state"] == "proposed"} if coverage else set()
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


def _action(action: Json, paint: Paint) -> Iterator[str]:
    style = _STYLES[action["action"]]
    amount = f"   {_change_of(action['money'])}" if action["money"] else ""
    title = f"{GLYPHS[action['action']]} {safe(action['address'])}"
    yield f"{paint(title, style)}  {paint(safe(action['reason']), 'dim')}{paint(amount, 'bold') if amount else ''}"
    width = max((len(safe(change["path"])) for change in action["changes"]), default=0)
    for change in action["changes"]:
        yield f"    {_change(action, change, width, paint)}"


def _change(action: Json, change: Json, width: int, paint: Paint) -> str:
    name = safe(change["path"]).ljust(width)
    after = _value(change, change["after"])
    if change.get("known_after_apply"):
        after = f"{after} (known after apply)"
    if action["action"] == "create":
        return f"{paint('+', 'green')} {name} = {after}"
    if change.get("sensitive"):
        return f"{paint('~', 'yellow')} {name} = {after}"
    before = _value(change, change["before"])
    if before == after and isinstance(change["before"], dict) and isinstance(change["after"], dict):
        before, after = _with_id(before, change["before"]), _with_id(after, change["after"])
    return f"{paint('~', 'yellow')} {name} = {before} → {after}"


def _with_id(text: str, link: Json) -> str:
    """Return the name of a link with its ConnectWise id, which tells two objects with the same name apart."""
    return f"{text} (id {link.get('id')})"


def _value(change: Json, value: object) -> str:
    """Return a value as text. A plan holds numbers as decimal text, and they are shown without quotes."""
    return safe(value) if change.get("number") and isinstance(value, str) else shown(value)


def _change_of(amounts: Json) -> str:
    """Return the change of the monthly amount, such as `18.00 → 18.15 USD a month (+0.15)`."""
    before, after, currency = Decimal(amounts["before"]), Decimal(amounts["after"]), amounts["currency"]
    if before == 0:
        return f"{signed(after, currency)} {currency or ''}".rstrip() + " a month"
    change = signed(after - before, currency)
    return f"{figure_text(before, currency)} → {amount_text(after, currency)} a month ({change})"


def gaps(plan: Json, paint: Paint) -> Iterator[str]:
    """Yield a line for each customer that is not billed, or not as measured.

    Customers of a source whose data cannot be used are left out: one warning names the source and counts them.
    """
    rows = [row for row in collapsed(plan["coverage"]) if row["customer"] != EVERY_CUSTOMER and not _is_quiet(row)]
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


def _is_quiet(row: Json) -> bool:
    """Return whether a row needs no line: the customer is billed, or has left and uses nothing any more."""
    return row["accounted"] and (row["state"] == "billed" or (row["state"] == "ended" and row["quantity"] is None))


def gap(row: Json, currency: str | None) -> str:
    """Return the line of one coverage row: state, customer, quantity, amount per month, reason."""
    used = f" {quantity_of(row)}".rstrip()
    amount = ", amount unknown" if row["state"] in UNMAPPED else ""
    amount = amount if row["money"] is None else f", {amount_text(Decimal(row['money']), currency)} a month"
    detail = f": {row['detail']}" if row["detail"] else ""
    customer = f"{row['source']}/{row['customer']} " if row["customer"] else ""
    return safe(f"{row['state']} {customer}{row['name']}{used}{amount}{detail}")


def summary(plan: Json, paint: Paint) -> str:
    """Return the last line: `Plan: 12 to create; 40 unchanged. Monthly total: 120.00 → 143.00 USD (+23.00).`"""
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
        return f" Monthly total: {figure_text(before, currency)} → {amount_text(after, currency)} ({change})."
    return f" Monthly total: {amount_text(after, currency)}." if after else ""
