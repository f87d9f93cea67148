"""Makes the requests of an action. Pure: JSON of the plan in, JSON for ConnectWise out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reconciler.kinds.base import Kind
from reconciler.kinds.field_mapping import FieldMapping, Subcollection, Tables
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link, Value, from_json
from reconciler.planning.action import Action

Ids = Mapping[str, int]
"""Address → id of the objects that exist now."""

ReadSecret = Callable[[Mapping[str, str]], str]
"""`{env: NAME}` or `{file: PATH}` → the secret. Its errors name the variable or file, never the secret."""

REDACTED = "(sensitive)"


@dataclass(frozen=True, slots=True)
class SubcollectionWrites:
    """The entries that one subcollection of an object should have."""

    field: str
    """The manifest field that has these entries."""
    subcollection: Subcollection
    entries: Mapping[Value, Value]
    """By name. None as a value removes the entry."""
    whole: bool
    """Whether all other entries are removed, too."""


@dataclass(frozen=True, slots=True)
class Request:
    """One POST, PATCH or DELETE, with the subcollections to write after it."""

    method: Literal["POST", "PATCH", "DELETE"]
    path: str
    body: Mapping[str, Any]
    natural_key: Mapping[str, Any]
    subcollections: tuple[SubcollectionWrites, ...] = ()
    fields: frozenset[str] = field(default_factory=frozenset)
    """The manifest fields that are in the body. For a new object, also those in the path."""
    sensitive: frozenset[str] = field(default_factory=frozenset)
    sent: Mapping[str, Value] = field(default_factory=dict)
    """By manifest field: the values in the body that a response shows. Secrets are left out."""

    @property
    def recorded_body(self) -> dict[str, Any]:
        """The body without secrets, for the ledger."""
        return {name: REDACTED if name in self.sensitive else value for name, value in self.body.items()}


def request_of(action: Action, ids: Ids, tables: Tables, secret: ReadSecret) -> Request:
    """Return the request of one action. Every object that it links to must have an id in `ids`."""
    of = kind(action.kind)
    if deletes(action):
        fields = frozenset(change.path.partition(".")[0] for change in action.changes)
        return Request("DELETE", action.endpoint, {}, {}, fields=fields)
    values = values_of(action, ids)
    is_create = action.action == "create"
    body: dict[str, Any] = {}
    subcollections: list[SubcollectionWrites] = []
    sensitive: set[str] = set()
    readable: dict[str, Value] = {}
    for name, value in values.items():
        item = of.by_name[name]
        below = item.mapping.subcollection
        if below is not None and (not is_create or below.on_create):
            subcollections.append(_subcollection_writes(name, below, value))
            continue
        if name == of.parent:
            continue  # the path has it
        sent = item.mapping.encode(secret(value) if item.mapping.sensitive else value, tables)
        if item.mapping.sensitive:
            sensitive |= sent.keys()
        elif sent.keys() - of.write_only:
            readable[name] = value
        body = _merged(body, sent)
    return Request(
        method="POST" if is_create else "PATCH",
        path=_path(of, action.endpoint, values),
        body=body,
        natural_key={name: _key_value(values[name]) for name in of.key if name in values},
        subcollections=tuple(subcollections),
        fields=frozenset(values) - {each.field for each in subcollections},
        sensitive=frozenset(sensitive),
        sent=readable,
    )


def deletes(action: Action) -> bool:
    """Return whether an action deletes its object, because ConnectWise has no other way to retire it."""
    retirement = kind(action.kind).retirement
    return action.action == "retire" and retirement is not None and retirement.deletes


def values_of(action: Action, ids: Ids) -> dict[str, Value]:
    """Return the `after` of every change by field. Changes of entries (`customFields.Region`) are one mapping."""
    of = kind(action.kind)
    values: dict[str, Value] = {}
    for change in action.changes:
        name, _, entry = change.path.partition(".")
        value = _with_ids(value_from_json(of.by_name[name].mapping, change.after), ids)
        if entry:
            values[name] = {**values.get(name, {}), entry: value}
        else:
            values[name] = value
    return values


def value_from_json(mapping: FieldMapping, content: Any) -> Value:
    """Return the value that the JSON of a change was made from. Links are made only in fields that can have them."""
    if mapping.target is not None or (mapping.subcollection is not None and isinstance(content, dict)):
        return from_json(content)
    if isinstance(content, list):
        return frozenset(content)
    return content


def _with_ids(value: Value, ids: Ids) -> Value:
    match value:
        case Link(id=None, address=str(address)) if address in ids:
            return Link(value.name, ids[address], address)
        case frozenset():
            return frozenset(_with_ids(entry, ids) for entry in value)
        case Mapping():
            return {name: _with_ids(entry, ids) for name, entry in value.items()}
        case _:
            return value


def _merged(body: dict[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """Add a field to a body. Two fields can share an array, as e-mail and telephone number do, or a reference."""
    for name, value in sent.items():
        existing = body.get(name)
        if isinstance(value, list) and isinstance(existing, list):
            body[name] = [*existing, *value]
        elif isinstance(value, Mapping) and isinstance(existing, Mapping):
            body[name] = {**existing, **value}
        else:
            body[name] = value
    return body


def _path(of: Kind, endpoint: str, values: Mapping[str, Value]) -> str:
    if "{" not in endpoint:
        return endpoint
    parent = str(of.parent)
    return endpoint.replace(f"{{{parent}}}", str(values[parent].id))


def _subcollection_writes(name: str, subcollection: Subcollection, value: Value) -> SubcollectionWrites:
    if isinstance(value, frozenset):
        return SubcollectionWrites(name, subcollection, {entry: entry for entry in value}, whole=True)
    if isinstance(value, Mapping):
        return SubcollectionWrites(name, subcollection, value, whole=False)
    return SubcollectionWrites(name, subcollection, {None: value}, whole=False)


def _key_value(value: Value) -> Any:
    return value.id if isinstance(value, Link) else value
