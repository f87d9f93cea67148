"""Reads an estate: one list per collection, nested collections where a document needs them, tables once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.connectwise import ConnectWise
from reconciler.connectwise.parallel import in_parallel
from reconciler.kinds.base import Kind, NestedRead
from reconciler.kinds.live_state import LiveObject, LiveState, for_billing
from reconciler.kinds.references import references_of
from reconciler.kinds.registry import all_kinds, kind
from reconciler.live.match import Matcher, MatchError
from reconciler.live.needed import billed_kinds, declared_by_kind, tables, wants
from reconciler.live.query import LAST_UPDATED, Query, collections_of, needed_fields
from reconciler.live.reader import WORKERS, Reader
from reconciler.live.records import records_of
from reconciler.manifests.documents import Document, Manifests

__all__ = ["WORKERS", "Scope", "read_additions", "read_live_state"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run looks at: the setup, the usage, or both."""

    setup: bool = True
    usage: bool = True

    @property
    def kinds(self) -> frozenset[str]:
        setup = {name for name, of in all_kinds().items() if of.collection and not of.parent}
        return frozenset(setup) if self.setup else billed_kinds()


async def read_live_state(client: ConnectWise, manifests: Manifests, scope: Scope) -> LiveState:
    """The live side of a plan. Everything that cannot be tied together is raised at once, as a `MatchError`."""
    reader = Reader(client)
    documents = [document for document in manifests.documents if _in_scope(document, scope)]
    wanted = wants(documents, manifests, scope.kinds, compare=scope.setup)
    needed = tables(documents) if scope.setup else ()
    matcher = Matcher(manifests, creating=scope.setup)
    lists, setup = await _both(in_parallel(reader.read, wanted, workers=WORKERS), reader.tables(needed))
    for query, found in zip(wanted, lists, strict=True):
        matcher.add(query.kind, found)
    await _names(reader, matcher, documents, wanted)
    matches = matcher.matches(document for document in documents if not document.kind.parent)
    below, owners = await _both(
        _below(reader, matcher, documents, scope),
        _with_collections(reader, matches, [document for document in documents if not document.kind.parent]),
    )
    matches |= owners
    nested = [document for document in documents if document.kind.parent]
    namings = [
        (document, each)
        for document in documents
        for each in document.kind.nested_reads
        if each.unless and each.kind in below
    ]
    await _clear_up(reader, matcher, nested, namings)
    matches |= matcher.matches(nested)
    matches |= await _with_collections(reader, matches, nested)
    links = {document.address: matcher.links(document) for document in documents}
    if not scope.setup:
        matcher.refuse_mappings(documents)
    if matcher.problems:
        raise MatchError(matcher.problems)
    found = {document.address: matcher.named(document, each) for document, each in namings}
    named = {address: obj for address, obj in found.items() if isinstance(obj, LiveObject)}
    by_id = {(of, number): obj for of, objects in matcher.objects() for number, obj in objects.items()}
    return LiveState(
        matches=matches,
        links=links,
        refused=matcher.refused,
        objects=by_id,
        tables=setup,
        named=named,
        **for_billing(below),
    )


async def _names(reader: Reader, matcher: Matcher, documents: Sequence[Document], wanted: Iterable[Query]) -> None:
    """Reads the keys of whole lists that lack what a document declares or looks up, where only a part was read.

    A condition finds what is written as it asks. The same name in another spelling would be made a second time, or its
    usage would not be billed. So would what belongs to it: that was asked for by the name as well.
    """
    unfound = matcher.unfound(documents)
    lacking = {document.kind.name for document in matcher.lacking(documents)} | unfound.keys()
    parts = [query for query in wanted if query.is_part]
    found: dict[str, frozenset[int]] = {}

    async def read(part: Query) -> None:
        keys = tuple(path for path in needed_fields(part.kind, ()) if path != LAST_UPDATED)
        names = await reader.read(Query(part.kind, keys))
        found[part.kind.name] = matcher.add_names(part.kind, names, unfound.get(part.kind.name, ()))
        await again(part, "id", found[part.kind.name])

    async def again(part: Query, path: str, ids: frozenset[int]) -> None:
        if ids:
            matcher.add(part.kind, await reader.read(Query(part.kind, part.fields, {path: ids})))

    async def read_owned(part: Query) -> None:
        target = part.kind.by_name[str(part.kind.owner)].mapping.target
        await again(part, f"{part.kind.owner}/id", found.get(str(target and target.kind), frozenset()))

    await in_parallel(read, [part for part in parts if part.kind.name in lacking], workers=WORKERS)
    await in_parallel(read_owned, [part for part in parts if part.kind.owner is not None], workers=WORKERS)


