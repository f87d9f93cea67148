"""Live objects of one kind, by everything that they are found by. Pure.

Keys are made once for each object, so that looking many up takes no longer than reading them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from reconciler.kinds.base import Kind, key_part
from reconciler.kinds.live_state import Key, LiveObject, keys_of
from reconciler.kinds.near import near_key


class Index:
    """What was read of one kind, deleted objects left out."""

    def __init__(self, of: Kind, objects: Iterable[LiveObject] = ()) -> None:
        self.of = of
        self.by_id: dict[int, LiveObject] = {}
        self._by_key: dict[Key, dict[int, LiveObject]] = defaultdict(dict)
        self._by_look: dict[Key, dict[int, LiveObject]] = defaultdict(dict)
        self._by_part: dict[Key, dict[int, LiveObject]] = defaultdict(dict)
        self.add(objects)

    def add(self, objects: Iterable[LiveObject]) -> None:
        for obj in objects:
            if self.of.ignore(obj.raw) or obj.id in self.by_id:
                continue
            self.by_id[obj.id] = obj
            for key in keys_of(self.of, obj):
                self._by_key[key][obj.id] = obj
                self._by_look[near_key(key)][obj.id] = obj
                if self.of.loose_match is not None:
                    self._by_part[self._part(key)][obj.id] = obj

    def add_name(self, key: Key, obj: LiveObject) -> None:
        """An object of which only the key is known: it is found by its look alone."""
        self._by_look[near_key(key)][obj.id] = obj

    def at(self, key: Key) -> dict[int, LiveObject]:
        """The objects under a natural key, by id."""
        return dict(self._by_key.get(key, {}))

    def near(self, key: Key) -> list[LiveObject]:
        """Objects that look as if they had this key, those aside that are no longer in force."""
        found = self._by_look.get(near_key(key), {})
        return [obj for _, obj in sorted(found.items()) if not self.of.inactive(obj.raw)]

    def in_another_case(self, key: Key) -> dict[int, LiveObject]:
        return {
            obj.id: obj
            for obj in self.near(key)
            if any(folded(key) == folded(other) for other in keys_of(self.of, obj))
        }

    def sharing(self, key: Key) -> list[LiveObject]:
        """The objects that hold the part of this key that `Kind.loose_match` goes by."""
        return [*self._by_part.get(self._part(key), {}).values()]

    def _part(self, key: Key) -> Key:
        names = self.of.loose_match.key if self.of.loose_match is not None else ()
        return tuple(part for name, part in zip(self.of.key, key, strict=True) if name in names)


def folded(key: Key) -> Key:
    return tuple(key_part(part) for part in key)


def awake(of: Kind, candidates: dict[int, LiveObject]) -> dict[int, LiveObject]:
    """Without the dormant ones, unless all are."""
    found = {number: obj for number, obj in candidates.items() if not of.inactive(obj.raw)}
    return found or candidates
