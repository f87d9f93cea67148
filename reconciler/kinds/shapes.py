"""The expected types of ConnectWise's responses: each field that a kind reads, with its JSON type, by path.

The client checks every response against these shapes, so other code can rely on the types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from reconciler.http.shapes import DATE, FLAG, ID, NUMBER, TEXT, Shape, ValueType, merged, reference
from reconciler.kinds.base import Kind, SpecField
from reconciler.kinds.field_mapping import FieldMapping, Table
from reconciler.kinds.registry import all_kinds

_PLACEHOLDER = re.compile(r"\{[^}]*\}")
_INFO = Shape({"lastUpdated": TEXT})


@cache
def by_path() -> Mapping[str, Shape]:
    """Return the shape of one object of each collection, by its path with `{id}` for every id."""
    found: dict[str, Shape] = {}
    for path, shape in _shapes():
        key = _PLACEHOLDER.sub("{id}", path)
        found[key] = merged(found[key], shape) if key in found else shape
    return found


def _shapes() -> Iterator[tuple[str, Shape]]:
    for of in all_kinds().values():
        if of.collection is not None:
            yield of.collection, _of_kind(of)
            for item in of.fields:
                yield from _around(item.mapping)


def _of_kind(of: Kind) -> Shape:
    """Return the shape of a kind's objects: all mapped fields, and the other fields that billing reads."""
    also = Shape({name: sort for path in of.read_also for name, sort in _by_convention(path)})
    return merged(_joined(of.all_fields), merged(Shape({"_info": _INFO, "deletedFlag": FLAG}), also))


def _joined(fields: tuple[SpecField, ...]) -> Shape:
    shape = Shape()
    for item in fields:
        shape = merged(shape, Shape(item.mapping.shape))
    return shape


def _around(mapping: FieldMapping) -> Iterator[tuple[str, Shape]]:
    """Yield the subcollection and the setup tables that a field mapping reads, each with its shape."""
    if mapping.subcollection is not None:
        yield mapping.subcollection.path, Shape(mapping.subcollection.shape)
    if mapping.target is not None and mapping.target.table is not None:
        scope = {mapping.target.scope: reference("name")} if mapping.target.scope else {}
        inactive: dict[str, ValueType] = {"inactiveFlag": FLAG} if mapping.target.inactive else {}
        yield mapping.target.table, Shape({mapping.target.label: TEXT, **scope, **inactive})
    for table in mapping.tables:
        yield table.path, _of_table(table)


def _of_table(table: Table) -> Shape:
    return Shape({name: sort for path in table.fields for name, sort in _by_convention(path)})


def _by_convention(path: str) -> Iterator[tuple[str, ValueType]]:
    """Yield (field, type) for a `fields=` path. The end of the name gives the type: `…Flag`, `…Date`, `…Amount`."""
    name, _, below = path.partition("/")
    if below:
        yield name, reference() if below == "id" else Shape({below: TEXT})
    elif name == "id":
        yield name, ID
    elif name.endswith("Flag"):
        yield name, FLAG
    elif name.endswith("Date"):
        yield name, DATE
    elif name.endswith("Amount"):
        yield name, NUMBER
    elif name in _TEXTS:
        yield name, TEXT


_TEXTS: Final = frozenset({"agreementStatus", "caption", "description", "fieldTypeIdentifier", "identifier", "name"})
