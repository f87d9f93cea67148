"""The types of usage sources: turn the `usage` of a Workspace into settings, and pull a source by its settings."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.kinds.fields import EnvSecret, FileSecret
from reconciler.kinds.workspace import CoveSource, CsvSource, UsageSource
from reconciler.ledger.records import Pull
from reconciler.metering.sources import csv_file, json_rows
from reconciler.metering.sources.columns import NO_COLUMNS, Columns
from reconciler.metering.sources.csv_file import CsvSettings
from reconciler.metering.sources.json_rows import JsonSettings

if TYPE_CHECKING:
    import httpx

    from reconciler.metering.sources.cove_session import CoveSettings
    from reconciler.metering.sources.device_month import DeviceMonth
    from reconciler.metering.sources.profile import Profile

    SourceSettings = CoveSettings | CsvSettings | JsonSettings

Resolve = Callable[[str | EnvSecret | FileSecret], str]
"""Return the value of a setting: the text itself, or the content of the variable or file that it names."""


def settings_of(source: UsageSource, resolve: Resolve, folder: Path, columns: Columns = NO_COLUMNS) -> SourceSettings:
    """Return the settings of a Workspace's source. Paths are relative to `folder`. `columns` are for its meters."""
    if isinstance(source, CsvSource):
        return CsvSettings(source.name, folder / resolve(source.path), columns)
    if isinstance(source, CoveSource):
        from reconciler.metering.sources.cove_session import CoveSettings  # noqa: PLC0415 - files need no HTTP

        return CoveSettings(
            source.name,
            resolve(source.url),
            resolve(source.partner),
            resolve(source.username),
            resolve(source.password),
            columns,
        )
    return JsonSettings(
        source.name,
        None if source.path is None else folder / resolve(source.path),
        None if source.url is None else resolve(source.url),
        None if source.token is None else resolve(source.token),
        columns,
    )


async def pull(settings: SourceSettings, now: datetime, *, transport: httpx.AsyncBaseTransport | None = None) -> Pull:
    """Read one source. If that fails, return a failed pull with a message; no exception is raised."""
    match settings:
        case CsvSettings():
            return await csv_file.pull(settings, now)
        case JsonSettings():
            return await json_rows.pull(settings, now, transport=transport)
        case _:
            from reconciler.metering.sources import cove  # noqa: PLC0415 - files need no HTTP

            return await cove.pull(settings, now, transport=transport)


def history(
    settings: SourceSettings,
    moments: Sequence[datetime],
    now: datetime,
    owners: Mapping[str, str],
    *,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncGenerator[Pull, None] | None:
    """Read a source as it was at some moments: yield a pull for each. None for a file or an endpoint: it has no past.

    `now` is the time of the run, and `owners` the customer id of each device of the newest believed pull.
    """
    match settings:
        case CsvSettings() | JsonSettings():
            return None
        case _:
            from reconciler.metering.sources import cove_history  # noqa: PLC0415 - files need no HTTP

            return cove_history.history(settings, moments, now, owners, transport=transport)


async def monthly_report(
    settings: SourceSettings,
    name: str,
    start: datetime,
    end: datetime,
    moment: datetime,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Pull:
    """Read the console's report of the month [start, end) as a pull of the source `name` at a moment.

    If that fails, return a failed pull. Raises `TypeError` for a source without such a report.
    """
    from reconciler.metering.sources import cove_report_pull  # noqa: PLC0415 - files need no HTTP

    if isinstance(settings, CsvSettings | JsonSettings):
        raise TypeError(f"source {settings.name} has no monthly report")
    return await cove_report_pull.pull(settings, name, start, end, moment, transport=transport)


async def profiles(
    settings: SourceSettings, *, transport: httpx.AsyncBaseTransport | None = None
) -> dict[str, Profile]:
    """Return the contact details of a source's customers, by customer id. Empty for a file or an endpoint.

    Raises `SourceError` if it cannot be read.
    """
    match settings:
        case CsvSettings() | JsonSettings():
            return {}
        case _:
            from reconciler.metering.sources.cove_profiles import read_profiles  # noqa: PLC0415 - files need no HTTP

            return await read_profiles(settings, transport=transport)


async def devices_of_month(
    settings: SourceSettings, start: datetime, end: datetime, *, transport: httpx.AsyncBaseTransport | None = None
) -> tuple[DeviceMonth, ...] | None:
    """Return the source's own count of the month [start, end). None for a file or an endpoint: it has none.

    Raises `SourceError` if it cannot be read.
    """
    match settings:
        case CsvSettings() | JsonSettings():
            return None
        case _:
            from reconciler.metering.sources.cove_report import read_report  # noqa: PLC0415 - files need no HTTP

            _, devices = await read_report(settings, start, end, transport=transport)
            return devices
