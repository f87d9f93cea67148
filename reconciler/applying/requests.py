"""An action as the requests that carry it out. Pure: the plan's JSON in, ConnectWise JSON out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reconciler.kinds.base import Kind
from reconciler.kinds.field_mapping import FieldMapping, Subcollection, Tables
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link, Value, from_json
from reconciler.planning.plan import Action

Ids = Mapping[str, int]
"""Addresses that exist by now, with their ids."""

ReadSecret = Callable[[Mapping[str, str]], str]
"""`{env: NAME}` or `{file: PATH}` → the value; an error that names the reference, never the value."""

REDACTED = "(sensitive)"


@dataclass(frozen=True, slots=True)
class SubcollectionWrites:
    """A collection below the object, and what is wanted in it. `None` as a value takes the entry away."""

    subcollection: Subcollection
    wanted: Mapping[Value, Value]
    whole: bool
    """Entries that are not wanted go, too."""


@dataclass(frozen=True, slots=True)
class Request:
    method: Literal["POST", "PATCH"]
    path: str
    body: Mapping[str, Any]
    natural_key: Mapping[str, Any]
    subcollections: tuple[SubcollectionWrites, ...] = ()
    sensitive: frozenset[str] = field(default_factory=frozenset)
    sent: Mapping[str, Value] = field(default_factory=dict)
    """By manifest field: the values that the body was made from and that an answer shows."""

    @property
    def journalled(self) -> dict[str, Any]:
        """The body as the ledger may keep it."""
        return {name: REDACTED if name in self.sensitive else value for name, value in self.body.items()}


def request_of(action: Action, ids: Ids, tables: Tables, secret: ReadSecret) -> Request:
    """The request of one action, once everything it depends on has an id."""
    of = kind(action.kind)
    values = values_of(action, ids)
    making = action.action == "create"
    body: dict[str, Any] = {}
    subcollections: list[SubcollectionWrites] = []
    sensitive: set[str] = set()
    readable: dict[str, Value] = {}
    for name, value in values.items():
        item = of.by_name[name]
        below = item.mapping.subcollection
        if below is not None and (not making or below.on_create):
            subcollections.append(_subcollection_writes(below, value))
            continue
        if name == of.parent:
            continue  # it stands in the path
        sent = item.mapping.encode(secret(value) if item.mapping.sensitive else value, tables)
        if item.mapping.sensitive:
            sensitive |= sent.keys()
        elif sent.keys() - of.write_only:
            readable[name] = value
        body = _merged(body, sent)
    return Request(
        method="POST" if making else "PATCH",
        path=_path(of, action.endpoint, values),
        body=body,
        natural_key={name: _told(values[name]) for name in of.key if name in values},
        subcollections=tuple(subcollections),
        sensitive=frozenset(sensitive),
        sent=readable,
    )


def values_of(action: Action, ids: Ids) -> dict[str, Value]:
    """The `after` of every change by field; changes of entries (`customFields.Region`) gathered under theirs."""
    of = kind(action.kind)
    values: dict[str, Value] = {}
    for change in action.changes:
        name, _, entry = change.path.partition(".")
        value = _with_ids(revived(of.by_name[name].mapping, change.after), ids)
        if entry:
            values[name] = {**values.get(name, {}), entry: value}
        else:
            values[name] = value
    return values


def revived(mapping: FieldMapping, content: Any) -> Value:
    """A change's JSON as the value it was made from; only fields that can hold links are searched for them."""
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
    """Two fields may share one array on the wire, as an e-mail and a telephone number do, or one reference."""
    for name, value in sent.items():
        there = body.get(name)
        if isinstance(value, list) and isinstance(there, list):
            body[name] = [*there, *value]
        elif isinstance(value, Mapping) and isinstance(there, Mapping):
            body[name] = {**there, **value}
        else:
            body[name] = value
    return body


def _path(of: Kind, endpoint: str, values: Mapping[str, Value]) -> str:
    if "{" not in endpoint:
        return endpoint
    parent = str(of.parent)
    return endpoint.replace(f"{{{parent}}}", str(values[parent].id))


def _subcollection_writes(subcollection: Subcollection, value: Value) -> SubcollectionWrites:
    if isinstance(value, frozenset):
        return SubcollectionWrites(subcollection, {entry: entry for entry in value}, whole=True)
    if isinstance(value, Mapping):
        return SubcollectionWrites(subcollection, value, whole=False)
    return SubcollectionWrites(subcollection, {None: value}, whole=False)


def _told(value: Value) -> Any:
    return value.id if isinstance(value, Link) else value
