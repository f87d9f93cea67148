"""The pulls of the console and the known hours, computed from the text of BILLING.md for the oracle.

It shares no code with the reconciler.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Listing = Mapping[int, Mapping[int, int | None]]
"""Bytes by customer and device. None for a device without a figure."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Pull:
    """A believed pull. `figures` has the last figure of each device up to it: time and bytes."""

    at: datetime
    listing: Listing
    figures: Mapping[int, tuple[datetime, int]]


def devices_in(listing: Listing) -> set[int]:
    return {device for devices in listing.values() for device in devices}


def customers_in(listing: Listing) -> set[int]:
    return {number for number, devices in listing.items() if devices}


@dataclass
class Readings:
    """The pulls that the ledger has."""

    grace: timedelta
    max_age: timedelta
    pulls: list[Pull] = field(default_factory=list)
    newest_believed: bool = False
    first_whole: datetime | None = None
    """The time of the first believed pull in the ledger."""
    attempts: list[datetime] = field(default_factory=list)
    """The time of every pull in the ledger, also of failed ones and of those that are not believed."""

    def disbelieved(self, listing: Listing) -> bool:
        """Return whether a pull is not believed.

        That is so if it is empty, or if more than a fifth, and at least 3, of the customers or devices are missing.
        """
        if not devices_in(listing):
            return not self.pulls or bool(devices_in(self.pulls[-1].listing))
        if not self.pulls:
            return False
        before = self.pulls[-1].listing
        pairs = ((customers_in(before), customers_in(listing)), (devices_in(before), devices_in(listing)))
        return any(len(had - has) >= 3 and len(had - has) * 5 > len(had) for had, has in pairs)

    def read(self, at: datetime, listing: Listing | None, *, approved: bool = False) -> None:
        """Add a pull. `listing` is None if the pull failed."""
        self.attempts.append(at)
        self.newest_believed = listing is not None and (approved or not self.disbelieved(listing))
        if self.newest_believed and listing is not None:
            self._believe(at, listing)

    def catch_up(
        self, now: datetime, months: Sequence[tuple[datetime, datetime]], past: Callable[[datetime], Listing]
    ) -> None:
        """Add the hours in which no run was there, of some months from start to end.

        Each hour is compared with the pull before the absence.
        """
        if self.first_whole is None:
            return
        found = []
        for start, end in months:
            for number in range((min(end, now) - start) // HOUR + 1):
                hour = start + number * HOUR
                there = any(hour <= each < hour + HOUR for each in (*self.attempts, now))
                if self.first_whole < hour < min(end, now) and not there:
                    found.append(hour)
        listings = [(hour, past(hour)) for hour in sorted(found)]
        believed = [each for each in listings if not self.disbelieved(each[1])]
        for hour, listing in believed:
            self._believe(hour, listing)
        self.attempts += found

    def _believe(self, at: datetime, listing: Listing) -> None:
        figures = dict(self.pulls[-1].figures) if self.pulls else {}
        for devices in listing.values():
            figures |= {device: (at, used) for device, used in devices.items() if used is not None}
        self.first_whole = self.first_whole or at
        self.pulls.append(Pull(at, {number: dict(devices) for number, devices in listing.items()}, figures))

    def last_sample(self, number: int, until: datetime) -> datetime | None:
        return max((pull.at for pull in self.pulls if pull.at <= until and pull.listing.get(number)), default=None)

    def first_sample(self, number: int) -> datetime | None:
        return min((pull.at for pull in self.pulls if pull.listing.get(number)), default=None)

    def is_stale(self, pull: Pull, device: int) -> bool:
        """Return whether the last figure of a device is too old to count."""
        found = pull.figures.get(device)
        return found is not None and pull.at - found[0] > self.max_age

    def hours(
        self, number: int, start: datetime, since: datetime, end: datetime, without: frozenset[int]
    ) -> list[dict[int, int]]:
        """Return the known hours of a customer, oldest first, as bytes by device."""
        by_hour: dict[int, list[Pull]] = {}
        for pull in self.pulls:
            if since <= pull.at < end:
                by_hour.setdefault((pull.at - start) // HOUR, []).append(pull)
        found = (self._hour(number, by_hour[hour], without) for hour in sorted(by_hour))
        return [hour for hour in found if hour is not None]

    def _hour(self, number: int, pulls: list[Pull], without: frozenset[int]) -> dict[int, int] | None:
        last = pulls[-1]
        listed = last.listing.get(number)
        if not listed:
            seen = self.last_sample(number, last.at)
            return None if seen is None or last.at - seen < self.grace else {}
        total: dict[int, int] = {}
        for device in listed:
            if device in without:
                continue
            read = [used for pull in pulls if (used := pull.listing.get(number, {}).get(device)) is not None]
            if read:
                total[device] = read[-1]
            elif device in last.figures:
                if self.is_stale(last, device):
                    return None
                total[device] = last.figures[device][1]
        return total
