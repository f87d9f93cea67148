"""The fields of the plan file, of the outcome and of price cases, from their published schemas."""

from __future__ import annotations

from reconciler.cases import schema as cases
from reconciler.cases.model import Case
from reconciler.planning.published import published
from tools.reference.fields import Schema, nested
from tools.reference.fields import fields as rows


def case_fields() -> str:
    """Return the tables of a price case: its own fields, and those of each object in it."""
    file = cases.schema()
    return _tables({**file["$defs"][Case.__name__], "$defs": file["$defs"]})


def fields(name: str) -> str:
    """Return the tables of a published format: its own fields, and those of each object in it."""
    return _tables(published()[name])


def _tables(schema: Schema) -> str:
    below = nested(schema, schema["$defs"], ())
    names = {each.name: each.link for each in below}
    shown = [rows(schema, schema["required"], names)]
    for each in below:
        part = each.schema
        shown += [f"## {each.heading}", part["description"], rows(part, part.get("required", ()), names)]
    return "\n\n".join(shown)
