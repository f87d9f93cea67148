"""Every kind of object in the tenant: one table of fields each [spec].

Owns: which fields a kind has, and the type and modifiers of each field.
Does not own: how the tables are read, which is in `fields`.
Always true: `tests/sandbox/test_openapi.py` compares the tables with the vendor's OpenAPI document.
"""

from __future__ import annotations

from reconciler.sandbox.connectwise.schema.entities import (
    agreement,
    billing,
    company,
    contact,
    management,
    procurement,
    system,
)
from reconciler.sandbox.connectwise.schema.fields import Entity

ENTITIES: dict[str, Entity] = {
    each.name: each
    for module in (company, contact, management, agreement, billing, procurement, system)
    for each in module.ENTITIES
}
"""All kinds, by name."""
