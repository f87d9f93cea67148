"""What `show` finds of usage: an addition by its address, a customer of a source, and what is no longer declared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic_core import to_jsonable_python

from reconciler.additions.plan import UsagePart, plan_usage
from reconciler.cli.reading import UsageRead, read_usage, usage_inputs
from reconciler.cli.session import Session
from reconciler.connectwise.errors import NotFound
from reconciler.errors import ReconcilerError
from reconciler.kinds.registry import kind
from reconciler.ledger.journal import last_written, written_ids
from reconciler.live.read import Scope, read_live_state
from reconciler.manifests.suggestions import listed, near

USAGE = Scope(setup=False, usage=True)


async def addition(session: Session, address: str) -> dict[str, Any]:
    """One addition: how it stands, what a plan would do, and why. Raises `ReconcilerError` where none or several have
    the address."""
    _, usage = await _planned(session)
    found = [line for line in usage.views if line.has_address(address)]
    exact = [line for line in found if line.address == address]
    if len(found) > 1 and len(exact) != 1:
        names = " and ".join(line.address for line in found)
        raise ReconcilerError(f"{address} fits {len(found)} additions", advice=f"Write one of {names}.")
    if not found:
        raise _unknown(address, [line.address for line in usage.views], "no addition of ours has the address")
    return (exact or found)[0].to_json()


async def customer(session: Session, address: str) -> dict[str, Any]:
    """One customer of a source, as `cove/1001006`: its coverage, its additions, and the devices that were measured."""
    source, _, number = address.partition("/")
    read, usage = await _planned(session)
    rows = [row for row in usage.part.coverage if (row.source, row.customer) == (source, number)]
    if not rows:
        known = [f"{row.source}/{row.customer}" for row in usage.part.coverage]
        raise _unknown(address, known, f"source {source} and the mappings name no customer {number}")
    return {
        "address": address,
        "coverage": [row.model_dump(mode="json") for row in rows],
        "additions": [line.to_json() for line in usage.views if line.customer == address],
        "devices": _devices(read, source, number),
    }


def _devices(read: UsageRead, source: str, number: str) -> list[dict[str, Any]]:
    """What was read of each device in the newest hour that the measure looks at."""
    for charge in read.rated.usage.charges:
        if (charge.source, charge.customer_id) == (source, number) and charge.measured is not None:
            newest = charge.measured.chosen[-1]
            return [
                {"device": each.device_id, "bytes": each.bytes, "read_at": each.read_at.isoformat()}
                for each in newest.devices
            ]
    return []


async def undeclared(session: Session, address: str) -> dict[str, Any] | None:
    """What the ledger knows of an object that we wrote and that no manifest declares any more, and how it stands."""
    workspace = session.manifests.workspace.name
    number = written_ids(session.ledger, workspace, address).get(address)
    if number is None:
        return None
    of = kind(address.partition("/")[0])
    live: dict[str, Any] | None = None
    if of.collection is not None and not of.parent:
        try:
            live = await session.client.get(f"{of.collection.rstrip('/')}/{number}")
        except NotFound:
            live = None
    return {
        "address": address,
        "declared": False,
        "id": number,
        "written": to_jsonable_python(last_written(session.ledger, workspace, [address]).get(address, {})),
        "live": to_jsonable_python(live),
    }


async def _planned(session: Session) -> tuple[UsageRead, UsagePart]:
    """Planned from what the ledger holds: no source is read."""
    live_state = await read_live_state(session.client, session.manifests, USAGE)
    read = await read_usage(session, live_state)
    return read, plan_usage(await usage_inputs(session, USAGE, read))


def _unknown(address: str, known: Sequence[str], what: str) -> ReconcilerError:
    guesses = near(address, dict.fromkeys(known))
    advice = f"Did you mean {listed(guesses)}?" if guesses else "reconciler usage coverage lists what there is."
    return ReconcilerError(f"{address}: {what}", advice=advice)
