"""Additions of ours on agreements that no manifest leads to any more: they bill on, and somebody has to be told.

Additions have no global list, so only the ledger knows where else we wrote some. Without one they are out of sight.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from reconciler.connectwise import ConnectWise
from reconciler.connectwise.errors import NotFound
from reconciler.connectwise.parallel import in_parallel
from reconciler.kinds.estate import Estate, LiveObject
from reconciler.ledger.journal import last_written, path_written, written_ids
from reconciler.ledger.store import Ledger
from reconciler.live.read import WORKERS, read_additions
from reconciler.planning.standing import mark_of

Additions = Mapping[int, Sequence[LiveObject]]

_AGREEMENT = re.compile(r"finance/agreements/(\d+)/additions")


async def with_forgotten(client: ConnectWise, ledger: Ledger, workspace: str, estate: Estate) -> Estate:
    """The estate, and what of ours bills on agreements that were not read. No request where there is nothing."""
    agreements = _unread(ledger, workspace, estate)
    if not agreements:
        return estate
    found = {number: _billing(objects) for number, objects in (await _read(client, agreements)).items()}
    return replace(estate, additions={**estate.additions, **found})


def _unread(ledger: Ledger, workspace: str, estate: Estate) -> list[int]:
    """Agreements of additions that we left with a quantity, and that were not among those read."""
    read = {obj.id for objects in estate.additions.values() for obj in objects}
    written = written_ids(ledger, workspace, "Addition/")
    unseen = {address: number for address, number in written.items() if number not in read}
    found: set[int] = set()
    for address, fields in last_written(ledger, workspace, unseen).items():
        path = path_written(ledger, workspace, address, unseen[address])
        if path is not None and (place := _AGREEMENT.match(path)) and Decimal(fields.get("quantity") or 0) > 0:
            found.add(int(place[1]))
    return sorted(found - estate.additions.keys())


async def _read(client: ConnectWise, agreements: Sequence[int]) -> Additions:
    async def of(number: int) -> Additions:
        try:
            return await read_additions(client, [number], extra=("agreementStatus",))
        except NotFound:
            return {}

    try:
        return await read_additions(client, agreements, extra=("agreementStatus",))
    except NotFound:  # one was deleted since: it takes a request each to learn which
        each = await in_parallel(of, agreements, workers=WORKERS)
        return {number: objects for found in each for number, objects in found.items()}


def _billing(objects: Sequence[LiveObject]) -> list[LiveObject]:
    """Ours, on an agreement that still bills: one that was cancelled or has ended bills nothing."""
    return [obj for obj in objects if mark_of(obj) and obj.raw.get("agreementStatus") in (None, "Active")]
