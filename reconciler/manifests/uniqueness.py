"""No two documents may stand for the same object."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel

from reconciler.kinds.base import Kind, key_part, reference_fields
from reconciler.kinds.near import near_part, spelled
from reconciler.manifests.documents import Document
from reconciler.manifests.references import Index
from reconciler.manifests.report import Report, Spot


def check_natural_keys(documents: Iterable[Document], index: Index, report: Report) -> None:
    """Two documents with one natural key would fight over one object; two whose keys look the same mean one."""
    seen: dict[Hashable, Document] = {}
    looks: dict[Hashable, Document] = {}
    for document in documents:
        key = natural_key(document, index)
        if key is None:
            continue
        first = seen.setdefault((document.kind.name, key), document)
        if first is not document:
            field = next(name for name in reversed(document.kind.key) if name in document.declared)
            report.add(
                Spot(document.origin, ("spec", field)),
                f"{document.address} is the same {_spoken(document.kind)} as {first.address}, at {{other}}",
                "remove one of the two, or correct this one",
                other=Spot(first.origin, ("spec", field)),
            )
            continue
        alike = looks.setdefault((document.kind.name, _look(document.kind, key)), document)
        if alike is not document and document.kind.collection is not None:
            _check_near_miss(document, alike, report)


def _look(kind: Kind, key: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    """A natural key as a person sees it; what a document refers to is not seen in it."""
    parts = zip(_components(kind), key, strict=True)
    return tuple(part if target else near_part(part) for (_attribute, target, _exact), part in parts)


def _check_near_miss(document: Document, other: Document, report: Report) -> None:
    """Where ConnectWise really has two of such names, each is pinned by its id."""
    if all(getattr(each.metadata, "id", None) is not None for each in (document, other)):
        return
    field, mine, theirs = next(_spelled_otherwise(document, other))
    report.add(
        Spot(document.origin, ("spec", field)),
        f"{field} {spelled(mine, theirs)} looks the same as {spelled(theirs, mine)} of {other.address}, at {{other}}",
        "write both alike if they mean one object; where ConnectWise really has two, pin each with metadata.id",
        other=Spot(other.origin, ("spec", field)),
    )


def _spelled_otherwise(document: Document, other: Document) -> Iterator[tuple[str, str, str]]:
    """(field, its text here, its text there) of the texts in a natural key that are not written alike."""
    for item in (document.kind.by_name[name] for name in document.kind.key):
        mine, theirs = (str(getattr(each.spec, item.attribute)) for each in (document, other))
        if item.mapping.target is None and key_part(mine, exact=True) != key_part(theirs, exact=True):
            yield item.name, mine, theirs


def _spoken(kind: Kind) -> str:
    return f"{kind.name} (by {' + '.join(kind.key)})"


def natural_key(document: Document, index: Index) -> tuple[Hashable, ...] | None:
    """What tells this document's object from all others; `None` while a part of it is missing."""
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
def _components(kind: Kind) -> tuple[tuple[str, str, bool], ...]:
    """(attribute, kind that it refers to or "", whether case counts) of each part of a kind's natural key."""
    attributes = {info.alias or name: name for name, info in kind.spec.model_fields.items()}
    targets = {attribute: target for attribute, _, target, _ in reference_fields(kind.spec)}
    exact = {field.name for field in kind.fields if field.mapping.exact}
    return tuple(
        (attributes[field], targets.get(attributes[field], ""), field in exact)
        for field in (*kind.key, *kind.key_if_given)
        if field in attributes
    )


def _part(value: Any, *, exact: bool) -> Hashable:
    """A component; of a customer, the source and the id, and not the name, which only suggests."""
    if isinstance(value, BaseModel):
        required = [name for name, info in type(value).model_fields.items() if info.is_required()]
        return tuple(getattr(value, name) for name in required)
    part: Hashable = key_part(value, exact=exact)
    return part
