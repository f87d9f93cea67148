"""A document's declared fields as values that can be compared with live ones, and sent."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel
from rapidfuzz import process

from reconciler.kinds.base import EnvSecret, FieldForm, FileSecret, fields_of
from reconciler.kinds.estate import Estate
from reconciler.kinds.forms import Form, Target
from reconciler.kinds.values import Link, Value
from reconciler.manifests.documents import Document

Path = tuple[str | int, ...]


class Resolver:
    """Turns spec fields into values; gathers what cannot be resolved instead of stopping at the first."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._rows: dict[tuple[str, str], dict[str, list[Mapping[str, Any]]]] = {}
        self.problems: list[str] = []

    def values(self, document: Document) -> dict[str, Value]:
        """By manifest name, of every declared field that stands in ConnectWise."""
        return {
            item.name: self._field(document, item) for item in document.kind.fields if item.name in document.declared
        }

    def _field(self, document: Document, item: FieldForm) -> Value:
        value = getattr(document.spec, item.attribute)
        if item.name == "customFields" and value is not None:
            self._custom_fields(document, item, value)
        return self._value(document, item.form, value, (item.name,), document.spec)

    def _value(self, document: Document, form: Form, value: Any, path: Path, owner: BaseModel) -> Value:
        match value:
            case None | bool():
                return value
            case EnvSecret() | FileSecret():
                return value.model_dump()
            case tuple() if value and isinstance(value[0], BaseModel):
                return self._models(document, form, value, path)
            case tuple():
                return frozenset(
                    self._value(document, form, entry, (*path, index), owner) for index, entry in enumerate(value)
                )
            case Mapping():
                return {name: _plain(entry) for name, entry in value.items()}
        if form.target is not None and form.target.kind is not None:
            return self._estate.links[document.address].get(path)
        if form.target is not None:
            return self._entry(document, form.target, str(value), path, owner)
        return _plain(value)

    def _models(self, document: Document, form: Form, models: tuple[BaseModel, ...], path: Path) -> Value:
        """Nested objects, keyed as their live counterparts are; only their declared fields."""
        if form.children is None:
            raise TypeError(f"{document.address}: {path[0]} holds objects but says not how they are told apart")
        found: dict[str, dict[str, Value]] = {}
        for index, model in enumerate(models):
            fields = {
                item.name: self._value(
                    document, item.form, getattr(model, item.attribute), (*path, index, item.name), model
                )
                for item in fields_of(type(model))
                if item.attribute in model.model_fields_set
            }
            name = form.children.identify(model.model_dump())
            if name in found:
                self.problems.append(f"{document.address}: {path[0]}: {name} is there twice")
            found[name] = fields
        return found

    def _entry(self, document: Document, target: Target, name: str, path: Path, owner: BaseModel) -> Link | None:
        """The setup-table entry of this display name; a near miss is named, and never taken."""
        table = str(target.table)
        rows = self._by_label(table, target.label)
        found = rows.get(name.strip().casefold(), [])
        if target.scope is not None and (scope := getattr(owner, target.scope, None)) is not None:
            found = [row for row in found if _label(row.get(target.scope) or {}, "name") == scope.strip().casefold()]
        if len(found) == 1:
            return Link(str(found[0][target.label]).strip(), found[0]["id"])
        where = f"{document.address}: {'.'.join(str(part) for part in path)}"
        if found:
            ids = ", ".join(f"id {row['id']}" for row in found)
            self.problems.append(f"{where}: {name!r} is ambiguous in the setup table /{table}: {ids}")
        else:
            names = [str(row[target.label]).strip() for entries in rows.values() for row in entries]
            near = [match for match, _score, _index in process.extract(name, names, limit=3, score_cutoff=60)]
            hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"it has {', '.join(sorted(names)[:8])}"
            self.problems.append(f"{where}: the setup table /{table} has no {name!r}; {hint}")
        return None

    def _by_label(self, table: str, label: str) -> dict[str, list[Mapping[str, Any]]]:
        if (table, label) not in self._rows:
            rows: dict[str, list[Mapping[str, Any]]] = {}
            for row in self._estate.tables.get(table, ()):
                rows.setdefault(_label(row, label), []).append(row)
            self._rows[table, label] = rows
        return self._rows[table, label]

    def _custom_fields(self, document: Document, item: FieldForm, value: Mapping[str, Any]) -> None:
        for table in item.form.tables:
            known = self._by_label(table.path, "caption")
            for caption in value:
                if caption.strip().casefold() not in known:
                    self.problems.append(
                        f"{document.address}: {item.name}: ConnectWise has no custom field {caption!r}"
                    )


def _label(row: Mapping[str, Any], label: str) -> str:
    return str(row.get(label, "")).strip().casefold()


def _plain(value: Any) -> Value:
    match value:
        case bool() | None:
            return value
        case int() | Decimal():
            return Decimal(value)
        case datetime.date():
            return value.isoformat()
        case _:
            return str(value).strip() or None
