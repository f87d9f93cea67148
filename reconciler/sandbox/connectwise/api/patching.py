"""Read the operations of a PATCH, with the quirks of ConnectWise.

| path | what happens |
|---|---|
| `name`, `/name` | the field is written; `remove` or null clears it |
| an unknown field, or one in another case | 400 |
| `company/identifier`, any path below a field | **200, and nothing is stored** [seen] |
| a field that only a POST stores (`types`, `typeIds`) | **200, and nothing is stored** [spec] |
| a computed field, `id`, `_info` | 400 [guess] |
| `customFields` | entries are merged by id; an entry that is left out keeps its value [seen] |
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.sandbox.connectwise.schema.errors import Problem, Refusal, invalid_object
from reconciler.sandbox.connectwise.schema.fields import Entity

_OPERATIONS: Final = ("replace", "add", "remove")


def changes(entity: Entity, body: Any) -> dict[str, Any]:
    """Return the fields that a PATCH writes, with their values.

    Raises:
        Refusal: 400, the operations cannot be carried out.
    """
    if not isinstance(body, list):
        raise Refusal(400, "InvalidObject", "A PATCH takes an array of operations")
    written: dict[str, Any] = {}
    problems: list[Problem] = []
    for operation in body:
        if not isinstance(operation, dict) or not isinstance(operation.get("path"), str):
            raise Refusal(400, "InvalidObject", "Each operation of a PATCH needs op and path")
        if operation.get("op") not in _OPERATIONS:
            raise Refusal(400, "InvalidObject", f"Unknown operation {operation.get('op')!r}")
        if operation["op"] != "remove" and "value" not in operation:
            raise Refusal(400, "InvalidObject", f"The operation on {operation['path']!r} needs a value")
        path = operation["path"].removeprefix("/")
        name, _, below = path.partition("/")
        field = entity.fields.get(name)
        if field is None:
            message = f"{path!r} is not a field of {entity.resource}; paths are case-sensitive"
            problems.append(Problem("InvalidField", message, entity.resource, path))
        elif field.computed:
            problems.append(Problem("InvalidField", f"{name} is read-only", entity.resource, name))
        elif not below and not field.postonly:
            written[name] = operation.get("value") if operation["op"] != "remove" else None
    if problems:
        raise invalid_object(entity.resource, problems)
    return written
