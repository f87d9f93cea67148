"""The JSON Schema of case files."""

from __future__ import annotations

from reconciler.cases.model import Case, CaseFile
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.product import ProductSpec
from reconciler.manifests.schemas import Schema, definitions_of, identified, only_needed

NAME = "price-cases"
"""The name of the schema, without the ending of its file."""


def schema() -> Schema:
    """Return the schema of a case file."""
    definitions = definitions_of([CaseFile, CustomerMappingSpec, ProductSpec])
    fields = definitions[Case.__name__]["properties"]
    mapping = _inline(definitions[CustomerMappingSpec.__name__], "A customer mapping that exists only in this case.")
    product = _inline(definitions[ProductSpec.__name__], "A product that exists only in this case, or another price.")
    fields["mapping"]["anyOf"] = [{"type": "string"}, mapping]
    fields["products"]["additionalProperties"] = product
    file = definitions.pop(CaseFile.__name__)
    return identified(NAME, only_needed({**file, "title": "Price cases", "$defs": definitions}))


def _inline(spec: Schema, description: str) -> Schema:
    """Return the schema of a spec in a case: no field is required, because the case makes up what is missing."""
    return {**{key: part for key, part in spec.items() if key != "required"}, "description": description}
