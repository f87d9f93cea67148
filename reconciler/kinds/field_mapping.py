"""Forms: how one manifest field stands in ConnectWise JSON, in both directions.

Each builder returns a `FieldMapping`, put beside a spec field by `Annotated[...]`. `decode` takes the whole
ConnectWise object, because some fields stand in two of its properties; `encode` returns the properties to send.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from reconciler.http import shapes
from reconciler.http.shapes import ValueType
from reconciler.kinds.values import Link, Value, plain_text

Object = Mapping[str, Any]
"""A ConnectWise object as its JSON came, numbers as `Decimal` or `int`."""

Tables = Mapping[str, list[dict[str, Any]]]
"""Setup tables by their path, as they were read for this run."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a field refers to: a declared kind, or a setup table with the field that holds its display name."""

    kind: str | None = None
    table: str | None = None
    label: str = "name"
    scope: str | None = None
    """A sibling field that decides between rows of one name: a subcategory's category."""
    scope_table: str | None = None
    """The setup table of the sibling field. It gives the name where a row of this table holds only the id."""
    inactive: bool = False
    """Whether entries of the table can be inactive [spec]: one that is active is preferred."""


@dataclass(frozen=True, slots=True)
class Table:
    """A setup table, and the `fields=` that are read of it."""

    path: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subcollection:
    """A field that ConnectWise keeps in a collection below the object, written there once the object exists."""

    path: str
    """With `{id}` for the object: `company/companies/{id}/typeAssociations`."""
    identify: Callable[[Object], Value]
    """Which declared item this child is; `None` for children that this field does not own."""
    encode: Callable[[Value, Value, Tables], dict[str, Any]]
    """(item, its value, tables) → the child's JSON."""
    on_create: bool = False
    """Also after a create: the collection is not accepted in the object's own POST."""
    removal: Literal["delete", "inactivate"] = "delete"
    shape: Mapping[str, ValueType] = field(default_factory=dict)
    """What the JSON of a child may hold in the properties that `identify` looks at."""
    cleared: Callable[[Object], bool] | None = None
    """Which children go where the field is cleared. None: those that `identify` owns. A contact's second number would
    take the place of the first."""


@dataclass(frozen=True, slots=True)
class FieldMapping:
    reads: tuple[str, ...]
    """The `fields=` paths that `decode` needs [docs]."""
    decode: Callable[[Object], Value]
    encode: Callable[[Value, Tables], dict[str, Any]]
    target: Target | None = None
    compared: bool = True
    """False for what is sent when the object is made and never looked at again: passwords, a line's first day."""
    sensitive: bool = False
    subcollection: Subcollection | None = None
    tables: tuple[Table, ...] = ()
    """Setup tables that `encode` needs beside the target's."""
    array: bool = False
    """Whether it stands in an array, which is read whole: a path into an array is a [guess], and where a server does
    not know it the array would look empty."""
    exact: bool = False
    """As a natural key: compared with case, as the console compares solution names (guide step 9)."""
    sort: Literal["", "text", "number", "flag", "date"] = ""
    """What its values are, for `planning.equality`: a plan file holds numbers and dates as text."""
    shape: Mapping[str, ValueType] = field(default_factory=dict)
    """What ConnectWise JSON may hold in the properties that `decode` looks at; `shapes` makes one of all forms."""


def _plain(path: str, value: Value) -> dict[str, Any]:
    return {path: value}


def text(path: str, *, exact: bool = False) -> FieldMapping:
    """Text, compared trimmed: `plain_text` says how."""

    def decode(obj: Object) -> Value:
        value = obj.get(path)
        return None if value is None else plain_text(value)

    return FieldMapping(
        (path,),
        decode,
        lambda value, _: _plain(path, value),
        exact=exact,
        sort="text",
        shape={path: shapes.TEXT},
    )


def flag(path: str) -> FieldMapping:
    """True or false; a flag that the answer leaves out is false."""
    return FieldMapping(
        (path,),
        lambda obj: bool(obj.get(path)),
        lambda value, _: _plain(path, bool(value)),
        sort="flag",
        shape={path: shapes.FLAG},
    )


def number(path: str) -> FieldMapping:
    """A decimal number; missing is `None`, never 0."""

    def decode(obj: Object) -> Value:
        value = obj.get(path)
        return None if value is None else Decimal(value)

    def encode(value: Value, _: Tables) -> dict[str, Any]:
        return _plain(path, None if value is None else Decimal(value))

    return FieldMapping((path,), decode, encode, sort="number", shape={path: shapes.NUMBER})


def date_text(value: Any) -> str | None:
    """`2026-11-01T00:00:00Z` as `2026-11-01`: it means a date and is never shifted through a zone [seen]."""
    return None if value is None else str(value).strip()[:10] or None


def wire_date(value: str | None) -> str | None:
    return None if value is None else f"{value}T00:00:00Z"


def date(path: str) -> FieldMapping:
    return FieldMapping(
        (path,),
        lambda obj: date_text(obj.get(path)),
        lambda value, _: _plain(path, wire_date(value)),
        sort="date",
        shape={path: shapes.DATE},
    )


def ending(path: str, no_end: str) -> FieldMapping:
    """A date, or `null` for "no end", which ConnectWise keeps as a flag of its own (guide step 6)."""

    def decode(obj: Object) -> Value:
        return None if obj.get(no_end) else date_text(obj.get(path))

    def encode(value: Value, _: Tables) -> dict[str, Any]:
        return {no_end: True} if value is None else {path: wire_date(value), no_end: False}

    return FieldMapping((path, no_end), decode, encode, sort="date", shape={path: shapes.DATE, no_end: shapes.FLAG})


def link_of(value: Any, label: str = "name") -> Link | None:
    """A ConnectWise reference `{id, name|identifier}` as a link; a server may leave either member out."""
    if not value:
        return None
    name = value.get(label) or value.get("name") or value.get("identifier") or value.get("id")
    return None if name is None else Link(str(name).strip(), value.get("id"))


def wire_link(value: Link | None) -> dict[str, Any] | None:
    """The whole reference: a sub-path would answer a false 200 [seen]."""
    if value is None:
        return None
    if value.id is None:
        raise ValueError(f"{value.address or value.name} has no id yet")
    return {"id": value.id}


def setup(
    path: str,
    table: str,
    *,
    label: str = "name",
    scope: str | None = None,
    scope_table: str | None = None,
    inactive: bool = False,
) -> FieldMapping:
    """An entry of a setup table, by its display name in the manifest and by its id on the wire."""
    return FieldMapping(
        (f"{path}/id", f"{path}/name"),
        lambda obj: link_of(obj.get(path)),
        lambda value, _: _plain(path, wire_link(value)),
        Target(table=table, label=label, scope=scope, scope_table=scope_table, inactive=inactive),
        shape={path: shapes.reference("name")},
    )


def reference(path: str, kind: str, *, label: str = "name") -> FieldMapping:
    """Another object of a kind of ours."""
    return FieldMapping(
        (f"{path}/id", f"{path}/{label}"),
        lambda obj: link_of(obj.get(path), label),
        lambda value, _: _plain(path, wire_link(value)),
        Target(kind=kind),
        shape={path: shapes.reference(label, "name")},
    )


def parent(kind: str, decode_path: str, *, label: str = "name") -> FieldMapping:
    """The object whose collection this one lives in: part of the address, neither read nor sent."""
    return FieldMapping(
        (f"{decode_path}/id",),
        lambda obj: link_of(obj.get(decode_path), label),
        lambda _value, _: {},
        Target(kind=kind),
        shape={decode_path: shapes.reference(label, "name")},
    )
