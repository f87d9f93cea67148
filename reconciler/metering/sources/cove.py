"""Usage from Cove Data Protection: every device of the subtree, with the customer that pays for it.

    Login ─▶ EnumeratePartners ─▶ count ─▶ EnumerateAccountStatistics, page by page to the end

A reading is whole only when as many devices were read as the console counts, each once. What is read of a device
is its owner and I14, used storage in bytes [docs]; a device without I14 is missing, not 0.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.metering.sources.addresses import check_address
from reconciler.metering.sources.cove_devices import Device, check_column, troubles
from reconciler.metering.sources.cove_paging import METHOD, list_devices
from reconciler.metering.sources.cove_session import CoveSession, CoveSettings, check_settings
from reconciler.metering.sources.cove_tree import FIELDS, Partner, Tree, read_tree
from reconciler.metering.sources.http import LIMITS, Limits, make_client
from reconciler.metering.sources.pulling import Clock, Found, Sleep, hidden, whole_or_failed

if TYPE_CHECKING:
    import httpx


async def pull(
    settings: CoveSettings,
    now: datetime,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Sleep = asyncio.sleep,
    clock: Clock = time.monotonic,
    limits: Limits = LIMITS,
) -> Pull:
    """Read the console as it stands."""

    async def read() -> Found:
        check_address(settings.url, settings.name)
        check_settings(settings)
        async with make_client(transport, settings.url, settings.name, limits) as client:
            session = CoveSession(client, settings, sleep=sleep, clock=clock, limits=limits)
            return await _read(session, settings, now, sleep)

    return await whole_or_failed(settings.name, now, clock, read, hidden(settings.password))


async def _read(session: CoveSession, settings: CoveSettings, now: datetime, sleep: Sleep) -> Found:
    root_id = await session.log_in()
    tree = await _tree(session, settings, root_id)
    listing = await list_devices(session, root_id, sleep)
    check_column(listing.devices.values(), session.where(METHOD))
    if any(device.partner_id not in tree for device in listing.devices.values()):
        # Somebody may have been added since the partners were read.
        tree = await _tree(session, settings, root_id)
    found = attribute(settings.name, now, tree, listing.devices)
    return Found(found.customers, found.samples, (*listing.notes, *found.notes))


async def _tree(session: CoveSession, settings: CoveSettings, root_id: int) -> Tree:
    method = "EnumeratePartners"
    rows = await session.call(method, {"parentPartnerId": root_id, "fetchRecursively": True, "fields": list(FIELDS)})
    root = Partner(root_id, None, settings.partner, "Root", "")
    return read_tree(settings.name, root, rows, session.where(method))


def attribute(source: str, now: datetime, tree: Tree, devices: Mapping[int, Device]) -> Found:
    """Devices as samples of the customers that pay for them."""
    customers: dict[str, Customer] = {customer.id: customer for customer in tree.end_customers()}
    owners: dict[int, Customer | None] = {}
    samples: list[Sample] = []
    counted: list[Device] = []
    binned: dict[int, int] = {}
    for device in devices.values():
        if device.partner_id not in owners:
            recycled = tree.in_recycle_bin(device.partner_id)
            owners[device.partner_id] = None if recycled else tree.owner_of(device.partner_id)
        owner = owners[device.partner_id]
        if owner is None:
            binned[device.partner_id] = binned.get(device.partner_id, 0) + 1
            continue
        customers[owner.id] = owner
        counted.append(device)
        samples.append(Sample(source, owner.id, str(device.account_id), now, device.bytes))
    notes = [
        f"{tree.name_of(partner_id)} ({partner_id}) is in the recycle bin: "
        f"{count} device{'s' if count > 1 else ''} not billed"
        for partner_id, count in binned.items()
    ]
    return Found(tuple(customers.values()), tuple(samples), (*notes, *troubles(counted)))
