"""Read the console as it was at past moments: `EnumerateAccountHistoryStatistics` with a `timeslice` [docs].

    Login ─▶ EnumeratePartners ─▶ for each moment: count ─▶ statistics of that moment, page by page

The console has no history of its partners. So names, states and the owner of a device are those of today [guess]. A
device whose partner is gone belongs to the customer that had it in the newest believed pull.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.ledger.records import Pull, Sample
from reconciler.metering.sources.cove import by_customer, read_partners
from reconciler.metering.sources.cove_devices import check_used_column
from reconciler.metering.sources.cove_paging import list_devices, method_at
from reconciler.metering.sources.cove_session import CoveSession, CoveSettings
from reconciler.metering.sources.cove_tree import Tree
from reconciler.metering.sources.http import LIMITS, Limits, make_client
from reconciler.metering.sources.pulling import Clock, Sleep, SourceData, run_pull, secrets_of

if TYPE_CHECKING:
    import httpx

LONGEST = 15 * 60.0
"""The time in seconds after which no further moment is read, and the longest time for one moment."""

FAILURES = 2
"""After this many moments in a row that could not be read, no further one is read: the console has no history of them,
or does not answer."""


async def history(
    settings: CoveSettings,
    moments: Sequence[datetime],
    now: datetime,
    owners: Mapping[str, str],
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Sleep = asyncio.sleep,
    clock: Clock = time.monotonic,
    limits: Limits = LIMITS,
) -> AsyncGenerator[Pull, None]:
    """Yield the console's usage at each moment as a pull that started then. The last ones may have failed.

    `now` is the time of the run, and `owners` gives the customer id of each device of the newest believed pull.
    """
    began, failures = clock(), 0
    async with make_client(transport, settings.url, settings.name, limits) as client:
        session = CoveSession(client, settings, sleep=sleep, clock=clock, limits=limits)
        past = _Past(session, settings, owners, sleep)
        for moment in moments:
            if clock() - began > LONGEST or failures == FAILURES:
                return
            secrets = secrets_of(settings.password)
            found = await run_pull(settings.name, moment, clock, past.at(moment), secrets, longest=LONGEST)
            note = f"read from the history of the console at {now:%Y-%m-%d %H:%M} UTC"
            yield replace(found, finished_at=now, notes=(note, *found.notes), past=True)
            failures = failures + 1 if found.state == "failed" else 0


class _Past:
    """Reads the statistics of past moments in one session, with the partners of today."""

    def __init__(self, session: CoveSession, settings: CoveSettings, owners: Mapping[str, str], sleep: Sleep) -> None:
        self._session = session
        self._settings = settings
        self._owners = owners
        self._sleep = sleep
        self._read: tuple[int, Tree] | None = None

    def at(self, moment: datetime) -> Callable[[], Awaitable[SourceData]]:
        """Return a function that reads the console as it was at a moment."""

        async def read() -> SourceData:
            if self._read is None:
                root_id = await self._session.log_in()
                self._read = root_id, await read_partners(self._session, self._settings, root_id)
            root_id, tree = self._read
            listing = await list_devices(self._session, root_id, self._sleep, self._settings.columns, moment)
            check_used_column(listing.devices.values(), self._session.where(method_at(moment)))
            known = {key: each for key, each in listing.devices.items() if each.partner_id in tree}
            gone = [each for key, each in listing.devices.items() if key not in known]
            data = by_customer(self._settings.name, moment, tree, known)
            kept = [
                Sample(
                    self._settings.name,
                    self._owners[str(each.account_id)],
                    str(each.account_id),
                    moment,
                    each.bytes,
                    each.values,
                )
                for each in gone
                if str(each.account_id) in self._owners
            ]
            notes = (*listing.notes, *data.notes, *_lost(len(gone) - len(kept)))
            return SourceData(data.customers, (*data.samples, *kept), notes, listing.columns.names)

        return read


def _lost(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    devices = "1 device belongs" if count == 1 else f"{count} devices belong"
    return (f"{devices} to partners that the console no longer lists, and no earlier pull had them: not counted",)
