"""A plan as Markdown: the summary and the money, then what to look at, then each customer in a folded block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.rendering.changes import GLYPHS, change_lines, money_and_costs
from reconciler.rendering.counts import numbered
from reconciler.rendering.drift import drift_of
from reconciler.rendering.markdown.budget import Budget, size_of
from reconciler.rendering.markdown.coverage import coverage_lines, write_coverage
from reconciler.rendering.markdown.escape import code, fence, short_text, text
from reconciler.rendering.markdown.marker import digest_text, marker
from reconciler.rendering.merging import NO_APPROVAL, Approval, approvals_of
from reconciler.rendering.paint import LONGEST, plain, safe, shortened
from reconciler.rendering.risks import Risk, risks_of
from reconciler.rendering.times import time_text
from reconciler.rendering.totals import totals_of, totals_text
from reconciler.rendering.undo_text import undo_text
from reconciler.rendering.view import Group, PlanView, facts_of, view_of

Json = Mapping[str, Any]

MAX_BYTES = 65_000
"""The default limit of size in bytes. A comment on GitHub holds 65,536 characters."""
SMALLEST = 2_000
"""The smallest limit of size in bytes that a caller may set. The summary and the foot fit into it."""
_DIFF = {"create": "+", "update": "!", "adopt": "!", "retire": "-"}
"""The first character of a line in a block of `diff`. It gives the line its colour."""
_MARKS = {"refuses": "🛑", "holds": "✋", "look": "⚠️", "note": "ℹ️"}
_FOR_RISKS = 3
"""The risks take at most one third of the limit."""
_FOR_COVERAGE = 4
"""The customers that are not billed as measured have at least a quarter of what is left, if they need it."""
_BLOCK = 300
"""Room for the tags and the heading of a block, in bytes."""
_TITLE, _TENANT = 200, 400
"""The largest size of the title and of the tenant, in bytes."""
_NAME, _MESSAGE = 500, 1000
"""The largest size of a name and of a message in the list of what to look at, in bytes."""
_FEW = 3
"""If a plan has so few customers, their blocks are open."""


def plan_markdown(
    plan: Json,
    what_if: Json | None = None,
    *,
    title: str = "Plan",
    max_bytes: int = MAX_BYTES,
    drift: bool = False,
) -> str:
    """Return a plan as Markdown of at most `max_bytes` bytes of UTF-8, with or without a what-if of usage lines.

    With `drift`, the plan is shown as drift. It is cut between two actions. The end says how many actions are left out,
    and what they change of the amount.
    """
    view = view_of(plan, what_if, drift_of(plan) if drift else None)
    foot = _foot(view)
    held = [action for group in view.groups for action in group.held]
    budget = Budget(max_bytes - size_of(foot) - size_of([_left_out(view, view.all_actions, held)]))
    budget.write(*_head(view, title))
    _write_risks(risks_of(view), budget, budget.room // _FOR_RISKS)
    if what_if is not None:
        _write_approvals(approvals_of(view), budget, budget.room // _FOR_RISKS)
    heading, coverage = coverage_lines(view.plan)
    reserved = min(size_of(coverage) + _BLOCK, budget.room // _FOR_COVERAGE) if coverage else 0
    budget.room -= reserved
    left, held_left = _write_groups(view, budget)
    budget.room += reserved
    if coverage:
        write_coverage(heading, coverage, budget)
    if plan.get("undo") and not budget.write_if_room(["", *fence([*undo_text(plan["undo"], plain)]), ""]):
        budget.write_if_room(["The manifest lines of the undo do not fit here: see `reconciler show`.", ""])
    if left or held_left:
        budget.write(_left_out(view, left, held_left))
    budget.write(*foot)
    return budget.text()


def _head(view: PlanView, title: str) -> Iterator[str]:
    yield marker(title, view.plan["workspace"], view.plan["digest"])
    yield f"### {short_text(title, _TITLE)}: {text(view.headline)}"
    yield ""
    if view.amounts:
        counts = "" if view.leads else f" · {text(view.summary)}"
        yield f"**{text(view.amounts)}**{counts}"
        yield ""
    if view.leads:
        yield from (f"- **{text(name)}**, {text(lead)}" for name, lead in view.leads)
        yield ""
    if view.drift is not None:
        yield f"{text(view.summary)}."
        yield ""
        yield from (f"- {sentence}" for sentence in view.drift.advice)
        yield ""


def _write_risks(risks: Sequence[Risk], budget: Budget, room: int) -> None:
    """Write what to look at in `room` bytes of the budget, the most important first."""
    if not risks:
        return
    left = room
    lines = ["**Look at this first**", ""]
    for index, risk in enumerate(risks):
        line = _risk(risk)
        left -= size_of([line])
        if left < 0:
            lines.append(f"- … and {len(risks) - index:,} more, which `reconciler show` and the HTML report list")
            break
        lines.append(line)
    budget.write(*lines, "")


def _write_approvals(approvals: Sequence[Approval], budget: Budget, room: int) -> None:
    """Write what merging approves in `room` bytes of the budget."""
    if not approvals:
        budget.write(f"**{NO_APPROVAL}**", "")
        return
    lines = ["**Merging approves**", ""]
    for index, each in enumerate(approvals):
        line = f"- {code(shortened(each.option))} {text(each.effect)}"
        room -= size_of([line])
        if room < 0:
            lines.append(f"- … and {len(approvals) - index:,} more, which `reconciler show --format approvals` lists")
            break
        lines.append(line)
    budget.write(*lines, "")


def _risk(risk: Risk) -> str:
    where = f" {short_text(risk.address, _NAME)}" if risk.address else ""
    return f"- {_MARKS[risk.level]} **{short_text(risk.title, _NAME)}**{where}: {short_text(risk.text, _MESSAGE)}"


def _write_groups(view: PlanView, budget: Budget) -> tuple[list[Json], list[Json]]:
    """Write the block of each customer while there is room. Return the actions and held actions that are left out."""
    left: list[Json] = []
    held: list[Json] = []
    opened = len(view.groups) <= _FEW
    for group in view.groups:
        rows: list[_Row] = []
        for part in group.parts:
            divider = [f"@@ {part.heading} @@"] if part.heading else []
            rows += [_Row(divider, each, list(_action(each)), left) for each in part.actions]
            rows += [_Row(divider, each, list(_action(each, held=True)), held) for each in part.held]
        _write_group(group, rows, budget, opened=opened)
    return left, held


@dataclass(frozen=True, slots=True)
class _Row:
    """One action in the block of its customer."""

    divider: list[str]
    """The line above the first action of its part."""
    action: Json
    lines: list[str]
    left: list[Json]
    """The list that gets the action if there is no room for it."""


def _write_group(group: Group, rows: Sequence[_Row], budget: Budget, *, opened: bool) -> None:
    """Write the block of one customer."""
    fitting: list[str] = []
    divider: list[str] = []
    room = budget.room - size_of(["<details>", *fence([]), "", "</details>", ""]) - _FENCE_ROOM
    # Escaping makes a name longer. Most customers of a large plan have no room, and need no heading.
    smallest = min(len(group.name), LONGEST) + min(size_of(row.lines) for row in rows)
    heading = _heading(group) if smallest <= room else ""
    start = ["<details open>" if opened else "<details>", f"<summary>{heading}</summary>", ""]
    room -= size_of(start) if heading else room
    for row in rows:
        lines = row.lines if row.divider == divider else [*row.divider, *row.lines]
        size = size_of(lines)
        if size > room:
            row.left.append(row.action)
        else:
            room -= size
            fitting += lines
            divider = row.divider
    if fitting:
        budget.write(*start, *fence(fitting), "", "</details>", "")


_FENCE_ROOM = 2 * LONGEST
"""Room for two fences, in bytes. A fence is longer than each row of backticks in the values."""


def _heading(group: Group) -> str:
    return " · ".join([f"<b>{text(shortened(group.name))}</b>", *map(text, facts_of(group))])


def _action(action: Json, *, held: bool = False) -> Iterator[str]:
    """Yield the lines of an action in a block of `diff`. A held one is grey, because it is not carried out."""
    first = "#" if held else _DIFF[action["action"]]
    glyph = GLYPHS[action["action"]]
    amount = f"   {money_and_costs(action['money'])}" if action["money"] else ""
    mark = f"{first} held: {glyph}" if held else first if glyph == first else f"{first} {glyph}"
    yield f"{mark} {shortened(safe(action['address']))}  {shortened(safe(action['reason']))}{amount}"
    for sign, line in change_lines(action):
        yield f"{sign if 'cause' in action else first}     {shortened(line)}"


def _left_out(view: PlanView, left: Sequence[Json], held: Sequence[Json]) -> str:
    changed = totals_text(totals_of(left, view.currency))
    amount = f", which change the monthly amount by {changed}" if changed else ""
    found = " and ".join(numbered(len(each), what) for each, what in ((left, "action"), (held, "held action")) if each)
    return f"**Left out here: {text(found + amount)}.** `reconciler show` and the HTML report have all.\n"


def _foot(view: PlanView) -> list[str]:
    plan = view.plan
    part = f" · {short_text(view.part, _TITLE)}" if view.part else ""
    tenant = f"company {plan['tenant']['company']} at {plan['tenant']['site']}"
    made = time_text(plan["created_at"])
    return [f"<sub>{short_text(tenant, _TENANT)} · made {made}{part} · digest {digest_text(plan['digest'])}</sub>"]
