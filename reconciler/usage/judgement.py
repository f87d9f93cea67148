"""How a mapped customer stands with its source: known, vanished or unknown, in words.

Zero, missing and failed are three values. Only a whole and fresh pull says that somebody used nothing; and only
after the grace is that believed of a customer who was there before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from reconciler.manifests.suggestions import listed
from reconciler.usage.coverage import Effect, State
from reconciler.usage.facts import SourceFacts
from reconciler.usage.period import Period
from reconciler.usage.rules import BYTES_OF, Rule, Unit

NAMED = 5
"""Devices that a sentence names, at most."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """State and effect of one mapping, and the sentence that says why."""

    state: State
    effect: Effect
    detail: str

    def with_missing(self, devices: tuple[str | None, ...]) -> Verdict:
        """The verdict, naming devices that never gave a figure."""
        if not devices:
            return self
        named = [f"device {device}" if device else "the customer as one" for device in devices[:NAMED]]
        if len(devices) > NAMED:
            named.append(f"{len(devices) - NAMED} more")
        said = f"no figure was ever read of {listed(named, 'and')}, so nothing is billed for that"
        return Verdict(self.state, self.effect, "; ".join(filter(None, (self.detail, said))))


def trouble(source: SourceFacts, now: datetime, max_age: timedelta) -> str | None:
    """Why nothing of this source can be believed now, or None."""
    if source.latest is None:
        return "it was never read"
    if source.latest.state == "failed":
        error = " ".join((source.latest.error or "no reason was kept").split())
        since = f"; the last whole pull was at {when(source.whole.record.started_at)}" if source.whole else ""
        return f"the pull at {when(source.latest.started_at)} failed: {error}{since}"
    newest = source.newest_data
    if newest is None:
        return "it was never read whole"
    if now - newest > max_age:
        return f"its newest data is of {when(newest)}, older than maxAge ({hours(max_age)})"
    return None


def judge(source: SourceFacts, rule: Rule, now: datetime, grace: timedelta, max_age: timedelta) -> Verdict:
    """How the customer of a rule stands, given a whole and fresh pull."""
    samples = () if source.whole is None else source.whole.samples.get(rule.customer_id, ())
    if samples:
        newest = max(sample.observed_at for sample in samples)
        if now - newest > max_age:
            return Verdict(
                "unknown", "held", f"its newest sample is of {when(newest)}, older than maxAge ({hours(max_age)})"
            )
        return Verdict("billed", "billed", _standing(source, rule.customer_id))
    seen = source.last_seen.get(rule.customer_id)
    if seen is None and source.lists(rule.customer_id):
        return Verdict("billed", "billed", "the source lists it without devices: it uses nothing yet")
    if seen is None:
        since = source.first_whole_at or now
        what = f"source {source.source} has never listed customer {rule.customer_id}"
    else:
        since = seen.observed_at
        used = "an unknown amount" if seen.bytes is None else in_unit(seen.bytes, rule.unit)
        what = f"gone from {source.source}; its last sample was {used} at {when(seen.observed_at)}"
    if now - since < grace:
        return Verdict("vanished", "held", f"{what}; billed on as it stands until {when(since + grace)}, then as zero")
    return Verdict("vanished", "zero", f"{what}; after {hours(grace)} it counts as zero")


def unmeasured(source: SourceFacts, rule: Rule, start: datetime) -> str:
    """Why no quantity can be told although the pull is whole."""
    samples = () if source.whole is None else source.whole.samples.get(rule.customer_id, ())
    newest = max((sample.observed_at for sample in samples), default=None)
    if newest is None or newest < start:
        return f"no sample since {when(start)}, where this period or the mapping begins"
    return "none of its devices gave a figure, now or before"


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


def when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:g} h"


def in_unit(size: int, unit: Unit) -> str:
    return f"{(Decimal(size) / BYTES_OF[unit]).quantize(Decimal('0.001')).normalize():f} {unit}"


def _standing(source: SourceFacts, customer_id: str) -> str:
    """Nothing to say, or the source's word where it is not the ordinary one."""
    known = source.known.get(customer_id)
    state = "" if known is None else known.customer.state
    return f"{source.source} calls it {state}" if state not in ("", "InProduction") else ""
