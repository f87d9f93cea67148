"""Makes the changes that turn a live object into the declared one. Pure, and the same for all kinds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.kinds.base import Kind, SpecField, key_part
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.values import Link, Value, to_json
from reconciler.planning.action import Change
from reconciler.planning.equality import cleared, named, same


def changes_to_create(kind: Kind, values: Mapping[str, Value]) -> tuple[Change, ...]:
    """Return the changes of a create: every declared field with a value."""
    return tuple(
        Change(
            path=item.name,
            after=to_json(values[item.name]),
            known_after_apply=is_pending(values[item.name]),
            sensitive=item.mapping.sensitive,
            number=item.mapping.sort == "number",
        )
        for item in kind.fields
        if item.name in values and _is_sent(item, values[item.name])
    )


def _is_sent(item: SpecField, value: Value) -> bool:
    """Whether a field of a new object is sent. Only a null with a meaning is sent, such as `endDate: null`: no end."""
    if value is None:
        return any(item.mapping.encode(None, {}).values())
    return not (isinstance(value, Mapping) and not value)


def changes_to_update(
    kind: Kind, values: Mapping[str, Value], live: LiveObject, *, keys: bool = False
) -> tuple[Change, ...]:
    """Return a change for each declared field in which a live object differs.

    Fields of the natural key are left out, because the object was found by them. They are compared with `keys`, for an
    object that was found by its pinned id or an old key and is renamed. They are also changed if the name differs in
    upper or lower case, or if the object has no name and was found by the rest of its key.
    """
    changes: list[Change] = []
    for item in kind.all_fields:
        if item.name not in values or not item.mapping.compared or item.name == kind.parent:
            continue
        before, after = item.mapping.decode(live.raw), values[item.name]
        matched = before is not None and (kind.keys_of is not None or not _in_another_case(before, after))
        if item.name in kind.key and not keys and matched:
            continue
        if isinstance(before, Mapping):
            changes += _entries(item, before, after)
        elif not same(item.mapping, before, after) and not cleared(item.mapping, after, before):
            changes.append(_change(item.name, before, after, number=item.mapping.sort == "number"))
    return tuple(changes)


def _in_another_case(before: Value, after: Value) -> bool:
    return isinstance(before, str) and isinstance(after, str) and key_part(before) == key_part(after)


def _entries(item: SpecField, before: Mapping[str, Any], after: Mapping[str, Any] | None) -> Iterator[Change]:
    """Yield a change for each named entry that differs.

    Entries that are objects in a subcollection (cross-references) are removed when they are no longer listed. Other
    entries (custom fields) are changed only if they are listed, and `null` in place of all clears each of them.
    """
    objects = item.mapping.subcollection is not None
    if after is None:
        after = {} if objects else dict.fromkeys(before)
    for name, desired in after.items():
        found = named(before, name)
        if isinstance(desired, Mapping) and found is not None:
            yield from _entry_changes(f"{item.name}.{name}", found, desired)
        elif not same(None, found, desired):
            yield _change(f"{item.name}.{name}", found, desired)
    if objects:
        for name, found in before.items():
            if named(after, name) is None and not found.get("inactive"):
                yield _change(f"{item.name}.{name}", found, None)


def _entry_changes(path: str, found: Mapping[str, Any], desired: Mapping[str, Any]) -> Iterator[Change]:
    """Yield a change if a declared field of an entry differs. An inactive entry that is listed again becomes active."""
    if found.get("inactive") and "inactive" not in desired:
        desired = {**desired, "inactive": False}
    if any(not same(None, found.get(name), value) for name, value in desired.items()):
        yield _change(path, {name: found.get(name) for name in desired}, desired)


def _change(path: str, before: Value, after: Value, *, number: bool = False) -> Change:
    return Change(
        path=path,
        before=to_json(before),
        after=to_json(after),
        known_after_apply=is_pending(after),
        number=number,
    )


def is_pending(value: Value) -> bool:
    """Whether a value links to an object that does not exist yet."""
    match value:
        case Link():
            return value.id is None
        case frozenset():
            return any(is_pending(entry) for entry in value)
        case Mapping():
            return any(is_pending(entry) for entry in value.values())
        case _:
            return False


def manifest_values(kind: Kind, declared: Iterable[str], live: LiveObject) -> dict[str, Any]:
    """Return the compared fields of a live object as JSON by manifest name, as a precondition has them."""
    names = set(declared)
    return {
        item.name: to_json(item.mapping.decode(live.raw))
        for item in kind.all_fields
        if item.name in names and item.mapping.compared and item.name != kind.parent
    }
