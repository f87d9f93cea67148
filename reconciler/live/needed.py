"""Which collections to list for these documents, by what, and with which fields: decided before any request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from reconciler.kinds.base import Kind, SpecField, attribute_of
from reconciler.kinds.field_mapping import Table, Target
from reconciler.kinds.fields import ById, LookUp
from reconciler.kinds.references import nested_fields, references_of, referred_kinds
from reconciler.kinds.registry import all_kinds, kind
from reconciler.live.query import INACTIVE, Query, needed_fields
from reconciler.manifests.documents import Document, Manifests

Found = Iterator[tuple[str, str | int]]
"""Paths, each with a value to look for there."""


def wants(
    documents: Collection[Document], manifests: Manifests, kinds: Collection[str], *, compare: bool
) -> list[Query]:
    """One query for every top-level collection of these kinds that the documents, or their look-ups, need.

    `compare`: declared fields are read, not only what objects are found and billed by.
    """
    by: dict[str, dict[str, set[str | int]]] = defaultdict(lambda: defaultdict(set))
    whole: set[str] = set()
    for document in documents:
        if document.kind.name in kinds:
            if document.kind.lookup_path is None:
                whole.add(document.kind.name)
            for path, value in _own_values(document, manifests):
                by[document.kind.name][path].add(value)
        for reference in references_of(document.spec):
            if reference.kind in kinds and not isinstance(reference.value, str):
                if kind(reference.kind).lookup_path is None:
                    whole.add(reference.kind)
                for path, value in _look_up(kind(reference.kind), reference.value, document, manifests):
                    by[reference.kind][path].add(value)
    declared = declared_by_kind(documents) if compare else {}
    return [
        Query(
            kind(name),
            needed_fields(kind(name), declared.get(name, ())),
            {} if name in whole else {path: frozenset(found) for path, found in by[name].items()},
        )
        for name in sorted(by.keys() | whole)
    ]


def billed_kinds() -> frozenset[str]:
    """What billing needs beside additions (whose, under what, at what price): the top-level kinds that documents
    which live in manifests only refer to."""
    unseen = (of for of in all_kinds().values() if of.collection is None)
    found = {name for of in unseen for name in referred_kinds(of.spec)}
    return frozenset(name for name in found if kind(name).collection and not kind(name).parent)


def tables(documents: Iterable[Document]) -> tuple[Table, ...]:
    """The setup tables that these documents' fields are looked up in, each once."""
    found: dict[str, set[str]] = defaultdict(set)
    for of, declared in declared_by_kind(documents).items():
        for item in _with_nested(all_kinds()[of], declared):
            for table in field_tables(item.mapping.target, item.mapping.tables):
                found[table.path] |= set(table.fields)
    return tuple(Table(path, tuple(sorted(fields))) for path, fields in sorted(found.items()))


def _with_nested(of: Kind, declared: Collection[str]) -> Iterator[SpecField]:
    """The declared fields, and those of the models inside them: a cross-reference has an agreement type."""
    for item in of.fields:
        if item.name in declared:
            yield item
            yield from nested_fields(of.spec, item.attribute)


def field_tables(target: Target | None, extra: tuple[Table, ...]) -> Iterator[Table]:
    if target is not None and target.table is not None:
        scope = (f"{target.scope}/id", f"{target.scope}/name") if target.scope else ()
        inactive = (INACTIVE,) if target.inactive else ()
        yield Table(target.table, ("id", target.label, *scope, *inactive))
    yield from extra


def declared_by_kind(documents: Iterable[Document]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for document in documents:
        found[document.kind.name] |= document.declared
    return found


def _own_values(document: Document, manifests: Manifests) -> Found:
    of = document.kind
    if document.metadata.id is not None:
        yield "id", document.metadata.id
    elif of.owner is not None:
        yield from owner_values(of, document, manifests)
    elif of.lookup_path is not None:
        yield of.lookup_path, str(getattr(document.spec, of.by_name[of.key[0]].attribute))
        for old in document.metadata.previously:
            yield of.lookup_path, old


def _look_up(of: Kind, value: LookUp, document: Document, manifests: Manifests) -> Found:
    if isinstance(value, ById):
        yield "id", value.id
    elif of.owner is not None:
        yield from owner_values(of, document, manifests)
    elif of.lookup_path is not None:
        yield of.lookup_path, str(next(iter(value.model_dump().values())))


def owner_values(of: Kind, document: Document, manifests: Manifests) -> Found:
    """How a list finds what belongs to the document's company: by what is known of it before any read.

    A company that is yet to be renamed is still found under the old identifier, or the pinned id.
    """
    owner, _, label = str(of.lookup_path).partition("/")
    attribute = attribute_of(document.kind.spec, owner)
    value: Any = None if attribute is None else getattr(document.spec, attribute)
    if value is None:
        return  # nothing says whose it is: looking it up is refused later
    if isinstance(value, ById):
        yield f"{owner}/id", value.id
    elif not isinstance(value, str):
        for name, text in value.model_dump().items():
            yield f"{owner}/{name}", text
    else:
        target = of.by_name[owner].mapping.target
        declared = manifests.by_address[f"{target.kind if target else ''}/{value}"]
        if declared.metadata.id is not None:
            yield f"{owner}/id", declared.metadata.id
            return
        yield f"{owner}/{label}", str(getattr(declared.spec, declared.kind.by_name[label].attribute))
        for old in declared.metadata.previously:
            yield f"{owner}/{label}", old
