"""The rules about retired documents: only a retired document may need another retired one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.kinds.base import Kind, Metadata
from reconciler.kinds.references import reference_fields, references_of
from reconciler.kinds.registry import all_kinds
from reconciler.manifests.documents import Document
from reconciler.manifests.references import Index
from reconciler.manifests.report import Location, Report
from reconciler.manifests.suggestions import did_you_mean, listed, nearest


def check_ensure(metadata: Metadata, kind: Kind | None, location: Location, report: Report) -> None:
    """Report an `ensure: retired` that is not possible. `location` is its place. `kind` is None for `Defaults`."""
    if getattr(metadata, "ensure", "present") != "retired":
        return
    if getattr(metadata, "protect", False):
        report.add(location, "protect: true and ensure: retired contradict each other", "remove one of the two")
    if kind is None or kind.retirement is None:
        what = "Defaults have" if kind is None else f"{kind.name} has"
        report.add(
            location,
            f"{what} no object in ConnectWise, so nothing can be retired",
            "remove this document; `apply --prune` then ends what a removed CustomerMapping billed",
        )


def check_retired(index: Index, workspace: Document | None, report: Report) -> None:
    """Report each document that still needs a retired one. `workspace` is the chosen one, or None."""
    if workspace is not None:
        _retired_as(workspace, report)
    retired = [document for document in index.by_address.values() if is_retired(document)]
    if not retired:
        return
    by_name = _by_name(index, retired)
    for document in index.by_address.values():
        # A mapping with an `end` may refer to objects that are retired with it.
        if is_retired(document) or _get(document, "end") is not None:
            continue
        for reference in references_of(document.spec):
            other = index.find(reference.kind, reference.value)
            if other is not None and is_retired(other):
                _report(document, ("spec", *reference.path), other, report)
        for field, key in _names(document, index):
            if (found := by_name.get(key)) is not None:
                _report(document, ("spec", field), found, report)


def is_retired(document: Document) -> bool:
    """Return whether a document says that its object is retired. Metadata with errors can lack `ensure`."""
    return str(getattr(document.metadata, "ensure", "present")) == "retired"


def _get(document: Document, attribute: str) -> Any:
    return document.spec.__dict__.get(attribute)


def _report(document: Document, path: tuple[str | int, ...], other: Document, report: Report) -> None:
    report.add(
        Location(document.origin, path),
        f"{document.address} still needs {other.address}, which is retired at {{other}}",
        f"retire or remove {document.address} too, or let it refer to another {other.kind.name}",
        other=Location(other.origin, ("metadata", "ensure")),
    )


Key = tuple[Any, ...]
"""(kind, values) of an object that a document names by its fields, without a reference."""


def _by_name(index: Index, retired: Iterable[Document]) -> Mapping[Key, Document]:
    """Return the retired documents by the keys by which others name them. A key of several documents is left out."""
    living = {
        key for document in index.by_address.values() if not is_retired(document) for key in _own(document, index)
    }
    return {key: document for document in retired for key in _own(document, index) if key not in living}


def _own(document: Document, index: Index) -> Iterator[Key]:
    """Yield the keys by which other documents name this one."""
    for of in all_kinds().values():
        for below in of.nested_reads:
            if below.kind == document.kind.name and below.unless:
                yield document.kind.name, *_values(document, below.unless, index)
        for other, its_field, our_field in of.created_after:
            if other == document.kind.name and (value := _get(document, document.kind.by_name[its_field].attribute)):
                yield of.name, our_field, value


def _names(document: Document, index: Index) -> Iterator[tuple[str, Key]]:
    """Yield (field, key) for each object that a document names: a mapping names a management solution."""
    spec = document.kind.spec
    for below in document.kind.nested_reads:
        if below.unless:
            field = spec.model_fields[below.unless[-1]].alias or below.unless[-1]
            yield field, (below.kind, *_values(document, below.unless, index))
    for _other, _its_field, our_field in document.kind.created_after[:1]:
        yield our_field, (document.kind.name, our_field, _get(document, document.kind.by_name[our_field].attribute))


def _values(document: Document, attributes: Iterable[str], index: Index) -> Iterator[Any]:
    """Yield the values of attributes. References to the same object have the same value."""
    kinds = {field.attribute: field.kind for field in reference_fields(document.kind.spec)}
    for attribute in attributes:
        value, kind = _get(document, attribute), kinds.get(attribute)
        yield value if value is None or kind is None else index.identity(kind, value)


def _retired_as(workspace: Document, report: Report) -> None:
    """Report an entry of `retiredAs` for a kind whose objects are not retired by a setup-table entry."""
    names = [of.name for of in all_kinds().values() if of.retirement is not None and of.retirement.entry is not None]
    for name in _get(workspace, "retired_as") or ():
        if name not in names:
            location = Location(workspace.origin, ("spec", "retiredAs", name), at_key=True)
            advice = did_you_mean(nearest(name, names)) or f"the kinds are {listed(names, 'and')}"
            report.add(location, f"no setup-table entry says that an object of kind {name} is retired", advice)
