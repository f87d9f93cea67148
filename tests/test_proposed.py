"""Tests of proposed documents over real HTTP: a proposed customer beside others that are billed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shop import ALDER, BIRCHWOOD, Shop

MAPPING = "kind: CustomerMapping\nmetadata: {name: alder-dental}"
SOLUTION = "kind: ManagementSolution\nmetadata: {name: alder-dental}"
FILE = "customers/alder-dental.yaml"
LINES = "Alder Dental - Managed Backup"


def mark(shop: Shop, *documents: str) -> None:
    for text in documents:
        shop.edit(FILE, text, text.replace("dental}", "dental, proposed: true}"))


def unmark(shop: Shop) -> None:
    shop.edit(FILE, ", proposed: true}", "}")


@pytest.fixture
def two(shop: Shop) -> Shop:
    """Return a shop with two customers, the first of them proposed with its management solution."""
    shop.only(ALDER, BIRCHWOOD)
    mark(shop, MAPPING, SOLUTION)
    return shop


def row(shop: Shop, *arguments: str) -> Any:
    return next(each for each in shop.plan(*arguments)["coverage"] if each["customer"] == str(ALDER))


def test_nothing_is_done_for_a_proposed_customer_and_the_others_are_billed(two: Shop) -> None:
    for _ in range(2):
        two.apply(code=5)
        assert two.additions(LINES) == {}
        company = two.one("/company/companies", identifier="AlderDental")
        assert two.get(f"/company/companies/{company['id']}/managementSummaryReports") == []
        assert len(two.quantities()) == 1
    plan = two.plan()
    assert plan["actions"] == []
    notes = {each["address"]: each["message"] for each in plan["warnings"]}
    assert "It would create it with company alder-dental" in notes["ManagementSolution/alder-dental"]
    found = row(two)
    assert (found["state"], found["accounted"], found["address"]) == ("proposed", False, "CustomerMapping/alder-dental")
    assert found["detail"].startswith("it would add ")
    unmark(two)
    two.apply()
    assert len(two.additions(LINES)) == 1


def test_every_command_shows_a_proposed_customer(two: Shop) -> None:
    two.apply(code=5)
    covered = two("usage", "coverage")
    assert covered.code == 5
    assert "proposed" in covered.out
    assert "proposed: nothing is done for it" in two("show", "CustomerMapping/alder-dental").out
    assert two("--json", "show", "ManagementSolution/alder-dental", "--offline").json["proposed"] is True
    shown = two("--json", "show", "Addition/alder-dental:backup-gb").json
    assert (shown["state"], shown["live"]) == ("proposed", None)
    said = two("plan", "--approve", "quantity=CustomerMapping/alder-dental")
    assert "CustomerMapping/alder-dental is only proposed" in " ".join(said.err.split())


def test_an_addition_of_a_proposed_customer_is_reported_and_never_pruned(shop: Shop) -> None:
    shop.only(ALDER)
    shop.apply()
    (before,) = shop.additions(LINES).values()
    mark(shop, MAPPING)
    shop.uses(ALDER, "500")
    shop.apply("--prune", code=5)
    assert list(shop.additions(LINES).values()) == [before]
    (reported,) = shop("--json", "usage", "report").json
    assert reported["mapping"] == "alder-dental"
    assert "it would write addition id" in row(shop)["detail"]


def test_a_mapping_whose_solution_is_only_proposed_is_refused_until_it_exists(shop: Shop) -> None:
    shop.only(ALDER)
    mark(shop, SOLUTION)
    shop.apply(code=5)
    for scope in ((), ("--only", "usage")):
        found = row(shop, *scope)
        assert found["state"] == "refused"
        assert "it needs ManagementSolution/alder-dental, which is only proposed" in found["detail"]
    unmark(shop)
    shop.apply()
    mark(shop, SOLUTION)
    for scope in ((), ("--only", "usage")):
        assert row(shop, *scope)["state"] == "billed"


def test_a_document_that_needs_a_proposed_one_is_an_error(shop: Shop) -> None:
    shop.only(ALDER)
    mark(shop, SOLUTION.replace("ManagementSolution", "Company"))
    said = shop("plan")
    assert said.code == 1
    assert "Company/alder-dental is only proposed and not in ConnectWise" in " ".join(said.err.split())
