"""Generate the JSON Schemas (2020-12) of manifests from the kinds. Editors use them to complete and explain fields.

A schema checks one document alone. It refuses nothing that `validate` accepts. So it requires only the field that
identifies an object, because `Defaults` can fill in all others. `reconciler validate` checks everything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from reconciler.kinds.base import API_VERSION, Kind, Metadata
from reconciler.kinds.registry import declarable_kinds
from reconciler.manifests.defaults import KIND as DEFAULTS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ANY: Final = "manifest"
_MODE: JsonSchemaMode = "validation"
Schema = dict[str, Any]
Schemas = Mapping[str, Schema]
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|\d+")
_CAPITALS: Final = {"api": "API", "apis": "APIs", "id": "ID", "url": "URL"}
_DAY: Final = {
    "type": "string",
    "format": "date",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "patternErrorMessage": 'A day is written as text: "2026-11-01".',
}
_NOT_NULL: Final = {"not": {"type": "null"}}


class _Generator(GenerateJsonSchema):
    """Generates pydantic's schemas with the changes that YAML manifests need."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """Return the schema of a number. pydantic's own would also allow numbers in quotes."""
        limits = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum"}
        return {"type": "number"} | {
            word: _plain(limit) for key, word in limits.items() if (limit := schema.get(key)) is not None
        }

    def date_schema(self, schema: core_schema.DateSchema) -> JsonSchemaValue:  # noqa: ARG002 - pydantic's signature
        """Return the schema of a day. Not every program checks a `format`."""
        return dict(_DAY)

    def encode_default(self, dft: Any) -> Any:
        """Return a default value with decimals as numbers, which pydantic would write as text, and without nulls."""
        if isinstance(dft, BaseModel):
            return self.encode_default(dft.model_dump(by_alias=True))
        if isinstance(dft, Mapping):
            return {name: self.encode_default(value) for name, value in dft.items() if value is not None}
        return _plain(dft) if isinstance(dft, Decimal) else super().encode_default(dft)

    def get_title_from_name(self, name: str) -> str:
        """Return the title of a field."""
        return _title(name)


def _title(name: str) -> str:
    """Return a field name as words: `invoiceToEmailAddress` as `Invoice to email address`."""
    words = _WORD.sub(lambda found: f" {found.group()}", name).split()
    words = [word if word.isupper() and len(word) > 1 else word.lower() for word in words]
    title = " ".join(_CAPITALS.get(word, word) for word in words)
    return title[:1].upper() + title[1:]


def _plain(limit: Any) -> int | float:
    return int(limit) if limit == int(limit) else float(limit)


def schemas() -> Schemas:
    """Return the schemas by name: each declarable kind, `Defaults`, and `manifest` for a document of any kind."""
    kinds = declarable_kinds()
    definitions = definitions_of([Metadata, *(kind.spec for kind in kinds)])
    made = {kind.name: _document(kind, definitions) for kind in kinds}
    made[DEFAULTS] = _defaults(kinds, definitions)
    made[ANY] = _any(made)
    return {name: identified(name, only_needed(made[name])) for name in sorted(made)}


def definitions_of(models: Sequence[type[BaseModel]]) -> Schema:
    """Return the schemas of models, and of all models in them, by name. Every field has a title and a description."""
    _, generated = models_json_schema(
        [(model, _MODE) for model in models],
        by_alias=True,
        ref_template="#/$defs/{model}",
        schema_generator=_Generator,
    )
    used = [{"$ref": f"#/$defs/{model.__name__}"} for model in models]
    definitions: Schema = only_needed({"used": used, "$defs": generated["$defs"]})["$defs"]
    for definition in definitions.values():
        _polish(definition, definitions)
    return definitions


def identified(name: str, schema: Schema) -> Schema:
    """Return a schema with a name of its own. It names no host, because nothing is fetched."""
    return {"$schema": DIALECT, "$id": f"urn:{API_VERSION.replace('/', ':')}:{name}", **schema}


def file_name(name: str) -> str:
    """Return the name of a schema's file."""
    return f"{name}.schema.json"


