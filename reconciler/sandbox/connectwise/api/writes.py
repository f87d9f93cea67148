"""Answer POST, PUT, PATCH and DELETE requests of one object."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reconciler.sandbox.connectwise.api import habits, patching
from reconciler.sandbox.connectwise.api.http import json_body, object_body
from reconciler.sandbox.connectwise.api.objects import row_of, shown
from reconciler.sandbox.connectwise.api.routing import Collection
from reconciler.sandbox.connectwise.schema.entities import ENTITIES
from reconciler.sandbox.connectwise.schema.errors import Problem, Refusal, invalid_object
from reconciler.sandbox.connectwise.store.tables import Row
from reconciler.sandbox.connectwise.tenant.tenant import Tenant
from reconciler.sandbox.shared.faults import Faults
from reconciler.sandbox.shared.messages import Request, Response, json_response


class Writes:
    """Writes to a tenant's collections, with the faults that change what is stored."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def post(self, request: Request, asked: Collection, faults: Faults) -> Response:
        """Create an object and return it with status 201."""
        table = asked.view.table
        self._tenant.deleted_hold = faults.hit("deleted-hold", request.path) is not None
        body = habits.stored(faults, request.path, object_body(request, ENTITIES[table].resource))
        row = self._tenant.insert(table, body, asked.parent)
        return json_response(201, _answer(request, asked, row, faults))

    def put(self, request: Request, asked: Collection, faults: Faults) -> Response:
        """Replace a whole object and return it."""
        table, row = asked.view.table, row_of(self._tenant, asked)
        body = habits.stored(faults, request.path, object_body(request, ENTITIES[table].resource))
        if table == "contact" and body.get("communicationItems"):
            raise Refusal(400, "InvalidObject", "contact object is invalid: communicationItems cannot be replaced")
        self._tenant.update(table, row, body, whole=True)
        return json_response(200, shown(asked, row))

    def patch(self, request: Request, asked: Collection, faults: Faults) -> Response:
        """Change the fields that the operations of a PATCH name, and return the object."""
        table, row = asked.view.table, row_of(self._tenant, asked)
        entity = ENTITIES[table]
        written = patching.changes(entity, habits.stored(faults, request.path, json_body(request)))
        if "customFields" not in written and faults.hit("custom-fields", request.path):
            problem = Problem("MissingRequiredField", "The customFields are required", table, "customFields")
            raise invalid_object(entity.resource, [problem])
        if written and not faults.hit("forgets", request.path):
            if faults.hit("refills", request.path):
                written = {name: self._refilled(table, name, value) for name, value in written.items()}
            self._tenant.update(table, row, written)
        return json_response(200, _answer(request, asked, row, faults))

    def delete(self, _request: Request, asked: Collection, _faults: Faults) -> Response:
        """Delete an object and return 204."""
        self._tenant.delete(asked.view.table, row_of(self._tenant, asked))
        return Response(204)

    def _refilled(self, table: str, name: str, value: Any) -> Any:
        """Return the value that a server with the habit `refills` stores in place of a cleared one."""
        if value is None and ENTITIES[table].fields[name].kind == "number":
            return Decimal(0)
        if value is None and name == "billingTerms":
            rows = self._tenant.tables["billingTerm"].rows.values()
            return next({"id": row.id} for row in rows if row.data["defaultFlag"])
        return value


def _answer(request: Request, asked: Collection, row: Row, faults: Faults) -> Any:
    """Return the body of the response to a POST or PATCH: the object, or with `short-answers` its id alone."""
    data = shown(asked, row)
    return {"id": data["id"]} if faults.hit("short-answers", request.path) else data
