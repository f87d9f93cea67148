"""What is told of live objects that cannot be tied to a document: which they are, and how they are spelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.kinds.base import Kind
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.near import spelled
from reconciler.kinds.references import Reference
from reconciler.manifests.documents import Document


def told_apart(of: Kind, wanted: Mapping[str, Any], obj: LiveObject) -> str:
    """What of a live object's key looks the same as what is wanted, in both spellings. `wanted` is by field."""
    parts = []
    for item in (of.by_name[name] for name in of.key):
        declared, live = wanted.get(item.name), item.mapping.decode(obj.raw)
        if isinstance(declared, str) and isinstance(live, str) and declared != live:
            parts.append(f"{item.name} {spelled(live, declared)} (id {obj.id}), here it is {spelled(declared, live)}")
    return f"ConnectWise has the {of.name} of this name in another spelling: {'; '.join(parts) or f'id {obj.id}'}"


def spelled_key(of: Kind, obj: LiveObject) -> str:
    return spelled(str(of.by_name[of.key[-1]].mapping.decode(obj.raw)))


def candidates(of: Kind, objects: Iterable[LiveObject]) -> str:
    """Objects with their ids and what they hold of the natural key."""
    parts = [item for item in of.fields if item.name in of.key and item.name != of.parent]

    def held(obj: LiveObject) -> str:
        values = ((item.name, item.mapping.decode(obj.raw)) for item in parts)
        return ", ".join(f"{name} '{value}'" for name, value in values if value is not None)

    return " and ".join(f"id {obj.id} ({held(obj)})" for obj in sorted(objects, key=lambda obj: obj.id))


def ids(objects: Iterable[int]) -> str:
    return " and ".join(str(number) for number in sorted(objects))


def place(document: Document, reference: Reference) -> str:
    """`CustomerMapping/acme: ranges[1].product`."""
    text = ""
    for part in reference.path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return f"{document.address}: {text}"
