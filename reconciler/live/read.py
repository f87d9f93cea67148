"""Reads an estate: one list per collection, nested collections where a document needs them, tables once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.connectwise import ConnectWise
from reconciler.connectwise.conditions import URL_LIMIT, Condition, all_of, any_of, encoded_length, equals, one_of
from reconciler.connectwise.parallel import in_parallel
from reconciler.kinds.base import Kind
from reconciler.kinds.estate import Estate, LiveObject
from reconciler.kinds.forms import Table
from reconciler.kinds.registry import all_kinds, kind
from reconciler.live.match import Matcher, MatchError
from reconciler.live.wants import LAST_UPDATED, Want, needed_fields, tables, wants
from reconciler.manifests.documents import Document, Manifests

USAGE_KINDS = frozenset({"Company", "Agreement", "Product"})
"""What billing needs beside additions: whose, under what, at what price."""


WORKERS = 64
"""Tasks that wait for a request at once; how many are under way is the client's to decide."""

ROOM = 300
"""Characters of a URL kept for host, path, codebase and paging, beside the conditions and the fields."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run looks at: the setup, the usage, or both."""

    setup: bool = True
    usage: bool = True

    @property
    def kinds(self) -> frozenset[str]:
        setup = {name for name, of in all_kinds().items() if of.collection and not of.parent}
        return frozenset(setup) if self.setup else USAGE_KINDS


async def read_estate(client: ConnectWise, manifests: Manifests, scope: Scope) -> Estate:
    """The live side of a plan. Everything that cannot be tied together is raised at once, as a `MatchError`."""
    documents = [document for document in manifests.documents if _in_scope(document, scope)]
    wanted = wants(documents, manifests, scope.kinds, compare=scope.setup)
    needed = tables(documents) if scope.setup else ()
    lists: list[Want | Table] = [*wanted, *needed]
    rows = await in_parallel(lambda what: _rows(client, what), lists, workers=WORKERS)
    matcher = Matcher(manifests, creating=scope.setup)
    for want, found in zip(wanted, rows, strict=False):
        matcher.add(want.kind, (LiveObject(want.kind.name, row["id"], row) for row in found))
    matches = matcher.matches(document for document in documents if not document.kind.parent)
    below = await _below(client, matcher, matches, documents, scope)
    matches |= below.owners
    matches |= matcher.matches(document for document in documents if document.kind.parent)
    links = {document.address: matcher.links(document) for document in documents}
    if matcher.problems:
        raise MatchError(matcher.problems)
    by_id = {(of, number): obj for of, objects in matcher.objects() for number, obj in objects.items()}
    return Estate(
        matches=matches,
        links=links,
        refused=matcher.refused,
        objects=by_id,
        tables=dict(zip((table.path for table in needed), rows[len(wanted) :], strict=True)),
        additions=below.additions,
        solutions=below.solutions,
    )


def _in_scope(document: Document, scope: Scope) -> bool:
    if document.kind.collection is None:
        return scope.usage
    return scope.setup or document.kind.name in USAGE_KINDS


async def _rows(client: ConnectWise, what: Want | Table) -> list[dict[str, Any]]:
    """By `in (…)` where that fits one request, else the whole collection: never more requests than its pages."""
    if isinstance(what, Table):
        return await client.list(what.path, fields=what.fields)
    fixed = [equals(path, value) for path, value in what.kind.conditions]
    narrowed = any_of(*(one_of(path, sorted(values, key=str)) for path, values in sorted(what.by.items())))
    condition: Condition | None = all_of(*fixed, narrowed)
    if encoded_length(str(condition)) > URL_LIMIT - ROOM - encoded_length(",".join(what.fields)):
        condition = all_of(*fixed) if fixed else None
    return await client.list(str(what.kind.collection), conditions=condition, fields=what.fields)


@dataclass(frozen=True, slots=True)
class _Below:
    """What lives below the objects of top-level collections."""

    solutions: Mapping[int, list[LiveObject]]
    additions: Mapping[int, list[LiveObject]]
    owners: Mapping[str, LiveObject]
    """By address: objects again, with those of their declared fields that stand in a collection of their own."""


