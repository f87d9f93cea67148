"""Tests of a plan as a page of HTML: its content, its size and what it may load."""

from __future__ import annotations

import base64
import hashlib
import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from reconciler.planning.action import Change, Money
from reconciler.planning.plan import CoverageRow, ManifestLine, Note, Summary, Undo
from reconciler.rendering.html.plan import plan_html
from tests.planning.builders import action
from tests.rendering.plans import HOSTILE, addition, json_of, many, plan_with, usd


class Page(HTMLParser):
    """The elements, the attributes and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def page(*actions: object, **more: object) -> str:
    return plan_html(json_of(plan_with(*actions, **more)))  # type: ignore[arg-type] - test values


def test_the_page_begins_with_the_money_and_the_counts() -> None:
    found = page(addition("acme", "10", "13.63", "Acme"))

    assert "<h1>Plan: test</h1>\n<p class=lead>+3.63 USD a month: 100.00 → 103.63 USD a month from next month" in found
    assert "<p>1 to update; 40 unchanged.</p>" in found


def test_a_plan_without_amounts_has_no_amounts() -> None:
    assert "class=lead" not in page(action(), summary=Summary(create=1, money=usd("0", "0")))
    assert "<p class=lead>100.00 → 100.00 USD a month from next month on</p>" in page(action())


def test_each_action_is_in_the_block_of_its_customer() -> None:
    found = page(addition("acme", "1", "2", "Acme"), action("Product/gb"))

    assert "<summary><h3>Acme</h3> · +1.00 USD a month</summary>" in found
    assert (
        "<li class=u><b>~ Addition/acme.storage:gb</b> 2 GB used 1.00 → 2.00 USD a month (+1.00)"
        "<pre>quantity = 1 → 2</pre>" in found
    )
    assert '<li class=c><b>+ Product/gb</b><pre>identifier = "BACKUP-GB"</pre>' in found


def test_money_by_customer_names_the_fifty_largest_changes_and_sums_up_the_others() -> None:
    actions = [addition(f"c{n}", "1", str(n + 2), f"Customer {n}") for n in range(53)]
    found = page(*actions)

    assert "<tr><th scope=row><bdi>Customer 52</bdi><td class=n>1.00<td class=n>54.00<td class=n>+53.00" in found
    assert "<bdi>3 more customers</bdi><td class=n>3.00<td class=n>9.00<td class=n>+6.00" in found


def test_amounts_in_an_unknown_currency_have_none() -> None:
    unknown = usd("1", "2").model_copy(update={"currency": None})
    summary = Summary(update=1, money=unknown)
    assert "<caption>Amounts a month from next month on, of what changes</caption>" in page(
        addition("a", "1", "2", "A", money=unknown), summary=summary
    )


def test_only_a_currency_whose_amount_changes_has_a_row() -> None:
    euros = Money(before=Decimal(5), after=Decimal(5), currency="EUR")
    found = page(addition("a", "1", "2", "Acme"), addition("a", "5", "5", "Acme", money=euros))

    assert "1.00 USD" in found
    assert "Acme, in EUR" not in found


def test_held_actions_have_a_filter_of_their_own() -> None:
    found = page(held=(addition("acme", "1", "900", "Acme", held_for="CustomerMapping/acme"),))

    assert "id=f-h checked> held (1)" in found
    assert "<li class=h><b>held: ~ Addition/acme.storage:gb</b>" in found
    assert "<h3>Acme</h3> · 1 held</summary>" in found


def test_what_to_look_at_is_folded_after_twenty_five() -> None:
    found = page(warnings=tuple(Note(message=f"warning {number}") for number in range(30)))

    assert "<details><summary>5 more</summary>" in found
    assert "warning 29" in found
    assert "more</summary>" not in page(warnings=(Note(address="Company/a", message="one"),))


def test_coverage_counts_the_states_and_names_the_customers_that_are_not_billed() -> None:
    rows = (
        CoverageRow(source="cove", customer="1", name="Acme", state="billed"),
        *(
            CoverageRow(source="cove", customer=f"{n}", name=f"C{n}", state="unmapped", accounted=False)
            for n in range(2, 14)
        ),
        CoverageRow(
            source="cove",
            customer="99",
            name="Bolt",
            state="held",
            accounted=False,
            money=Decimal(5),
            quantity=Decimal(3),
            unit="GB",
            detail="rises by 60 %",
        ),
    )
    found = page(coverage=rows)

    assert "<p>12 unmapped, 1 billed, 1 held.</p>" in found
    assert "<details><summary><h3>12 unmapped</h3></summary><ul>\n<li>cove/2 C2, amount unknown\n" in found
    assert "<details open><summary><h3>1 held</h3>: rises by 60 %</summary>" in found
    assert "<li>cove/99 Bolt, 3 GB, 5.00 USD a month\n" in found


def test_the_undo_of_a_run_shows_the_lines_and_the_patch() -> None:
    line = ManifestLine(file="a.yaml", line=3, column=5, address="Product/gb", path="price", message="0.18")
    found = page(action(), undo=Undo(run=2, lines=(line,), patch="--- a/a.yaml\n+++ b/a.yaml\n-<x>\n"))

    assert "a.yaml:3:5: Product/gb price: 0.18" in found
    assert "-&lt;x&gt;" in found


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_outside_stay_text(name: str) -> None:
    change = Change(path=name, before=name, after=f"{name}2")
    found = page(
        addition("acme", "1", "2", name, reason=name, changes=(change,)),
        warnings=(Note(message=name, address=name),),
        coverage=(CoverageRow(source=name, customer=name, name=name, state="held", detail=name, accounted=False),),
    )
    plain = Page(page(addition("acme", "1", "2", "x", reason="x", changes=(change.model_copy(update={"path": "x"}),)),
        warnings=(Note(message="x", address="x"),),
        coverage=(CoverageRow(source="x", customer="x", name="x", state="held", detail="x", accounted=False),),
    ))  # fmt: skip

    assert Page(found).tags == plain.tags
    assert Page(found).attributes == plain.attributes


def test_the_page_loads_nothing_and_its_policy_allows_only_its_own_style_and_script() -> None:
    found = page(addition("acme", "1", "2", "Acme"))
    read = Page(found)

    names = [name for name, _ in read.attributes]
    assert not {"src", "srcset", "style", "action", "data", "background"} & set(names)
    assert not [name for name in names if name.startswith("on")]
    assert [value for name, value in read.attributes if name == "href"] == ["#main"]
    policy = next(value for name, value in read.attributes if name == "content" and value)
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        inside = re.search(rf"<{tag}>(.*?)</{tag}>", found, re.DOTALL)
        assert inside is not None
        digest = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_a_thousand_changed_quantities_are_less_than_300_kb() -> None:
    actions = [
        addition(f"customer-{n:05}", f"{n}.25", f"{n + 1}.25", f"Customer {n:05} and Partners") for n in range(1000)
    ]
    assert len(page(*actions).encode()) < 300_000


def test_blocks_of_a_large_plan_are_folded() -> None:
    assert "<details class=g open>" in page(*many(60))
    assert "<details class=g open>" not in page(*many(61))
