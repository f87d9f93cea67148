"""Every property that a kind looks at is checked when it is read."""

from __future__ import annotations

import pytest

from reconciler.http.shapes import DATE, FLAG, ID, NUMBER, TEXT, ListOf, Shape, shape_error
from reconciler.kinds.base import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.kinds.shapes import by_path

LIVE = [of for of in all_kinds().values() if of.collection is not None]


@pytest.mark.parametrize("of", LIVE, ids=str)
def test_what_the_forms_of_a_kind_read_has_a_shape(of: Kind) -> None:
    """A form that a new kind brings must say what it looks at."""
    for item in of.fields:
        first = {path.split("/")[0] for path in item.mapping.reads} - {"id"}
        assert (
            item.mapping.subcollection is not None and item.mapping.subcollection.on_create
        ) or first <= item.mapping.shape.keys(), item


@pytest.mark.parametrize("of", LIVE, ids=str)
def test_what_is_read_of_a_kind_beside_its_fields_has_a_shape(of: Kind) -> None:
    shape = by_path()[_path(of)]
    assert {path.split("/")[0] for path in of.read_also} <= shape.fields.keys()
    assert isinstance(shape.fields["_info"], Shape)


@pytest.mark.parametrize("of", LIVE, ids=str)
def test_collections_below_and_setup_tables_have_one(of: Kind) -> None:
    for item in of.fields:
        if item.mapping.subcollection is not None:
            path = item.mapping.subcollection.path
            assert by_path()[path].fields, path
        for table in item.mapping.tables:
            assert by_path()[table.path].fields.keys() >= set(table.fields) - {"id"}


def test_shapes_say_what_connectwise_says() -> None:
    company, addition = by_path()["company/companies"], by_path()["finance/agreements/{id}/additions"]
    assert (company.fields["identifier"], company.fields["deletedFlag"]) == (TEXT, FLAG)
    assert isinstance(company.fields["types"], ListOf)
    assert (addition.fields["quantity"], addition.fields["effectiveDate"]) == (NUMBER, DATE)
    assert addition.fields["agreementId"] == ID
    assert isinstance(by_path()["procurement/subcategories/"].fields["category"], Shape)


def _path(of: Kind) -> str:
    path = str(of.collection)
    return path if of.parent is None else path.replace(f"{{{of.parent}}}", "{id}")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("company/contacts", "deletedFlag"),
        ("company/companies/{id}/managementSummaryReports", "deletedFlag"),
        ("finance/agreements/types", "inactiveFlag"),
    ],
)
def test_the_flags_that_leave_an_object_out_are_flags(path: str, field: str) -> None:
    """A text in their place would leave the object out, and a second one would be made."""
    told = shape_error({"id": 1, field: "no"}, by_path()[path])
    assert told == f'{field} is the text "no" where true or false is expected'
