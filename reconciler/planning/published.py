"""Makes the JSON schemas of the plan file and of the outcome of an apply, which other programs read."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from reconciler.kinds.base import API_VERSION
from reconciler.planning.outcome import Outcome
from reconciler.planning.plan import Plan

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_AMOUNT = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "description": "A decimal number, as text."}


class _AsWritten(GenerateJsonSchema):
    """Describes amounts as text, because our files have them as text."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:  # noqa: ARG002 - pydantic's signature
        return dict(_AMOUNT)


def published() -> dict[str, Schema]:
    """Return the schemas by the name of their file, without its extension."""
    plan = schema_of(Plan, "Plan", "What `reconciler plan --out FILE` writes and `reconciler apply FILE` carries out.")
    plan["properties"]["checksum"] = {
        "title": "Checksum",
        "description": "SHA-256 over the rest of the file. An edited plan file is refused.",
        "type": "string",
    }
    plan["required"] = ["format_version", *plan["required"], "checksum"]
    outcome = schema_of(Outcome, "Outcome", "What an apply with `--json` prints: the result of each action.")
    return {"plan": plan, "outcome": outcome}


def schema_of(model: type[BaseModel], title: str, description: str) -> Schema:
    """Return the schema of a model whose amounts are text."""
    made = model.model_json_schema(schema_generator=_AsWritten)
    named = {"$schema": DIALECT, "$id": f"urn:{API_VERSION.replace('/', ':')}:{title.lower()}"}
    return {**named, **made, "title": title, "description": description}
