"""Finds live objects that a document may describe although they do not have its natural key. Pure.

An object can have an old key of the document, a key that looks the same, or a part of the key and another name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kinds.base import Kind, Verdict
from reconciler.kinds.live_state import Key, LiveObject, keys_of
from reconciler.live.index import Indexes
from reconciler.live.keys import old_key
from reconciler.live.references import References
from reconciler.manifests.documents import Document


class Candidates:
    """Searches the objects that were read.

    An object that another document declares is no candidate by an old key or by a part of the key.
    """

    def __init__(self, indexes: Indexes, references: References) -> None:
        self._indexes = indexes
        self._references = references

    def with_old_keys(self, document: Document, key: Key) -> dict[int, LiveObject]:
        """Return the objects, by id, that have an old key of the document now."""
        found: dict[int, LiveObject] = {}
        for old in document.metadata.previously:
            found |= self._with_old_key(document, old_key(document.kind, key, old))
        return found

    def _with_old_key(self, document: Document, key: Key) -> dict[int, LiveObject]:
        of = document.kind
        index = self._indexes.of(of)
        owner = self._references.declared(of).get(key)
        if owner is None or owner is document:
            return index.with_key(key) or index.with_key_in_any_case(key)
        pin = owner.metadata.id
        return {} if pin is None else {number: obj for number, obj in index.with_key(key).items() if number != pin}

    def declared_by_others(self, document: Document, key: Key) -> Iterator[tuple[str, Document, LiveObject]]:
        """Yield (old value, other document, object) for each object with an old key that another document declares.

        A document that is pinned by its id has its object, so nothing is open.
        """
        declared = self._references.declared(document.kind)
        for old in document.metadata.previously:
            former = old_key(document.kind, key, old)
            owner = declared.get(former)
            if owner is not None and owner is not document and owner.metadata.id is None:
                yield from ((old, owner, obj) for obj in self._indexes.of(document.kind).with_key(former).values())

    def similar(self, document: Document, key: Key) -> Iterator[tuple[Mapping[str, Any], LiveObject]]:
        """Yield the objects whose key, or old key, looks the same as the document's.

        Each comes with the values by field that it looks the same as.
        """
        of = document.kind
        index, declared = self._indexes.of(of), self._references.declared(of)
        values = {name: getattr(document.spec, of.by_name[name].attribute) for name in of.key}
        similar = index.similar(key)
        yield from ((values, obj) for obj in similar)
        for old in document.metadata.previously:
            for obj in index.similar(old_key(of, key, old)):
                if obj not in similar and not any(each in declared for each in keys_of(of, obj)):
                    yield {**values, str(of.rename_key): old}, obj

    def under_another_name(self, of: Kind, key: Key) -> dict[int, Verdict]:
        """Return, by id, the verdict of `Kind.loose_match` on the objects that have a part of this key."""
        if of.loose_match is None:
            return {}
        values = dict(zip(of.key, key, strict=True))
        declared = self._references.declared(of)
        return {
            obj.id: of.loose_match.verdict(obj.raw, values, self._indexes.prerequisites(of))
            for obj in self._indexes.of(of).with_key_part(key)
            if not any(other in declared for other in keys_of(of, obj))
        }
