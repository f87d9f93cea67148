"""Describes where two values of a field differ, for messages about stale plans. Pure.

`planning.equality` decides whether two values differ. This module only finds the places. `deepdiff` is used for nested
values alone (custom fields, sets of types, cross-references), which a reviewer reads path by path.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kinds.values import to_json
from reconciler.planning.equality import plain


def differences(path: str, before: Any, now: Any) -> str:
    """Return each place where `now` differs from `before`: `city: "Tampa" → "Orlando"`, `types: "Client" is gone`."""
    before, now = to_json(before), to_json(now)
    found = (
        [*_places(path, _readable(before), _readable(now))]
        or [*_places(path, _readable(before, ids=True), _readable(now, ids=True))]
        or [f"{path}: {_shown(before)} → {_shown(now)}"]
    )
    return "; ".join(found)


def _places(path: str, before: Any, now: Any) -> Iterator[str]:
    if type(before) is type(now) and isinstance(before, dict | list):
        yield from _nested_places(path, before, now)
    elif type(before) is not type(now) or before != now:
        yield f"{path}: {_shown(before)} → {_shown(now)}"


def _nested_places(path: str, before: Any, now: Any) -> Iterator[str]:
    """Yield each place inside two objects, or two lists, that differs."""
    from deepdiff import DeepDiff  # noqa: PLC0415 (takes 0.2 seconds to import, and only a refusal needs it)

    tree = DeepDiff(before, now, ignore_order=True, view="tree")
    for change, levels in tree.items():
        for level in levels:
            inside = [part for part in level.path(output_format="list") if isinstance(part, str)]
            where = ".".join([path, *inside])
            if change.endswith("_added"):
                yield f"{where}: {_shown(level.t2)} was added"
            elif change.endswith("_removed"):
                yield f"{where}: {_shown(level.t1)} is gone"
            else:
                yield f"{where}: {_shown(level.t1)} → {_shown(level.t2)}"


class _Name(str):
    """The name of a reference, which is shown without quotes."""

    __slots__ = ()


def _readable(value: Any, *, ids: bool = False) -> Any:
    """Return a value with references as names, and text as it is compared. With `ids`, names have their ids."""
    if isinstance(value, Mapping):
        if "name" in value and value.keys() <= {"name", "id", "address"}:
            number = f" (id {value['id']})" if ids and value.get("id") is not None else ""
            return _Name(f"{value['name']}{number}")
        return {name: _readable(item, ids=ids) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(item, ids=ids) for item in value]
    return plain(value) if isinstance(value, str) else value


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, _Name) else json.dumps(value, ensure_ascii=False, default=str)
