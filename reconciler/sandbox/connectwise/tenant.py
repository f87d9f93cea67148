"""A tenant: its tables, and every write to them, held to fields, references, uniqueness and the rules of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.sandbox.clock import Clock
from reconciler.sandbox.connectwise import custom_fields, rules, setup, solutions
from reconciler.sandbox.connectwise.entities import ENTITIES
from reconciler.sandbox.connectwise.errors import Problem, Refusal, in_use, invalid_object, not_found
from reconciler.sandbox.connectwise.fields import Entity
from reconciler.sandbox.connectwise.references import shape
from reconciler.sandbox.connectwise.tables import Row, Table, fold
from reconciler.sandbox.connectwise.validation import Unfit, clean, missing, problem
from reconciler.sandbox.connectwise.views import VIEWS, View

#: Ids start far apart per table, so that one table's id in another's place is soon found out.
_ID_STEP = 1000
_MEMBER = "API"


class Tenant:
    """One ConnectWise tenant. `codebase` is the path its API lives under today; an upgrade moves it."""

    def __init__(self, clock: Clock | None = None, *, codebase: str = "v4_6_release/", empty: bool = False) -> None:
        self.clock = clock or Clock()
        self.codebase = codebase
        self.tables: dict[str, Table] = {}
        #: Goes up with every write; whatever was derived from the tables is stale when it moved.
        self.version = 0
        self._statuses_of: str = ""
        #: Whether deleted objects keep their keys from others.
        self.deleted_hold = False
        paths = {view.table: view.path for view in reversed(VIEWS) if not view.by and not view.fields}
        for number, (name, entity) in enumerate(ENTITIES.items()):
            self.tables[name] = Table(name, entity, paths[name], number * _ID_STEP + 1)
        if not empty:
            setup.fill(self)

    # Reading

    def table(self, name: str) -> Table:
        """A table by name; tables that only references know are made when first asked for."""
        found = self.tables.get(name)
        if found is None:
            found = self.tables[name] = Table(name, None, "", 1)
        return found

    def get(self, table: str, key: int) -> Row:
        """One row, or a 404."""
        row = self.tables[table].rows.get(key)
        if row is None:
            raise not_found(self._entity(table).resource, key)
        return row

    def children(self, table: str, parent: int) -> list[Row]:
        """The rows made under one parent."""
        return list(self.tables[table].children.get(parent, {}).values())

    def reference(self, target: str, key: int | None) -> dict[str, Any] | None:
        """The shared reference to a row, or none."""
        if key is None:
            return None
        table = self.table(shape(target).table)
        return table.reference(table.rows[key], target)

    def row_of(self, target: str, reference: Mapping[str, Any] | None) -> Row | None:
        """The row that a stored reference points at."""
        return None if reference is None else self.table(shape(target).table).rows.get(reference["id"])

    @property
    def today(self) -> str:
        """Today's date, as stored dates are written."""
        return self.clock.now().strftime("%Y-%m-%dT00:00:00Z")

    def settle_statuses(self) -> None:
        """Bring what depends on today's date up to date: once a day of the sandbox's clock, on the first read."""
        today = self.today
        if today != self._statuses_of:
            self._statuses_of = today
            for name in ("agreement", "addition"):
                for row in self.tables[name].rows.values():
                    rules.of(name).settle(self, row)
            self.version += 1

    # Writing

    def create(self, collection: str, body: Mapping[str, Any], parent: int | None = None) -> dict[str, Any]:
        """Make an object as a POST would, and give its data. For seeding.

        `collection` is the name of a table (`company`, `addition`) or a path below the API root
        (`company/companies`, `finance/agreements/12/additions`).
        """
        table, key = self._named(collection)
        return self.insert(table, dict(body), parent if parent is not None else key).data

    def insert(self, name: str, body: dict[str, Any], parent: int | None = None) -> Row:
        """Make a row, or refuse with every problem there is."""
        table, entity, rule = self.tables[name], self._entity(name), rules.of(name)
        values, problems = self._clean(name, body)
        _fill(entity, values)
        draft = rules.Draft(self, values, parent, None, frozenset(body))
        if not problems:
            rule.prepare(draft)
        problems += self._lacking(entity, values, problems) + self._taken(name, values, None)
        if not problems:
            rule.check(draft)
        problems += draft.problems
        if problems:
            raise invalid_object(entity.resource, problems)
        now = self._moment()
        row = Row(table.next_id, parent, {"id": table.next_id})
        self._store(row, entity, values)
        row.data["_info"] = {
            "lastUpdated": now,
            "updatedBy": _MEMBER,
            "dateEntered": now,
            "enteredBy": _MEMBER,
            **rules.links(name, row.id),
        }
        table.add(row)
        rule.made(self, row, values)
        rule.settle(self, row)
        custom_fields.show(self, name, row)
        self.version += 1
        return row

    def update(self, name: str, row: Row, changes: dict[str, Any], *, whole: bool = False) -> Row:
        """Change a row by already named fields (PATCH), or put a whole object in its place (PUT)."""
        entity, rule = self._entity(name), rules.of(name)
        values, problems = self._clean(name, changes)
        before = dict(row.data)
        merged = values if whole else {**_own(entity, row), **values}
        if "customFields" in values:
            standing = row.data.get("customFields", [])
            merged = {**merged, "customFields": custom_fields.merge(standing, values["customFields"] or [])}
        _fill(entity, merged)
        draft = rules.Draft(self, merged, row.parent, row, frozenset(changes))
        if not problems:
            rule.prepare(draft)
        problems += self._lacking(entity, merged, problems) + self._taken(name, merged, row)
        if not problems:
            rule.check(draft)
        problems += draft.problems
        if problems:
            raise invalid_object(entity.resource, problems)
        for field in entity.fields.values():
            if not field.computed and not field.postonly and field.name not in merged and not field.writeonly:
                row.data.pop(field.name, None)
        self._store(row, entity, {k: v for k, v in merged.items() if not entity.fields[k].postonly})
        rule.changed(self, row, values)
        rule.settle(self, row)
        custom_fields.show(self, name, row)
        self.touch(name, row, before)
        return row

    def touch(self, name: str, row: Row, before: dict[str, Any]) -> None:
        """Stamp a changed row, and let everything that shows it know."""
        table = self.tables[name]
        info = row.data["_info"] = {**row.data["_info"], "updatedBy": _MEMBER}
        info["lastUpdated"] = self._moment(after=info["lastUpdated"])
        table.reindex(row, before)
        table.refresh(row)
        solutions.refresh(row)
        self.version += 1

    def delete(self, name: str, row: Row) -> None:
        """Delete a row, softly where the kind asks for it; 409 when it is in use."""
        rule, entity = rules.of(name), self._entity(name)
        user = rule.user(self, row) or (None if rule.soft else self._referrer(name, row))
        if user is not None:
            raise in_use(entity.resource, row.id, user)
        if not rule.delete(self, row):
            self.tables[name].remove(row)
            for table in self.tables.values():
                view = _NESTED.get(table.name)
                if view is not None and view.parent == name:
                    for child in list(table.children.get(row.id, {}).values()):
                        table.remove(child)
        self.version += 1

    def resolve(self, target: str, value: dict[str, Any]) -> dict[str, Any]:
        """The stored reference for the body of one: by id, or by name where it has one."""
        if target == solutions.TARGET:
            return solutions.resolve(self, value)
        form = shape(target)
        table = self.table(form.table)
        known = {"id", "_info", *(mine for mine, _ in form.shows)}
        if unknown := value.keys() - known:
            raise Unfit(f"{', '.join(sorted(unknown))} is not a field of this reference")
        key = value.get("id")
        if key is not None and (isinstance(key, bool) or not isinstance(key, int)):
            raise Unfit("the id of a reference must be an integer")
        row = table.rows.get(key) if key else self._by_name(table, form.names, dict(form.shows), value)
        if row is None:
            told = {name: value[name] for name in ("id", *form.names) if value.get(name)}
            raise Unfit(f"There is no {target} with {told or 'neither id nor name'}", "InvalidReference")
        return table.reference(row, target)

    def _by_name(
        self, table: Table, names: tuple[str, ...], fields: dict[str, str], value: dict[str, Any]
    ) -> Row | None:
        for name in names:
            text = value.get(name)
            if isinstance(text, str) and text.strip():
                found = [row for row in table.named(fields[name], text) if not row.data.get("deletedFlag")]
                return found[0] if found else None
        return None

    # Inner parts

    def _entity(self, name: str) -> Entity:
        return ENTITIES[name]

    def _store(self, row: Row, entity: Entity, values: dict[str, Any]) -> None:
        for name, value in values.items():
            if entity.fields[name].writeonly:
                row.secrets[name] = value
            elif value is None:
                row.data.pop(name, None)
            else:
                row.data[name] = value

    def _clean(self, name: str, body: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        entity = self._entity(name)
        values, problems = clean(entity, body, self.resolve)
        for told in custom_fields.wrong(self, name, values.get("customFields") or ()):
            problems.append(problem(entity, "customFields", told))
        return values, problems

    def _lacking(self, entity: Entity, values: dict[str, Any], told: list[Problem]) -> list[Problem]:
        known = {each.field for each in told}
        return [each for each in missing(entity, values) if each.field not in known]

    def _taken(self, name: str, values: dict[str, Any], row: Row | None) -> list[Problem]:
        entity, problems = self._entity(name), []
        for field in entity.unique:
            value = values.get(field)
            if not isinstance(value, str):
                continue
            others = [each for each in self.tables[name].named(field, value) if each is not row]
            if any(self.deleted_hold or not each.data.get("deletedFlag") for each in others):
                told = f"A {entity.resource} with {field} {value!r} already exists"
                problems.append(problem(entity, field, told, "ObjectExists"))
        return problems

    def _moment(self, after: str = "") -> str:
        """Now, to the second; a second past `after` when the clock has not moved on since."""
        now = self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        if not after or now > after:
            return now
        later = datetime.strptime(after, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) + timedelta(seconds=1)
        return later.strftime("%Y-%m-%dT%H:%M:%SZ")

    def _referrer(self, name: str, target: Row) -> str | None:
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


def _fill(entity: Entity, values: dict[str, Any]) -> None:
    for field, default in entity.defaults:
        if values.get(field) is None:
            values[field] = default


def _own(entity: Entity, row: Row) -> dict[str, Any]:
    return {
        name: row.data[name]
        for name, field in entity.fields.items()
        if name in row.data and not field.computed and not field.postonly
    }


_NESTED: dict[str, View] = {view.table: view for view in VIEWS if view.parent}

__all__ = ["Refusal", "Tenant", "fold"]
