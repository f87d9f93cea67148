"""Writes the collections below an object: company types, an e-mail address, cross-references."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from reconciler.applying.read_back import mismatches, read_back_body
from reconciler.applying.requests import SubcollectionWrites
from reconciler.connectwise import ConnectWise
from reconciler.kinds.field_mapping import Tables
from reconciler.kinds.values import Value
from reconciler.live.reader import Reader
from reconciler.planning.equality import same

Journalled = Callable[[str, str, Any, Callable[[], Awaitable[Any]]], Awaitable[Any]]
"""(method, path, body, the write itself) → its answer, noted before and after."""


async def write_subcollections(
    client: ConnectWise, writes: SubcollectionWrites, object_id: int, tables: Tables, journalled: Journalled
) -> None:
    """Makes the collection hold what is wanted. Reads it first: a second run after a lost answer adds nothing."""
    path = writes.subcollection.path.format(id=object_id)
    standing = await Reader(client).read_subcollection(path)
    for item, value in writes.wanted.items():
        found = _standing(writes, standing, item)
        if value is None:
            for child in _to_clear(writes, standing, found):
                await _take_away(client, writes, f"{path}/{child['id']}", journalled)
            continue
        body = writes.subcollection.encode(item, value, tables)
        if found:
            # Only what differs: the rest may be read-only on what stands, as the kind of a communication is.
            differing = {each.field: body[each.field] for each in mismatches(body, found[0])}
            if differing:
                await _patch(client, f"{path}/{found[0]['id']}", differing, journalled)
        else:
            await _post(client, writes, path, item, body, journalled)
    if writes.whole:
        for child in standing:
            if not any(same(None, writes.subcollection.identify(child), item) for item in writes.wanted):
                await _take_away(client, writes, f"{path}/{child['id']}", journalled)


def _standing(writes: SubcollectionWrites, standing: list[dict[str, Any]], item: Value) -> list[dict[str, Any]]:
    """The children that are this entry; entries without a name of their own are whatever the field owns."""
    identify = writes.subcollection.identify
    if item is None:
        return [child for child in standing if identify(child) is not None]
    return [child for child in standing if same(None, identify(child), item)]


def _to_clear(
    writes: SubcollectionWrites, standing: list[dict[str, Any]], found: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The children to delete when an entry is cleared. The one that the plan found goes last: until then the object
    stands as it was, and a plan file whose run died can be continued."""
    cleared = writes.subcollection.cleared
    every = found if cleared is None else [child for child in standing if cleared(child)]
    return sorted(every, key=lambda child: child in found)


async def _post(
    client: ConnectWise,
    writes: SubcollectionWrites,
    path: str,
    item: Value,
    body: dict[str, Any],
    journalled: Journalled,
) -> None:
    async def find() -> dict[str, Any] | None:
        return next(iter(_standing(writes, await Reader(client).read_subcollection(path), item)), None)

    await journalled("POST", path, body, lambda: client.create(path, body, lookup=find, read_back=read_back_body(body)))


async def _patch(client: ConnectWise, path: str, body: dict[str, Any], journalled: Journalled) -> None:
    await journalled("PATCH", path, body, lambda: client.patch(path, body, read_back=read_back_body(body)))


async def _take_away(client: ConnectWise, writes: SubcollectionWrites, path: str, journalled: Journalled) -> None:
    if writes.subcollection.removal == "inactivate":
        await _patch(client, path, {"inactiveFlag": True}, journalled)
    else:
        await journalled("DELETE", path, None, lambda: client.delete(path))
