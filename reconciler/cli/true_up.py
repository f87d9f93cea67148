"""Read a source's own count of a closed month, and compare it with the samples of the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.cli.session import Session
from reconciler.closing.true_up import SourceReport, prices_of, true_up
from reconciler.errors import in_one_line
from reconciler.ledger.peaks import device_peaks
from reconciler.metering.period import Period
from reconciler.metering.sources import registry
from reconciler.metering.sources.errors import SourceError


async def read_true_ups(session: Session, period: Period, charges: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the comparison of each source that has a count of its own. `charges` are the frozen ones of the month."""
    found = []
    for source in session.workspace.usage:
        settings = registry.settings_of(
            source, lambda setting: session.secret(setting, "usage"), session.manifests.root
        )
        try:
            devices = await registry.devices_of_month(settings, period.start, period.end)
        except SourceError as error:
            report = SourceReport(source.name, problem=in_one_line(str(error)))
        else:
            if devices is None:
                continue
            report = SourceReport(source.name, devices)
        peaks = device_peaks(session.ledger, source.name, period.start, period.end)
        found.append(true_up(report, peaks, prices_of(charges, source.name), session.workspace.billing.currency))
    return found
