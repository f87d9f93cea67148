"""The published JSON Schemas are up to date, valid and complete."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from pydantic import BaseModel

from reconciler.cli.schema import every_schema
from reconciler.kinds.base import Kind, Metadata
from reconciler.kinds.registry import all_kinds, declarable_kinds
from reconciler.manifests.annotations import members
from reconciler.manifests.parsing import parse
from reconciler.manifests.schemas import file_name, schemas, written
from reconciler.manifests.validation import check_fields

REPOSITORY = Path(__file__).parent.parent
SCHEMAS = schemas()
PUBLISHED = every_schema()
NAMES = [*(kind.name for kind in declarable_kinds()), "Defaults", "manifest"]


def validator(name: str = "manifest") -> Draft202012Validator:
    return Draft202012Validator(SCHEMAS[name])


def company(**spec: Any) -> dict[str, Any]:
    head = {"apiVersion": "reconciler/v1", "kind": "Company", "metadata": {"name": "a"}}
    return {**head, "spec": {"identifier": "A", **spec}}


CUSTOMER = {"source": "cove", "id": "1"}


def models(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield the schema of every object, at any depth. A part that only restricts another one is left out."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict) and "if" not in schema:
            yield schema
        for name, part in schema.items():
            if name not in {"if", "then", "not", "examples", "default"}:
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


def fields() -> list[Any]:
    """Return each field of each model once, with the schema that it is in."""
    found = {}
    for name in (*NAMES, "price-cases"):
        for model in models(PUBLISHED[name]):
            for field, part in model["properties"].items():
                found.setdefault(
                    (model["title"].removeprefix("Defaults of ").removeprefix("Spec of "), field), (name, part)
                )
    return [pytest.param(*each, id=".".join(key)) for key, each in found.items()]


FIELDS = fields()


@pytest.mark.parametrize(("name", "part"), FIELDS)
def test_a_description_says_more_than_the_name_of_its_field(name: str, part: dict[str, Any]) -> None:
    words = re.findall(r"\w+", part["description"].lower())
    title = re.findall(r"\w+", str(part.get("title", "")).lower())

    assert set(words) - set(title) - {"a", "an", "the", "of", "is", "this"}
    assert part["description"].endswith((".", ":"))


@pytest.mark.parametrize(("name", "part"), FIELDS)
def test_a_field_has_an_example_unless_its_values_are_listed_or_it_has_a_default(
    name: str, part: dict[str, Any]
) -> None:
    text = json.dumps(part)
    listed = any(word in text for word in ('"enum"', '"const"', '"boolean"'))
    document = part.get("$ref") == "#/$defs/Metadata" or "properties" in part

    assert part.get("examples") or listed or "default" in part or document


@pytest.mark.parametrize(("name", "part"), FIELDS)
def test_examples_and_defaults_are_values_that_the_schema_allows(name: str, part: dict[str, Any]) -> None:
    allowed = Draft202012Validator({**part, "$defs": PUBLISHED[name]["$defs"]}, format_checker=FormatChecker())
    for value in [*part.get("examples", ()), *([part["default"]] if "default" in part else [])]:
        allowed.validate(value)


@pytest.mark.parametrize("kind", declarable_kinds(), ids=str)
def test_the_model_accepts_its_examples_and_gives_its_defaults(kind: Kind) -> None:
    waiting: list[type[BaseModel]] = [kind.spec, Metadata]
    for model in waiting:
        for attribute, info in model.model_fields.items():
            inside = (each for each in members(info.annotation) if isinstance(each, type))
            waiting += [each for each in inside if issubclass(each, BaseModel) and each not in waiting]
            name = info.alias or attribute
            for example in json.loads(json.dumps(info.examples or ()), parse_float=Decimal):
                problems = check_fields(model, {name: example})
                assert problems == [], f"{model.__name__}.{name}"
    spec = SCHEMAS[kind.name]["properties"]["spec"]["properties"]
    for attribute, info in kind.spec.model_fields.items():
        field = spec[info.alias or attribute]
        if info.is_required() or info.default is None:
            assert "default" not in field
        else:
            assert json.loads(json.dumps(field["default"]), parse_float=Decimal) == without_nulls(info.default)


def without_nulls(default: Any) -> Any:
    """Return a default of a model as YAML has it."""
    if isinstance(default, BaseModel):
        return {
            name: without_nulls(getattr(default, attribute))
            for attribute, info in type(default).model_fields.items()
            if getattr(default, attribute) is not None and (name := info.alias or attribute)
        }
    return list(default) if isinstance(default, tuple) else default


def test_an_editor_shows_the_default_and_what_each_kind_is_for() -> None:
    rounding = SCHEMAS["CustomerMapping"]["properties"]["spec"]["properties"]["rounding"]
    assert rounding["markdownDescription"].endswith("Default: `{mode: up, step: 1}`")
    kinds = SCHEMAS["manifest"]["properties"]["kind"]
    assert len(kinds["enumDescriptions"]) == len(kinds["enum"])
    assert kinds["enumDescriptions"][kinds["enum"].index("Company")] == SCHEMAS["Company"]["description"]


def test_titles_are_words() -> None:
    spec = SCHEMAS["ManagedDevicesIntegration"]["properties"]["spec"]["properties"]
    assert spec["portalUrl"]["title"] == "Portal URL"
    assert SCHEMAS["ManagementSolution"]["properties"]["spec"]["properties"]["managedId"]["title"] == "Managed ID"
    assert SCHEMAS["IntegratorLogin"]["properties"]["spec"]["properties"]["apis"]["title"] == "APIs"


def test_the_names_of_older_versions_are_deprecated() -> None:
    guardrails = SCHEMAS["Workspace"]["$defs"]["Guardrails"]["properties"]
    assert [name for name, part in guardrails.items() if part.get("deprecated")] == [
        "customerChange", "lineToZero", "totalChange", "customersChanged",
    ]  # fmt: skip


def test_a_schema_has_a_name_of_its_own_without_a_host() -> None:
    names = {name: schema["$id"] for name, schema in SCHEMAS.items()}
    assert names["Company"] == "urn:reconciler:v1:Company"
    assert len(set(names.values())) == len(names)


def test_a_spec_requires_what_identifies_its_object_alone_because_defaults_may_give_the_rest() -> None:
    required = {kind.name: SCHEMAS[kind.name]["properties"]["spec"].get("required") for kind in declarable_kinds()}
    assert required == {
        "Agreement": None, "Company": ["identifier"], "Contact": None, "CustomerMapping": ["customer"],
        "Exclusion": None, "IntegratorLogin": ["username"], "ManagedDevicesIntegration": ["name"],
        "ManagementItSolution": ["name"], "ManagementSolution": None, "Meter": None,
        "Product": ["identifier"], "Workspace": None,
    }  # fmt: skip
    for kind in declarable_kinds():
        defaults = SCHEMAS["Defaults"]["properties"]["spec"]["properties"][kind.name]["properties"]
        assert set(required[kind.name] or ()).isdisjoint(defaults)
        assert "kind: Defaults" in SCHEMAS[kind.name]["properties"]["spec"]["description"]


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
        {
            **company(),
            "kind": "CustomerMapping",
            "spec": {"customer": CUSTOMER, "product": "a", "ranges": [{"product": "b"}]},
        },
        {
            **company(),
            "kind": "CustomerMapping",
            "spec": {"customer": CUSTOMER, "price": 1, "ranges": [{"product": "b"}]},
        },
        {**company(), "kind": "Exclusion", "spec": {"customer": CUSTOMER, "until": "2026-1-1"}},
        {**company(), "kind": "Defaults", "spec": {"Company": {"identifier": "A"}}},
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
