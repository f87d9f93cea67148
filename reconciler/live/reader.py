"""Reads collections, subcollections and setup tables: the one place that turns a read into requests.

It also detects a field that the server does not know, or leaves out of its response. A missing field is not an empty
field.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from reconciler.connectwise import ConnectWise
from reconciler.connectwise.conditions import Condition, equals
from reconciler.connectwise.error_responses import is_missing_route
from reconciler.connectwise.errors import Invalid, Malformed, NotFound
from reconciler.connectwise.parallel import in_parallel
from reconciler.kinds.base import Kind
from reconciler.kinds.field_mapping import Table
from reconciler.kinds.live_state import LiveObject
from reconciler.live.query import (
    ENTERED,
    INACTIVE,
    LAST_UPDATED,
    UPDATED_BY,
    Query,
    always_returned,
    always_returned_in_table,
    key_properties,
)

Row = dict[str, Any]
Rows = list[Row]
Response = TypeVar("Response")

WORKERS = 64
"""How many reads start at the same time. The client limits how many of their requests are in flight."""

OPTIONAL = (ENTERED, LAST_UPDATED, UPDATED_BY, INACTIVE)
"""Fields that a read can do without. If a server refuses one, the reader asks again without it."""


class Reader:
    """Reads the objects of one tenant."""

    def __init__(self, client: ConnectWise) -> None:
        self._client = client
        self._refused: dict[str, frozenset[str]] = {}
        """By collection: optional fields that the server has refused."""

    async def read(self, query: Query, *, whole_collection: bool = True) -> list[LiveObject]:
        """Return the objects of a top-level collection.

        One list with `in (…)` conditions, if they fit into one URL. Otherwise the whole collection, which takes one
        request for each page. Without `whole_collection`: one list for each set of values that fits into a URL.
        """
        path = str(query.kind.collection)

        async def send(fields: Sequence[str]) -> Rows:
            if query.fits_one_url or not query.filters:
                return await self._client.list(path, conditions=query.condition, fields=fields)
            if whole_collection:
                return await self._client.list(path, conditions=query.kind_condition, fields=fields)
            found: Rows = []
            for where, values in query.filters.items():
                found += await self._client.list_where_in(
                    path, where, sorted(values, key=str), also=query.kind_condition, fields=fields
                )
            return [*{row["id"]: row for row in found}.values()]

        rows = await self._read_rows(path, query.fields, always_returned(query.kind, query.fields), send)
        _check_recognisable(path, rows, key_properties(query.kind, query.fields))
        objects = [LiveObject(query.kind.name, row["id"], row) for row in rows]
        return objects if query.with_deleted else without_deleted(query.kind, objects)

    async def read_children(
        self, of: Kind, parents: Iterable[int], fields: Sequence[str] = (), *, with_deleted: bool = False
    ) -> dict[int, list[LiveObject]]:
        """Return the objects of a nested kind by the id of their parent. A parent that does not exist has no entry."""
        ordered = sorted(set(parents))
        path = str(of.collection)

        async def send(asked: Sequence[str]) -> dict[int, Rows]:
            if of.bundle is not None and ordered:
                try:
                    return await self._read_bundled(of, ordered, asked)
                except NotFound as error:
                    if is_missing_route(error):
                        raise
                    # One of the parents does not exist. One request for each parent shows which.
            lists = await in_parallel(lambda parent: self._list_children(of, parent, asked), ordered, workers=WORKERS)
            return {parent: rows for parent, rows in zip(ordered, lists, strict=True) if rows is not None}

        found = await self._retry_without_optional(path, fields, send)
        everything = [row for rows in found.values() for row in rows]
        if _leaves_out_a_field(everything, always_returned(of, fields)):
            found = await send(())
            everything = [row for rows in found.values() for row in rows]
        _check_recognisable(path, everything, key_properties(of, fields))
        children = {
            parent: [LiveObject(of.name, row["id"], row, parent) for row in rows] for parent, rows in found.items()
        }
        if with_deleted:
            return children
        return {parent: without_deleted(of, objects) for parent, objects in children.items()}

    async def read_subcollection(self, path: str) -> Rows:
        """Return a whole collection below one object, such as company types or cross-references."""
        return await self._client.list(path)

    async def with_subcollections(self, live: LiveObject, subcollections: Iterable[tuple[str, str]]) -> LiveObject:
        """Return an object again, with these (ConnectWise field, path with `{id}`) read below it."""
        rows = {name: await self.read_subcollection(path.format(id=live.id)) for name, path in subcollections}
        return LiveObject(live.kind, live.id, {**live.raw, **rows}, live.parent_id)

    async def read_object(self, path: str) -> Row:
        """Return one whole object by its path. Raises `NotFound` if it does not exist."""
        found: Row = await self._client.get(path)
        return found

    async def read_records(
        self, path: str, condition: Condition, fields: Sequence[str], *, where: str = "", values: Sequence[int] = ()
    ) -> Rows:
        """Return the rows of a collection of no kind, such as invoices: with `where`, those with `values` there."""

        async def send(asked: Sequence[str]) -> Rows:
            if where:
                return await self._client.list_where_in(path, where, values, also=condition, fields=asked)
            return await self._client.list(path, conditions=condition, fields=asked)

        return await self._read_rows(path, fields, (), send)

    async def read_table(self, table: Table) -> Rows:
        """Return the rows of a setup table."""

        async def send(fields: Sequence[str]) -> Rows:
            return await self._client.list(table.path, fields=fields)

        return await self._read_rows(table.path, table.fields, always_returned_in_table(table), send)

    async def read_tables(self, tables: Iterable[Table]) -> dict[str, Rows]:
        """Return the rows of several setup tables, by path."""
        ordered = [*tables]
        rows = await in_parallel(self.read_table, ordered, workers=WORKERS)
        return {table.path: found for table, found in zip(ordered, rows, strict=True)}

    async def _read_bundled(self, of: Kind, parents: Sequence[int], fields: Sequence[str]) -> dict[int, Rows]:
        path = str(of.collection).replace(f"{{{of.parent}}}", "{parent_id}")
        return await self._client.list_children(str(of.bundle), parents, path=path, fields=fields)

    async def _list_children(self, of: Kind, parent: int, fields: Sequence[str]) -> Rows | None:
        try:
            return await self._client.list(str(of.collection).format(**{str(of.parent): parent}), fields=fields)
        except NotFound as error:
            if is_missing_route(error):
                raise
            return None

    async def _read_rows(
        self,
        path: str,
        fields: Sequence[str],
        always: Sequence[str],
        send: Callable[[Sequence[str]], Awaitable[Rows]],
    ) -> Rows:
        """Return the rows with these fields, or whole rows if the server leaves out one of the `always` fields."""
        rows = await self._retry_without_optional(path, fields, send)
        return await send(()) if _leaves_out_a_field(rows, always) else rows

    async def _retry_without_optional(
        self, path: str, fields: Sequence[str], send: Callable[[Sequence[str]], Awaitable[Response]]
    ) -> Response:
        """Send a read. If the server refuses it, send it again without the optional fields."""
        refused_before = self._refused.get(path, frozenset())
        asked = [name for name in fields if name not in refused_before]
        try:
            return await send(asked)
        except Invalid as refusal:
            optional = frozenset(asked).intersection(OPTIONAL)
            if not optional:
                raise await self._with_field_name(path, asked, refusal) from refusal
        kept = [name for name in asked if name not in optional]
        try:
            found = await send(kept)
        except Invalid as refusal:
            raise await self._with_field_name(path, kept, refusal) from refusal
        self._refused[path] = refused_before | optional
        return found

    async def _with_field_name(self, path: str, fields: Sequence[str], refusal: Invalid) -> Invalid:
        """Return the refusal with the name of the field that caused it.

        The server names the field, or one request for each field shows it.
        """
        names = [name for name in fields if re.search(rf"(?<![\w/]){re.escape(name)}(?![\w/])", refusal.what)]
        if not names and "{" not in path:
            names = [name for name in fields if await self._refuses(path, name)]
        if not names:
            return refusal
        joined = " and ".join(names)
        return Invalid(
            f"/{path} does not know the field {joined}: {refusal.what}",
            method=refusal.method,
            endpoint=refusal.endpoint,
            status=refusal.status,
            code=refusal.code,
            fields=refusal.fields,
            advice=f"Remove what uses {joined} from the manifests, or set connectwise.apiVersion to a version that "
            "has it.",
        )

    async def _refuses(self, path: str, name: str) -> bool:
        try:
            await self._client.list(path, conditions=equals("id", 0), fields=[name])
        except Invalid:
            return True
        return False


def without_deleted(of: Kind, objects: Iterable[LiveObject]) -> list[LiveObject]:
    """Return the objects that matching may use: those that were not deleted in ConnectWise."""
    return [obj for obj in objects if not of.ignore(obj.raw)]


def _check_recognisable(path: str, rows: Sequence[Row], names: Iterable[str]) -> None:
    """Raise `Malformed` if no object has a part of its natural key: each would be created a second time."""
    for name in names:
        if rows and all(row.get(name) in (None, "", {}) for row in rows):
            raise Malformed(
                f"none of {len(rows)} objects has {name}, which identifies them",
                method="GET",
                endpoint=f"/{path}",
                advice="Nothing was changed, because these objects would be created a second time. Check that the "
                "security role of the API member may read this field, and check connectwise.apiVersion.",
            )


def _leaves_out_a_field(rows: Sequence[Row], paths: Sequence[str]) -> bool:
    """Return whether a field that every response must hold is missing from all of these objects."""
    return bool(rows) and any(not any(_has(row, path.split("/")) for row in rows) for path in paths)


def _has(row: Mapping[str, Any], path: Sequence[str]) -> bool:
    name, *rest = path
    if name not in row:
        return False
    below = row[name]
    return not rest or below is None or (isinstance(below, Mapping) and _has(below, rest))
