"""Describes live objects in messages: their ids, and how ConnectWise spells their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.kinds.base import Kind
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.near import spelled
from reconciler.kinds.references import Reference
from reconciler.manifests.documents import Document


def other_spelling(of: Kind, declared: Mapping[str, Any], obj: LiveObject) -> str:
    """Return a sentence with both spellings of a name. `declared` has the document's values by field."""
    parts = []
    for item in (of.by_name[name] for name in of.key):
        ours, theirs = declared.get(item.name), item.mapping.decode(obj.raw)
        if isinstance(ours, str) and isinstance(theirs, str) and ours != theirs:
            parts.append(f"{item.name} {spelled(theirs, ours)} (id {obj.id}), the manifest has {spelled(ours, theirs)}")
    return f"ConnectWise has this {of.name} in another spelling: {'; '.join(parts) or f'id {obj.id}'}"


def name_of(of: Kind, obj: LiveObject) -> str:
    """Return the last part of an object's natural key, in quotes."""
    return spelled(str(of.by_name[of.key[-1]].mapping.decode(obj.raw)))


def listed(of: Kind, objects: Iterable[LiveObject]) -> str:
    """Return objects with their ids and the values of their natural keys: `id 5 (managedId '1001') and …`."""
    items = [item for item in of.fields if item.name in of.key and item.name != of.parent]

    def values(obj: LiveObject) -> str:
        found = ((item.name, item.mapping.decode(obj.raw)) for item in items)
        return ", ".join(f"{name} '{value}'" for name, value in found if value is not None)

    return " and ".join(f"id {obj.id} ({values(obj)})" for obj in sorted(objects, key=lambda obj: obj.id))


def listed_ids(ids: Iterable[int]) -> str:
    """Return ids in order, as `5 and 8`."""
    return " and ".join(str(number) for number in sorted(ids))


def place(document: Document, reference: Reference) -> str:
    """Return the place of a reference, as `CustomerMapping/acme: ranges[1].product`."""
    text = ""
    for part in reference.path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return f"{document.address}: {text}"
