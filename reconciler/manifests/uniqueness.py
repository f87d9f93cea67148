"""Check that no two documents describe the same object: their natural keys must differ, and must not look the same."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel

from reconciler.kinds.base import Kind, key_part
from reconciler.kinds.near import near_part, spelled
from reconciler.kinds.references import reference_fields
from reconciler.manifests.documents import Document
from reconciler.manifests.references import Index
from reconciler.manifests.report import Location, Report


def check_natural_keys(documents: Iterable[Document], index: Index, report: Report) -> None:
    """Report documents with the same natural key, and documents whose keys look the same to a reader."""
    by_key: dict[Hashable, Document] = {}
    by_look: dict[Hashable, Document] = {}
    for document in documents:
        key = natural_key(document, index)
        if key is None:
            continue
        first = by_key.setdefault((document.kind.name, key), document)
        if first is not document:
            if _pinned_apart(document, first):
                continue
            field = next(name for name in reversed(document.kind.key) if name in document.declared)
            fields = " and ".join(document.kind.key)
            declared = first.declared | document.declared if document.kind.name == "CustomerMapping" else frozenset()
            report.add(
                Location(document.origin, ("spec", field)),
                f"{document.address} has the same {fields} as {first.address}, at {{other}}",
                "remove one of the two, or correct this one"
                + ("; a customer who came back has one mapping with a new start" if "end" in declared else ""),
                other=Location(first.origin, ("spec", field)),
            )
            continue
        alike = by_look.setdefault((document.kind.name, _look(document.kind, key)), document)
        if alike is not document and document.kind.collection is not None:
            _report_near_miss(document, alike, report)


def _look(kind: Kind, key: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    """Return a natural key with each text as a reader sees it. References are kept as they are."""
    parts = zip(_components(kind), key, strict=True)
    return tuple(part if target else near_part(part) for (_attribute, target, _exact), part in parts)


def _report_near_miss(document: Document, other: Document, report: Report) -> None:
    """Report two keys that look the same, unless both documents are pinned by a ConnectWise id."""
    if _pinned_apart(document, other):
        return
    field, mine, theirs = next(_spelling_differences(document, other))
    report.add(
        Location(document.origin, ("spec", field)),
        f"{field} {spelled(mine, theirs)} looks the same as {spelled(theirs, mine)} of {other.address}, at {{other}}",
        "if both mean one object, write them alike; if ConnectWise has two, pin each with metadata.id",
        other=Location(other.origin, ("spec", field)),
    )


def _pinned_apart(document: Document, other: Document) -> bool:
    """Return whether both documents are pinned to different objects. ConnectWise can have two objects of one name."""
    one, two = (getattr(each.metadata, "id", None) for each in (document, other))
    return one is not None and two is not None and one != two


def _spelling_differences(document: Document, other: Document) -> Iterator[tuple[str, str, str]]:
    """Yield (field, text of `document`, text of `other`) for the texts of the natural key that differ."""
    for item in (document.kind.by_name[name] for name in document.kind.key):
        mine, theirs = (str(getattr(each.spec, item.attribute)) for each in (document, other))
        if item.mapping.target is None and key_part(mine, exact=True) != key_part(theirs, exact=True):
            yield item.name, mine, theirs


def natural_key(document: Document, index: Index) -> tuple[Hashable, ...] | None:
    """Return the natural key of a document. None if a required part is missing, or the kind has no key."""
    spec = document.spec.__dict__
    parts: list[Hashable] = []
    for attribute, target, exact in _components(document.kind):
        value = spec.get(attribute)
        if value is None and attribute in document.kind.key_if_given:
            parts.append(None)
            continue
        if value is None:
            if document.kind.spec.model_fields[attribute].is_required():
                return None
            parts.append(None)
            continue
        parts.append(index.identity(target, value) if target else _part(value, exact=exact))
    return tuple(parts) or None


@cache
def _components(kind: Kind) -> tuple[tuple[str, str | None, bool], ...]:
    """Return (attribute, kind that it refers to, whether case counts) of each part of a kind's natural key."""
    attributes = {info.alias or name: name for name, info in kind.spec.model_fields.items()}
    targets = {field.attribute: field.kind for field in reference_fields(kind.spec)}
    exact = {field.name for field in kind.fields if field.mapping.exact}
    return tuple(
        (attributes[field], targets.get(attributes[field]), field in exact)
        for field in (*kind.key, *kind.key_if_given)
        if field in attributes
    )


def _part(value: Any, *, exact: bool) -> Hashable:
    """Return one component for comparing. Of a customer, its source and id count, and its name does not."""
    if isinstance(value, BaseModel):
        required = [name for name, info in type(value).model_fields.items() if info.is_required()]
        return tuple(getattr(value, name) for name in required)
    part: Hashable = key_part(value, exact=exact)
    return part
