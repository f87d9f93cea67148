"""The tenant's tables, compared with the vendor's OpenAPI document if it is available."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.connectwise.api.routing import match
from reconciler.sandbox.connectwise.schema.entities import ENTITIES
from reconciler.sandbox.connectwise.schema.fields import Field
from reconciler.sandbox.connectwise.schema.references import shown
from reconciler.sandbox.connectwise.schema.views import INFO_VIEWS, VIEWS

_BESIDE = Path(__file__).parents[2].parent / "shared" / "reference"
REFERENCE = Path(os.environ.get("RECONCILER_REFERENCE", _BESIDE)) / "connectwise-openapi.json"

#: Entities whose schema has another name than the entity.
SCHEMAS = {
    "companyTypeAssociation": "Company.CompanyTypeAssociation",
    "contactTypeAssociation": "ContactContactTypeAssociation.ContactTypeAssociation",
    "crossReference": "ManagedDevicesIntegrationCrossReference",
    "deviceLogin": "ManagedDevicesIntegrationLogin",
    "deviceNotification": "ManagedDevicesIntegrationNotification",
    "managementProduct": "ManagementItSolutionAgreementInterfaceParameter",
    "managementSummary": "CompanyManagementSummary",
    "reportNotification": "ManagementReportNotification",
    "reportSetup": "ManagementReportSetup",
    "callback": "CallbackEntry",
    "member": "MemberInfo",
    "location": "LocationInfo",
}
#: Required fields without a `required` mark in the document. The document says that some marks are missing.
MORE_REQUIRED = {
    "contact": {"firstName"},
    "companyTypeAssociation": {"company", "type"},
    "contactTypeAssociation": {"type"},
}
TYPES = {
    "text": "string",
    "enum": "string",
    "date": "string",
    "int": "integer",
    "number": "number",
    "flag": "boolean",
}


@lru_cache
def document() -> Any:
    if not REFERENCE.is_file():
        pytest.skip("connectwise-openapi.json is not beside this checkout; set RECONCILER_REFERENCE to its folder")
    return json.loads(REFERENCE.read_text(encoding="utf-8"))


def schema(name: str) -> Any:
    return document()["components"]["schemas"][name]


def entity_schema(name: str) -> Any:
    return schema(SCHEMAS.get(name, name[:1].upper() + name[1:]))


def test_every_route_of_the_document_is_served_with_its_methods() -> None:
    wrong = []
    for path, operations in document()["paths"].items():
        found = match(path.replace("{id}", "7").replace("{parentId}", "3"))
        methods = {method.upper() for method in operations if method != "parameters"}
        if found is None or set(found.methods) != methods:
            wrong.append((path, sorted(methods), found and found.methods))
    assert wrong == []


def test_no_route_is_served_that_is_not_in_the_document() -> None:
    known = document()["paths"]
    for view in (*VIEWS, *INFO_VIEWS):
        path = "/" + view.path.replace("{parent}", "{parentId}") + ("/" if view.slash else "")
        assert path in known


@pytest.mark.parametrize("name", sorted(ENTITIES))
def test_fields_are_exactly_those_of_the_schema(name: str) -> None:
    assert set(ENTITIES[name].fields) == set(entity_schema(name)["properties"]) - {"id", "_info"}


@pytest.mark.parametrize("name", sorted(ENTITIES))
def test_types_enums_and_lengths_are_those_of_the_schema(name: str) -> None:
    properties = entity_schema(name)["properties"]
    assert {each.name: _described(each) for each in ENTITIES[name].fields.values()} == {
        key: _declared(value) for key, value in properties.items() if key not in {"id", "_info"}
    }


@pytest.mark.parametrize("name", sorted(ENTITIES))
def test_required_fields_are_those_of_the_schema_and_known_additions(name: str) -> None:
    declared = set(entity_schema(name).get("required") or ())
    assert set(ENTITIES[name].required) == declared | MORE_REQUIRED.get(name, set())


@pytest.mark.parametrize("target", sorted({f.target for e in ENTITIES.values() for f in e.fields.values() if f.target}))
def test_references_show_only_fields_of_their_schema(target: str) -> None:
    if target in {"ContactCommunicationItem", "UserDefinedFieldOption"}:
        return
    assert set(shown(target)) <= set(schema(f"{target}Reference")["properties"]) - {"id", "_info"}


@pytest.mark.parametrize("view", [view for view in INFO_VIEWS if view.fields], ids=lambda view: view.path)
def test_short_lists_show_the_fields_of_their_schema(view: Any) -> None:
    path = "/" + view.path.replace("{parent}", "{parentId}") + ("/" if view.slash else "")
    answer = document()["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    properties = schema(answer["items"]["$ref"].rpartition("/")[2])["properties"]
    assert {name.partition("=")[0] for name in view.fields} == set(properties) - {"id", "_info"}


def _described(field: Field) -> Any:
    if field.kind in {"ref", "refs"}:
        return field.kind, f"{field.target}Reference", None, None
    if field.kind in {"objects", "custom"}:
        return "refs", field.target or "CustomFieldValue", None, None
    if field.kind in {"ints", "numbers", "texts"}:
        return "list", TYPES[field.kind.removesuffix("s")], None, None
    return "plain", TYPES[field.kind], field.max_length, set(field.options) or None


def _declared(declared: Any) -> Any:
    if "$ref" in declared:
        return "ref", declared["$ref"].rpartition("/")[2], None, None
    if declared.get("type") == "array":
        items = declared["items"]
        if "$ref" in items:
            return "refs", items["$ref"].rpartition("/")[2], None, None
        return "list", items["type"], None, None
    return "plain", declared["type"], declared.get("maxLength"), set(declared.get("enum") or ()) or None
