"""Indexes live objects by id and by natural key. Pure.

The keys of each object are made once, so that the time of a look-up does not depend on the number of objects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.kinds.base import Kind
from reconciler.kinds.live_state import Key, LiveObject, keys_of
from reconciler.kinds.near import near_key
from reconciler.live.keys import ignoring_case


class Index:
    """The objects of one kind that were read, without deleted ones."""

    def __init__(self, of: Kind, objects: Iterable[LiveObject] = ()) -> None:
        self.of = of
        self.by_id: dict[int, LiveObject] = {}
        self._by_key: dict[Key, dict[int, LiveObject]] = defaultdict(dict)
        self._by_similar_key: dict[Key, dict[int, LiveObject]] = defaultdict(dict)
        self._by_part: dict[Key, dict[int, LiveObject]] = defaultdict(dict)
        self.add(objects)

    def add(self, objects: Iterable[LiveObject]) -> None:
        """Add objects. Deleted objects and ids that are already here are skipped."""
        for obj in objects:
            if self.of.ignore(obj.raw) or obj.id in self.by_id:
                continue
            self.by_id[obj.id] = obj
            for key in keys_of(self.of, obj):
                self._by_key[key][obj.id] = obj
                self._by_similar_key[near_key(key)][obj.id] = obj
                if self.of.loose_match is not None:
                    self._by_part[self._part(key)][obj.id] = obj

    def add_key(self, key: Key, obj: LiveObject) -> None:
        """Add an object of which only the key was read. Only `similar` returns it."""
        self._by_similar_key[near_key(key)][obj.id] = obj

    def with_key(self, key: Key) -> dict[int, LiveObject]:
        """Return the objects with this natural key, by id."""
        return dict(self._by_key.get(key, {}))

    def similar(self, key: Key) -> list[LiveObject]:
        """Return the active objects whose key looks the same as this key, ordered by id."""
        found = self._by_similar_key.get(near_key(key), {})
        return [obj for _, obj in sorted(found.items()) if not self.of.inactive(obj.raw)]

    def with_key_in_any_case(self, key: Key) -> dict[int, LiveObject]:
        """Return the active objects with this natural key in upper or lower case, by id."""
        return {
            obj.id: obj
            for obj in self.similar(key)
            if any(ignoring_case(key) == ignoring_case(other) for other in keys_of(self.of, obj))
        }

    def with_key_part(self, key: Key) -> list[LiveObject]:
        """Return the objects that have the part of this key that is named in `Kind.loose_match`."""
        return [*self._by_part.get(self._part(key), {}).values()]

    def _part(self, key: Key) -> Key:
        names = self.of.loose_match.key if self.of.loose_match is not None else ()
        return tuple(part for name, part in zip(self.of.key, key, strict=True) if name in names)


class Indexes:
    """An index for each kind, with the prerequisites that were read for it."""

    def __init__(self) -> None:
        self._by_kind: dict[str, Index] = {}
        self._read: set[str] = set()
        self._prerequisites: dict[str, Sequence[Mapping[str, Any]]] = {}

    def of(self, kind: Kind) -> Index:
        """Return the index of a kind."""
        if kind.name not in self._by_kind:
            self._by_kind[kind.name] = Index(kind)
        return self._by_kind[kind.name]

    def add(self, kind: Kind, objects: Iterable[LiveObject]) -> None:
        """Add objects that were read."""
        self._read.add(kind.name)
        self.of(kind).add(objects)

    def was_read(self, kind: Kind) -> bool:
        """Return whether objects of this kind were read in this run."""
        return kind.name in self._read

    def add_prerequisites(self, kind: Kind, objects: Sequence[Mapping[str, Any]]) -> None:
        """Add the objects, as ConnectWise JSON, of the kinds in `Kind.created_after`."""
        self._prerequisites[kind.name] = objects

    def prerequisites(self, kind: Kind) -> Sequence[Mapping[str, Any]] | None:
        """Return the objects of the kinds in `Kind.created_after`, or None if they were not read."""
        return self._prerequisites.get(kind.name)

    def objects(self) -> Iterator[tuple[str, Mapping[int, LiveObject]]]:
        """Yield (kind, its objects by id) of everything that was read."""
        return ((name, index.by_id) for name, index in self._by_kind.items())


def prefer_active(of: Kind, objects: dict[int, LiveObject]) -> dict[int, LiveObject]:
    """Return the active ones of these objects, or all if none is active."""
    active = {number: obj for number, obj in objects.items() if not of.inactive(obj.raw)}
    return active or objects
