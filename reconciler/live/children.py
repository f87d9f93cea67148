"""Reads the nested collections that documents need: additions of an agreement, management solutions of a company."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from reconciler.connectwise.parallel import in_parallel
from reconciler.kinds.base import Kind, NestedRead
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.references import references_of
from reconciler.kinds.registry import kind
from reconciler.live.match import Matcher
from reconciler.live.query import fields_to_read
from reconciler.live.reader import WORKERS, Reader
from reconciler.live.what_to_read import declared_fields
from reconciler.manifests.documents import Document, Manifests


async def read_children(
    reader: Reader, matcher: Matcher, documents: Collection[Document], *, for_usage: bool
) -> dict[str, Mapping[int, list[LiveObject]]]:
    """Return the nested objects by kind and by the id of their parent, and add them to the matcher.

    With `for_usage`, and of objects that a plan may end or let live again, also those that bill (`Kind.nested_reads`).
    """
    parents: dict[str, set[int]] = defaultdict(set)
    declared_values = _DeclaredValues(matcher.manifests)
    for document in documents:
        for of, number in _parents(document, matcher, declared_values, for_usage=for_usage):
            parents[of.name].add(number)
    declared = declared_fields(matcher.manifests.documents)

    async def read(name: str) -> dict[int, list[LiveObject]]:
        of = kind(name)
        names = declared.get(name, ()) if of.declarable else set(of.by_name)
        return await reader.read_children(of, parents[name], fields_to_read(of, names))

    ordered = sorted(parents)
    found = await in_parallel(read, ordered, workers=WORKERS)
    for name, objects in zip(ordered, found, strict=True):
        matcher.add(kind(name), (obj for each in objects.values() for obj in each))
    return dict(zip(ordered, found, strict=True))


def _parents(
    document: Document, matcher: Matcher, declared_values: _DeclaredValues, *, for_usage: bool
) -> Iterator[tuple[Kind, int]]:
    """Yield (nested kind, id of the parent) for each nested collection that this document needs."""
    of = document.kind
    if of.parent is not None and (number := matcher.owner_id(document, of.parent)) is not None:
        yield of, number
    for reference in references_of(document.spec):
        target = kind(reference.kind)
        if target.parent is not None and not isinstance(reference.value, str):
            number = matcher.owner_id(document, target.parent)
            if number is not None:
                yield target, number
    for below in of.nested_reads if for_usage or document.retired or _ends_otherwise(document, matcher) else ():
        number = _billing_parent(document, below, matcher, declared_values)
        if number is not None:
            yield kind(below.kind), number


def _ends_otherwise(document: Document, matcher: Matcher) -> bool:
    """Return whether the live object of a document is retired, or has another last day than the document declares."""
    retirement = document.kind.retirement
    if retirement is None or retirement.end is None or (live := matcher.live_object(document)) is None:
        return False
    end = document.kind.by_name[retirement.end]
    declared = getattr(document.spec, end.attribute)
    last_day = None if declared is None else declared.isoformat()
    differs = end.name in document.declared and last_day != end.mapping.decode(live.raw)
    return differs or document.kind.inactive is None or document.kind.inactive(live.raw)


def _billing_parent(
    document: Document, below: NestedRead, matcher: Matcher, declared_values: _DeclaredValues
) -> int | None:
    if below.parent is None:
        live = matcher.live_object(document)
        return None if live is None else live.id
    if below.unless and _values(document, below.unless) in declared_values.of(below.kind, below.unless):
        return None
    return matcher.owner_id(document, below.parent)


class _DeclaredValues:
    """The values that the documents of a kind have in some attributes. Collected once, because each mapping asks.

    Proposed documents are left out, because nobody creates their objects.
    """

    def __init__(self, manifests: Manifests) -> None:
        self._manifests = manifests
        self._collected: dict[tuple[str, tuple[str, ...]], frozenset[tuple[Any, ...]]] = {}

    def of(self, kind_name: str, attributes: tuple[str, ...]) -> frozenset[tuple[Any, ...]]:
        key = (kind_name, attributes)
        if key not in self._collected:
            documents = [each for each in self._manifests.of_kind(kind_name) if not each.metadata.proposed]
            self._collected[key] = frozenset(_values(each, attributes) for each in documents)
        return self._collected[key]


def _values(document: Document, attributes: Iterable[str]) -> tuple[Any, ...]:
    return tuple(getattr(document.spec, attribute) for attribute in attributes)
