"""Reads the live state: one list for each collection, nested collections that documents need, each setup table once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.connectwise import ConnectWise
from reconciler.connectwise.errors import Invalid
from reconciler.connectwise.parallel import in_parallel
from reconciler.kinds.base import NestedRead
from reconciler.kinds.field_mapping import Table, Tables
from reconciler.kinds.live_state import LiveObject, LiveState, for_billing
from reconciler.kinds.references import references_to_objects
from reconciler.kinds.registry import all_kinds, kind
from reconciler.live.children import read_children
from reconciler.live.match import Matcher
from reconciler.live.near_condition import narrowed
from reconciler.live.other_spellings import (
    add_keys,
    documents_without_object,
    names_to_find,
    undecided_documents,
    unresolved_lookups,
)
from reconciler.live.prerequisites import read_prerequisites
from reconciler.live.problems import MatchError
from reconciler.live.query import LAST_UPDATED, Query, fields_to_read, subcollections_of
from reconciler.live.reader import WORKERS, Reader
from reconciler.live.what_to_read import billed_kinds, queries_for, tables_for
from reconciler.manifests.documents import Document, Manifests


@dataclass(frozen=True, slots=True)
class Scope:
    """The scope of a run: the setup, the usage, or both."""

    setup: bool = True
    usage: bool = True

    @property
    def kinds(self) -> frozenset[str]:
        """Return the names of the top-level kinds that the run reads."""
        setup = {name for name, of in all_kinds().items() if of.collection and not of.parent}
        return frozenset(setup) if self.setup else billed_kinds()


async def read_live_state(client: ConnectWise, manifests: Manifests, scope: Scope) -> LiveState:
    """Return the live state for these manifests.

    Reads top-level collections and setup tables first, then the nested collections and subcollections of the objects
    that were matched. Raises one `MatchError` with everything that cannot be matched.
    """
    reader = Reader(client)
    in_scope = [document for document in manifests.documents if _in_scope(document, scope)]
    documents = [document for document in in_scope if document.address not in manifests.created_first]
    workspace = [manifests.workspace] if scope.usage and _can_be_resolved(manifests) else []
    queries = queries_for([*documents, *workspace], manifests, scope.kinds, compare=scope.setup)
    setup_tables = tables_for(filter(manifests.compares, documents)) if scope.setup else ()
    matcher = Matcher(manifests, creating=scope.setup)
    lists, tables = await _both(in_parallel(reader.read, queries, workers=WORKERS), reader.read_tables(setup_tables))
    for query, found in zip(queries, lists, strict=True):
        matcher.add(query.kind, found)
    await _read_other_spellings(reader, matcher, documents, queries)
    top_level = [document for document in documents if not document.kind.parent]
    matches = matcher.matches(top_level)
    children, with_subcollections = await _both(
        read_children(reader, matcher, documents, for_usage=scope.usage),
        _with_subcollections(reader, matches, filter(manifests.compares, top_level)),
    )
    matches |= with_subcollections
    nested = [document for document in documents if document.kind.parent]
    named_below = [
        (document, below)
        for document in documents
        for below in document.kind.nested_reads
        if below.unless and below.kind in children
    ]
    await _read_prerequisites(reader, matcher, nested, named_below)
    matches |= matcher.matches(nested)
    matches |= await _with_subcollections(reader, matches, filter(manifests.compares, nested))
    left_out: frozenset[str] = frozenset()
    if scope.setup and manifests.is_partial:
        late = _Late(reader, matcher, manifests, matches)
        documents += await late.created_first(documents, in_scope)
        tables = {**tables, **await late.tables(documents, setup_tables)}
        left_out = late.left_out(documents, in_scope)
    links = {document.address: matcher.links(document) for document in (*documents, *workspace)}
    if not scope.setup:
        matcher.refuse_mappings(documents)
    if matcher.problems:
        raise MatchError(matcher.problems)
    named = {document.address: matcher.named_by(document, below) for document, below in named_below}
    return LiveState(
        matches=matches,
        links=links,
        refused=matcher.refused,
        objects={(of, number): obj for of, objects in matcher.objects() for number, obj in objects.items()},
        tables=tables,
        left_out=left_out,
        named={address: obj for address, obj in named.items() if isinstance(obj, LiveObject)},
        **for_billing(children),
    )


def _can_be_resolved(manifests: Manifests) -> bool:
    """Return whether the documents that the workspace refers to were loaded. A partial plan may lack one."""
    references = references_to_objects(manifests.workspace.spec)
    return all(
        not isinstance(each.value, str) or f"{each.kind}/{each.value}" in manifests.by_address for each in references
    )


@dataclass(frozen=True, slots=True)
class _Late:
    """The reads that a partial plan needs only if it has to create an object that it does not compare."""

    reader: Reader
    matcher: Matcher
    manifests: Manifests
    matches: dict[str, LiveObject]

    def _missing(self, documents: Iterable[Document]) -> list[Document]:
        return [each for each in documents if each.kind.collection and each.address not in self.matches]

    async def created_first(self, documents: Sequence[Document], in_scope: Iterable[Document]) -> list[Document]:
        """Read and return the documents that come before a new object, although it does not refer to them."""
        if not any(each.kind.created_after for each in self._missing(documents)):
            return []
        first = [each for each in in_scope if each.address in self.manifests.created_first]
        queries = queries_for(first, self.manifests, Scope().kinds, compare=True)
        lists = await in_parallel(self.reader.read, queries, workers=WORKERS)
        for query, found in zip(queries, lists, strict=True):
            self.matcher.add(query.kind, found)
        await _read_other_spellings(self.reader, self.matcher, first, queries)
        self.matches.update(self.matcher.matches(first))
        return first

    async def tables(self, documents: Iterable[Document], known: Iterable[Table]) -> Tables:
        """Read and return the setup tables of the objects to create that were not read yet."""
        have = {table.path: {*table.fields} for table in known}
        created = [each for each in self._missing(documents) if not self.manifests.compares(each)]
        return await self.reader.read_tables(
            each for each in tables_for(created) if not have.get(each.path, set()) >= {*each.fields}
        )

    def left_out(self, documents: Iterable[Document], in_scope: Iterable[Document]) -> frozenset[str]:
        """Return the documents that are not compared and need not be created."""
        missing = {each.address for each in self._missing(documents)}
        return frozenset(each.address for each in in_scope if not self.manifests.compares(each)) - missing


async def _read_other_spellings(
    reader: Reader, matcher: Matcher, documents: Sequence[Document], queries: Iterable[Query]
) -> None:
    """Read the objects that partial lists have missed because ConnectWise spells a key differently.

    Reads the keys of each collection in which a document or a look-up found nothing, as far as they may look the same,
    then the objects whose keys match, then the objects that belong to these.
    """
    lookups = unresolved_lookups(matcher, documents)
    without_object = [*documents_without_object(matcher, documents)]
    incomplete = {document.kind.name for document in without_object} | lookups.keys()
    partial = [query for query in queries if query.is_partial]
    found: dict[str, frozenset[int]] = {}

    async def read_keys(query: Query) -> None:
        asked = lookups.get(query.kind.name, ())
        fields = tuple(path for path in fields_to_read(query.kind, ()) if path != LAST_UPDATED)
        keys = Query(query.kind, fields)
        names = names_to_find(query.kind, without_object, asked)
        narrow = narrowed(keys, names) if matcher.manifests.is_partial else keys  # a whole plan reads all keys
        objects = await _read_narrowed(reader, keys, narrow)
        found[query.kind.name] = add_keys(matcher, query.kind, objects, asked)
        await read_whole(query, "id", found[query.kind.name])

    async def read_whole(query: Query, path: str, ids: frozenset[int]) -> None:
        if ids:
            matcher.add(query.kind, await reader.read(Query(query.kind, query.fields, {path: ids})))

    async def read_owned(query: Query) -> None:
        target = query.kind.by_name[str(query.kind.owner)].mapping.target
        await read_whole(query, f"{query.kind.owner}/id", found.get(str(target and target.kind), frozenset()))

    await in_parallel(read_keys, [query for query in partial if query.kind.name in incomplete], workers=WORKERS)
    await in_parallel(read_owned, [query for query in partial if query.kind.owner is not None], workers=WORKERS)


async def _read_narrowed(reader: Reader, query: Query, narrow: Query) -> list[LiveObject]:
    """Return the objects of the narrow query, or those of the query if ConnectWise refuses the narrow one."""
    try:
        return await reader.read(narrow)
    except Invalid:
        if narrow == query:
            raise
        return await reader.read(query)


async def _read_prerequisites(
    reader: Reader, matcher: Matcher, nested: Sequence[Document], named_below: Iterable[tuple[Document, NestedRead]]
) -> None:
    """Read the prerequisites of each kind in which an object can only be recognised with them."""
    undecided = {document.kind.name for document in undecided_documents(matcher, nested)}
    undecided |= {below.kind for document, below in named_below if matcher.named_by(document, below) == "unsure"}
    for name in sorted(undecided):
        matcher.indexes.add_prerequisites(kind(name), await read_prerequisites(reader, kind(name)))


async def _both(one: Any, other: Any) -> tuple[Any, Any]:
    """Return the results of two reads at once. The first failure cancels the other read and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = group.create_task(one), group.create_task(other)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return tasks[0].result(), tasks[1].result()


def _in_scope(document: Document, scope: Scope) -> bool:
    if document.kind.collection is None:
        return scope.usage
    return scope.setup or document.kind.name in scope.kinds


async def read_additions(
    client: ConnectWise, agreements: Collection[int], *, extra: tuple[str, ...] = ()
) -> dict[int, list[LiveObject]]:
    """Return every addition of these agreements by agreement id. An agreement that does not exist has no entry.

    Sends no condition on dates: a tenant answered date comparisons wrongly [seen], and an addition that is missed
    would be created twice.
    """
    of = kind("Addition")
    return await Reader(client).read_children(of, agreements, (*fields_to_read(of, of.by_name), *extra))


async def _with_subcollections(
    reader: Reader, matches: Mapping[str, LiveObject], documents: Iterable[Document]
) -> dict[str, LiveObject]:
    """Return, by address, the objects whose declared fields are in subcollections, with these subcollections."""
    needed = {
        document.address: subcollections
        for document in documents
        if document.address in matches and (subcollections := subcollections_of(document.kind, document.declared))
    }

    async def read(address: str) -> LiveObject:
        return await reader.with_subcollections(matches[address], needed[address])

    found = await in_parallel(read, [*needed], workers=WORKERS)
    return dict(zip(needed, found, strict=True))
