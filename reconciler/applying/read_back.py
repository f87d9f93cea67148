"""Checks that ConnectWise stored what was sent: a POST or PATCH, held against the object that comes back.

ConnectWise can answer 200 and store nothing [seen]. `planning.equality` decides which values count as the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.connectwise.writing import Mismatch, ReadBack
from reconciler.kinds.base import Kind
from reconciler.kinds.field_mapping import FieldMapping, Object
from reconciler.kinds.values import Value, to_json
from reconciler.planning.equality import holds


def read_back_fields(of: Kind, sent: Mapping[str, Value]) -> ReadBack:
    """Return a check by manifest field. `sent` holds the values that the request's body was made from."""

    def check(stored: Object) -> list[Mismatch]:
        found = {name: of.by_name[name].mapping.decode(stored) for name in sent}
        return [
            Mismatch(name, to_json(value), _comparable(value, found[name]))
            for name, value in sent.items()
            if not holds(of.by_name[name].mapping, value, found[name])
        ]

    return check


def read_back_body(sent: Mapping[str, Any], of: Kind | None = None) -> ReadBack:
    """Return a check by property of the body, for objects without manifest fields and for writes in the ledger."""

    def check(stored: Object) -> list[Mismatch]:
        return mismatches(sent, stored, of)

    return check


def mismatches(sent: Mapping[str, Any], stored: Object, of: Kind | None = None) -> list[Mismatch]:
    """Return the properties of a sent body whose stored value differs, in the order of the body."""
    return [
        Mismatch(name, value, stored.get(name))
        for name, value in sent.items()
        if not holds(_mapping(of, name), value, stored.get(name))
    ]


def _mapping(of: Kind | None, name: str) -> FieldMapping | None:
    """Return the mapping of the manifest field that this property of a body comes from."""
    fields = () if of is None else of.all_fields
    return next((item.mapping for item in fields if item.mapping.reads[0] == name), None)


def _comparable(sent: Value, found: Value) -> Any:
    """Return the stored value as JSON; of named entries, only those that were sent."""
    if isinstance(sent, Mapping) and isinstance(found, Mapping):
        found = {name: found.get(name) for name in sent}
    return to_json(found)