def written(schema: Schema) -> str:
    """Return the text of a schema's file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _document(kind: Kind, definitions: Schema) -> Schema:
    spec = dict(definitions[kind.spec.__name__])
    spec["required"] = [*kind.identifying]
    spec["title"] = f"Spec of {kind.name}"
    spec["description"] = f"{kind.describes} Fields that are not required here can come from `kind: {DEFAULTS}`."
    if not spec["required"]:
        del spec["required"]
    if alternatives := [each for group in kind.alternatives for each in _alternatives(group)]:
        spec["allOf"] = alternatives
    return _envelope(kind.name, kind.describes, spec, definitions)


def _alternatives(group: Collection[str]) -> Iterator[Schema]:
    """Yield, for each field of a group, a schema that allows no other one beside it.

    A field that is null does not count. An editor shows the message at the other field.
    """
    for name in sorted(group):
        others = {
            other: {"type": "null", "errorMessage": f"{other} cannot be given together with {name}"}
            for other in sorted(group)
            if other != name
        }
        yield {"if": {"properties": {name: _NOT_NULL}, "required": [name]}, "then": {"properties": others}}


def _defaults(kinds: tuple[Kind, ...], definitions: Schema) -> Schema:
    parts = {}
    for kind in kinds:
        part = dict(definitions[kind.spec.__name__])
        part.pop("required", None)
        part["properties"] = {name: field for name, field in part["properties"].items() if name not in kind.identifying}
        part["title"] = f"Defaults of {kind.name}"
        part["description"] = f"Fields that are filled in for each {kind.name} of this folder and its subfolders."
        parts[kind.name] = part
    spec = {
        "title": "Spec of Defaults",
        "description": "Default spec fields, by kind.",
        "type": "object",
        "additionalProperties": False,
        "properties": parts,
    }
    describes = "Default spec fields for the documents of this folder and its subfolders. The nearest folder wins."
    return _envelope(DEFAULTS, describes, spec, definitions)


def _envelope(name: str, describes: str, spec: Schema, definitions: Schema) -> Schema:
    return {
        "title": name,
        "description": describes,
        "type": "object",
        "additionalProperties": False,
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "apiVersion": {
                "title": "API version",
                "description": "Version of the manifest format.",
                "const": API_VERSION,
            },
            "kind": {"title": "Kind", "description": describes, "const": name},
            "metadata": {
                "$ref": "#/$defs/Metadata",
                "description": "The name of this document, and how its object is matched and protected.",
            },
            "spec": spec,
        },
        "$defs": definitions,
    }


def _any(made: Mapping[str, Schema]) -> Schema:
    """Return the schema of a document of any kind. The schema of its `kind` applies to the rest."""
    definitions: Schema = {}
    for schema in made.values():
        definitions |= schema["$defs"]
    for name, schema in made.items():
        definitions[name] = {key: part for key, part in schema.items() if key != "$defs"}
    names = sorted(made)
    return {
        "title": "Manifest",
        "description": "A document of any kind.",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "kind": {"title": "Kind", "description": "The type of this document.", "enum": names}
            | {"enumDescriptions": [made[name]["description"] for name in names]},
        },
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
                "then": {"$ref": f"#/$defs/{name}"},
            }
            for name in names
        ],
        "$defs": definitions,
    }


def _polish(definition: Schema, definitions: Schema) -> None:
    """Give every field a title and a description, and remove `null` defaults: a field left out is not managed."""
    for name, part in definition["properties"].items():
        part.setdefault("title", _title(name))
        if "description" not in part:
            part["description"] = definitions[part["$ref"].removeprefix("#/$defs/")]["description"]
        if part.get("default", ...) is None:
            del part["default"]
        if part.get("default", "") not in ("", [], {}):
            # Editors show a default only in this text, which is an extension of theirs.
            part["markdownDescription"] = f"{part['description']}\n\nDefault: `{_in_yaml(part['default'])}`"


def _in_yaml(value: Any) -> str:
    """Return a default value as it is written in a manifest."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_in_yaml(each)}" for name, each in value.items()) + "}"
    return value if isinstance(value, str) else json.dumps(value)


def only_needed(schema: Schema) -> Schema:
    """Return the schema without unused definitions."""
    needed: set[str] = set()
    waiting: list[Any] = [{key: part for key, part in schema.items() if key != "$defs"}]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).removeprefix("#/$defs/")
            if name and name not in needed:
                needed.add(name)
                waiting.append(schema["$defs"][name])
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    definitions = {name: schema["$defs"][name] for name in sorted(needed)}
    return {**schema, "$defs": definitions}
