"""Show what moved between an approved plan and the present one, action by action."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.rendering.paint import safe, shown

Json = Mapping[str, Any]

_SIGNS = {"added": "+", "gone": "-", "changed": "~"}
_NAMES = {"depends_on": "waits for", "id": "id in ConnectWise"}
_MOST = 50
"""The most actions that a message shows. The JSON has all of them."""


def comparison_text(moved: Sequence[Json]) -> Iterator[str]:
    """Yield the lines of what moved. `moved` is the JSON of the moved actions."""
    for each in moved[:_MOST]:
        yield f"{_SIGNS[each['how']]} {safe(each['address'])}  {_title(each)}"
        if each["how"] == "added":
            yield from (f"    {safe(change['path'])} = {_change(change)}" for change in each["changes"])
        for name, approved, present in _differences(each):
            yield f"    {name}"
            yield f"      approved: {approved}"
            yield f"      now:      {present}"
    if len(moved) > _MOST:
        yield f"and {len(moved) - _MOST} more; --json shows all of them"


def _title(moved: Json) -> str:
    if moved["how"] == "changed":
        return "has changed"
    verb = moved["action"]
    return f"is new in the plan: {verb}" if moved["how"] == "added" else f"is no longer in the plan: {verb}"


def _differences(moved: Json) -> Iterator[tuple[str, str, str]]:
    """Yield (name, approved, present) of each part of a changed action."""
    for each in moved.get("more", ()):
        name = each["name"]
        yield _NAMES.get(name, name), _plain(each["approved"]), _plain(each["present"])
    for each in moved.get("fields", ()):
        yield safe(each["path"]), _change(each["approved"]), _change(each["present"])


def _plain(value: Any) -> str:
    if value is None or value == []:
        return "nothing"
    return safe(", ".join(value) if isinstance(value, list) else str(value))


def _change(change: Json | None) -> str:
    if change is None:
        return "no change"
    before, after = shown(change["before"]), shown(change["after"])
    return after if change["before"] is None else f"{before} → {after}"
