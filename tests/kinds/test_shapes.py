"""The expected types of responses cover every property that a kind reads."""

from __future__ import annotations

import pytest

from reconciler.http.shapes import DATE, FLAG, ID, NUMBER, TEXT, ListOf, Shape, shape_error
from reconciler.kinds.base import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.kinds.shapes import by_path

LIVE = [of for of in all_kinds().values() if of.collection is not None]


@pytest.mark.parametrize("of", LIVE, ids=str)
def test_every_property_that_a_field_mapping_reads_has_a_shape(of: Kind) -> None:
    """The field mappings of a new kind must have shapes too."""
    for item in of.fields:
        first = {path.split("/")[0] for path in item.mapping.reads} - {"id"}
        assert (
            item.mapping.subcollection is not None and item.mapping.subcollection.on_create
        ) or first <= item.mapping.shape.keys(), item


@pytest.mark.parametrize("of", LIVE, ids=str)
def test_every_other_property_that_billing_reads_has_a_shape(of: Kind) -> None:
    shape = by_path()[_path(of)]
    assert {path.split("/")[0] for path in of.read_also} <= shape.fields.keys()
    assert isinstance(shape.fields["_info"], Shape)


@pytest.mark.parametrize("of", LIVE, ids=str)
def test_subcollections_and_setup_tables_have_a_shape(of: Kind) -> None:
    for item in of.fields:
        if item.mapping.subcollection is not None:
            path = item.mapping.subcollection.path
            assert by_path()[path].fields, path
        for table in item.mapping.tables:
            assert by_path()[table.path].fields.keys() >= set(table.fields) - {"id"}


def test_shapes_have_the_types_of_the_reference() -> None:
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
def test_the_flags_that_exclude_an_object_are_checked_as_flags(path: str, field: str) -> None:
    """A text such as "no" would count as true: the object would be ignored, and a second one created."""
    error = shape_error({"id": 1, field: "no"}, by_path()[path])
    assert error == f'{field} is the text "no", but true or false is expected'
