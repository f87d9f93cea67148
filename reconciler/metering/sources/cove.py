"""Read usage from Cove Data Protection: all devices that the login can see, and the customer that pays for each.

    Login ─▶ EnumeratePartners ─▶ count ─▶ EnumerateAccountStatistics, page by page to the end

A pull is complete only if it has each device once, and as many devices as the console counts. The pull reads of a
device: its partner, I14, its used storage in bytes [docs], and the columns that meters use. A device without I14 has a
missing figure, which is not 0.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.metering.sources.addresses import check_address
from reconciler.metering.sources.cove_devices import Device, check_used_column, figure_notes
from reconciler.metering.sources.cove_paging import METHOD, list_devices
from reconciler.metering.sources.cove_session import CoveSession, CoveSettings, check_settings
from reconciler.metering.sources.cove_tree import FIELDS, Partner, Tree, read_tree
from reconciler.metering.sources.http import LIMITS, Limits, make_client
from reconciler.metering.sources.pulling import Clock, Sleep, SourceData, run_pull, secrets_of

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
    """Read the console and return its usage as a pull at `now`. An error makes it a failed pull."""

    async def read() -> SourceData:
        check_address(settings.url, settings.name)
        check_settings(settings)
        async with make_client(transport, settings.url, settings.name, limits) as client:
            session = CoveSession(client, settings, sleep=sleep, clock=clock, limits=limits)
            return await _read(session, settings, now, sleep)

    return await run_pull(settings.name, now, clock, read, secrets_of(settings.password))


async def _read(session: CoveSession, settings: CoveSettings, now: datetime, sleep: Sleep) -> SourceData:
    root_id = await session.log_in()
    tree = await read_partners(session, settings, root_id)
    listing = await list_devices(session, root_id, sleep, settings.columns)
    check_used_column(listing.devices.values(), session.where(METHOD))
    if any(device.partner_id not in tree for device in listing.devices.values()):
        # A partner may have been added after the partners were read.
        tree = await read_partners(session, settings, root_id)
    data = by_customer(settings.name, now, tree, listing.devices)
    return SourceData(data.customers, data.samples, (*listing.notes, *data.notes), listing.columns.names)


async def read_partners(session: CoveSession, settings: CoveSettings, root_id: int) -> Tree:
    """Return the tree of all partners below the login's own partner, as they are today."""
    method = "EnumeratePartners"
    rows = await session.call(method, {"parentPartnerId": root_id, "fetchRecursively": True, "fields": list(FIELDS)})
    root = Partner(root_id, None, settings.partner, "Root", "")
    return read_tree(settings.name, root, rows, session.where(method))


def by_customer(source: str, now: datetime, tree: Tree, devices: Mapping[int, Device]) -> SourceData:
    """Return each device as a sample of the customer that pays for it. Devices in a recycle bin are left out."""
    customers: dict[str, Customer] = {customer.id: customer for customer in tree.end_customers()}
    owners: dict[int, Customer | None] = {}
    samples: list[Sample] = []
    counted: list[Device] = []
    recycled: dict[int, int] = {}
    for device in devices.values():
        if device.partner_id not in owners:
            in_bin = tree.in_recycle_bin(device.partner_id)
            owners[device.partner_id] = None if in_bin else tree.owner_of(device.partner_id)
        owner = owners[device.partner_id]
        if owner is None:
            recycled[device.partner_id] = recycled.get(device.partner_id, 0) + 1
            continue
        customers[owner.id] = owner
        counted.append(device)
        samples.append(Sample(source, owner.id, str(device.account_id), now, device.bytes, device.values))
    notes = [
        f"{tree.name_of(partner_id)} ({partner_id}) is in the recycle bin: "
        f"{count} device{'s' if count > 1 else ''} not billed"
        for partner_id, count in recycled.items()
    ]
    return SourceData(tuple(customers.values()), tuple(samples), (*notes, *figure_notes(counted)))
