"""The shape of ConnectWise's answers, by path: the fields that the kinds read, with the type of each.

The client checks every answer against it, so no code behind the client meets a value of another type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from reconciler.http.shapes import DATE, FLAG, ID, TEXT, Shape, ValueType, merged, reference
from reconciler.kinds.base import FieldForm, Kind
from reconciler.kinds.forms import Form, Table
from reconciler.kinds.registry import all_kinds

_PLACEHOLDER = re.compile(r"\{[^}]*\}")
_INFO = Shape({"lastUpdated": TEXT})


@cache
def by_path() -> Mapping[str, Shape]:
    """The shape of one object of each list that is read, by the list's path with `{id}` for every id."""
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
                yield from _around(item.form)


def _of_kind(of: Kind) -> Shape:
    """All forms, declared by a document or not, and what billing reads beside them."""
    also = Shape({name: sort for path in of.read_also for name, sort in _by_convention(path)})
    return merged(_joined(of.fields), merged(Shape({"_info": _INFO, "deletedFlag": FLAG}), also))


def _joined(fields: tuple[FieldForm, ...]) -> Shape:
    shape = Shape()
    for item in fields:
        shape = merged(shape, Shape(item.form.shape))
    return shape


def _around(form: Form) -> Iterator[tuple[str, Shape]]:
    """The collections below the object, and the setup tables, that a field is kept in or looked up in."""
    if form.children is not None:
        yield form.children.path, Shape(form.children.shape)
    if form.target is not None and form.target.table is not None:
        scope = {form.target.scope: reference("name")} if form.target.scope else {}
        inactive: dict[str, ValueType] = {"inactiveFlag": FLAG} if form.target.inactive else {}
        yield form.target.table, Shape({form.target.label: TEXT, **scope, **inactive})
    for table in form.tables:
        yield table.path, _of_table(table)


def _of_table(table: Table) -> Shape:
    return Shape({name: sort for path in table.fields for name, sort in _by_convention(path)})


def _by_convention(path: str) -> Iterator[tuple[str, ValueType]]:
    """What a field holds, as ConnectWise names its fields: `…Flag`, `…Date`, and text."""
    name, _, below = path.partition("/")
    if below:
        yield name, reference() if below == "id" else Shape({below: TEXT})
    elif name == "id":
        yield name, ID
    elif name.endswith("Flag"):
        yield name, FLAG
    elif name.endswith("Date"):
        yield name, DATE
    elif name in _TEXTS:
        yield name, TEXT


_TEXTS = frozenset({"agreementStatus", "caption", "description", "fieldTypeIdentifier", "identifier", "name"})
