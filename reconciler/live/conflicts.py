"""What stands in the way of a create that ConnectWise refuses with `ObjectExists`, though the plan found nothing.

A deleted company keeps its identifier. A tenant may compare keys in a way that nobody has written down: without case,
or without accents. Either way the person needs the object that is meant, with its id.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.connectwise import ConnectWise
from reconciler.connectwise.conditions import equals
from reconciler.connectwise.errors import Conflict, ConnectWiseError, Invalid
from reconciler.kinds.base import Kind
from reconciler.kinds.live_state import LiveObject, keys_of
from reconciler.kinds.near import near_part, spelled
from reconciler.kinds.values import Value
from reconciler.live.lookup import natural_key
from reconciler.live.query import needed_fields
from reconciler.manifests.suggestions import likeness

_EXISTS = "ObjectExists"
_NEAR = 90.0
"""Of 100: from this likeness on a name is shown as one that may be meant."""
_MOST = 3


def says_it_exists(error: ConnectWiseError) -> bool:
    """Whether a refusal says that there is such an object already."""
    return error.code == _EXISTS or any(entry.code == _EXISTS for entry in error.fields)


async def explained(
    client: ConnectWise, of: Kind, values: Mapping[str, Value], refused: Invalid | Conflict
) -> ConnectWiseError:
    """The refusal with what stands in the way, of all that the tenant holds: deleted objects and near names, too."""
    path = str(of.collection)
    condition = None
    if of.parent is not None:
        path = path.format(**{of.parent: values[of.parent].id})
    elif of.owner is not None:
        condition = equals(f"{of.owner}/id", values[of.owner].id)
    try:
        rows = await client.list(path, conditions=condition, fields=needed_fields(of, ()))
    except ConnectWiseError as failed:
        return _told(refused, f"what there is could not be read ({failed.what})", _UNSEEN)
    parent = values[of.parent].id if of.parent is not None else None
    objects = [LiveObject(of.name, row["id"], row, parent) for row in rows]
    found = [*_alike(of, values, objects)][:_MOST]
    if not found:
        return _told(refused, "the plan found none, and none that looks like it can be read", _UNSEEN)
    what = "; ".join(_shown(of, values, obj) for obj in found)
    deleted = any(of.ignore(obj.raw) for obj in found)
    return _told(refused, f"the plan found none with this key, but there is {what}", _DELETED if deleted else _NAMED)


_UNSEEN = (
    "The security role of the API member may not show it. Look for it in ConnectWise, then pin it with metadata.id or "
    "give this one another key."
)
_DELETED = "A deleted object keeps its key. Restore it or purge it in ConnectWise, or give this one another key."
_NAMED = "If that one is meant, write its key as it stands there or pin it with metadata.id; else take another key."


def _alike(of: Kind, values: Mapping[str, Value], objects: list[LiveObject]) -> Iterator[LiveObject]:
    """Objects whose key is the same to some comparison: deleted ones first, then the likest."""
    wanted = _text(natural_key(of, values))
    scored = [(max((likeness(wanted, _text(key)) for key in keys_of(of, obj)), default=0.0), obj) for obj in objects]
    best = max((score for score, _ in scored), default=0.0)
    least = best if best == 100.0 else _NEAR
    for _score, obj in sorted(
        ((score, obj) for score, obj in scored if score >= least),
        key=lambda pair: (not of.ignore(pair[1].raw), -pair[0], pair[1].id),
    ):
        yield obj


def _text(key: tuple[Any, ...]) -> str:
    """A key as the loosest tenant compares it: without case, accents and double blanks."""
    text = "\0".join(str(near_part(part)) for part in key)
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def _shown(of: Kind, values: Mapping[str, Value], obj: LiveObject) -> str:
    name = next((part for part in reversed(of.key) if isinstance(values.get(part), str)), None)
    told = ""
    if name is not None:
        held = of.by_name[name].mapping.decode(obj.raw)
        told = f" with {name} {spelled(str(held), str(values[name]))}" if held is not None else ""
    return f"id {obj.id}{told}{' and deletedFlag: true' if of.ignore(obj.raw) else ''}"


def _told(refused: Invalid | Conflict, more: str, advice: str) -> ConnectWiseError:
    return type(refused)(
        f"{refused.what}; {more}",
        method=refused.method,
        endpoint=refused.endpoint,
        status=refused.status,
        code=refused.code,
        fields=refused.fields,
        advice=advice,
    )
