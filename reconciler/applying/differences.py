"""Where two values of a field differ, in words: the places inside of a nested value, and not the whole of it. Pure.

Whether they differ at all is `planning.equality`'s to say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kinds.values import to_json
from reconciler.planning.equality import plain


def differences(path: str, before: Any, now: Any) -> str:
    """`city: "Tampa" → "Orlando"`, `types: "Client" is gone`: each place where `now` is not what `before` was."""
    before, now = to_json(before), to_json(now)
    found = (
        [*_places(path, _readable(before), _readable(now))]
        or [*_places(path, _readable(before, ids=True), _readable(now, ids=True))]
        or [f"{path}: {_told(before)} → {_told(now)}"]
    )
    return "; ".join(found)


def _places(path: str, before: Any, now: Any) -> Iterator[str]:
    from deepdiff import DeepDiff  # noqa: PLC0415 (takes 0.2 seconds to import, and only a refusal needs it)

    tree = DeepDiff(before, now, ignore_order=True, view="tree")
    for change, levels in tree.items():
        for level in levels:
            inside = [part for part in level.path(output_format="list") if isinstance(part, str)]
            where = ".".join([path, *inside])
            if change.endswith("_added"):
                yield f"{where}: {_told(level.t2)} was added"
            elif change.endswith("_removed"):
                yield f"{where}: {_told(level.t1)} is gone"
            else:
                yield f"{where}: {_told(level.t1)} → {_told(level.t2)}"


class _Name(str):
    """What a reference is called: told without quotes."""

    __slots__ = ()


def _readable(value: Any, *, ids: bool = False) -> Any:
    """References by their names, and with `ids` told apart by these, too; text as it is compared."""
    if isinstance(value, Mapping):
        if "name" in value and value.keys() <= {"name", "id", "address"}:
            known = f" (id {value['id']})" if ids and value.get("id") is not None else ""
            return _Name(f"{value['name']}{known}")
        return {name: _readable(item, ids=ids) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(item, ids=ids) for item in value]
    return plain(value) if isinstance(value, str) else value


def _told(value: Any) -> str:
    return str(value) if isinstance(value, _Name) else json.dumps(value, ensure_ascii=False, default=str)
