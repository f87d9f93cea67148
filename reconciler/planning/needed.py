"""Finds a document that still needs an undeclared object. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from reconciler.kinds.base import Kind, NestedRead
from reconciler.kinds.fields import LookUp
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.references import references_of
from reconciler.kinds.registry import all_kinds
from reconciler.manifests.documents import Document, Manifests
from reconciler.planning.equality import plain

FindUser = Callable[[Kind, LiveObject], str]
"""(kind, live object) → the address of a document that needs it, or an empty text."""


def users_among_documents(manifests: Manifests) -> FindUser:
    """Return a function that finds a document that needs a live object.

    A document needs each object that it looks up in ConnectWise. It also needs each object that it names in a field: a
    mapping names a management solution, and a management solution names an integration.
    """
    users: dict[tuple[str, Any], str] = {}
    for document in manifests.documents:
        if not document.retired:
            for place in (*_looked_up(document), *_named(document)):
                users.setdefault(place, document.address)

    def find(of: Kind, live: LiveObject) -> str:
        return next((users[place] for place in _places(of, live) if place in users), "")

    return find


def _looked_up(document: Document) -> Iterator[tuple[str, Any]]:
    """Yield (kind, value) of each object that a document looks up in ConnectWise."""
    for reference in references_of(document.spec):
        if not isinstance(reference.value, str):
            yield reference.kind, _folded(_value(reference.value))


def _value(lookup: LookUp) -> Any:
    return next(iter(lookup.model_dump().values()))


def _named(document: Document) -> Iterator[tuple[str, Any]]:
    """Yield a key and the values for each object that a document names in its fields, without a reference."""
    spec = document.spec
    for other, its_field, our_field in document.kind.created_after:
        yield f"{other}.{its_field}", _folded(getattr(spec, document.kind.by_name[our_field].attribute))
    for below in document.kind.nested_reads:
        if below.unless:
            yield below.kind, tuple(_folded(getattr(spec, name)) for name in _own_names(below))


def _places(of: Kind, live: LiveObject) -> Iterator[tuple[str, Any]]:
    """Yield each key and value with which `_looked_up` or `_named` can find a live object."""
    yield of.name, live.id
    decoded = {item.attribute: item.mapping.decode(live.raw) for item in of.fields}
    texts = {name: value for name, value in decoded.items() if isinstance(value, str)}
    for item in of.fields:
        value = texts.get(item.attribute)
        if value is not None:
            yield f"{of.name}.{item.name}", _folded(value)
            if item.name in of.key:
                yield of.name, _folded(value)
    for other in all_kinds().values():
        for below in other.nested_reads:
            if below.kind == of.name and below.unless:
                yield of.name, tuple(_folded(decoded.get(name)) for name in _own_names(below))


def _own_names(below: NestedRead) -> list[str]:
    """Return the attributes that name a nested object below its parent."""
    return sorted(name for name in below.unless if name != below.parent)


def _folded(value: Any) -> Any:
    return plain(value).casefold() if isinstance(value, str) else value
