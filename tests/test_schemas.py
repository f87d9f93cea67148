"""The published JSON Schemas are up to date, valid and complete."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from reconciler.cli.schema import every_schema
from reconciler.kinds.registry import all_kinds, declarable_kinds
from reconciler.manifests.parsing import parse
from reconciler.manifests.schemas import file_name, schemas, written

REPOSITORY = Path(__file__).parent.parent
SCHEMAS = schemas()
NAMES = [*(kind.name for kind in declarable_kinds()), "Defaults", "manifest"]


def validator(name: str = "manifest") -> Draft202012Validator:
    return Draft202012Validator(SCHEMAS[name])


def company(**spec: Any) -> dict[str, Any]:
    head = {"apiVersion": "reconciler/v1", "kind": "Company", "metadata": {"name": "a"}}
    return {**head, "spec": {"identifier": "A", **spec}}


def models(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict) and "if" not in schema:
            yield schema
        for name, part in schema.items():
            if name != "if":
                yield from models(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from models(part)


def test_there_is_a_schema_for_every_kind_one_for_defaults_and_one_for_any_document() -> None:
    assert sorted(SCHEMAS) == sorted(NAMES)
    assert len(NAMES) >= 13
    assert "Addition" in all_kinds()
    assert "Addition" not in SCHEMAS


def test_the_files_are_up_to_date() -> None:
    """If this fails after a change of a kind, run `make reference`."""
    files = {path.name: path.read_text(encoding="utf-8") for path in (REPOSITORY / "schemas").glob("*")}
    assert files == {file_name(name): written(schema) for name, schema in every_schema().items()}


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_valid_schema_of_2020_12(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", NAMES)
def test_everything_has_a_title_and_a_description_so_that_an_editor_can_explain(name: str) -> None:
    for model in models(SCHEMAS[name]):
        assert len(model["description"]) > 10
        assert model["title"]
        for field, part in model["properties"].items():
            assert part.get("description"), f"{model['title']}.{field}"
            assert part.get("title") or "$ref" in part, f"{model['title']}.{field}"


def test_unknown_fields_are_refused_at_every_level() -> None:
    for name in NAMES:
        for model in models(SCHEMAS[name]):
            assert model.get("additionalProperties") is False or name == model["title"].lower() == "manifest"


def test_a_spec_requires_its_natural_key_alone_because_defaults_may_give_the_rest() -> None:
    for kind in declarable_kinds():
        spec = SCHEMAS[kind.name]["properties"]["spec"]
        needed = {info.alias or name for name, info in kind.spec.model_fields.items() if info.is_required()}
        assert spec.get("required", []) == [field for field in kind.key if field in needed]
        assert "kind: Defaults" in spec["description"]


@pytest.mark.parametrize("path", sorted((REPOSITORY / "manifests").rglob("*.yaml")), ids=lambda path: path.name)
def test_the_example_estate_fits(path: Path) -> None:
    for _, document in parse(path.read_text(encoding="utf-8")).documents:
        validator().validate(document)
        validator(document["kind"]).validate(document)


@pytest.mark.parametrize(
    "document",
    [
        company(nmae="x"),
        company(name=5),
        company(phoneNumber="5" * 31),
        {**company(), "kind": "Compny"},
        {**company(), "apiVersion": "v1"},
        {**company(), "status": {}},
        {**company(), "metadata": {}},
        {**company(), "spec": {"name": "x"}},
        {**company(), "kind": "Addition"},
    ],
)
def test_a_document_that_validate_would_refuse_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        validator().validate(document)


def test_numbers_are_numbers_and_not_text() -> None:
    product = {**company(), "kind": "Product"}
    validator().validate({**product, "spec": {"identifier": "A", "price": Decimal("0.10")}})
    for price in ("0.10", -1):
        with pytest.raises(ValidationError):
            validator().validate({**product, "spec": {"identifier": "A", "price": price}})


def test_a_secret_is_a_reference_or_nothing() -> None:
    login = {**company(), "kind": "IntegratorLogin"}
    validator().validate({**login, "spec": {"username": "u", "password": {"env": "X"}}})
    with pytest.raises(ValidationError):
        validator().validate({**login, "spec": {"username": "u", "password": "hunter2"}})


def test_defaults_are_checked_field_by_field() -> None:
    document = {**company(), "kind": "Defaults"}
    validator().validate({**document, "spec": {"Company": {"status": "Active"}}})
    for spec in ({"Company": {"statsu": "x"}}, {"Compny": {}}):
        with pytest.raises(ValidationError):
            validator().validate({**document, "spec": spec})


def test_a_schema_holds_only_the_definitions_it_uses() -> None:
    for schema in SCHEMAS.values():
        text = json.dumps(schema)
        assert all(f'"#/$defs/{name}"' in text for name in schema["$defs"])


def test_defaults_that_a_schema_names_are_values_it_allows() -> None:
    rounding = SCHEMAS["CustomerMapping"]["properties"]["spec"]["properties"]["rounding"]
    assert rounding["default"] == {"mode": "up", "step": 1}
    assert SCHEMAS["CustomerMapping"]["$defs"]["Rounding"]["properties"]["step"]["default"] == 1
