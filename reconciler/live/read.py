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
from reconciler.kinds.registry import all_kinds, kind
from reconciler.live.match import Matcher, MatchError
from reconciler.live.wants import LAST_UPDATED, Want, needed_fields, tables, wants
from reconciler.manifests.documents import Document, Manifests

USAGE_KINDS = frozenset({"Company", "Agreement", "Product"})
"""What billing needs beside additions: whose, under what, at what price."""


WORKERS = 64
"""Tasks that wait for a request at once; how many are under way is the client's to decide."""

ROOM = 900
"""Characters of a URL kept for host, path, fields and paging beside the conditions."""


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
    wanted = wants(manifests, scope.kinds)
    needed = tables(documents) if scope.setup else ()
    lists, rows = await asyncio.gather(
        asyncio.gather(*(_list(client, want) for want in wanted)),
        asyncio.gather(*(client.list(table.path, fields=table.fields) for table in needed)),
    )
    matcher = Matcher(manifests)
    for want, objects in zip(wanted, lists, strict=True):
        matcher.add(want.kind, objects)
    matches = matcher.matches(document for document in documents if not document.kind.parent)
    nested, additions, owned = await asyncio.gather(
        _nested(client, matcher, documents, manifests),
        _additions(client, matcher, documents) if scope.usage else _none(),
        _owned(client, matches, documents),
    )
    matches |= owned
    matches |= matcher.matches(document for document in documents if document.kind.parent)
    links = {document.address: matcher.links(document) for document in documents}
    if matcher.problems:
        raise MatchError(matcher.problems)
    by_id = {(of, number): obj for of, objects in matcher.objects() for number, obj in objects.items()}
    return Estate(
        matches=matches,
        links=links,
        objects=by_id,
        tables=dict(zip((table.path for table in needed), rows, strict=True)),
        additions=additions,
        solutions=nested,
    )


def _in_scope(document: Document, scope: Scope) -> bool:
    if document.kind.collection is None:
        return scope.usage
    return scope.setup or document.kind.name in USAGE_KINDS


async def _list(client: ConnectWise, want: Want) -> list[LiveObject]:
    """By `in (…)` where that fits one request, else the whole collection: never more requests than its pages."""
    fixed = [equals(path, value) for path, value in want.kind.conditions]
    narrowed = any_of(*(one_of(path, sorted(values, key=str)) for path, values in sorted(want.by.items())))
    condition: Condition | None = all_of(*fixed, narrowed) if fixed else narrowed
    if encoded_length(str(condition)) > URL_LIMIT - ROOM:
        condition = all_of(*fixed) if fixed else None
    path = str(want.kind.collection)
    rows = await client.list(path, conditions=condition, fields=want.fields)
    return [LiveObject(want.kind.name, row["id"], row) for row in rows]


async def _none() -> dict[int, list[LiveObject]]:
    return {}


async def _nested(
    client: ConnectWise, matcher: Matcher, documents: Collection[Document], manifests: Manifests
) -> dict[int, list[LiveObject]]:
    """Management solutions, of the companies that declare one and of mappings that declare none."""
    of = kind("ManagementSolution")
    declared = {solution_key(document) for document in manifests.of_kind(of.name)}
    parents: set[int] = set()
    for document in documents:
        if document.kind is of or (document.kind.name == "CustomerMapping" and solution_key(document) not in declared):
            link = matcher.links(document).get(("company",))
            if link is not None and link.id is not None:
                parents.add(link.id)
    fields = needed_fields(of, manifests)
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


async def _owned(
    client: ConnectWise, matches: Mapping[str, LiveObject], documents: Iterable[Document]
) -> dict[str, LiveObject]:
    """Objects whose declared fields stand in a collection of their own below them: cross-references."""
    return dict(
        await asyncio.gather(
            *(
                _with_children(client, document, matches[document.address])
                for document in documents
                if document.address in matches and _child_fields(document.kind, document.declared)
            )
        )
    )


def _child_fields(of: Kind, declared: Collection[str]) -> list[tuple[str, str]]:
    return [
        (item.form.reads[0], item.form.children.path)
        for item in of.fields
        if item.name in declared and item.form.children is not None and item.form.children.on_create
    ]


async def _with_children(client: ConnectWise, document: Document, live: LiveObject) -> tuple[str, LiveObject]:
    raw = dict(live.raw)
    for name, path in _child_fields(document.kind, document.declared):
        raw[name] = await client.list(path.format(id=live.id))
    return document.address, LiveObject(live.kind, live.id, raw, live.parent_id)
