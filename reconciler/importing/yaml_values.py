"""Turn the fields of a live object into the values of a document, and say which of them cannot be declared.

This is the inverse of `planning.resolve`: each written value must resolve to the value in ConnectWise. So an entry of a
setup table is written only if its name leads back to the same entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from reconciler.kinds.base import Kind, SpecField
from reconciler.kinds.custom_fields import fits
from reconciler.kinds.field_mapping import FieldMapping, Tables, Target
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.references import nested_fields
from reconciler.kinds.values import Link, Value
from reconciler.planning.setup_tables import SetupTables, UnknownEntryError

INACTIVE: Final = "inactive"
"""A flag that is written only if it is set: nearly all objects that are imported are active."""
LONGEST_KEY: Final = 100
"""The most characters of a caption. A longer key does not stay on one line when a file is formatted."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to an object. It is written as the name of its document, or as a look-up if it has none."""

    kind: str
    id: int
    by_id: bool = False
    """Whether it is written as a look-up even if the object has a document."""


class Undeclarable(Exception):  # noqa: N818 - not a failure: the field is left out, with this reason
    """A value that a document cannot hold. The text is the reason."""


class Translator:
    """Translates the objects of one tenant. Each entry of a setup table is looked up once."""

    def __init__(self, tables: Tables) -> None:
        self._rows = tables
        self._tables = SetupTables(tables)
        self._labels: dict[tuple[str, str], dict[int, str]] = {}

    def spec(self, of: Kind, obj: LiveObject) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Return the spec of an object, and (field, reason) of each field that cannot be declared."""
        spec: dict[str, Any] = {}
        left_out: list[tuple[str, str]] = []
        for item in of.fields:
            if not item.mapping.compared:
                continue
            try:
                if item.name == of.parent:
                    spec[item.name] = _parent(item, obj)
                else:
                    self._add(of, item, obj, spec, left_out)
            except Undeclarable as reason:
                left_out.append((item.name, str(reason)))
        return spec, left_out

    def _add(
        self, of: Kind, item: SpecField, obj: LiveObject, spec: dict[str, Any], left_out: list[tuple[str, str]]
    ) -> None:
        value, mapping = item.mapping.decode(obj.raw), item.mapping
        if value is None or (item.name == INACTIVE and not value):
            if mapping.sort == "date" and any(mapping.encode(None, {}).values()):
                spec[item.name] = None  # no end date is a value of its own
            return
        if item.name in of.zero_is_unset and value == 0:
            raise Undeclarable(f"ConnectWise shows 0 also if none was typed in: write `{item.name}: 0` if 0 is right")
        if isinstance(value, Mapping):
            if mapping.subcollection is None:
                value = self._custom_fields(item, value, left_out)
            else:
                value = [self._nested(of, item, each) for _, each in sorted(value.items()) if not each.get(INACTIVE)]
            if not value:
                return
        elif isinstance(value, frozenset):
            if not value and not of.spec.model_fields[item.attribute].is_required():
                return
            value = sorted((self._value(mapping, each, None) for each in value), key=str)
        else:
            scope = None if mapping.target is None else mapping.target.scope
            value = self._value(mapping, value, None if scope is None else spec.get(scope))
        spec[item.name] = value

    def _value(self, mapping: FieldMapping, value: Value, scope: str | None) -> Any:
        if isinstance(value, Link):
            return self._link(mapping.target, value, scope)
        if isinstance(value, str):
            return _text(value)
        if isinstance(value, Decimal) and not value.is_finite():
            raise Undeclarable(f"{value} is not a finite number")
        return value

    def _link(self, target: Target | None, link: Link, scope: str | None) -> Any:
        if link.id is None or target is None:
            raise Undeclarable(f"ConnectWise gives no id for '{link.name}'")
        if target.kind is not None:
            return Ref(target.kind, int(link.id))
        name = self._label(target, int(link.id))
        if name is None:
            raise Undeclarable(f"'{link.name}' (id {link.id}) is not in the setup table /{target.table} any more")
        try:
            found = self._tables.entry(target, name, scope)
        except UnknownEntryError as unknown:
            raise Undeclarable(str(unknown)) from None
        if found.id != link.id:
            raise Undeclarable(
                f"'{name}' is the name of several entries of the setup table /{target.table}: a document means the "
                f"active one, id {found.id}, and this object has id {link.id}"
            )
        return _text(name)

    def _label(self, target: Target, number: int) -> str | None:
        """Return the name of an entry of a setup table. None if the table has no such entry, or one without a name."""
        place = (str(target.table), target.label)
        if place not in self._labels:
            rows = self._rows.get(place[0], ())
            self._labels[place] = {int(row["id"]): str(row.get(target.label) or "").strip() for row in rows}
        return self._labels[place].get(number) or None

    def _nested(self, of: Kind, item: SpecField, values: Mapping[str, Value]) -> dict[str, Any]:
        """Return a nested object, such as a cross-reference."""
        found: dict[str, Any] = {}
        for below in nested_fields(of.spec, item.attribute):
            value = values.get(below.name)
            if value is not None and below.name != INACTIVE:
                found[below.name] = self._value(below.mapping, value, None)
        return found

    def _custom_fields(
        self, item: SpecField, values: Mapping[str, Value], left_out: list[tuple[str, str]]
    ) -> dict[str, Any]:
        """Return the custom fields with a value, by their captions."""
        found: dict[str, Any] = {}
        for caption, value in sorted(values.items()):
            if value is None or value == "":
                continue
            try:
                for table in item.mapping.tables:
                    row = self._tables.row(Target(table=table.path, label="caption"), caption)
                    if not fits(value, row):
                        of_type = row["fieldTypeIdentifier"]
                        raise Undeclarable(f"it is of type {of_type}, and its value is of another type")
                if len(caption) > LONGEST_KEY or not caption.isprintable():
                    raise Undeclarable("its caption is too long or has characters that cannot be printed")
                found[_text(caption)] = self._value(item.mapping, value, None)
            except (UnknownEntryError, Undeclarable) as reason:
                left_out.append((f"{item.name}.{caption[:LONGEST_KEY]}", str(reason)))
        return found


def _parent(item: SpecField, obj: LiveObject) -> Ref:
    target = item.mapping.target
    if target is None or target.kind is None or obj.parent_id is None:
        raise Undeclarable(f"ConnectWise does not say which {item.name} it belongs to")
    return Ref(target.kind, obj.parent_id)


def _text(value: str) -> str:
    """Return a text that a file can hold. Raises `Undeclarable` for one with half a character."""
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Undeclarable("it contains a character that is not Unicode")
    return value
