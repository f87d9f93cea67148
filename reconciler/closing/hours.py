"""The hours of a customer in a period: those that the measure chose, and those without a known figure, with why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.closing.json_values import Json, time_json
from reconciler.errors import in_one_line
from reconciler.ledger.records import PullRecord, Sample
from reconciler.metering.customer_now import is_mixed
from reconciler.metering.history import History
from reconciler.metering.measures import HourTotal
from reconciler.metering.snapshot import WholePull
from reconciler.metering.wording import hours as hours_text
from reconciler.metering.wording import named

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class UnknownHours:
    """Hours one after the other without a known figure, for one reason. They are left out of the measure for good."""

    start: datetime
    hours: int
    reason: str

    def to_json(self) -> Json:
        """Return the hours as JSON. `to` is the end of the last hour."""
        end = self.start + self.hours * _HOUR
        return {"from": time_json(self.start), "to": time_json(end), "hours": self.hours, "reason": self.reason}


def hour_json(hour: HourTotal) -> Json:
    """Return an hour with the part of each device, in bytes."""
    return {
        "hour": time_json(hour.hour),
        "pull": hour.pull_id or None,
        "observed_at": time_json(hour.observed_at),
        "bytes": hour.bytes,
        "devices": [
            {"device": each.device_id, "bytes": each.bytes, "read_at": time_json(each.read_at), "held": each.held}
            for each in hour.devices
        ],
        "never_reported": list(hour.missing),
    }


def unknown_hours(
    history: History, customer_id: str, known: Iterable[HourTotal], pulls: Sequence[PullRecord], start: datetime
) -> list[UnknownHours]:
    """Return the hours from `start` to now without a known figure, with the reason.

    `known` are the hours that have one, and `pulls` the pulls of the source in any state. Hours before the customer's
    first sample have no figure either.
    """
    span = history.span
    counted = {span.hour_of(each.hour) for each in known}
    by_hour = _by_hour(pulls, history)
    first = history.source.first_seen.get(customer_id)
    end = min(span.now, span.end - timedelta.resolution)
    found: list[UnknownHours] = []
    for number in range(span.hour_of(start), span.hour_of(end) + 1):
        if number in counted:
            continue
        reason = _reason(history, customer_id, by_hour.get(number, ()), first, span.hour(number + 1))
        last = found[-1] if found else None
        if last is not None and last.reason == reason and last.start + last.hours * _HOUR == span.hour(number):
            found[-1] = UnknownHours(last.start, last.hours + 1, reason)
        else:
            found.append(UnknownHours(span.hour(number), 1, reason))
    return found


def _by_hour(pulls: Sequence[PullRecord], history: History) -> Mapping[int, Sequence[PullRecord]]:
    found: dict[int, list[PullRecord]] = {}
    for each in pulls:
        found.setdefault(history.span.hour_of(each.started_at), []).append(each)
    return found


def _reason(
    history: History, customer_id: str, pulls: Sequence[PullRecord], first: datetime | None, end: datetime
) -> str:
    if first is None or first >= end:
        return "the source had no sample of the customer yet"
    whole = [each for each in pulls if each.state == "whole"]
    if not whole:
        return "; ".join(dict.fromkeys(_not_whole(pulls))) or "there was no pull in this hour"
    if not history.meter.columns <= set(whole[-1].columns):
        return f"the pull did not read the columns of meter {history.meter.name}"
    pull = next((each for each in history.source.pulls if each.record.id == whole[-1].id), None)
    samples = () if pull is None else pull.samples.get(customer_id, ())
    if pull is None or not samples:
        grace = hours_text(history.span.grace)
        return f"the source did not list the customer, within graceHours ({grace}) of its last sample"
    if is_mixed(pull.newest_by_device(samples)):
        return "the source reports a total for the customer beside its devices"
    if all(pull.moment_of(each) < end - _HOUR for each in samples):
        return "the source listed the customer with figures of earlier hours only"
    old = named([*dict.fromkeys(_without_figure(pull, samples))])
    return f"the last figure of {old or 'a device'} was older than maxAge ({hours_text(history.span.max_age)})"


def _not_whole(pulls: Iterable[PullRecord]) -> Iterator[str]:
    for each in pulls:
        state = "failed" if each.state == "failed" else "is not believed"
        yield f"the pull {state}: {in_one_line(each.error or 'no reason was recorded')}"


def _without_figure(pull: WholePull, samples: Iterable[Sample]) -> Iterator[str | None]:
    """Yield the devices that have no figure of the moment of a pull."""
    for each in samples:
        if each.bytes is None or each.observed_at != pull.record.started_at:
            yield each.device_id


def pulls_json(source: str, pulls: Sequence[PullRecord]) -> Json:
    """Return the pulls of a source in a period: how many were complete, and each of the others with its reason."""
    return {
        "source": source,
        "pulls": len(pulls),
        "whole": sum(each.state == "whole" for each in pulls),
        "failed": sum(each.state == "failed" for each in pulls),
        "not_believed": sum(each.state == "disbelieved" for each in pulls),
        "first": time_json(pulls[0].started_at) if pulls else None,
        "last": time_json(pulls[-1].started_at) if pulls else None,
        "others": [
            {
                "pull": each.id,
                "at": time_json(each.started_at),
                "state": "not believed" if each.state == "disbelieved" else each.state,
                "reason": in_one_line(each.error or ""),
                "approved_by": each.approved_by,
                "approved_at": time_json(each.approved_at),
            }
            for each in pulls
            if each.state != "whole" or each.approved_by is not None
        ],
    }
