"""Tests of amounts in several currencies, which no form adds up: the plan bills in USD, some agreements in others."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from reconciler.planning.action import Action, Money
from reconciler.planning.plan import Summary
from reconciler.planning.what_if import what_if_json
from reconciler.rendering.html.plan import plan_html
from reconciler.rendering.markdown.plan import SMALLEST, plan_markdown
from reconciler.rendering.paint import plain
from reconciler.rendering.plan_text import plan_text
from reconciler.rendering.totals import others_in, totals_of, totals_text
from tests.rendering.plans import addition, json_of, plan_with, usd


def retired(name: str, amount: str, currency: str | None, customer: str = "Acme", **more: Any) -> Action:
    money = Money(before=Decimal(amount), after=Decimal(0), currency=currency)
    return addition("acme", amount, "0", customer, action="retire", money=money, **more).model_copy(
        update={"address": f"Agreement/{name}", "kind": "Agreement"}
    )


ACTIONS = (retired("a", "100", "USD"), retired("b", "20", "EUR"), retired("c", "7", "JPY"), retired("d", "1", None))
PLAN = json_of(plan_with(*ACTIONS, summary=Summary(retire=4, money=usd("101", "0")), only="setup"))
BOTH = "-101.00 USD and -20.00 EUR and -7 JPY a month"


def test_amounts_of_different_currencies_are_not_added() -> None:
    assert totals_of(PLAN["actions"], "USD") == {"USD": -101, "EUR": -20, "JPY": -7}
    assert totals_of(PLAN["actions"], "USD", "before") == {"USD": 101, "EUR": 20, "JPY": 7}
    assert others_in(PLAN["actions"], "USD") == {"EUR": -20, "JPY": -7}
    assert totals_text({"USD": Decimal(0)}) == ""


def test_the_first_lines_of_every_form_have_the_change_in_each_currency() -> None:
    markdown, page, text = plan_markdown(PLAN), plan_html(PLAN), "\n".join(plan_text(PLAN, plain))

    assert markdown.split("\n")[1] == f"### Plan: {BOTH}"
    assert f"<summary><b>Acme</b> · {BOTH} · 4 to retire</summary>" in markdown
    assert f"<p class=lead>{BOTH}: 101.00 → 0.00 USD a month from next month on</p>" in page
    assert text.endswith("0.00 USD (-101.00). In other currencies: -20.00 EUR and -7 JPY a month.")
    assert f"Acme: {BOTH}, 4 to retire" in text


def test_the_table_of_amounts_has_a_row_for_each_currency() -> None:
    rows = re.findall(r"<bdi>(.*?)</bdi>.*<td class=n>(\S+)\n", plan_html(PLAN))
    assert rows == [("Acme", "-101.00"), ("Acme, in EUR", "-20.00"), ("Acme, in JPY", "-7")]


def test_what_to_look_at_has_the_amounts_in_each_currency() -> None:
    amounts = "101.00 → 0.00 USD a month (-101.00); 20.00 → 0.00 EUR a month (-20.00); 7 → 0 JPY a month (-7)"
    assert amounts in plan_markdown(PLAN)


def test_what_is_left_out_has_the_change_in_each_currency() -> None:
    many = [retired(f"{name}{'x' * 250}{n}", "2", name, f"C{n}") for n in range(40) for name in ("EUR", "USD")]
    found = plan_markdown(json_of(plan_with(*many, summary=Summary(money=usd("80", "0")))), max_bytes=SMALLEST)
    left = re.search(r"Left out here: (\d+) actions, which change the monthly amount by (\S+) USD and (\S+) EUR", found)

    assert left is not None
    assert -Decimal(left[2]) - Decimal(left[3]) == 2 * int(left[1])


def test_a_plan_and_a_what_if_have_the_change_in_each_currency() -> None:
    setup = plan_with(*ACTIONS, summary=Summary(retire=4, money=usd("101", "0")), only="setup")
    usage = plan_with(addition("acme", "1", "3", "Acme"), summary=Summary(update=1, money=usd("1", "3")), only="usage")
    found = "\n".join(plan_text(json_of(setup), plain, what_if_json(setup, usage)))

    assert f"Setup, applied by the merge: 4 to retire; {BOTH}." in found
    assert "Together: -99.00 USD and -20.00 EUR and -7 JPY a month" in found
