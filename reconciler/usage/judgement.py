"""How a mapped customer stands with its source, in words: what its state is, and what happens to its lines. Pure.

Zero, missing and failed are three values. Only a believed and fresh pull says that somebody used nothing; and only
after the grace is that believed of a customer who was there before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from reconciler.errors import in_one_line
from reconciler.manifests.suggestions import listed
from reconciler.usage.coverage import Effect, State
from reconciler.usage.facts import SourceFacts
from reconciler.usage.history import Device, DeviceNow, History, Standing
from reconciler.usage.period import Period
from reconciler.usage.rules import BYTES_OF, BillingSettings, Rule, Unit

NAMED = 5
"""Devices that a sentence names, at most."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """State and effect of one mapping, and the sentence that says why."""

    state: State
    effect: Effect
    detail: str
    accounted: bool = True
    """False ends a run with exit code 5."""

    def saying(self, *more: str) -> Verdict:
        """The verdict with more to say."""
        return replace(self, detail="; ".join(part for part in (self.detail, *more) if part))


def trouble(source: SourceFacts, now: datetime, max_age: timedelta) -> str | None:
    """Why nothing of this source can be believed now, or None."""
    latest = source.latest
    if latest is None:
        return "it was never read"
    if latest.state != "whole":
        reason = in_one_line(latest.error or "no reason was kept")
        since = f"; the last believed pull was at {when(source.whole.record.started_at)}" if source.whole else ""
        if latest.state == "failed":
            return f"the pull at {when(latest.started_at)} failed: {reason}{since}"
        return (
            f"the pull at {when(latest.started_at)} is not believed: {reason}{since}; where it is right, believe it "
            f"with: reconciler usage pull --approve shrink={source.source}"
        )
    newest = source.newest_data
    if newest is None:
        return "it was never read whole"
    if now - newest > max_age:
        return f"its newest data is of {when(newest)}, older than maxAge ({hours(max_age)})"
    return None


def judge(history: History, rule: Rule, standing: Standing, settings: BillingSettings) -> Verdict:
    """How the customer of a rule stands, given a believed and fresh pull."""
    if not standing.listed:
        return _absent(history, rule, settings)
    if standing.mixed:
        return Verdict(
            "refused",
            "held",
            f"{rule.source} gives a total of the customer beside its devices, and neither is added to the other; "
            "leave one of them out of the source",
            accounted=False,
        )
    ahead = named(standing.ahead)
    dated = f"{ahead}: dated after this run, so taken as not read" if ahead else ""
    if old := standing.of("stale"):
        said = f"no figure newer than maxAge ({hours(settings.max_age)}) of {figures(old, rule.unit)}: held"
        return Verdict("stale", "held", said, accounted=False).saying(dated)
    verdict = Verdict("billed", "billed", _own_word(history.source, rule.customer_id), accounted=not dated)
    return verdict.saying(dated, silence(standing, rule.unit), never_read(standing.of("never")))


def silence(standing: Standing, unit: Unit) -> str:
    """Devices that gave no new figure and count with the last one; empty where there is none."""
    silent = standing.of("silent")
    return f"no new figure of {figures(silent, unit)}, which counts on" if silent else ""


def never_read(devices: Sequence[DeviceNow]) -> str:
    """Devices that never gave a figure; empty where there is none."""
    said = named([device.device_id for device in devices])
    return f"no figure was ever read of {said}, so nothing is billed for that" if said else ""


def _absent(history: History, rule: Rule, settings: BillingSettings) -> Verdict:
    """A customer that the newest pull does not list, or lists without any device."""
    source, now, grace = history.source, history.span.now, settings.grace
    seen = history.last_sample(rule.customer_id)
    there = source.lists(rule.customer_id)
    tolerated = settings.vanished == "warn"
    if seen is None:
        return _never_sampled(source, rule, tolerated=there and tolerated, now=now, grace=grace)
    since = seen.observed_at
    used = "an unknown amount" if seen.bytes is None else in_unit(seen.bytes, rule.unit)
    gone = f"without any device in {source.source}" if there else f"gone from {source.source}"
    what = f"{gone}; its last sample was {used} at {when(since)}"
    if now - since < grace:
        until = f"billed on as it stands until {when(since + grace)}, then as zero"
        return Verdict("vanished", "held", f"{what}; {until}", accounted=tolerated)
    return Verdict("vanished", "zero", f"{what}; after {hours(grace)} its hours count as zero", accounted=tolerated)


def _never_sampled(source: SourceFacts, rule: Rule, *, tolerated: bool, now: datetime, grace: timedelta) -> Verdict:
    """A customer that never had a device, or that no pull ever listed: only a minimum is billed.

    Without one it is held while the ledger is young: a line that stands may be of usage that a lost ledger knew.
    """
    state: State = "never seen"
    what = f"source {source.source} has never listed customer {rule.customer_id}; check the customer's id"
    if source.lists(rule.customer_id):
        state = "vanished"
        since = source.known[rule.customer_id].first_seen_at
        what = f"{source.source} has listed it since {when(since)}, and never with a device"
    if rule.minimum is not None:
        return Verdict(state, "zero", f"{what}; its minimum is billed", accounted=tolerated)
    young = source.first_whole_at is None or now - source.first_whole_at < grace
    return Verdict(state, "held" if young else "zero", what, accounted=tolerated)


def unmeasured(standing: Standing, start: datetime) -> str:
    """Why no quantity can be told although the pull is believed."""
    if standing.observed_at is None or standing.observed_at < start:
        return f"no sample since {when(start)}, where this period or the mapping begins"
    return f"no hour since {when(start)} has a figure that is known"


def names(source: SourceFacts | None, rule: Rule, period: Period) -> tuple[str, str | None]:
    """(name as last seen, the name before it).

    The old name is what the mapping says; where it says none, the one before a rename in this period.
    """
    known = None if source is None else source.known.get(rule.customer_id)
    if known is None:
        return rule.customer_name or rule.customer_id, None
    name = known.customer.name
    if rule.customer_name is not None:
        return name, rule.customer_name if rule.customer_name != name else None
    recent = known.renamed_at is not None and known.renamed_at >= period.start
    return name, known.previous_name if recent else None


def named(devices: Sequence[Device]) -> str:
    """Devices for a sentence: some by name, the rest counted; empty where there is none."""
    return _listed([device_name(device) for device in devices])


def figures(devices: Sequence[DeviceNow], unit: Unit) -> str:
    """Devices with the last figure of each, for a sentence."""
    return _listed([figure_of(device, unit) for device in devices])


def figure_of(device: DeviceNow, unit: Unit) -> str:
    last = "" if device.read_at is None else f" (last {in_unit(device.bytes, unit)} at {when(device.read_at)})"
    return f"{device_name(device.device_id)}{last}"


def device_name(device: Device) -> str:
    return f"device {device}" if device else "the customer as one"


def _listed(parts: Sequence[str]) -> str:
    shown = list(parts[:NAMED])
    if len(parts) > NAMED:
        shown.append(f"{len(parts) - NAMED} more")
    return listed(shown, "and") if shown else ""


def when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:g} h"


def in_unit(size: int, unit: Unit) -> str:
    return f"{(Decimal(size) / BYTES_OF[unit]).quantize(Decimal('0.001')).normalize():f} {unit}"


def _own_word(source: SourceFacts, customer_id: str) -> str:
    """Nothing to say, or the source's word where it is not the ordinary one."""
    known = source.known.get(customer_id)
    state = "" if known is None else known.customer.state
    return f"{source.source} calls it {state}" if state not in ("", "InProduction") else ""
