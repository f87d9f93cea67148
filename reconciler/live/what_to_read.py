"""Decides, before any request, which collections and setup tables a run reads, with which filters and fields."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from reconciler.kinds.base import Kind, SpecField, attribute_of
from reconciler.kinds.field_mapping import Table, Target
from reconciler.kinds.fields import ById, LookUp
from reconciler.kinds.references import nested_fields, references_of, referred_kinds
from reconciler.kinds.registry import all_kinds, kind
from reconciler.live.keys import lookup_text, spellings
from reconciler.live.query import INACTIVE, Query, fields_to_read
from reconciler.manifests.documents import Document, Manifests

PathValues = Iterator[tuple[str, str | int]]
"""ConnectWise paths, each with a value to look for in it."""


def queries_for(
    documents: Collection[Document], manifests: Manifests, kinds: Collection[str], *, compare: bool
) -> list[Query]:
    """Return one query for each top-level collection of these kinds that the documents or their look-ups need.

    With `compare`, the declared fields of planned documents are read too, and not only those for matching and billing.
    """
    filters: dict[str, dict[str, set[str | int]]] = defaultdict(lambda: defaultdict(set))
    read_whole: set[str] = set()
    for document in documents:
        if document.kind.name in kinds:
            if document.kind.lookup_path is None:
                read_whole.add(document.kind.name)
            for path, value in _document_filters(document, manifests):
                filters[document.kind.name][path].update(spellings(value))
        for reference in references_of(document.spec):
            if reference.kind in kinds and not isinstance(reference.value, str):
                if kind(reference.kind).lookup_path is None:
                    read_whole.add(reference.kind)
                for path, value in _lookup_filters(kind(reference.kind), reference.value, document, manifests):
                    filters[reference.kind][path].update(spellings(value))
    declared = declared_fields(filter(manifests.compares, documents)) if compare else {}
    return [
        Query(
            kind(name),
            fields_to_read(kind(name), declared.get(name, ())),
            {} if name in read_whole else {path: frozenset(values) for path, values in filters[name].items()},
        )
        for name in sorted(filters.keys() | read_whole)
    ]


def billed_kinds() -> frozenset[str]:
    """Return the top-level kinds that a run without setup reads: those that customer mappings and exclusions refer to.

    They say who is billed, on which agreement, at which price.
    """
    without_objects = (of for of in all_kinds().values() if of.collection is None)
    found = {name for of in without_objects for name in referred_kinds(of.spec)}
    return frozenset(name for name in found if kind(name).collection and not kind(name).parent)


def tables_for(documents: Iterable[Document]) -> tuple[Table, ...]:
    """Return the setup tables that the documents take values from, each once."""
    return tables_of(declared_fields(documents))


def tables_of(fields: Mapping[str, Collection[str]]) -> tuple[Table, ...]:
    """Return the setup tables that these fields, by kind, take values from, each once."""
    found: dict[str, set[str]] = defaultdict(set)
    for of, declared in fields.items():
        for item in _with_nested(all_kinds()[of], declared):
            for table in _tables_of_field(item.mapping.target, item.mapping.tables):
                found[table.path] |= set(table.fields)
    return tuple(Table(path, tuple(sorted(fields))) for path, fields in sorted(found.items()))


def _with_nested(of: Kind, declared: Collection[str]) -> Iterator[SpecField]:
    """Yield the declared fields and the fields of models inside them, such as a cross-reference's agreement type."""
    for item in of.fields:
        if item.name in declared:
            yield item
            yield from nested_fields(of.spec, item.attribute)


def _tables_of_field(target: Target | None, others: tuple[Table, ...]) -> Iterator[Table]:
    if target is not None and target.table is not None:
        scope = (f"{target.scope}/id", f"{target.scope}/name") if target.scope else ()
        inactive = (INACTIVE,) if target.inactive else ()
        yield Table(target.table, ("id", target.label, *scope, *inactive))
    yield from others


def declared_fields(documents: Iterable[Document]) -> Mapping[str, set[str]]:
    """Return, by kind, the names of the fields that the documents declare, or that show whether they are retired."""
    found: dict[str, set[str]] = defaultdict(set)
    for document in documents:
        found[document.kind.name] |= document.declared | document.kind.fields_of_retirement
        if document.retired and document.kind.retirement is not None:
            found[document.kind.name] |= document.kind.retirement.names
    return found


def _document_filters(document: Document, manifests: Manifests) -> PathValues:
    of = document.kind
    if document.metadata.id is not None:
        yield "id", document.metadata.id
    elif of.owner is not None:
        yield from _owner_filters(of, document, manifests)
    elif of.lookup_path is not None:
        yield of.lookup_path, str(getattr(document.spec, of.by_name[of.key[0]].attribute))
        for old in document.metadata.previously:
            yield of.lookup_path, old


def _lookup_filters(of: Kind, value: LookUp, document: Document, manifests: Manifests) -> PathValues:
    if isinstance(value, ById):
        yield "id", value.id
    elif of.owner is not None:
        yield from _owner_filters(of, document, manifests)
    elif of.lookup_path is not None:
        yield of.lookup_path, lookup_text(value)


def _owner_filters(of: Kind, document: Document, manifests: Manifests) -> PathValues:
    """Yield the filters that find the objects of the document's company, by the company's fields in the manifests.

    A company that the plan renames is still found by its old identifier, or by its pinned id.
    """
    owner, _, label = str(of.lookup_path).partition("/")
    attribute = attribute_of(document.kind.spec, owner)
    value: Any = None if attribute is None else getattr(document.spec, attribute)
    if value is None:
        return  # without an owner, `References` reports the look-up as a problem
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
