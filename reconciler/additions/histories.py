"""The histories of the sources, each for a meter. They leave out the devices that an exclusion covers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from reconciler.kinds.billing_rules import Exclusion, Rule
from reconciler.kinds.meters import STORAGE, Meter
from reconciler.metering.context import MeteringContext
from reconciler.metering.device_exclusions import DeviceExclusions
from reconciler.metering.history import History
from reconciler.metering.metered import meter_problem
from reconciler.metering.monthly_report import part_for, report_span
from reconciler.metering.period import day_start
from reconciler.metering.snapshot import SourceSnapshot


class Histories:
    """The histories of the sources by meter, each made once."""

    def __init__(
        self, snapshots: Mapping[str, SourceSnapshot], exempt: Mapping[str, DeviceExclusions], at: MeteringContext
    ) -> None:
        self._snapshots = snapshots
        self._exempt = exempt
        self._at = at
        self._made: dict[tuple[str, Meter], History] = {}

    def of(self, source: str, meter: Meter) -> History:
        """Return the history of a source for a meter that it can measure."""
        key = (source, STORAGE if meter.is_storage else meter)
        if key not in self._made:
            part = part_for(self._snapshots[source], meter)
            span = report_span(self._at.span) if meter.reported else self._at.span
            bill_trials = source in self._at.settings.bill_trials
            self._made[key] = History(part, span, self._exempt[source], key[1], bill_trials=bill_trials)
        return self._made[key]

    def problem(self, rule: Rule) -> str | None:
        """Return why the newest pull has no figures for a rule. None if it has."""
        source = self._snapshots.get(rule.source)
        problems = () if source is None else (_problem_of(part_for(source, each), each) for each in rule.meters)
        return next((each for each in problems if each is not None), None)

    def of_rule(self, rule: Rule) -> tuple[History | None, History | None]:
        """Return the histories of the meter of a rule and of its allowance. None if its source has no data for them."""
        source = self._snapshots.get(rule.source)
        if source is None or source.whole is None or self.problem(rule) is not None:
            return None, None
        return self.histories(rule, None)

    def histories(self, rule: Rule, problem: str | None) -> tuple[History | None, History | None]:
        """Return the histories of the meter of a rule and of its allowance. The second is None if it has none.

        With a problem, nothing can be measured. Then the first is that of storage, which knows the customer's name.
        """
        if rule.source not in self._snapshots:
            return None, None
        if problem is not None:
            return self.of(rule.source, STORAGE), None
        first, *others = (self.of(rule.source, each) for each in rule.meters)
        return first, others[0] if others else None


def _problem_of(part: SourceSnapshot, meter: Meter) -> str | None:
    if meter.reported and part.whole is None:
        return f"{part.source} was never read"
    return meter_problem(part, meter)


def histories_of(
    snapshots: Mapping[str, SourceSnapshot], exclusions: Iterable[Exclusion], at: MeteringContext
) -> Histories:
    """Return the histories of all sources, without the devices that an exclusion leaves out."""
    devices = [each for each in exclusions if each.device_id is not None]
    return Histories(snapshots, {name: _exempt(name, devices, at) for name in snapshots}, at)


def end_of(exclusion: Exclusion, at: MeteringContext) -> datetime | None:
    """The first moment that an exclusion does not cover. None if it has no end."""
    until = exclusion.until
    return None if until is None else day_start(until + timedelta(days=1), at.settings.timezone)


def _exempt(source: str, devices: Sequence[Exclusion], at: MeteringContext) -> dict[tuple[str, str], datetime | None]:
    """Excluded devices of a source, each with the end of its exclusion."""
    return {(each.customer_id, each.device_id or ""): end_of(each, at) for each in devices if each.source == source}
