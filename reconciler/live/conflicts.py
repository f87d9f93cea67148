"""Explains a create that ConnectWise refuses with `ObjectExists`, although the plan found no such object.

A deleted company keeps its identifier. A server may also compare keys without case, or without accents. In both cases
the reader of the error needs the id of the existing object.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.connectwise import ConnectWise
from reconciler.connectwise.errors import Conflict, ConnectWiseError, Invalid
from reconciler.kinds.base import Kind
from reconciler.kinds.live_state import LiveObject, keys_of
from reconciler.kinds.near import near_part, spelled
from reconciler.kinds.values import Value
from reconciler.live.keys import natural_key
from reconciler.live.query import Query, fields_to_read
from reconciler.live.reader import Reader
from reconciler.manifests.suggestions import likeness

_OBJECT_EXISTS = "ObjectExists"
_LEAST_LIKENESS = 90.0
"""How alike a name must be, of 100, so that its object is shown."""
_MOST_SHOWN = 3


def is_already_exists(error: ConnectWiseError) -> bool:
    """Return whether ConnectWise refused a create because such an object exists."""
    return error.code == _OBJECT_EXISTS or any(entry.code == _OBJECT_EXISTS for entry in error.fields)


async def explain_conflict(
    client: ConnectWise, of: Kind, values: Mapping[str, Value], refusal: Invalid | Conflict
) -> ConnectWiseError:
    """Return the refusal with the objects that may have caused it: deleted ones, and those with a similar name."""
    try:
        objects = await _all_objects(client, of, values)
    except ConnectWiseError as failed:
        return _with_details(refusal, f"the existing objects could not be read ({failed.what})", _NOT_VISIBLE)
    found = [*_similar(of, values, objects)][:_MOST_SHOWN]
    if not found:
        return _with_details(refusal, "no object with this key or a similar one can be read", _NOT_VISIBLE)
    what = "; ".join(_described(of, values, obj) for obj in found)
    deleted = any(of.ignore(obj.raw) for obj in found)
    advice = _DELETED if deleted else _SIMILAR
    return _with_details(refusal, f"the plan found none with this key, but there is {what}", advice)


_NOT_VISIBLE = (
    "The security role of the API member may not allow to read the object. Find it in ConnectWise and pin it with "
    "metadata.id, or give this document another key."
)
_DELETED = "A deleted object keeps its key. Restore it or purge it in ConnectWise, or give this document another key."
_SIMILAR = (
    "If it is the same object, write its key as ConnectWise spells it, or pin it with metadata.id. Otherwise give this "
    "document another key."
)


async def _all_objects(client: ConnectWise, of: Kind, values: Mapping[str, Value]) -> list[LiveObject]:
    """Return the objects that can have this key, including deleted ones."""
    reader, fields = Reader(client), fields_to_read(of, ())
    if of.parent is not None:
        parent = values[of.parent].id
        return (await reader.read_children(of, [parent], fields, with_deleted=True)).get(parent, [])
    filters = {} if of.owner is None else {f"{of.owner}/id": frozenset({values[of.owner].id})}
    return await reader.read(Query(of, fields, filters, with_deleted=True))


def _similar(of: Kind, values: Mapping[str, Value], objects: list[LiveObject]) -> Iterator[LiveObject]:
    """Yield the objects whose key may count as the same: deleted ones first, then the most similar."""
    key = _loose(natural_key(of, values))
    scored = [(max((likeness(key, _loose(other)) for other in keys_of(of, obj)), default=0.0), obj) for obj in objects]
    best = max((score for score, _ in scored), default=0.0)
    least = best if best == 100.0 else _LEAST_LIKENESS
    for _score, obj in sorted(
        ((score, obj) for score, obj in scored if score >= least),
        key=lambda pair: (not of.ignore(pair[1].raw), -pair[0], pair[1].id),
    ):
        yield obj


def _loose(key: tuple[Any, ...]) -> str:
    """Return a key as the least strict server compares it: without case, accents and double spaces."""
    text = "\0".join(str(near_part(part)) for part in key)
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def _described(of: Kind, values: Mapping[str, Value], obj: LiveObject) -> str:
    name = next((part for part in reversed(of.key) if isinstance(values.get(part), str)), None)
    spelling = ""
    if name is not None:
        stored = of.by_name[name].mapping.decode(obj.raw)
        spelling = f" with {name} {spelled(str(stored), str(values[name]))}" if stored is not None else ""
    return f"id {obj.id}{spelling}{' and deletedFlag: true' if of.ignore(obj.raw) else ''}"


def _with_details(refusal: Invalid | Conflict, details: str, advice: str) -> ConnectWiseError:
    return type(refusal)(
        f"{refusal.what}; {details}",
        method=refusal.method,
        endpoint=refusal.endpoint,
        status=refusal.status,
        code=refusal.code,
        fields=refusal.fields,
        advice=advice,
    )
