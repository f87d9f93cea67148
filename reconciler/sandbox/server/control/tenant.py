"""The control that writes to the tenant by another login, with all checks, as a person or another integration does."""

from __future__ import annotations

from typing import Any

import msgspec

from reconciler.sandbox.connectwise.api.objects import row_of
from reconciler.sandbox.connectwise.api.routing import Collection, match
from reconciler.sandbox.connectwise.schema.entities import ENTITIES
from reconciler.sandbox.connectwise.schema.errors import Refusal
from reconciler.sandbox.connectwise.store.tables import Row
from reconciler.sandbox.connectwise.tenant.tenant import Tenant
from reconciler.sandbox.server.control.bodies import ControlError, ObjectBody
from reconciler.sandbox.server.control.call import Call


def write(call: Call) -> dict[str, Any]:
    """Make one write to the tenant, and return path, id and `_info` of the object, or `{"deleted": path}`.

    Raises:
        ControlError: there is no such path or object, or ConnectWise would refuse the write.
    """
    body, tenant = call.read(ObjectBody, decimals=True), call.sandbox.tenant
    given = [name for name in ("create", "set", "delete") if getattr(body, name) is not msgspec.UNSET]
    if len(given) != 1:
        raise ControlError("give exactly one of create, set, delete")
    path = call.path.strip("/")
    asked = match(f"/{path}") or match(f"/{path}/")
    if not isinstance(asked, Collection) or asked.count or asked.search or asked.view.fields:
        raise ControlError(f"{path} is not the path of a list or an object: write it like company/companies/12", 404)
    needed = {"create": "POST", "set": "PATCH", "delete": "DELETE"}[given[0]]
    if needed not in asked.methods:
        advice = "the path of a list" if given[0] == "create" else "the path of one object"
        raise ControlError(f"{given[0]} is not possible at {path}: give {advice} that allows it", 405)
    try:
        if asked.parent is not None:
            tenant.get(asked.view.parent, asked.parent)
        with tenant.acting_as(body.by):
            row = _written(tenant, asked, body)
    except Refusal as refusal:
        problems = [f"{each.field}: {each.message}" for each in refusal.problems]
        raise ControlError("; ".join([str(refusal), *problems]), refusal.status) from None
    if row is None:
        return {"deleted": path}
    shown = path if asked.key is not None else f"{path}/{row.id}"
    return {"path": shown, "id": row.id, "_info": {name: row.data["_info"][name] for name in _STAMPS}}


_STAMPS = ("lastUpdated", "updatedBy", "dateEntered", "enteredBy")


def _written(tenant: Tenant, asked: Collection, body: ObjectBody) -> Row | None:
    table = asked.view.table
    if body.create is not msgspec.UNSET:
        return tenant.insert(table, body.create, asked.parent)
    row = row_of(tenant, asked)
    if body.set is not msgspec.UNSET:
        fields = ENTITIES[table].fields
        fixed = [name for name in body.set if name in fields and (fields[name].computed or fields[name].postonly)]
        if fixed:
            raise ControlError(f"ConnectWise sets {', '.join(fixed)} by itself: name fields that can be changed")
        return tenant.update(table, row, body.set)
    tenant.delete(table, row)
    return None
