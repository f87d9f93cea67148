"""The part of a security role that a refused request needs."""

from __future__ import annotations

import pytest

from reconciler.connectwise.permissions import AREAS, area_of, level_of, missing_permission


@pytest.mark.parametrize(
    ("method", "path", "need"),
    [
        ("POST", "/company/companies", "Companies > Company Maintenance, Add Level: All."),
        ("PATCH", "/company/contacts/7", "Companies > Contacts, Edit Level: All."),
        ("GET", "/finance/agreements", "Finance > Agreements, Inquire Level: All."),
        ("POST", "/finance/agreements/12/additions", "Finance > Agreements, Add Level: All."),
        ("POST", "/finance/agreements/search", "Finance > Agreements, Inquire Level: All."),
        ("PATCH", "/procurement/catalog/3", "Procurement > Product Catalog, Edit Level: All."),
        ("GET", "/procurement/subcategories/", "System > Table Setup, Inquire Level: All (a guess)."),
        ("GET", "/company/companies/types", "System > Table Setup, Inquire Level: All (a guess)."),
        (
            "DELETE",
            "/company/companies/7/managementSummaryReports/9",
            "Companies > Company Maintenance, Delete Level: All (a guess).",
        ),
        ("POST", "/company/managedDevicesIntegrations/1/crossReferences", "System > Table Setup, Add Level: All."),
        ("POST", "/system/integratorlogins", "System > Table Setup, Add Level: All."),
    ],
)
def test_a_refused_request_names_the_function_and_the_level(method: str, path: str, need: str) -> None:
    advice = missing_permission(method, path)
    assert f"The security role of the API member needs {need}" in advice
    assert "check that clientId is registered" in advice


@pytest.mark.parametrize("path", ["/system/bundles", "/system/info", "/service/tickets"])
def test_an_endpoint_without_a_known_function_says_only_that_the_role_does_not_allow_it(path: str) -> None:
    assert area_of(path) is None
    assert missing_permission("POST", path).startswith("The security role of the API member does not allow this. ")


def test_a_bundle_and_a_search_only_read() -> None:
    assert level_of("POST", "/system/bundles") == "Inquire"
    assert level_of("POST", "/company/contacts/search") == "Inquire"


def test_a_special_area_comes_before_the_one_that_holds_it() -> None:
    for place, area in enumerate(AREAS):
        assert area_of(area.beginning) in AREAS[: place + 1]
        assert area_of(area.beginning) == area, area.beginning
