"""A plan as a page of HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from reconciler.amounts import figure_text
from reconciler.rendering.changes import GLYPHS, change_lines, money_and_costs
from reconciler.rendering.counts import numbered
from reconciler.rendering.coverage_view import reasons_of, states_text
from reconciler.rendering.drift import drift_of
from reconciler.rendering.html.page_maker import page, shown_lines, shown_sentence, shown_text
from reconciler.rendering.merging import approvals_of
from reconciler.rendering.paint import plain, signed
from reconciler.rendering.risks import Risk, risks_of
from reconciler.rendering.times import time_text
from reconciler.rendering.totals import totals_of
from reconciler.rendering.undo_text import undo_text
from reconciler.rendering.view import Group, PlanView, counts_text, facts_of, view_of

Json = Mapping[str, Any]

_LETTERS = {"create": "c", "update": "u", "adopt": "a", "retire": "r"}
_MOST_RISKS = 25
"""The most risks that are not folded."""
_MOST_MONEY = 50
"""The most customers in the table of amounts. The blocks below have the amounts of all."""
_OPENED = 60
"""The blocks of customers are open while they have no more actions than this in all."""


def plan_html(plan: Json, what_if: Json | None = None, *, title: str = "Plan", drift: bool = False) -> str:
    """Return a plan as a page of HTML. `plan` is the JSON of a plan file, `what_if` that of usage lines beside it.

    With `drift`, the plan is shown as drift.
    """
    view = view_of(plan, what_if, drift_of(plan) if drift else None)
    risks = [_risk(each) for each in risks_of(view)]
    values = {
        "headline": shown_text(view.drift.headline) if view.drift else "",
        "amounts": _amounts(view),
        "summary": "" if view.what_if else shown_text(f"{view.summary}."),
        "advice": [shown_sentence(sentence) for sentence in view.drift.advice] if view.drift else [],
        "leads": [{"name": shown_text(name), "text": shown_text(f"{lead}.")} for name, lead in view.leads],
        "merging": _merging(view),
        "risks": risks[:_MOST_RISKS],
        "more_risks": risks[_MOST_RISKS:],
        **_money(view),
        "filters": _filters(view),
        "groups": list(_groups(view)),
        "coverage": _coverage(view.plan),
        "undo": shown_lines(list(undo_text(plan["undo"], plain))) if plan.get("undo") else "",
        "foot": shown_text(
            f"Workspace {plan['workspace']}, company {plan['tenant']['company']} at {plan['tenant']['site']}, made "
            f"{time_text(plan['created_at'])}{f', {view.part}' if view.part else ''}, digest {plan['digest']}."
        ),
    }
    return page("plan", f"{title}: {plan['workspace']}", values)


def _amounts(view: PlanView) -> Markup:
    if view.drift is not None:
        return shown_text("")
    change = f"{view.change} a month" if view.change else ""
    return shown_text(": ".join(part for part in (change, view.amounts) if part))


def _merging(view: PlanView) -> dict[str, Any]:
    """Return the options that merging approves, and a sentence if there are none. Empty for a plan by itself."""
    if view.what_if is None:
        return {}
    options = [{"option": shown_text(each.option), "effect": shown_text(each.effect)} for each in approvals_of(view)]
    return {"none": "" if options else "No guardrail.", "first": options[:_MOST_RISKS], "more": options[_MOST_RISKS:]}


def _risk(risk: Risk) -> dict[str, Any]:
    return {
        "level": risk.level,
        "title": shown_text(risk.title),
        "address": shown_text(risk.address or ""),
        "text": shown_text(risk.text),
    }


def _money(view: PlanView) -> dict[str, Any]:
    """Return the rows of the amounts by customer, the largest change first, and a last row for the others."""
    changed = [group for group in view.groups if any(group.changes.values())]
    rows = [row for group in changed[:_MOST_MONEY] for row in _money_rows(group.name, group.actions, view.currency)]
    rest = [action for group in changed[_MOST_MONEY:] for action in group.actions]
    if rest:
        rows += _money_rows(numbered(len(changed) - _MOST_MONEY, "more customer"), rest, view.currency)
    unit = f" in {view.currency}" if view.currency else ""
    return {"money": rows, "money_caption": shown_text(f"Amounts a month{unit} from next month on, of what changes")}


def _money_rows(name: str, actions: Sequence[Json], currency: str | None) -> Iterator[dict[str, Any]]:
    """Yield the row of a customer, or a row for each currency in which its amount changes."""
    before, after = (totals_of(actions, currency, side) for side in ("before", "after"))
    for own, amount in before.items():
        if amount != after[own]:
            yield {
                "name": shown_text(name if own == currency else f"{name}, in {own}"),
                "before": figure_text(amount, own),
                "after": figure_text(after[own], own),
                "change": signed(after[own] - amount, own),
            }


def _filters(view: PlanView) -> list[dict[str, Any]]:
    counts = Counter(action["action"] for action in view.all_actions)
    held = sum(len(group.held) for group in view.groups)
    found = [
        {"letter": letter, "name": f"{GLYPHS[verb]} {verb}", "count": counts[verb]}
        for verb, letter in _LETTERS.items()
        if counts[verb]
    ]
    return [*found, *([{"letter": "h", "name": "held", "count": held}] if held else [])]


def _groups(view: PlanView) -> Iterator[dict[str, Any]]:
    opened = len(view.all_actions) <= _OPENED
    for group in view.groups:
        parts = [
            {
                "heading": part.heading,
                "actions": [*map(_action, part.actions), *(_action(each, held=True) for each in part.held)],
            }
            for part in group.parts
        ]
        yield {"name": shown_text(group.name), "rest": _heading(group), "parts": parts, "opened": opened}


def _heading(group: Group) -> str:
    facts = facts_of(group)
    if len(group.actions) == 1:  # The sign of a single action says the same, and the page stays small.
        facts.remove(counts_text(group.counts))
    return "".join(f" · {fact}" for fact in facts)


def _action(action: Json, *, held: bool = False) -> dict[str, Any]:
    amount = f" {money_and_costs(action['money'])}" if action["money"] else ""
    # A new object always has the same reason, and five thousand of them would make the page larger.
    reason = "" if action["action"] == "create" and not action["money"] else f" {action['reason']}"
    lines = [text for _sign, text in change_lines(action, compact=True)]
    return {
        "letter": "h" if held else _LETTERS[action["action"]],
        "title": shown_text(f"{'held: ' if held else ''}{GLYPHS[action['action']]} {action['address']}"),
        "rest": shown_text(f"{reason}{amount}"),
        "lines": shown_lines(lines),
    }


def _coverage(plan: Json) -> dict[str, Any]:
    """Return the counts of all states, and the customers that are not billed as measured, by state and reason."""
    if not plan["coverage"]:
        return {}
    reasons = [
        {
            "title": shown_text(each.title),
            "detail": shown_text(f": {each.detail}" if each.detail else ""),
            "rows": list(map(shown_text, each.rows)),
            "opened": len(each.rows) <= _FEW_ROWS,
        }
        for each in reasons_of(plan)
    ]
    return {"text": shown_text(f"{states_text(plan)}."), "reasons": reasons}


_FEW_ROWS = 10
"""The most customers with the same state and reason that are not folded."""
