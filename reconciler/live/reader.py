"""Reads collections and setup tables: the one place where a reading becomes requests.

A field that the server does not know, or leaves out of its answer, is noticed here: missing is not empty.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from reconciler.connectwise import ConnectWise
from reconciler.connectwise.conditions import equals
from reconciler.connectwise.error_responses import is_missing_route
from reconciler.connectwise.errors import Invalid, Malformed, NotFound
from reconciler.connectwise.parallel import in_parallel
from reconciler.kinds.base import Kind
from reconciler.kinds.field_mapping import Table
from reconciler.kinds.live_state import LiveObject
from reconciler.live.query import INACTIVE, LAST_UPDATED, Query, certain, certain_in_table, identifying

Row = dict[str, Any]
Rows = list[Row]
Found = TypeVar("Found")

WORKERS = 64
"""Tasks that wait for a request at once; how many are under way is the client's to decide."""

OPTIONAL = (LAST_UPDATED, INACTIVE)
"""Fields that are good to have: where a server does not know one, it is read without."""


class Reader:
    """One tenant's objects, by what their kinds say of them."""

    def __init__(self, client: ConnectWise) -> None:
        self._client = client
        self._without: dict[str, frozenset[str]] = {}
        """By collection: optional fields that the server has refused."""

    async def read(self, query: Query, *, whole_table: bool = True) -> list[LiveObject]:
        """The objects of a top-level collection, deleted ones left out.

        By one list with `in (…)` where that fits a URL. Else by the whole collection, which takes no more requests
        than it has pages; without `whole_table`, by a list for each part of the values that fits.
        """
        path = str(query.kind.collection)

        async def ask(fields: Sequence[str]) -> Rows:
            if query.fits or not query.by:
                return await self._client.list(path, conditions=query.narrowed, fields=fields)
            if whole_table:
                return await self._client.list(path, conditions=query.fixed, fields=fields)
            found: Rows = []
            for where, values in query.by.items():
                found += await self._client.list_where_in(
                    path, where, sorted(values, key=str), also=query.fixed, fields=fields
                )
            return [*{row["id"]: row for row in found}.values()]

        rows = await self._rows(path, query.fields, certain(query.kind, query.fields), ask)
        _recognisable(path, rows, identifying(query.kind, query.fields))
        return in_force(query.kind, (LiveObject(query.kind.name, row["id"], row) for row in rows))

    async def below(self, of: Kind, parents: Iterable[int], fields: Sequence[str] = ()) -> dict[int, list[LiveObject]]:
        """The objects of a nested kind by their parent's id. A parent that is gone has no entry."""
        ordered = sorted(set(parents))
        path = str(of.collection)

        async def ask(asked: Sequence[str]) -> dict[int, Rows]:
            if of.bundle is not None and ordered:
                try:
                    return await self._bundled(of, ordered, asked)
                except NotFound as error:
                    if is_missing_route(error):
                        raise
                    # One of the parents is gone. It takes a request each to learn which.
            lists = await in_parallel(lambda parent: self._list_below(of, parent, asked), ordered, workers=WORKERS)
            return {parent: rows for parent, rows in zip(ordered, lists, strict=True) if rows is not None}

        found = await self._asked(path, fields, ask)
        everything = [row for rows in found.values() for row in rows]
        if _left_out(everything, certain(of, fields)):
            found = await ask(())
            everything = [row for rows in found.values() for row in rows]
        _recognisable(path, everything, identifying(of, fields))
        return {
            parent: in_force(of, (LiveObject(of.name, row["id"], row, parent) for row in rows))
            for parent, rows in found.items()
        }

    async def subcollection(self, path: str) -> Rows:
        """A collection below one object, whole: company types, e-mail addresses, cross-references."""
        return await self._client.list(path)

    async def table(self, table: Table) -> Rows:
        """A setup table."""

        async def ask(fields: Sequence[str]) -> Rows:
            return await self._client.list(table.path, fields=fields)

        return await self._rows(table.path, table.fields, certain_in_table(table), ask)

    async def tables(self, tables: Iterable[Table]) -> dict[str, Rows]:
        """Setup tables by path, each read once."""
        wanted = [*tables]
        rows = await in_parallel(self.table, wanted, workers=WORKERS)
        return {table.path: found for table, found in zip(wanted, rows, strict=True)}

    async def _bundled(self, of: Kind, parents: Sequence[int], fields: Sequence[str]) -> dict[int, Rows]:
        path = str(of.collection).replace(f"{{{of.parent}}}", "{parent_id}")
        return await self._client.list_children(str(of.bundle), parents, path=path, fields=fields)

    async def _list_below(self, of: Kind, parent: int, fields: Sequence[str]) -> Rows | None:
        try:
            return await self._client.list(str(of.collection).format(**{str(of.parent): parent}), fields=fields)
        except NotFound as error:
            if is_missing_route(error):
                raise
            return None

    async def _rows(
        self,
        path: str,
        fields: Sequence[str],
        certain_ones: Sequence[str],
        ask: Callable[[Sequence[str]], Awaitable[Rows]],
    ) -> Rows:
        rows = await self._asked(path, fields, ask)
        return await ask(()) if _left_out(rows, certain_ones) else rows

    async def _asked(self, path: str, fields: Sequence[str], ask: Callable[[Sequence[str]], Awaitable[Found]]) -> Found:
        """The answer; once more without the optional fields where the server refuses them."""
        without = self._without.get(path, frozenset())
        asked = [name for name in fields if name not in without]
        try:
            return await ask(asked)
        except Invalid as refused:
            optional = frozenset(asked).intersection(OPTIONAL)
            if not optional:
                raise await self._named(path, asked, refused) from refused
        kept = [name for name in asked if name not in optional]
        try:
            found = await ask(kept)
        except Invalid as refused:
            raise await self._named(path, kept, refused) from refused
        self._without[path] = without | optional
        return found

    async def _named(self, path: str, fields: Sequence[str], refused: Invalid) -> Invalid:
        """The refusal with the field that it is about, as the server names it or as trying each shows."""
        named = [name for name in fields if re.search(rf"(?<![\w/]){re.escape(name)}(?![\w/])", refused.what)]
        if not named and "{" not in path:
            named = [name for name in fields if await self._refuses(path, name)]
        if not named:
            return refused
        told = " and ".join(named)
        return Invalid(
            f"/{path} does not know the field {told}: {refused.what}",
            method=refused.method,
            endpoint=refused.endpoint,
            status=refused.status,
            code=refused.code,
            fields=refused.fields,
            advice=f"Leave what stands in {told} out of the manifests, or set connectwise.apiVersion to one that "
            "has it.",
        )

    async def _refuses(self, path: str, name: str) -> bool:
        try:
            await self._client.list(path, conditions=equals("id", 0), fields=[name])
        except Invalid:
            return True
        return False


def in_force(of: Kind, objects: Iterable[LiveObject]) -> list[LiveObject]:
    """Those that are in matching: without what was deleted in the console."""
    return [obj for obj in objects if not of.ignore(obj.raw)]


def _recognisable(path: str, rows: Sequence[Row], names: Iterable[str]) -> None:
    """Raises where all objects of an answer lack a part of their natural key: each would be made a second time."""
    for name in names:
        if rows and all(row.get(name) in (None, "", {}) for row in rows):
            raise Malformed(
                f"none of {len(rows)} objects has {name}, by which they are recognised",
                method="GET",
                endpoint=f"/{path}",
                advice="Objects that cannot be recognised would be made a second time, so nothing is done. Check that "
                "the role of the API member may read this field, and connectwise.apiVersion.",
            )


def _left_out(rows: Sequence[Row], paths: Sequence[str]) -> bool:
    """Whether a field that every answer must hold is missing from all of these objects."""
    return bool(rows) and any(not any(_holds(row, path.split("/")) for row in rows) for path in paths)


def _holds(row: Mapping[str, Any], path: Sequence[str]) -> bool:
    name, *rest = path
    if name not in row:
        return False
    below = row[name]
    return not rest or below is None or (isinstance(below, Mapping) and _holds(below, rest))
