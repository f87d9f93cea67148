"""Find the highest used storage of each device in a month, in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.store import Ledger

_devices, _pulls, _samples = schema.devices, schema.pulls, schema.samples


def device_peaks(ledger: Ledger, source: str, start: datetime, end: datetime) -> Mapping[tuple[str, str], int | None]:
    """Return the devices that the believed pulls of [start, end) list, by customer id and device id.

    The value is the highest figure in bytes. None if the device never had one. A device that is listed without a new
    figure counts with its last one. A total of a whole customer is no device.
    """
    of_month = sa.select(_pulls.c.id).where(
        _pulls.c.source == source,
        _pulls.c.state == "whole",
        _pulls.c.started_at >= start,
        _pulls.c.started_at < end,
    )
    highest = (
        sa.select(_samples.c.device_key, sa.func.max(_samples.c.bytes).label("bytes"))
        .where(_samples.c.pull_id.in_(of_month))
        .group_by(_samples.c.device_key)
        .subquery()
    )
    query = sa.select(_devices.c.customer_id, _devices.c.device_id, highest.c.bytes).join(
        _devices, _devices.c.id == highest.c.device_key
    )
    with ledger.read() as connection:
        return {(customer, device): size for customer, device, size in connection.execute(query) if device}
