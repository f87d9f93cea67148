"""The status of a mapped customer: what the newest pull shows about it, and what happens to its additions.

Zero, missing and failed usage are three different values. Only a believed and recent pull can show that a customer
uses nothing. A customer that was there before counts as gone only after `graceHours`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import cast

from reconciler.errors import in_one_line
from reconciler.kinds.billing_rules import BillingSettings, Rule
from reconciler.kinds.meters import Unit
from reconciler.metering.coverage import Effect, State
from reconciler.metering.customer_now import CustomerNow, DeviceNow
from reconciler.metering.history import History
from reconciler.metering.period import Period
from reconciler.metering.snapshot import SourceSnapshot
from reconciler.metering.wording import (
    DATED_AHEAD,
    NEVER_COUNTED,
    NEVER_READ,
    SILENT,
    figures,
    hours,
    named,
    size_text,
    when,
)

LATE_USAGE = timedelta(days=30)
"""How long usage after a mapping's `end` is accounted for."""


@dataclass(frozen=True, slots=True)
class CustomerStatus:
    """The state of one mapping, the effect on its additions, and the reason as a sentence."""

    state: State
    effect: Effect
    detail: str
    accounted: bool = True
    """False: the customer's usage is not accounted for. The run ends with exit code 5."""

    def adding(self, *more: str) -> CustomerStatus:
        """Return the same status with more sentences in `detail`. Empty sentences are skipped."""
        return replace(self, detail="; ".join(part for part in (self.detail, *more) if part))


def source_problem(source: SourceSnapshot, now: datetime, max_age: timedelta, limit: str = "maxAge ({})") -> str | None:
    """Return why the source's data cannot be used at `now`. None if it can. `limit` is what messages call `max_age`."""
    latest = source.latest
    if latest is None:
        return "this source was never read"
    if latest.state != "whole":
        reason = in_one_line(latest.error or "no reason was recorded")
        since = f"; the last believed pull was at {when(source.whole.record.started_at)}" if source.whole else ""
        if latest.state == "failed":
            return f"the pull at {when(latest.started_at)} failed: {reason}{since}"
        return (
            f"the pull at {when(latest.started_at)} is not believed: {reason}{since}; if the pull is right, accept it "
            f"with: reconciler usage pull --approve shrink={source.source}"
        )
    newest = source.newest_data
    if newest is None:
        return "no pull of this source was ever complete"
    if now - newest > max_age:
        return f"the newest data is from {when(newest)}, which is older than {limit.format(hours(max_age))}"
    return None


def status_of(history: History, rule: Rule, current: CustomerNow, settings: BillingSettings) -> CustomerStatus:
    """Return the status of a rule's customer. Call it only if `source_problem` is None."""
    if history.meter.reported and not current.listed and history.source.lists(rule.customer_id):
        return CustomerStatus("billed", "billed", "the console's monthly report has no device of the customer")
    if not current.listed:
        return _absent(history, rule, settings)
    if current.mixed:
        return CustomerStatus(
            "refused",
            "held",
            f"{rule.source} reports a total for the customer beside its devices, and adding them would count usage "
            "twice; remove the total or the devices from the source",
            accounted=False,
        )
    dated = dated_ahead(current.ahead)
    if old := current.of("stale"):
        limit = hours(settings.max_age)
        text = f"the last figure is older than maxAge ({limit}), so the customer is held: {figures(old, rule.unit)}"
        return CustomerStatus("stale", "held", text, accounted=False).adding(dated)
    status = CustomerStatus("billed", "billed", _unusual_state(history.source, rule.customer_id), accounted=not dated)
    return status.adding(dated, silence(current, rule.unit), never_read(current.of("never"), rule.unit))


def ended_status(rule: Rule, current: CustomerNow, period: Period, today: date) -> CustomerStatus:
    """Return the status of a customer whose mapping has ended. `today` is in the billing time zone.

    In the month of `end`, its usage until then is billed. Usage after that is a gap once it has lasted 30 days.
    """
    end = cast("date", rule.end)
    last_month = f"{end:%Y-%m}"
    status = CustomerStatus("ended", "none", f"ended on {end}")
    if period.first_day <= end:
        status = CustomerStatus("ended", "billed", f"ended on {end}; {last_month} is the last month that it bills")
    if not current.bytes:
        return status
    used = size_text(current.bytes, rule.unit)
    late = replace(status, accounted=today - end <= LATE_USAGE)
    advice = "" if late.accounted else f" for more than {LATE_USAGE.days} days: remove the customer there, or map it"
    return late.adding(f"{rule.source} still lists {used}, which nothing bills{advice}")


