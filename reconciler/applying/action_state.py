"""Compares a live object with an action of a plan: not started, begun, done, or changed by someone else. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from reconciler.applying.differences import differences
from reconciler.applying.requests import Ids, deletes, values_of
from reconciler.kinds.field_mapping import FieldMapping
from reconciler.kinds.live_state import LiveObject, keys_of
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Value
from reconciler.live.keys import natural_key
from reconciler.live.messages import other_spelling
from reconciler.planning.action import Action
from reconciler.planning.equality import holds, named, same

State = Literal["open", "begun", "done", "stale"]


@dataclass(frozen=True, slots=True)
class ActionState:
    """How far an action is, as the live object shows."""

    state: State
    """`open`: each field is as the plan found it, or as the plan writes it. `begun`: the object was created, but not
    yet everything in its subcollections. `done`: each field is as the plan writes it. `stale`: none of these."""
    difference: str = ""
    """For `stale`: what differs, in words."""


class _NotInPlan:
    """The type of a value that a plan does not mention. It is neither a text nor null."""


_NOT_IN_PLAN = _NotInPlan()


@dataclass(frozen=True, slots=True)
class _FieldState:
    """One field of an action, or one named entry of it (`customFields.Region`), with its live value."""

    path: str
    mapping: FieldMapping | None
    live: Value
    before: Any
    """As the plan found it. Not in the plan for a create."""
    after: Any
    """As the plan writes it. Not in the plan if it does not change the field."""
    in_subcollection: bool = False
    """Whether its entries are objects in a subcollection, which are written one by one."""

    @property
    def is_unchanged(self) -> bool:
        return self.before is not _NOT_IN_PLAN and same(self.mapping, self.before, self.live)

    @property
    def is_done(self) -> bool:
        if self.after is _NOT_IN_PLAN:
            return False
        if self.in_subcollection and self.after is None and isinstance(self.live, Mapping):
            return bool(self.live.get("inactive"))
        return holds(self.mapping, self.after, self.live)

    @property
    def is_partly_written(self) -> bool:
        """Whether some entries of a set are as the plan found them, and the others as it writes them."""
        if not (self.in_subcollection and isinstance(self.live, frozenset)):
            return False
        if _NOT_IN_PLAN in (self.before, self.after):
            return False
        before, after = self.before or (), self.after or ()
        return all(self._has(entry, before) or self._has(entry, after) for entry in self.live) and all(
            self._has(entry, self.live) for entry in before if self._has(entry, after)
        )

    def _has(self, entry: Value, entries: Any) -> bool:
        return any(same(self.mapping, entry, each) for each in entries)

    @property
    def is_expected(self) -> bool:
        """Whether the plan can still be applied to this field."""
        return self.is_unchanged or self.is_done or self.is_partly_written

    def __str__(self) -> str:
        before = self.after if self.before is _NOT_IN_PLAN else self.before
        return differences(self.path, before, self.live)


def state_of(action: Action, live: LiveObject | None, ids: Ids) -> ActionState:
    """Return the state of an action. `live` is its object, or None if there is none."""
    if live is None:
        if deletes(action):
            return ActionState("done")
        deleted = action.precondition is not None
        return ActionState("stale", f"id {action.id} no longer exists") if deleted else ActionState("open")
    if action.id is None and (spelling := _near_miss(action, live, ids)):
        return ActionState("stale", f"the plan creates it, but {spelling}")
    fields = [*_field_states(action, live, ids)]
    planned = [field for field in fields if field.after is not _NOT_IN_PLAN]
    if not deletes(action) and all(field.is_done for field in planned):
        return ActionState("done")
    if action.precondition is None:
        wrong = [
            field for field in planned if not field.is_done and not (field.in_subcollection and field.live is None)
        ]
        difference = f"the plan creates it, but it exists with id {live.id} ({_joined(wrong)})"
        return ActionState("stale", difference) if wrong else ActionState("begun")
    wrong = [field for field in fields if not (field.is_unchanged if deletes(action) else field.is_expected)]
    return ActionState("stale", _joined(wrong)) if wrong else ActionState("open")


def _near_miss(action: Action, live: LiveObject, ids: Ids) -> str | None:
    """Return both spellings if a live object only looks like the object that the action creates. Otherwise None."""
    of, values = kind(action.kind), values_of(action, ids)
    has_key = of.loose_match is not None or natural_key(of, values) in keys_of(of, live)
    return None if has_key else other_spelling(of, values, live)


def compared_fields(action: Action) -> list[str]:
    """Return the fields to compare: those of the precondition, or those that a create sets."""
    if action.precondition is not None:
        return list(action.precondition.fields)
    return [change.path for change in action.changes]


def _field_states(action: Action, live: LiveObject, ids: Ids) -> Iterator[_FieldState]:
    of = kind(action.kind)
    names = set(compared_fields(action))
    planned = values_of(action, ids)
    precondition = None if action.precondition is None else action.precondition.fields
    for item in of.all_fields:
        name, mapping = item.name, item.mapping
        if name not in names or not mapping.compared or name == of.parent:
            continue
        value = mapping.decode(live.raw)
        if action.id is None and value is not None and of.may_be_stored_differently(name):
            continue  # the object was found by its natural key, so this is the same name
        before = _NOT_IN_PLAN if precondition is None else precondition[name]
        after = planned.get(name, _NOT_IN_PLAN)
        in_subcollection = mapping.subcollection is not None
        if isinstance(value, Mapping):
            yield from _entry_states(name, value, before, after, in_subcollection=in_subcollection)
        else:
            yield _FieldState(name, mapping, value, before, after, in_subcollection)


def _entry_states(
    name: str, live: Mapping[str, Value], before: Any, after: Any, *, in_subcollection: bool
) -> Iterator[_FieldState]:
    """Yield one state for each entry that the plan found or writes, and for each that was added since."""
    found = {} if before is _NOT_IN_PLAN else before or {}
    planned = {} if after is _NOT_IN_PLAN else after or {}
    added = [] if before is _NOT_IN_PLAN else [each for each in live if named(found, each) is None]
    for entry in dict.fromkeys([*found, *planned, *added]):
        yield _FieldState(
            f"{name}.{entry}",
            None,
            named(live, entry),
            _NOT_IN_PLAN if before is _NOT_IN_PLAN else named(found, entry),
            planned.get(entry, _NOT_IN_PLAN),
            in_subcollection,
        )


def _joined(fields: list[_FieldState]) -> str:
    return "; ".join(map(str, fields))
