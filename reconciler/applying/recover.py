"""Settles what a run that died has left: writes whose answer nobody knows are looked up before anything else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from reconciler.applying.read_back import mismatches
from reconciler.applying.requests import REDACTED
from reconciler.connectwise import ConnectWise
from reconciler.connectwise.errors import NotFound
from reconciler.kinds.base import Kind
from reconciler.kinds.field_mapping import Object
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link
from reconciler.ledger.journal import open_intents, sent_fields, write_answer
from reconciler.ledger.lease import Lease
from reconciler.ledger.records import Intent
from reconciler.live.lookup import DuplicateKeyError, lookup_by_key
from reconciler.live.reader import Reader

LOST = "the run that sent it ended without noting an answer"


async def recover(client: ConnectWise, lease: Lease, clock: Callable[[], datetime]) -> int:
    """How many open intents were settled: each is done or it did not take, as ConnectWise now shows.

    Raises `ConnectWiseError` where that cannot be read: then nothing else may be written either. Raises `LostLease`
    where another run has the lock by now, and settles them itself.
    """
    ledger = lease.ledger
    intents = open_intents(ledger, lease.workspace)
    for intent in intents:
        try:
            found, why = await _look(client, intent), "it is not there"
        except DuplicateKeyError as error:  # which of them is ours planning says, or refuses to guess
            found, why = None, error.what
        lease.confirm()
        if found is None:
            write_answer(ledger, intent.id, "failed", error=f"{LOST}, and {why}", now=clock())
        else:
            write_answer(ledger, intent.id, "done", object_id=_id(found), answer=None, now=clock())
    return len(intents)


async def _look(client: ConnectWise, intent: Intent) -> Object | None:
    """The object that the write was about, if it is there and holds what was sent."""
    try:
        if intent.method == "POST":
            return await _made(client, intent)
        live: dict[str, Any] = await client.get(intent.path)
    except NotFound:  # the object itself, or what it was to be made below: deleted by somebody since
        return {"id": int(intent.path.rsplit("/", 1)[1])} if intent.method == "DELETE" else None
    of = None if "#" in intent.address else kind(intent.address.partition("/")[0])
    if intent.method == "DELETE" or mismatches(_sent(intent), live, of):
        return None
    return live


async def _made(client: ConnectWise, intent: Intent) -> Object | None:
    """By the id that an answer gave, else by natural key; what stands in a collection below an object has none, and is
    known by what was sent."""
    if intent.object_id is not None:
        with suppress(NotFound):  # it was deleted since: perhaps to be made anew
            found: Object = await client.get(f"{intent.path}/{intent.object_id}")
            return found
    if "#" in intent.address:
        rows = await Reader(client).read_subcollection(intent.path)
        return next((row for row in rows if not mismatches(_sent(intent), row)), None)
    of = kind(intent.address.partition("/")[0])
    if not {*of.required_key, *filter(None, [of.parent])} <= intent.natural_key.keys() <= of.by_name.keys():
        return None  # an earlier version sent it, and named fields that there are no more: planning finds it by its tag
    values = {
        name: Link(str(value), value) if _is_link(of, name) else value for name, value in intent.natural_key.items()
    }
    return await lookup_by_key(client, of, values)


def _is_link(of: Kind, name: str) -> bool:
    target = of.by_name[name].mapping.target
    return target is not None and target.kind is not None


def _sent(intent: Intent) -> dict[str, Any]:
    return {name: value for name, value in sent_fields(intent.body).items() if value != REDACTED}


def _id(found: Object) -> int:
    return int(found["id"])
