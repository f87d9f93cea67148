"""Which collections to list for these documents, by what, and with which fields: decided before any request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.kinds.base import ById, ByIdentifier, Kind, LookUp, references_of
from reconciler.kinds.forms import Table, Target
from reconciler.kinds.registry import all_kinds, kind
from reconciler.manifests.documents import Document, Manifests

LAST_UPDATED = "_info/lastUpdated"
"""The token of change; `_info` is left out of an answer cut down by `fields` unless named [seen]. That a
sub-path of it may be named is a [guess], from `fields=a,b/c` [docs]."""

Values = Mapping[str, frozenset[str | int]]
"""ConnectWise path → the values that are looked for there."""


@dataclass(frozen=True, slots=True)
class Want:
    """One collection to list."""

    kind: Kind
    fields: tuple[str, ...]
    by: Values


def wants(
    documents: Collection[Document], manifests: Manifests, kinds: Collection[str], *, compare: bool
) -> list[Want]:
    """One want for every top-level collection of these kinds that the documents, or their look-ups, need.

    `compare`: declared fields are read, not only what objects are found and billed by.
    """
    by: dict[str, dict[str, set[str | int]]] = defaultdict(lambda: defaultdict(set))
    for document in documents:
        if document.kind.name in kinds:
            for path, value in _own_values(document, manifests):
                by[document.kind.name][path].add(value)
        for reference in references_of(document.spec):
            if reference.kind in kinds and not isinstance(reference.value, str):
                for path, value in _look_up(kind(reference.kind), reference.value, document, manifests):
                    by[reference.kind][path].add(value)
    declared = _declared_by_kind(documents) if compare else {}
    return [
        Want(
            kind(name),
            needed_fields(kind(name), declared.get(name, ())),
            {path: frozenset(found) for path, found in paths.items()},
        )
        for name, paths in sorted(by.items())
    ]


def needed_fields(of: Kind, declared: Collection[str]) -> tuple[str, ...]:
    """What must be read of a kind: its key, what its documents declare, what billing looks at. Nothing else."""
    paths = ["id"]
    for item in of.fields:
        if item.name in of.key or (item.name in declared and item.form.compared):
            paths += item.form.reads if item.form.children is None or not item.form.children.on_create else ()
    return tuple(dict.fromkeys([*paths, *of.read_also, LAST_UPDATED]))


def tables(documents: Iterable[Document]) -> tuple[Table, ...]:
    """The setup tables that these documents' fields are looked up in, each once."""
    found: dict[str, set[str]] = defaultdict(set)
    for of, declared in _declared_by_kind(documents).items():
        for item in all_kinds()[of].fields:
            if item.name in declared:
                for table in field_tables(item.form.target, item.form.tables):
                    found[table.path] |= set(table.fields)
        if "crossReferences" in declared:
            found["finance/agreements/types"] |= {"id", "name"}
    return tuple(Table(path, tuple(sorted(fields))) for path, fields in sorted(found.items()))


def field_tables(target: Target | None, extra: tuple[Table, ...]) -> Iterator[Table]:
    if target is not None and target.table is not None:
        scope = (f"{target.scope}/id", f"{target.scope}/name") if target.scope else ()
        yield Table(target.table, ("id", target.label, *scope))
    yield from extra


def _declared_by_kind(documents: Iterable[Document]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for document in documents:
        found[document.kind.name] |= document.declared
    return found


def _own_values(document: Document, manifests: Manifests) -> Iterator[tuple[str, str | int]]:
    of, find_by = document.kind, document.kind.find_by
    if document.metadata.id is not None:
        yield "id", document.metadata.id
    elif find_by is not None and find_by.startswith("company/"):
        yield from company_values(document, manifests)
    elif find_by is not None:
        yield find_by, str(getattr(document.spec, of.by_name[of.key[0]].attribute))
        for old in document.metadata.previously:
            yield find_by, old


def _look_up(of: Kind, value: LookUp, document: Document, manifests: Manifests) -> Iterator[tuple[str, str | int]]:
    if isinstance(value, ById):
        yield "id", value.id
    elif of.find_by is not None and of.find_by.startswith("company/"):
        yield from company_values(document, manifests)
    else:
        yield of.find_by or "id", str(next(iter(value.model_dump().values())))


def company_values(document: Document, manifests: Manifests) -> Iterator[tuple[str, str | int]]:
    """How a list finds what belongs to the document's company: by what is known of it before any read.

    A company that is yet to be renamed is still found under the old identifier, or the pinned id.
    """
    value = getattr(document.spec, "company")
    if isinstance(value, ById):
        yield "company/id", value.id
    elif isinstance(value, ByIdentifier):
        yield "company/identifier", value.identifier
    else:
        company = manifests.by_address[f"Company/{value}"]
        if company.metadata.id is not None:
            yield "company/id", company.metadata.id
            return
        yield "company/identifier", str(getattr(company.spec, "identifier"))
        for old in company.metadata.previously:
            yield "company/identifier", old
