"""How a live object stands to an action of a plan: untouched, begun, done, or changed by somebody else. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from reconciler.applying.differences import differences
from reconciler.applying.requests import Ids, values_of
from reconciler.kinds.field_mapping import FieldMapping
from reconciler.kinds.live_state import LiveObject, keys_of
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Value
from reconciler.live.keys import natural_key
from reconciler.live.messages import other_spelling
from reconciler.planning.equality import holds, named, same
from reconciler.planning.plan import Action

State = Literal["open", "begun", "done", "stale"]


@dataclass(frozen=True, slots=True)
class Verdict:
    state: State
    """`open`: as the plan found it, or on the way from there to where the plan leads. `begun`: made, but not yet with
    all that stands below it. `done`: as the plan would leave it. `stale`: neither."""
    differs: str = ""
    """Of a stale one: what differs, in words."""


class _Nothing:
    """Stands where a plan says nothing of a field: no text, and no null either."""


_UNSAID = _Nothing()


@dataclass(frozen=True, slots=True)
class _Part:
    """One field, or one named entry of it (`customFields.Region`)."""

    path: str
    mapping: FieldMapping | None
    now: Value
    before: Any
    """As the plan found it; unsaid in a create."""
    after: Any
    """As the plan would leave it; unsaid where it leaves it alone."""
    below: bool = False
    """Kept in a collection below the object, and written there entry by entry."""

    @property
    def untouched(self) -> bool:
        return self.before is not _UNSAID and same(self.mapping, self.before, self.now)

    @property
    def done(self) -> bool:
        if self.after is _UNSAID:
            return False
        if self.below and self.after is None and isinstance(self.now, Mapping):
            return bool(self.now.get("inactive"))
        return holds(self.mapping, self.after, self.now)

    @property
    def under_way(self) -> bool:
        """A set that is written entry by entry, with some of its entries written."""
        if not (self.below and isinstance(self.now, frozenset)) or _UNSAID in (self.before, self.after):
            return False
        before, after = self.before or (), self.after or ()
        return all(self._has(entry, before) or self._has(entry, after) for entry in self.now) and all(
            self._has(entry, self.now) for entry in before if self._has(entry, after)
        )

    def _has(self, entry: Value, entries: Any) -> bool:
        return any(same(self.mapping, entry, each) for each in entries)

    @property
    def fits(self) -> bool:
        return self.untouched or self.done or self.under_way

    def __str__(self) -> str:
        before = self.after if self.before is _UNSAID else self.before
        return differences(self.path, before, self.now)


def judge(action: Action, live: LiveObject | None, ids: Ids) -> Verdict:
    """How an action's object stands. `ids` are those of what lives by now, by address."""
    if live is None:
        gone = action.precondition is not None
        return Verdict("stale", f"id {action.id} is no longer there") if gone else Verdict("open")
    if action.id is None and (told := _near_miss(action, live, ids)):
        return Verdict("stale", f"was to be created, but {told}")
    parts = [*_parts(action, live, ids)]
    planned = [part for part in parts if part.after is not _UNSAID]
    if all(part.done for part in planned):
        return Verdict("done")
    if action.precondition is None:
        wrong = [part for part in planned if not part.done and not (part.below and part.now is None)]
        told = f"was to be created, but exists: id {live.id} ({_listed(wrong)})"
        return Verdict("stale", told) if wrong else Verdict("begun")
    wrong = [part for part in parts if not part.fits]
    return Verdict("stale", _listed(wrong)) if wrong else Verdict("open")


def _near_miss(action: Action, live: LiveObject, ids: Ids) -> str | None:
    """What is told of an object that only looks the same as the one that would be made."""
    of, values = kind(action.kind), values_of(action, ids)
    known = of.loose_match is not None or natural_key(of, values) in keys_of(of, live)
    return None if known else other_spelling(of, values, live)


def compared(action: Action) -> list[str]:
    """The fields to look at: those of the precondition, or those that a create would set."""
    if action.precondition is not None:
        return list(action.precondition.fields)
    return [change.path for change in action.changes]


def _parts(action: Action, live: LiveObject, ids: Ids) -> Iterator[_Part]:
    of = kind(action.kind)
    names = set(compared(action))
    wanted = values_of(action, ids)
    found = None if action.precondition is None else action.precondition.fields
    for item in of.fields:
        name, mapping = item.name, item.mapping
        if name not in names or not mapping.compared or name == of.parent:
            continue
        now = mapping.decode(live.raw)
        if action.id is None and now is not None and of.may_be_stored_differently(name):
            continue  # it was found by its natural key, so this is its name
        before = _UNSAID if found is None else found[name]
        after = wanted.get(name, _UNSAID)
        below = mapping.subcollection is not None
        if isinstance(now, Mapping):
            yield from _entries(name, now, before, after, below=below)
        else:
            yield _Part(name, mapping, now, before, after, below)


def _entries(name: str, now: Mapping[str, Value], before: Any, after: Any, *, below: bool) -> Iterator[_Part]:
    """One part for each entry that the plan found or would write; those that nobody named are no concern of it."""
    found = {} if before is _UNSAID else before or {}
    wanted = {} if after is _UNSAID else after or {}
    extra = [] if before is _UNSAID else [each for each in now if named(found, each) is None]
    for entry in dict.fromkeys([*found, *wanted, *extra]):
        yield _Part(
            f"{name}.{entry}",
            None,
            named(now, entry),
            _UNSAID if before is _UNSAID else named(found, entry),
            wanted.get(entry, _UNSAID),
            below,
        )


def _listed(parts: list[_Part]) -> str:
    return "; ".join(map(str, parts))
