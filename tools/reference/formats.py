"""The fields of the plan file and of the outcome, from their published schemas."""

from __future__ import annotations

from reconciler.planning.published import published
from tools.reference.fields import fields as rows
from tools.reference.fields import nested


def fields(name: str) -> str:
    """Return the tables of a published format: its own fields, and those of each object in it."""
    schema = published()[name]
    below = nested(schema, schema["$defs"], ())
    names = {each.name: each.link for each in below}
    shown = [rows(schema, schema["required"], names)]
    for each in below:
        part = each.schema
        shown += [f"## {each.heading}", part["description"], rows(part, part.get("required", ()), names)]
    return "\n\n".join(shown)
