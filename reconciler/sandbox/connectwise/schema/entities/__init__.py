"""Every kind of object in the tenant, by name: one table of fields each."""

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
