"""A ConnectWise tenant: a store in which every write is checked.

A write is checked against the fields of its kind, its references, uniqueness and the rules of its kind. A refusal
lists all problems at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from reconciler.sandbox.connectwise import rules
from reconciler.sandbox.connectwise.rules.base import Change, Creation, Draft
from reconciler.sandbox.connectwise.schema.entities import ENTITIES
from reconciler.sandbox.connectwise.schema.errors import Problem, in_use, invalid_object
from reconciler.sandbox.connectwise.schema.fields import Entity
from reconciler.sandbox.connectwise.schema.references import shape
from reconciler.sandbox.connectwise.schema.validation import clean, missing, problem
from reconciler.sandbox.connectwise.schema.views import VIEWS, View
from reconciler.sandbox.connectwise.store import custom_fields
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row
from reconciler.sandbox.shared.clock import Clock

_NESTED: Final[dict[str, View]] = {view.table: view for view in VIEWS if view.parent}


class Tenant(Store):
    """A store with guarded writes. Its setup tables are empty; `setup.new_tenant` returns one with filled tables.

    `codebase` is the path segment that the tenant's API has today; an upgrade changes it. While `deleted_hold` is set,
    a new object cannot have the key of a deleted one (fault `deleted-hold`).
    """

    def __init__(self, clock: Clock | None = None, *, codebase: str = "v4_6_release/") -> None:
        super().__init__(clock)
        self.codebase = codebase
        self.deleted_hold = False
        self._statuses_of = ""

    def create(self, collection: str, body: Mapping[str, Any], parent: int | None = None) -> dict[str, Any]:
        """Create an object as a POST does, and return its data. Tests and the demo fill a tenant with it.

        `collection` is the name of a table (`company`, `addition`) or a path below the API root
        (`company/companies`, `finance/agreements/12/additions`).
        """
        table, key = self._named(collection)
        return self.insert(table, dict(body), parent if parent is not None else key).data

    def insert(self, name: str, body: dict[str, Any], parent: int | None = None) -> Row:
        """Create a row.

        Raises:
            Refusal: 400, with every problem of the body.
        """
        table, entity, rule = self.tables[name], ENTITIES[name], rules.of(name)
        values, problems = self._clean(name, body)
        _fill(entity, values)
        draft = Draft(self, values, parent, None, frozenset(body))
        if not problems:
            rule.prepare(draft)
        problems += _lacking(entity, values, problems) + self._taken(name, values, None)
        if not problems:
            rule.check(draft)
        problems += draft.problems
        if problems:
            raise invalid_object(entity.resource, problems)
        now = self.moment()
        row = Row(table.next_id, parent, {"id": table.next_id})
        _keep(row, entity, values)
        row.data["_info"] = {
            "lastUpdated": now,
            "updatedBy": self.author,
            "dateEntered": now,
            "enteredBy": self.author,
            **rules.links(name, row.id),
        }
        table.add(row)
        self._follow(rule.created(self, row, values))
        rule.compute(self, row)
        custom_fields.show(self.tables, name, row)
        self.version += 1
        return row

    def update(self, name: str, row: Row, changes: dict[str, Any], *, whole: bool = False) -> Row:
        """Change the given fields of a row (PATCH), or with `whole` replace the object (PUT).

        Raises:
            Refusal: 400, with every problem of the change.
        """
        entity, rule = ENTITIES[name], rules.of(name)
        values, problems = self._clean(name, changes)
        before = dict(row.data)
        merged = values if whole else {**_own(entity, row), **values}
        if "customFields" in values:
            present = row.data.get("customFields", [])
            merged = {**merged, "customFields": custom_fields.merge(present, values["customFields"] or [])}
        _fill(entity, merged)
        draft = Draft(self, merged, row.parent, row, frozenset(changes))
        if not problems:
            rule.prepare(draft)
        problems += _lacking(entity, merged, problems) + self._taken(name, merged, row)
        if not problems:
            rule.check(draft)
        problems += draft.problems
        if problems:
            raise invalid_object(entity.resource, problems)
        for field in entity.fields.values():
            if not field.computed and not field.postonly and field.name not in merged and not field.writeonly:
                row.data.pop(field.name, None)
        _keep(row, entity, {k: v for k, v in merged.items() if not entity.fields[k].postonly})
        self._follow(rule.changed(self, row, values))
        rule.compute(self, row)
        custom_fields.show(self.tables, name, row)
        self.touch(name, row, before)
        return row

    def delete(self, name: str, row: Row) -> None:
        """Delete a row; kinds with soft deletes keep it, marked as deleted.

        Raises:
            Refusal: 409, another object uses it.
        """
        rule, entity = rules.of(name), ENTITIES[name]
        user = rule.used_by(self, row) or (None if rule.soft else self._referrer(name, row))
        if user is not None:
            raise in_use(entity.resource, row.id, user)
        if not rule.delete(self, row):
            self.tables[name].remove(row)
            for table in self.tables.values():
                view = _NESTED.get(table.name)
                if view is not None and view.parent == name:
                    for child in self.children(table.name, row.id):
                        table.remove(child)
        self.version += 1

    def update_statuses(self) -> None:
        """Compute every status that depends on today's date, at most once for each day of the sandbox's clock."""
        today = self.today
        if today != self._statuses_of:
            self._statuses_of = today
            for name in ("agreement", "addition"):
                for row in self.tables[name].rows.values():
                    rules.of(name).compute(self, row)
            self.version += 1

    def _follow(self, writes: Iterable[Creation | Change]) -> None:
        """Carry out the writes that a rule asks for after a write."""
        for write in writes:
            if isinstance(write, Creation):
                self.insert(write.table, write.body, write.parent)
            else:
                self.update(write.table, write.row, write.body)

    def _clean(self, name: str, body: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        entity = ENTITIES[name]
        values, problems = clean(entity, body, self.resolve)
        for message in custom_fields.mistakes(self.tables, name, values.get("customFields") or ()):
            problems.append(problem(entity, "customFields", message))
        return values, problems

    def _taken(self, name: str, values: dict[str, Any], row: Row | None) -> list[Problem]:
        """Return a problem for each unique field whose value another row has."""
        entity, problems = ENTITIES[name], []
        for field in entity.unique:
            value = values.get(field)
            if not isinstance(value, str):
                continue
            others = [each for each in self.tables[name].named(field, value) if each is not row]
            if any(self.deleted_hold or not each.data.get("deletedFlag") for each in others):
                message = f"A {entity.resource} with {field} {value!r} already exists"
                problems.append(problem(entity, field, message, "ObjectExists"))
        return problems

    def _referrer(self, name: str, target: Row) -> str | None:
        """Return the name of an object that refers to a row and so keeps it from being deleted."""
        for table in self.tables.values():
            if table.entity is None:
                continue
            pointing = [
                field.name
                for field in table.entity.fields.values()
                if field.kind == "ref" and shape(field.target).table == name and not rules.weak(table.name, field.name)
            ]
            for row in table.rows.values() if pointing else ():
                if rules.owned(table.name, name) and row.parent == target.id:
                    continue
                for field_name in pointing:
                    reference = row.data.get(field_name)
                    if reference is not None and reference["id"] == target.id:
                        return f"{table.entity.resource} {row.id}"
        return None

    def _named(self, collection: str) -> tuple[str, int | None]:
        if collection in self.tables:
            return collection, None
        parts = collection.strip("/").split("/")
        parent = next((int(part) for part in parts if part.isdecimal()), None)
        path = "/".join("{parent}" if part.isdecimal() else part for part in parts)
        for view in VIEWS:
            if view.path == path:
                return view.table, parent
        raise KeyError(f"no table and no collection {collection!r}; known: {', '.join(self.tables)}")


def _lacking(entity: Entity, values: dict[str, Any], found: list[Problem]) -> list[Problem]:
    """Return the missing required fields, without those that have a problem already."""
    known = {each.field for each in found}
    return [each for each in missing(entity, values) if each.field not in known]


def _fill(entity: Entity, values: dict[str, Any]) -> None:
    for field, default in entity.defaults:
        if values.get(field) is None:
            values[field] = default


def _keep(row: Row, entity: Entity, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if entity.fields[name].writeonly:
            row.secrets[name] = value
        elif value is None:
            row.data.pop(name, None)
        else:
            row.data[name] = value


def _own(entity: Entity, row: Row) -> dict[str, Any]:
    return {
        name: row.data[name]
        for name, field in entity.fields.items()
        if name in row.data and not field.computed and not field.postonly
    }
