"""A document's declared fields as values that can be compared with live ones, and sent."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from reconciler.kinds.base import SpecField, fields_of
from reconciler.kinds.custom_fields import fits
from reconciler.kinds.field_mapping import FieldMapping, Subcollection, Target
from reconciler.kinds.fields import EnvSecret, FileSecret
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.values import Link, Value, plain_text
from reconciler.manifests.documents import Document
from reconciler.planning.setup_tables import SetupTables, UnknownEntryError

Path = tuple[str | int, ...]


class Resolver:
    """Turns the fields of documents into values. Collects all problems instead of stopping at the first."""

    def __init__(self, live_state: LiveState) -> None:
        self._live_state = live_state
        self.tables = SetupTables(live_state.tables)
        self.problems: list[str] = []

    def values(self, document: Document) -> dict[str, Value]:
        """Return, by manifest name, the value of every declared field that ConnectWise has."""
        declared, spec = document.declared, document.spec
        links = self._live_state.links.get(document.address, {})
        found: dict[str, Value] = {}
        for item in document.kind.fields:
            if item.name not in declared:
                continue
            value, target = document.value(item), item.mapping.target
            if target is not None and target.kind is not None and value is not None:
                found[item.name] = links.get((item.name,))
            elif isinstance(value, Mapping):
                found[item.name] = self._by_caption(document, item, value)
            else:
                found[item.name] = self._value(document, item.mapping, value, (item.name,), spec)
        return found

    def _value(self, document: Document, mapping: FieldMapping, value: Any, path: Path, owner: BaseModel) -> Value:
        match value:
            case None | bool():
                return value
            case EnvSecret() | FileSecret():
                return value.model_dump()
            case tuple() if mapping.subcollection is not None and mapping.subcollection.on_create:
                return self._models(document, mapping.subcollection, value, path)
            case tuple():
                return frozenset(
                    self._value(document, mapping, entry, (*path, index), owner) for index, entry in enumerate(value)
                )
        target = mapping.target
        if target is None:
            return _plain(value)
        if target.kind is not None:
            return self._live_state.links[document.address].get(path)
        return self._entry(document, target, str(value), path, owner)

    def _models(
        self, document: Document, subcollection: Subcollection, models: Sequence[BaseModel], path: Path
    ) -> Value:
        """Return nested objects by the key that their live objects have, with their declared fields only."""
        found: dict[str, dict[str, Value]] = {}
        for index, model in enumerate(models):
            fields = {
                item.name: self._value(
                    document, item.mapping, getattr(model, item.attribute), (*path, index, item.name), model
                )
                for item in fields_of(type(model))
                if item.attribute in model.model_fields_set
            }
            name = subcollection.identify(model.model_dump())
            if name in found:
                self.problems.append(f"{document.address}: {path[0]}: {name} appears twice")
            found[name] = fields
        return found

    def _entry(self, document: Document, target: Target, name: str, path: Path, owner: BaseModel) -> Link | None:
        """Return the setup-table entry with this name. A similar name is only suggested."""
        scope = None if target.scope is None else getattr(owner, target.scope, None)
        try:
            return self.tables.entry(target, name, scope)
        except UnknownEntryError as unknown:
            self.problems.append(f"{document.address}: {_place(path)}: {unknown}")
            return None

    def _by_caption(self, document: Document, item: SpecField, declared: Mapping[str, Any]) -> Value:
        """Return custom fields by their captions as ConnectWise spells them."""
        where = f"{document.address}: {item.name}"
        found: dict[str, Value] = {}
        for table in item.mapping.tables:
            target = Target(table=table.path, label="caption")
            for caption, given in declared.items():
                try:
                    row = self.tables.row(target, caption)
                except UnknownEntryError as unknown:
                    self.problems.append(f"{where}: {unknown}")
                    continue
                spelled, value = str(row["caption"]).strip(), _plain(given)
                if spelled in found:
                    self.problems.append(f"{where}: '{spelled}' appears twice")
                if not fits(value, row):
                    self.problems.append(f"{where}: '{spelled}' is of type {row['fieldTypeIdentifier']}, not {given}")
                found[spelled] = value
        return found


def _place(path: Path) -> str:
    return ".".join(str(part) for part in path)


def _plain(value: Any) -> Value:
    match value:
        case bool() | None:
            return value
        case int() | Decimal():
            return Decimal(value)
        case datetime.date():
            return value.isoformat()
        case _:
            return plain_text(value)
