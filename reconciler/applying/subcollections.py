"""Writes the subcollections of an object, such as company types, an e-mail address, or cross-references."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from reconciler.applying.read_back import mismatches, read_back_body
from reconciler.applying.requests import SubcollectionWrites
from reconciler.connectwise import ConnectWise
from reconciler.kinds.field_mapping import Tables
from reconciler.kinds.values import Value
from reconciler.live.lookup import lookup_in_subcollection
from reconciler.planning.equality import same

Send = Callable[[str, str, Any, Callable[[], Awaitable[Any]]], Awaitable[Any]]
"""(method, path, body, the write itself) → its response. Records intent and response in the ledger."""


async def write_subcollections(
    client: ConnectWise, writes: SubcollectionWrites, object_id: int, tables: Tables, send: Send
) -> None:
    """Write the entries of one subcollection.

    Reads the subcollection first, so that a run after a lost response adds nothing a second time.
    """
    path = writes.subcollection.path.format(id=object_id)
    live = await lookup_in_subcollection(client, path)
    for item, value in writes.entries.items():
        found = _children_of(writes, live, item)
        if value is None:
            for child in _to_clear(writes, live, found):
                await _remove(client, writes, f"{path}/{child['id']}", send)
            continue
        body = writes.subcollection.encode(item, value, tables)
        if found:
            # Sends only what differs: other fields can be read-only after a create, such as a communication type.
            differing = {each.field: body[each.field] for each in mismatches(body, found[0])}
            if differing:
                await _patch(client, f"{path}/{found[0]['id']}", differing, send)
        else:
            await _post(client, writes, path, item, body, send)
    if writes.whole:
        for child in live:
            if not any(same(None, writes.subcollection.identify(child), item) for item in writes.entries):
                await _remove(client, writes, f"{path}/{child['id']}", send)


def _children_of(writes: SubcollectionWrites, live: list[dict[str, Any]], item: Value) -> list[dict[str, Any]]:
    """Return the children that hold this entry. An entry without a name is held by any child of the field."""
    identify = writes.subcollection.identify
    if item is None:
        return [child for child in live if identify(child) is not None]
    return [child for child in live if same(None, identify(child), item)]


def _to_clear(
    writes: SubcollectionWrites, live: list[dict[str, Any]], found: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the children to delete when an entry is cleared.

    The child that the plan found is last. Until it is deleted, the object is as the plan found it, so an interrupted
    apply of a plan file can continue.
    """
    cleared = writes.subcollection.cleared
    children = found if cleared is None else [child for child in live if cleared(child)]
    return sorted(children, key=lambda child: child in found)


async def _post(
    client: ConnectWise,
    writes: SubcollectionWrites,
    path: str,
    item: Value,
    body: dict[str, Any],
    send: Send,
) -> None:
    async def look_up() -> dict[str, Any] | None:
        return next(iter(_children_of(writes, await lookup_in_subcollection(client, path), item)), None)

    await send("POST", path, body, lambda: client.create(path, body, lookup=look_up, read_back=read_back_body(body)))


async def _patch(client: ConnectWise, path: str, body: dict[str, Any], send: Send) -> None:
    await send("PATCH", path, body, lambda: client.patch(path, body, read_back=read_back_body(body)))


async def _remove(client: ConnectWise, writes: SubcollectionWrites, path: str, send: Send) -> None:
    if writes.subcollection.removal == "inactivate":
        await _patch(client, path, {"inactiveFlag": True}, send)
    else:
        await send("DELETE", path, None, lambda: client.delete(path))
