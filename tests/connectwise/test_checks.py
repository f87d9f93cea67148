"""Response bodies, checked against what their endpoints can return."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.connectwise.checks import ResponseChecks
from reconciler.connectwise.errors import Malformed, NotJson
from reconciler.http.shapes import NUMBER, TEXT, Shape

SHAPES = {
    "company/companies": Shape({"name": TEXT}),
    "finance/agreements/{id}/additions": Shape({"quantity": NUMBER}),
    "procurement/subcategories/": Shape({"name": TEXT}),
}
CHECKS = ResponseChecks(SHAPES)


@pytest.mark.parametrize(
    "path",
    ["/company/companies", "company/companies", "/procurement/subcategories/", "/procurement/subcategories"],
)
def test_a_list_is_checked_by_the_shape_of_its_path(path: str) -> None:
    CHECKS.of_list(path)([{"id": 1, "name": "x"}])
    with pytest.raises(Malformed, match=f"GET /{path.lstrip('/')}: .*object 1: name is the number 7"):
        CHECKS.of_list(path)([{"id": 1, "name": 7}])


@pytest.mark.parametrize("path", ["/finance/agreements/12/additions", "finance/agreements/0/additions"])
def test_the_shape_is_the_same_for_every_id_in_a_path(path: str) -> None:
    with pytest.raises(Malformed, match="quantity"):
        CHECKS.of_list(path)([{"id": 1, "quantity": "7"}])


def test_an_object_is_checked_by_the_shape_of_its_list() -> None:
    CHECKS.of_object("/company/companies/7")({"id": 7, "name": None})
    with pytest.raises(Malformed, match=r"PATCH /company/companies/7: .*name is"):
        CHECKS.of_object("/company/companies/7", "PATCH")({"id": 7, "name": []})
    with pytest.raises(Malformed, match=r"POST /company/companies: .*no id"):
        CHECKS.of_object("/company/companies", "POST")({"name": "x"})


def test_objects_of_a_list_without_a_shape_need_an_id_and_other_objects_need_none() -> None:
    CHECKS.of_object("/system/info")({"version": "v1"})
    with pytest.raises(Malformed, match="it has no id"):
        CHECKS.of_list("/x")([{"name": "x"}])


@pytest.mark.parametrize("body", [None, {}, "x", 7])
def test_a_body_that_is_not_a_list_is_retryable(body: Any) -> None:
    with pytest.raises(NotJson) as caught:
        CHECKS.of_list("/x")(body)
    assert caught.value.retryable


def test_a_malformed_list_is_not_retryable() -> None:
    with pytest.raises(Malformed) as caught:
        CHECKS.of_list("/x")([{"id": {}}])
    assert not caught.value.retryable
    assert "The response was not used." in caught.value.advice


@pytest.mark.parametrize("body", [None, [], {"count": "7"}, {}])
def test_a_count_must_be_a_number(body: Any) -> None:
    CHECKS.of_count("/x/count")({"count": 7})
    with pytest.raises(NotJson, match="GET /x/count"):
        CHECKS.of_count("/x/count")(body)