def silence(current: CustomerNow, unit: Unit | None) -> str:
    """Return a sentence on devices that are listed without a new figure. Empty if there are none."""
    silent = current.of("silent")
    return SILENT.format(figures(silent, unit)) if silent else ""


def never_read(devices: Sequence[DeviceNow], unit: Unit | None) -> str:
    """Return a sentence on devices that never reported a figure. Empty if there are none."""
    names = named([device.device_id for device in devices])
    texts = NEVER_COUNTED if unit is None else NEVER_READ
    return texts[len(devices) > 1].format(names) if names else ""


def dated_ahead(devices: Sequence[str | None]) -> str:
    """Return a sentence on devices whose figure is dated after the run. Empty if there are none."""
    return DATED_AHEAD[len(devices) > 1].format(named(devices)) if devices else ""


def _absent(history: History, rule: Rule, settings: BillingSettings) -> CustomerStatus:
    """Return the status of a customer that the newest pull does not list, or lists without devices."""
    source, now, grace = history.source, history.span.now, settings.grace
    last = history.last_sample(rule.customer_id)
    there = source.lists(rule.customer_id)
    tolerated = settings.vanished == "warn" or rule.end is not None
    if last is None:
        return _never_sampled(source, rule, tolerated=there and tolerated, now=now, grace=grace)
    since = last.observed_at
    used = "an unknown size " if rule.meter.is_storage else ""
    if last.bytes is not None:
        used = f"{size_text(last.bytes, rule.unit)} "
    gone = f"{source.source} lists the customer without devices"
    if not there:
        gone = f"{source.source} no longer lists the customer"
    what = f"{gone}; the last sample was {used}at {when(since)}"
    if now - since < grace:
        until = f"the additions stay unchanged until {when(since + grace)}, then usage counts as zero"
        return CustomerStatus("vanished", "held", f"{what}; {until}", accounted=tolerated)
    text = f"{what}; usage counts as zero since {hours(grace)} after that"
    return CustomerStatus("vanished", "zero", text, accounted=tolerated)


def _never_sampled(
    source: SourceSnapshot, rule: Rule, *, tolerated: bool, now: datetime, grace: timedelta
) -> CustomerStatus:
    """Return the status of a customer that never had a device, or that no pull ever listed. Only a minimum is billed.

    Without a minimum the customer is held while the ledger is younger than the grace, because an existing addition
    may come from usage that a lost ledger recorded.
    """
    state: State = "never seen"
    what = f"source {source.source} has never listed customer {rule.customer_id}; check the customer's id"
    if source.lists(rule.customer_id):
        state = "vanished"
        since = source.known[rule.customer_id].first_seen_at
        what = f"{source.source} has listed the customer since {when(since)}, always without devices"
    if rule.minimum is not None:
        return CustomerStatus(state, "zero", f"{what}; the minimum is billed", accounted=tolerated)
    young = source.first_whole_at is None or now - source.first_whole_at < grace
    return CustomerStatus(state, "held" if young else "zero", what, accounted=tolerated)


def unmeasured(current: CustomerNow, start: datetime) -> str:
    """Return why a customer has no quantity although the pull is believed. `start` is the first billed moment."""
    if current.observed_at is None or current.observed_at < start:
        return f"there is no sample since {when(start)}, the start of this period or of the mapping"
    return f"no hour since {when(start)} has a known figure"


def names(source: SourceSnapshot | None, rule: Rule, period: Period) -> tuple[str, str | None]:
    """Return (the customer's current name, its former name or None).

    The former name is the one in the mapping. If the mapping names none, it is the name before a rename in `period`.
    """
    known = None if source is None else source.known.get(rule.customer_id)
    if known is None:
        return rule.customer_name or rule.customer_id, None
    name = known.customer.name
    if rule.customer_name is not None:
        return name, rule.customer_name if rule.customer_name != name else None
    recent = known.renamed_at is not None and known.renamed_at >= period.start
    return name, known.previous_name if recent else None


def _unusual_state(source: SourceSnapshot, customer_id: str) -> str:
    """Return a sentence on the customer's state in the console. Empty if the customer is in production."""
    known = source.known.get(customer_id)
    state = "" if known is None else known.customer.state
    return f"its state in {source.source} is {state}" if state not in ("", "InProduction") else ""
