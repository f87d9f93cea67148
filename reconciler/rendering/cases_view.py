"""What all forms of the results of price cases show: values with their units, lines, and what changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from reconciler.amounts import amount_text, figure_text
from reconciler.rendering.counts import numbered
from reconciler.rendering.paint import signed

Json = Mapping[str, Any]
NOTHING = "nothing"
_FEW = 3
"""A message names at most this many files."""


def about(case: Json) -> str:
    """Return what a case is about: its mapping or its customer, and the month."""
    return f"{case['mapping'] or case['customer']}, {(case.get('outcome') or case['after'])['period']}"


def value_text(value: Any, form: str, outcome: Json) -> str:
    """Return an expected or actual value, with the unit or the currency of the case."""
    if value is None:
        return NOTHING
    if isinstance(value, list):
        return ", ".join(value) or NOTHING
    if form == "quantity":
        return f"{value} {outcome['unit'] or ''}".rstrip()
    return amount_text(Decimal(value), outcome["currency"]) if form == "amount" else str(value)


def line_text(line: Json, outcome: Json) -> str:
    """Return a line, such as `backup-gb: 121 GB at 0.15 = 18.15 USD from 2026-11-01`."""
    currency = outcome["currency"]
    price = "" if line["unit_price"] is None else f" at {figure_text(Decimal(line['unit_price']), currency)}"
    quantity = value_text(line["quantity"], "quantity", outcome)
    text = f"{_label(line, outcome)}: {quantity}{price} = {amount_text(Decimal(line['amount']), currency)}"
    return f"{text}{_days(line)}{_costs(line, currency)}"


def _label(line: Json, *outcomes: Json) -> str:
    """Return the product of a line, with its charge in front if the outcomes have lines of several charges."""
    several = len({each["charge"] for outcome in outcomes for each in outcome["lines"]}) > 1
    return f"{line['charge']}:{line['product']}" if several and line["charge"] else str(line["product"])


def _costs(line: Json, currency: str | None) -> str:
    """Return cost and margin of a line. Empty if the cost is unknown."""
    if line.get("cost") is None:
        return ""
    cost, amount = Decimal(line["cost"]), Decimal(line["amount"])
    return f", cost {figure_text(cost, currency)}, margin {figure_text(amount - cost, currency)}" if amount else ""


def _days(line: Json) -> str:
    first = f" from {line['first_day']}" if line["first_day"] else ""
    return first + (f" to {line['last_day']}" if line["last_day"] else "")


def state_text(outcome: Json) -> str:
    """Return the state of the case's customer, with the reason."""
    state = outcome["state"] or "not in the coverage"
    return f"{state}: {outcome['reason']}" if outcome["reason"] else state


def summary_text(report: Json) -> str:
    """Return how many cases passed and failed."""
    summary = report["summary"]
    count, failed = summary["cases"], summary["failed"]
    where = f"in {numbered(summary['files'], 'file')}"
    text = f"{numbered(count, 'case')} {where} passed." if count else "There are no price cases."
    if failed:
        text = f"{failed:,} of {numbered(count, 'case')} {where} failed."
    if accepted := len(report.get("accepted", ())):
        text = f"{numbered(accepted, 'case')} accepted: review the diff before you commit it. {text}"
    return text


def others_text(report: Json) -> str:
    """Return which YAML files were left out, because they have no cases. Empty if there are none."""
    others: Sequence[str] = report["others"]
    if not others:
        return ""
    named = ", ".join(others) if len(others) <= _FEW else "--json lists them"
    return f"{numbered(len(others), 'YAML file')} without `cases` left out: {named}"


def change_lines(change: Json) -> Iterator[tuple[str, str, str]]:
    """Yield (what, before, after) of each difference of a changed case."""
    after = change["after"]
    before = change["before"]
    if before is None:
        yield "mapping", change["problem"] or NOTHING, change["mapping"] or change["customer"]
        return
    for name in ("state", "guardrails"):
        if before[name] != after[name]:
            yield name, value_text(before[name], "text", before), value_text(after[name], "text", after)
    old, new = _labelled(before, after)
    for label in dict.fromkeys([*old, *new]):
        for one, other in zip_longest(old.get(label, ()), new.get(label, ())):
            yield from _line_change(label, one, other, before, after)


def _labelled(before: Json, after: Json) -> tuple[dict[str, list[Json]], dict[str, list[Json]]]:
    """Return the lines of two outcomes by their label, which means the same in both."""
    found: tuple[dict[str, list[Json]], dict[str, list[Json]]] = ({}, {})
    for by_label, outcome in zip(found, (before, after), strict=True):
        for line in outcome["lines"]:
            by_label.setdefault(_label(line, before, after), []).append(line)
    return found


def _line_change(
    label: str, one: Json | None, other: Json | None, before: Json, after: Json
) -> Iterator[tuple[str, str, str]]:
    if one is None or other is None:
        texts = ["no line" if line is None else line_text(line, of) for line, of in ((one, before), (other, after))]
        yield f"line {label}", texts[0], texts[1]
        return
    forms = {
        "quantity": "quantity",
        "unit_price": "amount",
        "unit_cost": "amount",
        "first_day": "text",
        "last_day": "text",
    }
    for name, form in forms.items():
        if one.get(name) != other.get(name):
            what = f"{name.replace('_', ' ')} of {label}"
            yield what, value_text(one.get(name), form, before), value_text(other.get(name), form, after)


def money_text(change: Json) -> str:
    """Return the total of a case before and after, such as `18.15 → 21.78 USD a month (+3.63)`."""
    before, after = change["before"], change["after"]
    currency = after["currency"]
    if before is None:
        return f"{amount_text(Decimal(after['money']), currency)} a month"
    return _moved(Decimal(before["money"]), Decimal(after["money"]), currency)


def total_text(changes: Json) -> str:
    """Return the total of all cases before and after."""
    money = changes["money"]
    currency = changes["cases"][0]["after"]["currency"] if changes["cases"] else None
    return _moved(Decimal(money["before"]), Decimal(money["after"]), currency)


def _moved(before: Decimal, after: Decimal, currency: str | None) -> str:
    if before == after:
        return f"{amount_text(after, currency)} a month, as before"
    return (
        f"{figure_text(before, currency)} → {amount_text(after, currency)} a month ({signed(after - before, currency)})"
    )


EXPECTATIONS = {
    "same": "",
    "changed": "its expectation was changed, too",
    "new": "a new case",
}
"""What is said about the expectation of a changed case."""


def heading_text(changes: Json) -> str:
    """Return how many cases change, and against which commit."""
    against = f"{changes['revision']} (commit {changes['commit'][:10]})"
    if changes["problem"]:
        return f"No comparison with {against}: its manifests are not valid ({changes['problem']})."
    count = len(changes["cases"])
    if not count:
        return f"No case changes against {against}."
    verb = "changes" if count == 1 else "change"
    return f"{numbered(count, 'case')} {verb} against {against}: {total_text(changes)}, in all."