async def _clear_up(
    reader: Reader, matcher: Matcher, nested: Sequence[Document], namings: Iterable[tuple[Document, NestedRead]]
) -> None:
    """Reads the records that tell what goes by another name, where something does."""
    in_doubt = {document.kind.name for document in matcher.unsure(nested)}
    in_doubt |= {below.kind for document, below in namings if matcher.named(document, below) == "unsure"}
    for name in sorted(in_doubt):
        matcher.add_records(kind(name), await records_of(reader, kind(name)))


async def _both(one: Any, other: Any) -> tuple[Any, Any]:
    """Two readings at once; the first failure ends the other, and is raised as it is."""
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


async def _below(
    reader: Reader, matcher: Matcher, documents: Collection[Document], scope: Scope
) -> dict[str, Mapping[int, list[LiveObject]]]:
    """By kind and parent: all nested collections that the documents need."""
    parents: dict[str, set[int]] = defaultdict(set)
    told = _Told(matcher.manifests)
    for document in documents:
        for of, number in _parents(document, matcher, scope, told):
            parents[of.name].add(number)
    declared = declared_by_kind(matcher.manifests.documents)

    async def read(name: str) -> dict[int, list[LiveObject]]:
        of = kind(name)
        names = declared.get(name, ()) if of.declarable else set(of.by_name)
        return await reader.below(of, parents[name], needed_fields(of, names))

    ordered = sorted(parents)
    found = await in_parallel(read, ordered, workers=WORKERS)
    for name, objects in zip(ordered, found, strict=True):
        matcher.add(kind(name), (obj for each in objects.values() for obj in each))
    return dict(zip(ordered, found, strict=True))


def _parents(document: Document, matcher: Matcher, scope: Scope, told: _Told) -> Iterator[tuple[Kind, int]]:
    """(nested kind, parent's id): below which live objects this document needs something."""
    of = document.kind
    if of.parent is not None and (number := matcher.owner_id(document, of.parent)) is not None:
        yield of, number
    for reference in references_of(document.spec):
        target = kind(reference.kind)
        if target.parent is not None and not isinstance(reference.value, str):
            number = matcher.owner_id(document, target.parent)
            if number is not None:
                yield target, number
    for below in of.nested_reads if scope.usage else ():
        number = _below_whom(document, below, matcher, told)
        if number is not None:
            yield kind(below.kind), number


def _below_whom(document: Document, below: NestedRead, matcher: Matcher, told: _Told) -> int | None:
    if below.parent is None:
        live = matcher.document(document)
        return None if live is None else live.id
    if below.unless and _values(document, below.unless) in told.values(below.kind, below.unless):
        return None
    return matcher.owner_id(document, below.parent)


class _Told:
    """What the documents of a kind declare in some attributes, gathered once: each mapping asks for it."""

    def __init__(self, manifests: Manifests) -> None:
        self._manifests = manifests
        self._known: dict[tuple[str, tuple[str, ...]], frozenset[tuple[Any, ...]]] = {}

    def values(self, of: str, attributes: tuple[str, ...]) -> frozenset[tuple[Any, ...]]:
        key = (of, attributes)
        if key not in self._known:
            self._known[key] = frozenset(_values(each, attributes) for each in self._manifests.of_kind(of))
        return self._known[key]


def _values(document: Document, attributes: Iterable[str]) -> tuple[Any, ...]:
    return tuple(getattr(document.spec, attribute) for attribute in attributes)


async def read_additions(
    client: ConnectWise, agreements: Collection[int], *, extra: tuple[str, ...] = ()
) -> dict[int, list[LiveObject]]:
    """Every addition of these agreements. An agreement that is gone has no entry.

    No condition on dates: a tenant was seen to answer date comparisons wrongly [seen], and an addition
    that is missed would be made twice.
    """
    of = kind("Addition")
    return await Reader(client).below(of, agreements, (*needed_fields(of, of.by_name), *extra))


async def _with_collections(
    reader: Reader, matches: Mapping[str, LiveObject], documents: Iterable[Document]
) -> dict[str, LiveObject]:
    """By address: objects again, with those of their declared fields that stand in a collection of their own."""

    async def whole(document: Document) -> LiveObject:
        live = matches[document.address]
        own = {
            name: await reader.subcollection(path.format(id=live.id))
            for name, path in collections_of(document.kind, document.declared)
        }
        return LiveObject(live.kind, live.id, {**live.raw, **own}, live.parent_id)

    wanted = [
        document
        for document in documents
        if document.address in matches and collections_of(document.kind, document.declared)
    ]
    found = await in_parallel(whole, wanted, workers=WORKERS)
    return {document.address: live for document, live in zip(wanted, found, strict=True)}
