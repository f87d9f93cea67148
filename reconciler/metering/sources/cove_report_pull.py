"""Read the console's high-water report of a month as a pull: a sample of each device, with its highest values."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.kinds.meters import RECOVERY, USERS
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.metering.sources.cove_report import read_report
from reconciler.metering.sources.errors import HELD, SourceError
from reconciler.metering.sources.http import LIMITS, Limits
from reconciler.metering.sources.pulling import Clock, Sleep, SourceData, run_pull, secrets_of

if TYPE_CHECKING:
    import httpx

    from reconciler.metering.sources.cove_session import CoveSettings
    from reconciler.metering.sources.cove_tree import Tree
    from reconciler.metering.sources.device_month import DeviceMonth


async def pull(
    settings: CoveSettings,
    name: str,
    start: datetime,
    end: datetime,
    moment: datetime,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Sleep = asyncio.sleep,
    clock: Clock = time.monotonic,
    limits: Limits = LIMITS,
) -> Pull:
    """Read the report of the month [start, end) and return it as a pull at `moment`. An error makes it a failed pull.

    `name` is the source under which the ledger has the report. All customers of the console are listed, also those
    without a device in the report.
    """

    async def read() -> SourceData:
        tree, devices = await read_report(
            settings, start, end, transport=transport, sleep=sleep, clock=clock, limits=limits
        )
        return _data(name, moment, tree, devices)

    return await run_pull(name, moment, clock, read, secrets_of(settings.password))


def _data(name: str, moment: datetime, tree: Tree, devices: tuple[DeviceMonth, ...]) -> SourceData:
    customers = {
        each.id: Customer(name, each.id, each.name, each.attributed, each.state) for each in tree.end_customers()
    }
    samples: dict[str, Sample] = {}
    recycled = 0
    for each in devices:
        if tree.in_recycle_bin(int(each.customer_id)):
            recycled += 1
            continue
        customers.setdefault(each.customer_id, Customer(name, each.customer_id, each.customer_name))
        other = samples.get(each.device_id)
        if other is not None:
            raise SourceError(
                f"the report has two rows of device {each.device_id}, of the customers {other.customer_id} and "
                f"{each.customer_id}, and counting both would bill it twice",
                where=f"usage source {name}",
                advice=f"look at the report in the console; {HELD}",
            )
        values = {USERS: str(each.users), RECOVERY: str(each.recovery)}
        samples[each.device_id] = Sample(name, each.customer_id, each.device_id, moment, None, values)
    devices_of = "1 device of the report is" if recycled == 1 else f"{recycled} devices of the report are"
    notes = (f"{devices_of} in the recycle bin: not billed",) if recycled else ()
    return SourceData(tuple(customers.values()), tuple(samples.values()), notes, (USERS, RECOVERY))
