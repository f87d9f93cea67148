"""Which collections to list for these documents, by what, and with which fields: decided before any request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.kinds.base import ById, ByIdentifier, Kind, LookUp, references_of
from reconciler.kinds.forms import Table
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


def wants(manifests: Manifests, kinds: Iterable[str]) -> list[Want]:
    """One want for every top-level collection that the documents of these kinds, or their look-ups, need."""
    by: dict[str, dict[str, set[str | int]]] = defaultdict(lambda: defaultdict(set))
    names = set(kinds)
    for document in manifests.documents:
        if document.kind.name in names and document.kind.collection and not document.kind.parent:
            for path, value in _own_values(document, manifests):
                by[document.kind.name][path].add(value)
        for reference in references_of(document.spec):
            if reference.kind in names and not isinstance(reference.value, str):
                path, value = _look_up(kind(reference.kind), reference.value, document, manifests)
                by[reference.kind][path].add(value)
    return [
        Want(
            kind(name), needed_fields(kind(name), manifests), {path: frozenset(found) for path, found in paths.items()}
        )
        for name, paths in sorted(by.items())
    ]


def needed_fields(of: Kind, manifests: Manifests) -> tuple[str, ...]:
    """What must be read of a kind: its key, what its documents declare, what billing looks at. Nothing else."""
    declared = {name for document in manifests.of_kind(of.name) for name in document.declared}
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


def field_tables(target: object, extra: tuple[Table, ...]) -> Iterator[Table]:
    table = getattr(target, "table", None)
    if table is not None:
        label, scope = getattr(target, "label", "name"), getattr(target, "scope", None)
        yield Table(table, ("id", label, *((f"{scope}/id", f"{scope}/name") if scope else ())))
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
    if find_by is None:
        return
    if find_by.startswith("company/"):
        yield company_value(document, manifests)
    else:
        yield find_by, str(getattr(document.spec, of.by_name[of.key[0]].attribute))
        for old in document.metadata.previously:
            yield find_by, old


def _look_up(of: Kind, value: LookUp, document: Document, manifests: Manifests) -> tuple[str, str | int]:
    if isinstance(value, ById):
        return "id", value.id
    if of.find_by is not None and of.find_by.startswith("company/"):
        return company_value(document, manifests)
    text = next(iter(value.model_dump().values()))
    return of.find_by or "id", str(text)


def company_value(document: Document, manifests: Manifests) -> tuple[str, str | int]:
    """How a list finds what belongs to the document's company: by the identifier, which is known before any read."""
    value = getattr(document.spec, "company")
    if isinstance(value, ById):
        return "company/id", value.id
    if isinstance(value, ByIdentifier):
        return "company/identifier", value.identifier
    company = manifests.by_address[f"Company/{value}"]
    return "company/identifier", str(getattr(company.spec, "identifier"))
