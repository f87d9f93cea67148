"""Warnings that name devices without a new figure. Every run prints them, whether a line changes or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.metering.coverage import CoverageRow
from reconciler.metering.customer_now import CustomerNow, DeviceState
from reconciler.metering.wording import DATED_AHEAD, NEVER_COUNTED, NEVER_READ, SILENT, device_name, figure_of

NAMED = 20
"""The most devices that one warning names. The rest is counted. The coverage row of each customer names its devices."""

Customer = tuple[CoverageRow, CustomerNow]
"""A mapped customer's coverage row, and how the newest pull shows the customer."""


def device_warnings(customers: Sequence[Customer]) -> Iterator[str]:
    """Yield one warning for each source and reason."""
    for source in dict.fromkeys(row.source for row, _ in customers):
        of_source = [each for each in customers if each[0].source == source]
        for texts, devices in (
            ((SILENT, SILENT), _in_state(of_source, "silent")),
            (NEVER_READ, _in_state([each for each in of_source if each[0].unit is not None], "never")),
            (NEVER_COUNTED, _in_state([each for each in of_source if each[0].unit is None], "never")),
            (DATED_AHEAD, _ahead(of_source)),
        ):
            if devices:
                yield f"{source}: {texts[len(devices) > 1].format(_some(devices))}"


def _in_state(customers: Sequence[Customer], state: DeviceState) -> list[str]:
    return [
        f"{figure_of(device, row.unit)} of {row.name}" for row, current in customers for device in current.of(state)
    ]


def _ahead(customers: Sequence[Customer]) -> list[str]:
    return [f"{device_name(device)} of {row.name}" for row, current in customers for device in current.ahead]


def _some(devices: Sequence[str]) -> str:
    more = f" and {len(devices) - NAMED} more" if len(devices) > NAMED else ""
    return ", ".join(devices[:NAMED]) + more
