"""Cost and margin beside amounts, in each form."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reconciler.planning.action import Money, Side
from reconciler.planning.plan import Plan
from reconciler.planning.plan_file import plan_json
from reconciler.rendering.changes import cost_text, money_and_costs
from reconciler.rendering.html.plan import plan_html
from reconciler.rendering.markdown.plan import plan_markdown
from reconciler.rendering.paint import plain
from reconciler.rendering.plan_text import plan_text
from reconciler.rendering.tables import report_table
from tests.planning.builders import plan_of
from tests.rendering.plans import addition

D = Decimal


def money(before: tuple[str, str | None], after: tuple[str, str | None]) -> Money:
    sides = [Side(D(amount), None if cost is None else D(cost)) for amount, cost in (before, after)]
    return Money.with_costs(*sides, "USD")


def shown(found: Money) -> str:
    return cost_text(found.model_dump(mode="json"))


RISES = money(("18", "7.2"), ("18.15", "7.26"))


def test_cost_and_margin_are_shown_before_and_after() -> None:
    assert shown(RISES) == "cost 7.20 → 7.26, margin 10.80 → 10.89"
    assert money_and_costs(RISES.model_dump(mode="json")) == (
        "18.00 → 18.15 USD a month (+0.15), cost 7.20 → 7.26, margin 10.80 → 10.89"
    )


def test_only_the_values_after_are_shown_if_nothing_was_billed_or_they_are_unknown_or_the_same() -> None:
    assert shown(money(("0", "0"), ("18.15", "7.26"))) == "cost 7.26, margin 10.89"
    assert shown(money(("18", None), ("18.15", "7.26"))) == "cost 7.26, margin 10.89"
    assert shown(money(("18", "7"), ("18", "7"))) == "cost 7.00, margin 11.00"


def test_an_unknown_cost_is_not_shown_and_not_in_the_json() -> None:
    unknown = money(("18", "7"), ("18.15", None))
    assert shown(unknown) == ""
    assert money_and_costs(unknown.model_dump(mode="json")) == "18.00 → 18.15 USD a month (+0.15)"
    assert set(unknown.model_dump(mode="json")) == {"before", "after", "currency", "cost_before", "margin_before"}


def with_costs() -> Plan:
    action = addition("acme", "18", "18.15", "Acme").model_copy(update={"money": RISES})
    plan = plan_of(action)
    return plan.model_copy(update={"summary": plan.summary.model_copy(update={"money": RISES})})


def test_every_form_of_a_plan_has_cost_and_margin() -> None:
    costs = "cost 7.20 → 7.26, margin 10.80 → 10.89"
    lines = list(plan_text(plan_json(with_costs()), plain))
    assert f"    {costs}" in lines
    assert lines[-2] == f"From next month: {costs} USD."
    assert costs in plan_markdown(plan_json(with_costs()))
    assert costs in plan_html(plan_json(with_costs()))


def row(**more: Any) -> dict[str, Any]:
    fields = {"agreement": "A", "product": "P", "quantity": "1", "unit_price": "2", "amount": "2", "last_updated": None}
    return {**fields, "source": "cove/1", "used": None, "unit": None, "cost": None, "margin": None, **more}


def test_a_report_has_the_costs_that_are_known_and_their_sum() -> None:
    rows = [row(cost="0.5", margin="1.5"), row()]
    lines = list(report_table(rows, plain, 140, currency="USD"))
    assert lines[2].split()[5:7] == ["0.50", "1.50"]
    assert lines[3].split()[5:7] == ["unknown", "unknown"]
    assert lines[-1] == "Cost 0.50 USD, margin 1.50 USD a month of 1 addition with a known cost."
    assert list(report_table(rows[:1], plain, 140))[-1] == "Cost 0.50, margin 1.50 a month."


def test_a_report_without_a_known_cost_has_no_columns_for_it() -> None:
    assert "margin" not in "\n".join(report_table([row()], plain, 140))
