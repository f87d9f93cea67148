"""What differs between a document's declared values and a live object. Pure and generic: it knows no kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.kinds.base import Kind, SpecField, key_part
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.values import Link, Value, to_json
from reconciler.planning.equality import cleared, named, same
from reconciler.planning.plan import Change


def created(kind: Kind, values: Mapping[str, Value]) -> tuple[Change, ...]:
    """The changes that make an object: every declared field that holds something."""
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
    """`endDate: null` says "no end", and that is sent; any other null on a new object is simply nothing."""
    if value is None:
        return any(item.mapping.encode(None, {}).values())
    return not (isinstance(value, Mapping) and not value)


def changed(kind: Kind, values: Mapping[str, Value], live: LiveObject, *, keys: bool = False) -> tuple[Change, ...]:
    """The declared fields in which a live object differs.

    Natural-key fields are left out, as they matched, unless `keys`: an object that was found by its pinned id or an
    old key is renamed. A name that matched in another case is a change, and so is one that the object lacks: then it
    was found by the rest of its key.
    """
    changes: list[Change] = []
    for item in kind.fields:
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
    """One change for each named entry that differs.

    Entries that are objects of their own (cross-references) go when they are no longer listed; others (custom
    fields) are managed one by one, and `null` in place of all clears each.
    """
    objects = item.mapping.subcollection is not None
    if after is None:
        after = {} if objects else dict.fromkeys(before)
    for name, wanted in after.items():
        found = named(before, name)
        if isinstance(wanted, Mapping) and found is not None:
            yield from _fields_of_entry(f"{item.name}.{name}", found, wanted)
        elif not same(None, found, wanted):
            yield _change(f"{item.name}.{name}", found, wanted)
    if objects:
        for name, found in before.items():
            if named(after, name) is None and not found.get("inactive"):
                yield _change(f"{item.name}.{name}", found, None)


def _fields_of_entry(path: str, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[Change]:
    """Over the declared fields of the entry. One that was taken away and is listed again is switched on again."""
    if found.get("inactive") and "inactive" not in wanted:
        wanted = {**wanted, "inactive": False}
    if any(not same(None, found.get(name), value) for name, value in wanted.items()):
        yield _change(path, {name: found.get(name) for name in wanted}, wanted)


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


def as_it_stands(kind: Kind, declared: Iterable[str], live: LiveObject) -> dict[str, Any]:
    """The compared fields of a live object in manifest terms: what a precondition remembers."""
    names = set(declared)
    return {
        item.name: to_json(item.mapping.decode(live.raw))
        for item in kind.fields
        if item.name in names and item.mapping.compared and item.name != kind.parent
    }
