"""Recovers an interrupted run: looks up each write without a recorded response before anything new is written."""

from __future__ import annotations

from collections.abc import Callable
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
from reconciler.ledger.journal import RECOVERED, open_intents, write_answer
from reconciler.ledger.lease import Lease
from reconciler.ledger.records import Intent
from reconciler.ledger.runs import sent_fields
from reconciler.live.lookup import DuplicateKeyError, lookup_by_key, lookup_by_path, lookup_in_subcollection

LOST = "the run that sent this request ended before it recorded a response"


async def recover(client: ConnectWise, lease: Lease, clock: Callable[[], datetime]) -> int:
    """Record each open intent as done or failed, as ConnectWise shows now, and return how many there were.

    Raises `ConnectWiseError` if ConnectWise cannot be read. Then nothing else may be written either. Raises
    `LostLease` if another run holds the lock now and recovers the intents itself.
    """
    ledger = lease.ledger
    intents = open_intents(ledger, lease.workspace)
    for intent in intents:
        try:
            found, why = await _look_up(client, intent), "its change is not in ConnectWise"
        except DuplicateKeyError as error:  # planning decides which object is ours, or reports both
            found, why = None, error.what
        lease.confirm()
        if found is None:
            write_answer(ledger, intent.id, "failed", error=f"{LOST}, and {why}", answer=RECOVERED, now=clock())
        else:
            write_answer(ledger, intent.id, "done", object_id=_id(found), answer=RECOVERED, now=clock())
    return len(intents)


async def _look_up(client: ConnectWise, intent: Intent) -> Object | None:
    """Return the object of a write, or None if the object does not exist or does not hold what was sent."""
    if intent.method == "POST":
        try:
            return await _look_up_created(client, intent)
        except NotFound:  # its parent was deleted since
            return None
    live = await lookup_by_path(client, intent.path)
    if live is None:
        return {"id": int(intent.path.rsplit("/", 1)[1])} if intent.method == "DELETE" else None
    of = None if "#" in intent.address else kind(intent.address.partition("/")[0])
    if intent.method == "DELETE" or mismatches(_sent(intent), live, of):
        return None
    return live


async def _look_up_created(client: ConnectWise, intent: Intent) -> Object | None:
    """Look a created object up by the id of the response, or else by its natural key.

    An object in a subcollection has no natural key, so it is looked up by the values that were sent.
    """
    if intent.object_id is not None:
        found = await lookup_by_path(client, f"{intent.path}/{intent.object_id}")
        if found is not None:
            return found
    if "#" in intent.address:
        rows = await lookup_in_subcollection(client, intent.path)
        return next((row for row in rows if not mismatches(_sent(intent), row)), None)
    of = kind(intent.address.partition("/")[0])
    if not {*of.required_key, *filter(None, [of.parent])} <= intent.natural_key.keys() <= of.by_name.keys():
        return None  # an earlier version wrote it with other key fields; planning finds the object by its tag
    values = {
        name: Link(str(value), value) if _is_link(of, name) else value for name, value in intent.natural_key.items()
    }
    return await lookup_by_key(client, of, values, intent.body)


def _is_link(of: Kind, name: str) -> bool:
    target = of.by_name[name].mapping.target
    return target is not None and target.kind is not None


def _sent(intent: Intent) -> dict[str, Any]:
    return {name: value for name, value in sent_fields(intent.body).items() if value != REDACTED}


def _id(found: Object) -> int:
    return int(found["id"])
