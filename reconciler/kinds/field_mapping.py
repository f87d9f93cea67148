"""Field mappings: how one manifest field is read from and written to ConnectWise JSON.

Each builder returns a `FieldMapping`, which a spec field has in its `Annotated[...]`. `decode` takes the whole
ConnectWise object, because some fields use two of its properties. `encode` returns the properties to send.
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
"""The JSON object of a ConnectWise response, with numbers as `Decimal` or `int`."""

Tables = Mapping[str, list[dict[str, Any]]]
"""The rows of setup tables by path, as read for this run."""


@dataclass(frozen=True, slots=True)
class Target:
    """The target of a field: a kind, or a setup table."""

    kind: str | None = None
    table: str | None = None
    """Path of the setup table."""
    label: str = "name"
    """The table's field with the display name."""
    scope: str | None = None
    """A sibling field that decides between rows with the same name, such as the category of a subcategory."""
    scope_table: str | None = None
    """The setup table of the sibling field. It gives the name if a row of this table has only the id."""
    inactive: bool = False
    """Whether entries of the table can be inactive [spec]. An active entry is preferred."""
    built_in: frozenset[str] = frozenset()
    """Names of the kind that need no document, such as the built-in meters."""


@dataclass(frozen=True, slots=True)
class Table:
    """A setup table, and the `fields=` to read."""

    path: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subcollection:
    """The collection below an object in which ConnectWise stores a field. It is written after the object exists."""

    path: str
    """With `{id}` for the object's id: `company/companies/{id}/typeAssociations`."""
    identify: Callable[[Object], Value]
    """Child → the declared item that it represents. None if the child does not belong to this field."""
    encode: Callable[[Value, Value, Tables], dict[str, Any]]
    """(item, its value, tables) → the child's JSON."""
    on_create: bool = False
    """Whether to write the children after a create too, because the object's own POST does not accept them."""
    removal: Literal["delete", "inactivate"] = "delete"
    """How a child that is no longer declared is removed."""
    shape: Mapping[str, ValueType] = field(default_factory=dict)
    """The expected types of a child's properties that `identify` reads."""
    cleared: Callable[[Object], bool] | None = None
    """Child → whether it is removed when the field is cleared. None: the children that `identify` recognises. If only
    the first phone number of a contact were removed, ConnectWise would use the second one instead."""


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """How one spec field is read from and written to ConnectWise JSON."""

    reads: tuple[str, ...]
    """The `fields=` paths that `decode` needs [docs]."""
    decode: Callable[[Object], Value]
    """ConnectWise object → the field's value."""
    encode: Callable[[Value, Tables], dict[str, Any]]
    """(value, setup tables) → the properties to send."""
    target: Target | None = None
    compared: bool = True
    """False for fields that are sent only when the object is created, such as passwords."""
    sensitive: bool = False
    """Whether the value is a secret that must not be shown."""
    subcollection: Subcollection | None = None
    tables: tuple[Table, ...] = ()
    """Setup tables that `encode` needs in addition to the target's."""
    array: bool = False
    """Whether ConnectWise stores the field in an array. The array is read whole, because `fields=` paths into an array
    are a [guess], and a server that does not support them would return no items."""
    exact: bool = False
    """Whether case counts if the field is in a natural key. The console compares solution names so (guide step 9)."""
    sort: Literal["", "text", "number", "flag", "date"] = ""
    """The type of the values, for `planning.equality`. A plan file has numbers and dates as text."""
    shape: Mapping[str, ValueType] = field(default_factory=dict)
    """The expected JSON types of the properties that `decode` reads."""


def _plain(path: str, value: Value) -> dict[str, Any]:
    return {path: value}


def text(path: str, *, exact: bool = False) -> FieldMapping:
    """Return the mapping of a text field. It is compared trimmed, as in `plain_text`. With `exact`, case counts."""

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
    """Return the mapping of a true-or-false field. A flag that the response leaves out is false."""
    return FieldMapping(
        (path,),
        lambda obj: bool(obj.get(path)),
        lambda value, _: _plain(path, bool(value)),
        sort="flag",
        shape={path: shapes.FLAG},
    )


