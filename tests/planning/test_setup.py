"""Planning the setup."""

from __future__ import annotations

from typing import Any

from reconciler.kinds.live_state import LiveState
from reconciler.kinds.values import Link
from reconciler.planning.action import Change
from reconciler.planning.objects import object_path
from reconciler.planning.part import Part
from reconciler.planning.retire import Terms
from reconciler.planning.setup import plan_setup
from tests.planning.builders import (
    TABLES,
    agreement,
    company,
    live,
    live_agreement,
    live_company,
    mapping,
    solution,
)

LINKS = {("company",): Link("acme", 5, "Company/acme"), ("contact",): Link("john", 7, "Contact/john")}


def planned(*documents: Any, **matches: Any) -> Part:
    live_state = LiveState(
        matches={key.replace("_", "/"): obj for key, obj in matches.items()},
        links={document.address: LINKS for document in documents},
        tables=TABLES,
    )
    return plan_setup(documents, live_state, terms=Terms("2026-11-30"))


def test_an_object_that_does_not_exist_is_created() -> None:
    (found,) = planned(company()).actions
    assert (found.action, found.endpoint, found.reason) == ("create", "company/companies", "not in ConnectWise")
    assert (found.id, found.precondition) == (None, None)
    assert found.changes == (
        Change(path="identifier", after="ACME"),
        Change(path="name", after="Acme Dental"),
        Change(path="city", after="Boston"),
    )


def test_an_object_that_is_as_declared_is_counted_as_unchanged() -> None:
    plan = planned(company(), agreement(endDate=None), Company_acme=live_company(), Agreement_backup=live_agreement())
    assert (plan.actions, plan.unchanged) == ((), 2)


def test_an_object_that_differs_is_updated() -> None:
    (found,) = planned(company(city="Salem"), Company_acme=live_company()).actions
    assert (found.action, found.id, found.endpoint) == ("update", 5, "company/companies/5")
    assert found.changes == (Change(path="city", before="Boston", after="Salem"),)
    assert found.precondition is not None
    assert found.precondition.fields == {"identifier": "ACME", "name": "Acme Dental", "city": "Boston"}


def test_a_pinned_or_renamed_object_gets_the_key_of_its_document() -> None:
    for metadata in ({"id": 5}, {"previously": ["ACME"]}):
        renamed = company(identifier="ACME-NEW", metadata=metadata)
        (found,) = planned(renamed, Company_acme=live_company()).actions
        assert found.changes == (Change(path="identifier", before="ACME", after="ACME-NEW"),)


def test_documents_without_an_object_in_connectwise_are_not_planned() -> None:
    assert planned(mapping()) == Part()


def test_all_values_that_cannot_be_resolved_are_problems() -> None:
    plan = planned(company(status="Actve"), agreement(type="Managed"))
    assert [text.partition(":")[0] for text in plan.problems] == ["Company/acme", "Agreement/backup"]


def test_a_nested_object_is_created_and_updated_below_its_parent() -> None:
    (made,) = planned(solution()).actions
    assert made.endpoint == "company/companies/{company}/managementSummaryReports"
    report = live("ManagementSolution", 3, {"groupIdentifier": "1001", "deviceType": "Servers"}, 5)
    (found,) = planned(solution(deviceType="Workstations"), **{"ManagementSolution_acme-cove": report}).actions
    assert found.endpoint == "company/companies/5/managementSummaryReports/3"


def test_the_trailing_slash_of_a_collection_is_not_doubled() -> None:
    assert object_path("procurement/subcategories/", live("Product", 4, {})) == "procurement/subcategories/4"
