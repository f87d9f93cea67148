"""The descriptions of all kinds, and the field types that specs share."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from reconciler.kinds.base import Metadata, key_part
from reconciler.kinds.fields import ById, ByIdentifier, Unquoted
from reconciler.kinds.references import Reference, references_of
from reconciler.kinds.registry import all_kinds, declarable_kinds, kind
from reconciler.kinds.values import Link


def spec(of: str, /, **fields: Any) -> Any:
    return kind(of).spec.model_validate(fields)


def refusal(of: str, /, **fields: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        spec(of, **fields)
    return str(caught.value)


MAPPING = {
    "customer": {"source": "cove", "id": "1"},
    "company": "acme",
    "agreement": "backup",
    "solution": "S",
    "managedId": "7",
}
AGREEMENT = {"name": "N", "company": "acme", "contact": "ann", "type": "T", "startDate": "2026-03-01"}


def test_every_kind_is_found_and_all_except_addition_can_be_declared() -> None:
    assert len(declarable_kinds()) >= 11
    assert {item.name for item in all_kinds().values()} - {item.name for item in declarable_kinds()} == {"Addition"}


@pytest.mark.parametrize("item", all_kinds().values(), ids=str)
def test_a_natural_key_is_made_of_fields(item: Any) -> None:
    names = {info.alias or name for name, info in item.spec.model_fields.items()} | {"name"}
    assert set(item.key) <= names
    assert item.describes.endswith(".")
    assert all(group <= names for group in item.alternatives)


def test_the_parent_of_a_collection_comes_from_its_path() -> None:
    parents = {item.name: item.parent for item in all_kinds().values() if item.parent}
    assert parents.items() >= {"Addition": "agreement", "ManagementSolution": "company"}.items()
    assert repr(kind("Company")) == "Kind(Company)"


def test_mapped_fields_are_found_by_their_yaml_names() -> None:
    assert kind("Agreement").by_name["startDate"].attribute == "start_date"
    assert "allowMidMonthStart" not in kind("Agreement").by_name


def test_every_reference_of_a_spec_is_found_with_its_place() -> None:
    made = spec("CustomerMapping", **MAPPING, ranges=[{"upTo": 5, "product": "a"}, {"product": {"id": 3}}])
    assert list(references_of(made)) == [
        Reference(("company",), "Company", "acme"),
        Reference(("agreement",), "Agreement", "backup"),
        Reference(("ranges", 0, "product"), "Product", "a"),
        Reference(("ranges", 1, "product"), "Product", ById(id=3)),
    ]


def test_a_workspace_has_no_references() -> None:
    source = {"name": "c", "type": "csv", "unit": "GB", "path": "x.csv"}
    connection = {"site": "s", "company": "c", "clientId": "i", "publicKey": "k", "privateKey": {"env": "X"}}
    made = spec("Workspace", connectwise=connection, usage=[source], billing={"timezone": "UTC"})
    assert list(references_of(made)) == []


@pytest.mark.parametrize(
    ("value", "exact", "part"),
    [
        (" ACME ", False, "acme"),
        (" ACME ", True, "ACME"),
        (Link("x", 5), False, 5),
        (ById(id=5), False, 5),
        (Decimal(7), False, Decimal(7)),
    ],
)
def test_natural_keys_are_compared_trimmed_without_case_and_by_id(value: object, exact: bool, part: object) -> None:
    assert key_part(value, exact=exact) == part


@pytest.mark.parametrize("value", [20261101, True, "1700000000", "2026-11-01T00:00:00", "2026-13-01", "1.11.2026"])
def test_a_date_is_text_of_year_month_and_day(value: object) -> None:
    assert "startDate" in refusal("Agreement", **(AGREEMENT | {"startDate": value}))


def test_a_number_in_quotes_is_not_a_number() -> None:
    adapter = TypeAdapter(Annotated[Decimal, Unquoted])
    assert adapter.validate_python(Decimal("0.1")) == Decimal("0.1")
    with pytest.raises(ValidationError):
        adapter.validate_python("0.1")


def test_metadata_refuses_unknown_fields() -> None:
    assert Metadata.model_validate({"name": "a", "previously": ["b"]}).previously == ("b",)
    for wrong in ({"name": "a b"}, {"name": "a", "id": "5"}, {"name": "a", "id": 0}, {"name": "a", "labels": {}}):
        with pytest.raises(ValidationError):
            Metadata.model_validate(wrong)


def test_the_value_of_a_wrong_field_is_not_in_the_error() -> None:
    login = {"username": "u", "accessAllRecords": True, "apis": [], "password": "hunter2"}
    assert "hunter2" not in refusal("IntegratorLogin", **login)


def test_a_company_without_an_address_is_refused() -> None:
    assert "needs at least one address field" in refusal("Company", identifier="A", name="A")
    assert spec("Company", identifier="A", name="A", zip="12345")


def test_an_agreement_begins_on_the_first_of_a_month_unless_mid_month_is_allowed() -> None:
    assert "is not the first of a month" in refusal("Agreement", **(AGREEMENT | {"startDate": "2026-03-02"}))
    assert spec("Agreement", **(AGREEMENT | {"startDate": "2026-03-02", "allowMidMonthStart": True}))


def test_an_agreement_that_ends_before_it_begins_is_refused() -> None:
    assert "is before startDate" in refusal("Agreement", **AGREEMENT, endDate="2026-02-28")
    assert spec("Agreement", **AGREEMENT, endDate="2026-03-31")


def test_a_custom_management_it_record_needs_a_solution_name() -> None:
    assert "solutionName is required" in refusal("ManagementItSolution", name="n", type="Custom")
    assert spec("ManagementItSolution", name="n", type="NAble")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "give either product or ranges"),
        ({"product": "a", "ranges": [{"product": "a"}]}, "not both"),
        ({"ranges": [{"product": "a"}], "price": 1}, "give each range its own price"),
        ({"product": "a", "price": Decimal("0.1234567")}, "six decimals"),
        ({"ranges": [{"product": "a"}, {"product": "b"}]}, "is never reached"),
        ({"ranges": [{"upTo": 5, "product": "a"}]}, "more cannot be billed"),
        (
            {"ranges": [{"upTo": 5, "product": "a"}, {"upTo": 5, "product": "b"}, {"product": "c"}]},
            "must be more than 5",
        ),
        ({"ranges": []}, "at least 1"),
    ],
)
def test_a_mapping_with_wrong_products_or_ranges_is_refused(fields: dict[str, Any], said: str) -> None:
    assert said in refusal("CustomerMapping", **MAPPING, **fields)


def test_rising_ranges_are_accepted() -> None:
    ranges = [{"upTo": 5, "product": "a"}, {"upTo": Decimal("7.5"), "product": {"identifier": "B"}}, {"product": "c"}]
    made = spec("CustomerMapping", **MAPPING, ranges=ranges)
    assert [item.up_to for item in made.ranges] == [Decimal(5), Decimal("7.5"), None]
    assert made.ranges[1].product == ByIdentifier(identifier="B")


def test_an_unknown_time_zone_is_refused() -> None:
    connection = {"site": "s", "company": "c", "clientId": "i", "publicKey": "k", "privateKey": {"file": "x"}}
    for zone in ("Mars/Base", "../etc/passwd", ""):
        assert "IANA" in refusal("Workspace", connectwise=connection, billing={"timezone": zone})
