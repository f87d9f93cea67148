"""What differs between a document's declared values and a live object. Pure and generic: it knows no kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from deepdiff import DeepDiff

from reconciler.kinds.base import Kind
from reconciler.kinds.estate import LiveObject
from reconciler.kinds.values import Link, Value, to_json
from reconciler.planning.plan import Change


def created(kind: Kind, values: Mapping[str, Value]) -> tuple[Change, ...]:
    """The changes that make an object: every declared field that holds something."""
    changes: list[Change] = []
    for item in kind.fields:
        value = values.get(item.name)
        if value is None and not _sent_as_null(item.name, kind, values):
            continue
        changes.append(
            Change(
                path=item.name,
                after=to_json(value),
                known_after_apply=is_pending(value),
                sensitive=item.form.sensitive,
            )
        )
    return tuple(changes)


def _sent_as_null(name: str, kind: Kind, values: Mapping[str, Value]) -> bool:
    """`endDate: null` says "no end", and is sent; any other null on a new object is simply nothing."""
    return (
        name in values
        and len(kind.by_name[name].form.encode(None, {})) == 1
        and None not in (kind.by_name[name].form.encode(None, {}).values())
    )


def changed(kind: Kind, values: Mapping[str, Value], live: LiveObject, *, keys: bool = False) -> tuple[Change, ...]:
    """The declared fields in which a live object differs.

    Natural-key fields are left out, as they matched (in another case, perhaps), unless `keys`: an object that was
    found by its pinned id or an old key is renamed.
    """
    changes: list[Change] = []
    for item in kind.fields:
        if item.name not in values or not item.form.compared or (item.name in kind.key and not keys):
            continue
        if item.name == kind.parent:
            continue
        before, after = item.form.decode(live.raw), values[item.name]
        if isinstance(after, Mapping):
            changes += _nested(item.name, before or {}, after, removes=item.form.children is not None)
        elif not same(before, after):
            changes.append(
                Change(
                    path=item.name, before=to_json(before), after=to_json(after), known_after_apply=is_pending(after)
                )
            )
    return tuple(changes)


def same(before: Value, after: Value) -> bool:
    """Nothing and empty are the same; sets and links compare by what they mean."""
    if before is None or after is None:
        return not before and not after and before is not False and after is not False
    return bool(before == after)


def _nested(path: str, before: Mapping[str, Any], after: Mapping[str, Any], *, removes: bool) -> Iterable[Change]:
    """One change for each named entry that differs, over the declared fields of the entry."""
    for name, wanted in after.items():
        found = before.get(name)
        shown = {key: (found or {}).get(key) for key in wanted} if isinstance(wanted, Mapping) else found
        if found is None or DeepDiff(_comparable(shown), _comparable(wanted), ignore_order=True):
            if found is None and not wanted:
                continue
            yield Change(
                path=f"{path}.{name}",
                before=None if found is None else to_json(shown),
                after=to_json(wanted),
                known_after_apply=is_pending(wanted),
            )
    if removes:
        for name, found in before.items():
            if name not in after and not found.get("inactive"):
                yield Change(path=f"{path}.{name}", before=to_json(found), after=None)


def _comparable(value: Value) -> Any:
    """Links by id, so that a renamed target is no difference."""
    if isinstance(value, Link):
        return value.id if value.id is not None else value.address
    if isinstance(value, Mapping):
        return {name: _comparable(entry) for name, entry in value.items()}
    return value


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
        item.name: to_json(item.form.decode(live.raw))
        for item in kind.fields
        if item.name in names and item.form.compared and item.name != kind.parent
    }