def number(path: str) -> FieldMapping:
    """Return the mapping of a decimal number. A missing number is None, never 0."""

    def decode(obj: Object) -> Value:
        value = obj.get(path)
        return None if value is None else Decimal(value)

    def encode(value: Value, _: Tables) -> dict[str, Any]:
        return _plain(path, None if value is None else Decimal(value))

    return FieldMapping((path,), decode, encode, sort="number", shape={path: shapes.NUMBER})


def date_text(value: Any) -> str | None:
    """Return `2026-11-01` for `2026-11-01T00:00:00Z`. The date is not converted to a time zone [seen]."""
    return None if value is None else str(value).strip()[:10] or None


def wire_date(value: str | None) -> str | None:
    """Return a date as ConnectWise expects it: `2026-11-01T00:00:00Z` for `2026-11-01`."""
    return None if value is None else f"{value}T00:00:00Z"


def date(path: str) -> FieldMapping:
    """Return the mapping of a date, with values such as `2026-11-01`."""
    return FieldMapping(
        (path,),
        lambda obj: date_text(obj.get(path)),
        lambda value, _: _plain(path, wire_date(value)),
        sort="date",
        shape={path: shapes.DATE},
    )


def ending(path: str, no_end: str) -> FieldMapping:
    """Return the mapping of an end date. None is "no end", stored as the flag `no_end` (guide step 6)."""

    def decode(obj: Object) -> Value:
        return None if obj.get(no_end) else date_text(obj.get(path))

    def encode(value: Value, _: Tables) -> dict[str, Any]:
        return {no_end: True} if value is None else {path: wire_date(value), no_end: False}

    return FieldMapping((path, no_end), decode, encode, sort="date", shape={path: shapes.DATE, no_end: shapes.FLAG})


def link_of(value: Any, label: str = "name") -> Link | None:
    """Return the link for a ConnectWise reference `{id, name|identifier}`. A response may leave out either member."""
    if not value:
        return None
    name = value.get(label) or value.get("name") or value.get("identifier") or value.get("id")
    return None if name is None else Link(str(name).strip(), value.get("id"))


def links_of(obj: Object, path: str) -> frozenset[Link]:
    """Return the links for an array of ConnectWise references."""
    return frozenset(link for item in obj.get(path) or () if (link := link_of(item)))


def wire_link(value: Link | None) -> dict[str, Any] | None:
    """Return a reference as ConnectWise expects it: `{id}`. Raises `ValueError` if the link has no id yet.

    The whole reference is sent. ConnectWise can answer a patch of a sub-path with 200 and store nothing [seen].
    """
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
    """Return the mapping of a setup table's entry. The manifest has its display name, and ConnectWise gets its id."""
    return FieldMapping(
        (f"{path}/id", f"{path}/name"),
        lambda obj: link_of(obj.get(path)),
        lambda value, _: _plain(path, wire_link(value)),
        Target(table=table, label=label, scope=scope, scope_table=scope_table, inactive=inactive),
        shape={path: shapes.reference("name")},
    )


def reference(path: str, kind: str, *, label: str = "name") -> FieldMapping:
    """Return the mapping of a reference to an object of another kind."""
    return FieldMapping(
        (f"{path}/id", f"{path}/{label}"),
        lambda obj: link_of(obj.get(path), label),
        lambda value, _: _plain(path, wire_link(value)),
        Target(kind=kind),
        shape={path: shapes.reference(label, "name")},
    )


def parent(kind: str, decode_path: str, *, label: str = "name") -> FieldMapping:
    """Return the mapping of the parent object. It is part of the request's path, and is not sent in the body."""
    return FieldMapping(
        (f"{decode_path}/id",),
        lambda obj: link_of(obj.get(decode_path), label),
        lambda _value, _: {},
        Target(kind=kind),
        shape={decode_path: shapes.reference(label, "name")},
    )
