"""The monthly total: what bills from next month on, before and after a plan.

Each apply leaves what its plan said: the next plan begins with the amount that the last one ended with.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.planning.plan_file import read_plan
from reconciler.planning.what_if import what_if_json
from tests.prepared import prepared
from tests.shop import ALDER, BIRCHWOOD, Shop
from tests.test_leaving import MANAGED
from tests.test_retirement import CUSTOMER, leaves, unmark, without

ALDER_BILLS, BIRCHWOOD_BILLS = Decimal("18.15"), Decimal("64.54")
BOTH = ALDER_BILLS + BIRCHWOOD_BILLS
ADDITION, AGREEMENT = "Addition/alder-dental.storage:backup-gb", "Agreement/alder-dental"


@prepared
def pair(shop: Shop) -> Shop:
    """Return a shop with two customers that are billed."""
    shop.only(ALDER, BIRCHWOOD)
    shop.apply()
    return shop


def total(plan: Any) -> tuple[Decimal, Decimal]:
    money = plan["summary"]["money"]
    return Decimal(money["before"]), Decimal(money["after"])


def of_actions(plan: Any) -> Decimal:
    """Return the change of the amount that the actions have."""
    amounts = [each["money"] for each in plan["actions"] if each["money"]]
    return sum((Decimal(each["after"]) - Decimal(each["before"]) for each in amounts), Decimal(0))


def money(plan: Any, address: str) -> tuple[Decimal, Decimal]:
    found = next(each["money"] for each in plan["actions"] if each["address"] == address)
    return Decimal(found["before"]), Decimal(found["after"])


def applied(shop: Shop, *options: str) -> Any:
    """Plan and apply. Check that the actions explain the total, and that the next plan begins where this one ends."""
    plan = shop.plan(*options)
    assert of_actions(plan) == total(plan)[1] - total(plan)[0]
    said = shop("apply", "--auto-approve", *options)
    assert said.code in (0, 5), said.err
    following = shop.plan()
    assert total(following) == (total(plan)[1], total(plan)[1])
    return plan


def test_a_new_customer_adds_what_it_bills(shop: Shop) -> None:
    shop.only(ALDER)
    assert total(applied(shop)) == (0, ALDER_BILLS)


def test_a_price_adds_the_difference(pair: Shop) -> None:
    pair.edit("products.yaml", "price: 0.15", "price: 0.18")
    assert total(applied(pair)) == (BOTH, BOTH + Decimal("3.63"))


def test_the_end_of_a_mapping_takes_away_what_it_bills_once_this_month_is_over(pair: Shop) -> None:
    pair.edit(CUSTOMER, MANAGED, f'end: "2026-11-28"\n  {MANAGED}')
    plan = applied(pair)
    assert (total(plan), money(plan, ADDITION)) == ((BOTH, BIRCHWOOD_BILLS), (ALDER_BILLS, 0))
    pair.uses(ALDER, "200")
    pair.advance()
    plan = applied(pair)
    assert (total(plan), money(plan, ADDITION)) == ((BIRCHWOOD_BILLS, BIRCHWOOD_BILLS), (0, 0))


def test_an_end_in_a_later_month_changes_nothing_yet(pair: Shop) -> None:
    pair.edit(CUSTOMER, MANAGED, f'end: "2027-01-31"\n  {MANAGED}')
    plan = applied(pair)
    assert (total(plan), money(plan, ADDITION)) == ((BOTH, BOTH), (ALDER_BILLS, ALDER_BILLS))
    pair.advance(24 * 62)
    plan = pair.plan()
    assert money(plan, ADDITION) == (0, 0)
    assert total(plan)[0] == BIRCHWOOD_BILLS


def test_a_pruned_orphan_takes_away_what_it_bills(pair: Shop) -> None:
    without(pair, "CustomerMapping")
    assert total(pair.plan()) == (BOTH, BOTH)
    plan = applied(pair, "--prune")
    orphan = "Addition/alder-dental.storage:BACKUP-GB"
    assert (total(plan), money(plan, orphan)) == ((BOTH, BIRCHWOOD_BILLS), (ALDER_BILLS, 0))


def test_a_retired_agreement_takes_away_all_that_it_bills_and_brings_it_back_when_it_lives_again(pair: Shop) -> None:
    kept = (pair.folder / CUSTOMER).read_text(encoding="utf-8")
    leaves(pair)
    plan = applied(pair)
    assert (total(plan), money(plan, AGREEMENT)) == ((BOTH, BIRCHWOOD_BILLS), (ALDER_BILLS, 0))
    unmark(pair)
    plan = applied(pair)
    assert (total(plan), money(plan, AGREEMENT)) == ((BIRCHWOOD_BILLS, BOTH), (0, ALDER_BILLS))
    (pair.folder / CUSTOMER).write_text(kept, encoding="utf-8")
    assert total(applied(pair)) == (BOTH, BOTH)


def test_an_agreement_lives_again_together_with_its_mapping(pair: Shop) -> None:
    kept = (pair.folder / CUSTOMER).read_text(encoding="utf-8")
    leaves(pair)
    applied(pair)
    (pair.folder / CUSTOMER).write_text(kept, encoding="utf-8")
    plan = applied(pair)
    assert (total(plan), money(plan, AGREEMENT)) == ((BIRCHWOOD_BILLS, BOTH), (0, ALDER_BILLS))


@pytest.mark.parametrize(("day", "after"), [("2026-11-30", BIRCHWOOD_BILLS), ("2026-12-31", BOTH)])
def test_the_last_day_of_an_agreement_counts_like_its_retirement(pair: Shop, day: str, after: Decimal) -> None:
    pair.edit(
        CUSTOMER,
        "kind: Agreement\nmetadata: {name: alder-dental}\nspec: {",
        f'kind: Agreement\nmetadata: {{name: alder-dental}}\nspec: {{endDate: "{day}", ',
    )
    pair.uses(ALDER, "200")
    plan = pair.plan()
    assert total(plan) == (BOTH, after if after == BIRCHWOOD_BILLS else BOTH + Decimal("11.85"))
    assert of_actions(plan) == total(plan)[1] - total(plan)[0]
    assert Decimal(pair.plan("--only", "setup")["summary"]["money"]["before"]) == (
        ALDER_BILLS if after == BIRCHWOOD_BILLS else 0
    )


def undo(shop: Shop) -> Any:
    """Return the plan that undoes the last run."""
    (run,) = shop.journal("max(run_id)")[0]
    return shop.plan("--undo", str(run))


CHANGES: dict[str, tuple[Callable[[Shop], None], tuple[str, ...], Decimal]] = {
    "a price": (lambda shop: shop.edit("products.yaml", "price: 0.15", "price: 0.18"), (), Decimal("3.63")),
    "an end": (lambda shop: shop.edit(CUSTOMER, MANAGED, f'end: "2026-11-28"\n  {MANAGED}'), (), -ALDER_BILLS),
    "a pruned orphan": (lambda shop: without(shop, "CustomerMapping"), ("--prune",), -ALDER_BILLS),
    "a retirement": (leaves, ("--only", "setup"), -ALDER_BILLS),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_undo_shows_the_amount_that_it_brings_back(pair: Shop, name: str) -> None:
    change, options, difference = CHANGES[name]
    change(pair)
    assert pair("apply", "--auto-approve", *options).code in (0, 5)
    plan = undo(pair)
    assert total(plan)[1] - total(plan)[0] == -difference
    assert of_actions(plan) == -difference


def test_the_undo_of_a_pruned_agreement_shows_what_it_bills(pair: Shop) -> None:
    (pair.folder / CUSTOMER).unlink()
    assert pair("apply", "--auto-approve", "--prune").code == 5
    plan = undo(pair)
    assert money(plan, AGREEMENT) == (0, ALDER_BILLS)
    assert total(plan) == (0, ALDER_BILLS)


def test_a_plan_of_the_setup_and_its_what_if_count_each_amount_once(pair: Shop, tmp_path: Path) -> None:
    pair.edit("products.yaml", "price: 0.15", "price: 0.18")
    leaves(pair)
    found = {}
    for name, options in (("setup", ("--only", "setup")), ("all", ())):
        pair("plan", *options, "--out", str(tmp_path / name))
        found[name] = read_plan((tmp_path / name).read_text(encoding="utf-8"))
    beside = what_if_json(found["setup"], found["all"])

    assert beside["total"] == {
        "before": str(BOTH),
        "after": str(BIRCHWOOD_BILLS),
        "change": str(-ALDER_BILLS),
        "currency": "USD",
    }
    assert beside["summary"]["money"] == {
        "before": str(BIRCHWOOD_BILLS),
        "after": str(BIRCHWOOD_BILLS),
        "currency": "USD",
    }
