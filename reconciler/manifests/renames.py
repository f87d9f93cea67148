"""Check that documents do not exchange their names: ConnectWise holds the same names before and after that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from reconciler.kinds.base import Kind, attribute_of, key_part
from reconciler.manifests.documents import Document
from reconciler.manifests.references import Index
from reconciler.manifests.relations import former_values
from reconciler.manifests.report import Location, Report
from reconciler.manifests.suggestions import listed
from reconciler.manifests.uniqueness import natural_key

Keyed = Mapping[Hashable, Document]


def check_renames(documents: Iterable[Document], index: Index, report: Report) -> None:
    """Report documents that take each other's former names in a ring.

    A document that is pinned by its id has its object, so it is in no ring.
    """
    by_kind: dict[str, dict[Hashable, Document]] = defaultdict(dict)
    for document in documents:
        if document.metadata.__dict__.get("id") is None and document.kind.rename_key is not None:
            key = natural_key(document, index)
            if key is not None:
                by_kind[document.kind.name].setdefault(key, document)
    for keyed in by_kind.values():
        if ring := _ring(keyed):
            _report(ring, report)


def _ring(keyed: Keyed) -> list[Document]:
    """Return documents each of which has the former name of the next one. The first one follows the last one."""
    taken_from = {document.address: set(_former_owners(key, document, keyed)) for key, document in keyed.items()}
    try:
        TopologicalSorter(taken_from).prepare()
    except CycleError as error:
        by_address = {document.address: document for document in keyed.values()}
        return [by_address[address] for address in error.args[1][1:]]
    return []


def _former_owners(key: Hashable, document: Document, keyed: Keyed) -> Iterable[str]:
    """Yield the addresses of the other documents whose present name is a former one of this document."""
    place = _place(document.kind)
    for old in former_values(document):
        parts = list(key) if isinstance(key, tuple) else []
        parts[place] = key_part(old, exact=document.kind.by_name[str(document.kind.rename_key)].mapping.exact)
        other = keyed.get(tuple(parts))
        if other is not None and other is not document:
            yield other.address


def _place(kind: Kind) -> int:
    """Return the place of the field that a rename changes in the natural key."""
    names = [name for name in (*kind.key, *kind.key_if_given) if attribute_of(kind.spec, name) is not None]
    return names.index(str(kind.rename_key))


def _report(ring: list[Document], report: Report) -> None:
    first, *others = sorted(ring, key=lambda document: document.address)
    field = first.kind.rename_key
    report.add(
        Location(first.origin, ("metadata", "previously")),
        f"{listed([each.address for each in (first, *others)], 'and')} exchange the values of {field}, and ConnectWise "
        "has the same values before and after that",
        "let one of them have another value first, and apply that; or pin each with metadata.id",
        other=Location(others[0].origin, ("metadata", "previously")),
    )
