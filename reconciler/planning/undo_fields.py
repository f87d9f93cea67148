"""Compares one field of a live object with what a run changed, and makes the change that puts it back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.kinds.base import Kind, SpecField
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.values import Link, Value, to_json
from reconciler.planning.action import Change
from reconciler.planning.equality import holds, named, same


@dataclass(frozen=True, slots=True)
class FieldUndo:
    """One changed field of an object, as it is now."""

    live: Value = None
    is_before: bool = False
    """Whether it is already as before the run."""
    blocked: str = ""
    """What stands in the way of putting it back. Empty if nothing does."""


def field_undo(of: Kind, path: str, live: LiveObject, before: Any, after: Any) -> FieldUndo:
    """Return the state of a field now. The run changed it from `before` to `after`."""
    item, entry = _item(of, path)
    if not item.mapping.compared:
        return FieldUndo(blocked=f"{path} cannot be put back: ConnectWise never shows it")
    now = _value(item, entry, live)
    if _is(item, entry, before, now):
        return FieldUndo(now, is_before=True)
    if _is(item, entry, after, now) or _is_partly_written(item, before, after, now):
        return FieldUndo(now)
    return FieldUndo(now, blocked=_edited(path, after, now, live))


def created_field(of: Kind, path: str, live: LiveObject, after: Any) -> str:
    """Return why an object that a run created with `after` in this field must stay. Empty if it can be retired."""
    item, entry = _item(of, path)
    if not item.mapping.compared or item.name == of.parent or of.may_be_stored_differently(item.name):
        return ""
    now = _value(item, entry, live)
    return "" if holds(item.mapping, after, now) else _edited(path, after, now, live)


def reversed_change(of: Kind, path: str, now: Value, before: Any) -> Change:
    """Return the change that puts a field back."""
    item, entry = _item(of, path)
    before, now_json = _without_addresses(before), to_json(now)
    if entry and item.mapping.subcollection is not None and isinstance(before, Mapping):
        before = {**before, "inactive": bool(before.get("inactive"))}
        now_json = None if now is None else {name: now_json.get(name) for name in before}
    return Change(path=path, before=now_json, after=before, number=item.mapping.sort == "number")


def _item(of: Kind, path: str) -> tuple[SpecField, str]:
    name, _, entry = path.partition(".")
    return of.by_name[name], entry


def _value(item: SpecField, entry: str, live: LiveObject) -> Value:
    value = item.mapping.decode(live.raw)
    return named(value or {}, entry) if entry else value


def _is(item: SpecField, entry: str, wanted: Any, now: Value) -> bool:
    """Return whether a field has a value of the journal. A cross-reference that was removed is inactive."""
    if not entry:
        return same(item.mapping, wanted, now)
    if item.mapping.subcollection is not None and isinstance(now, Mapping):
        return bool(now.get("inactive")) if wanted is None else holds(None, wanted, now)
    return same(None, wanted, now)


def _is_partly_written(item: SpecField, before: Any, after: Any, now: Value) -> bool:
    """Return whether a run wrote a part of a set: each entry is from `before` or `after`, none of both is lost."""
    if item.mapping.subcollection is None or not isinstance(now, frozenset):
        return False
    old, new = before or [], after or []

    def has(entries: Any, entry: Any) -> bool:
        return any(same(item.mapping, entry, each) for each in entries)

    return all(has(old, entry) or has(new, entry) for entry in now) and all(
        has(now, entry) for entry in old if has(new, entry)
    )


def _edited(path: str, after: Any, now: Value, live: LiveObject) -> str:
    """Return what was edited by hand, when and by whom, as far as ConnectWise says it."""
    info = live.raw.get("_info") or {}
    by = f" by {info['updatedBy']}" if info.get("updatedBy") else ""
    when = f", last updated {live.last_updated}{by}" if live.last_updated else ""
    return f"{path} was changed in ConnectWise since: {_shown(after)} → {_shown(now)}{when}"


def _shown(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case Link():
            return value.name
        case {"name": str(name), **rest} if rest.keys() <= {"id", "address"}:
            return name
        case list() | frozenset():
            return "[" + ", ".join(sorted(map(_shown, value))) + "]"
        case Mapping():
            return "{" + ", ".join(f"{name}: {_shown(entry)}" for name, entry in value.items()) + "}"
        case _:
            return str(to_json(value))


def _without_addresses(value: Any) -> Any:
    """Return the JSON of a value without the addresses in its links. The document of an address may have changed."""
    if isinstance(value, list):
        return [_without_addresses(entry) for entry in value]
    if not isinstance(value, Mapping):
        return value
    if value.get("id") is not None and "name" in value and value.keys() <= {"name", "id", "address"}:
        return {"name": value["name"], "id": value["id"]}
    return {name: _without_addresses(entry) for name, entry in value.items()}