async def _below(
    client: ConnectWise,
    matcher: Matcher,
    matches: Mapping[str, LiveObject],
    documents: Collection[Document],
    scope: Scope,
) -> _Below:
    """Reads all of it at once; the first failure ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            solutions = group.create_task(_solutions(client, matcher, documents))
            additions = group.create_task(_additions(client, matcher, documents if scope.usage else ()))
            owners = group.create_task(_owners(client, matches, documents))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return _Below(solutions.result(), additions.result(), owners.result())


async def _solutions(
    client: ConnectWise, matcher: Matcher, documents: Collection[Document]
) -> dict[int, list[LiveObject]]:
    """Management solutions, of the companies that declare one and of mappings that declare none."""
    of = kind("ManagementSolution")
    every = matcher.manifests.of_kind(of.name)
    declared = {solution_key(document) for document in every}
    parents: set[int] = set()
    for document in documents:
        if document.kind is of or (document.kind.name == "CustomerMapping" and solution_key(document) not in declared):
            link = matcher.links(document).get(("company",))
            if link is not None and link.id is not None:
                parents.add(link.id)
    fields = needed_fields(of, {name for document in every for name in document.declared})
    ordered = sorted(parents)

    async def reports(number: int) -> list[dict[str, Any]]:
        return await client.list(str(of.collection).format(company=number), fields=fields)

    answers = await in_parallel(reports, ordered, workers=WORKERS)
    found = {
        number: [LiveObject(of.name, row["id"], row, number) for row in rows]
        for number, rows in zip(ordered, answers, strict=True)
    }
    matcher.add(of, (obj for objects in found.values() for obj in objects))
    return found


def solution_key(document: Document) -> tuple[Any, ...]:
    """How a mapping, or a management solution, names the solution: company, exact name, Managed ID."""
    spec: Any = document.spec
    return (spec.company, spec.solution, spec.managed_id)


async def _additions(
    client: ConnectWise, matcher: Matcher, documents: Iterable[Document]
) -> dict[int, list[LiveObject]]:
    """All additions of the agreements that are declared or billed, in bundles.

    No condition on dates: a tenant was seen to answer date comparisons wrongly [seen], and an addition
    that is missed would be made twice.
    """
    agreements: set[int] = set()
    for document in documents:
        if document.kind.name == "Agreement" and (live := matcher.document(document)) is not None:
            agreements.add(live.id)
        elif document.kind.name == "CustomerMapping":
            link = matcher.links(document).get(("agreement",))
            if link is not None and link.id is not None:
                agreements.add(link.id)
    return await read_additions(client, sorted(agreements))


async def read_additions(
    client: ConnectWise, agreements: Collection[int], *, extra: tuple[str, ...] = ()
) -> dict[int, list[LiveObject]]:
    of = kind("Addition")
    paths = ["id", *(path for item in of.fields for path in item.form.reads), *extra, LAST_UPDATED]
    found = await client.list_children(
        "addition",
        sorted(agreements),
        path="finance/agreements/{parent_id}/additions",
        fields=tuple(dict.fromkeys(paths)),
    )
    return {
        number: [LiveObject(of.name, row["id"], {"agreementId": number, **row}, number) for row in rows]
        for number, rows in found.items()
    }


async def _owners(
    client: ConnectWise, matches: Mapping[str, LiveObject], documents: Iterable[Document]
) -> dict[str, LiveObject]:
    """Objects whose declared fields stand in a collection of their own below them: cross-references."""

    async def whole(document: Document) -> LiveObject:
        live = matches[document.address]
        own = {
            name: await client.list(path.format(id=live.id))
            for name, path in _child_fields(document.kind, document.declared)
        }
        return LiveObject(live.kind, live.id, {**live.raw, **own}, live.parent_id)

    wanted = [
        document
        for document in documents
        if document.address in matches and _child_fields(document.kind, document.declared)
    ]
    found = await in_parallel(whole, wanted, workers=WORKERS)
    return {document.address: live for document, live in zip(wanted, found, strict=True)}


def _child_fields(of: Kind, declared: Collection[str]) -> list[tuple[str, str]]:
    return [
        (item.form.reads[0], item.form.children.path)
        for item in of.fields
        if item.name in declared and item.form.children is not None and item.form.children.on_create
    ]
