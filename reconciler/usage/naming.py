"""Devices that every run names, whether a line changes or not: those without a new figure. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.usage.bills import Account
from reconciler.usage.judgement import device_name, figure_of

NAMED = 20
"""Devices that one warning names, at most; the others are counted, and each customer's row names its own."""


def devices_to_name(accounts: Sequence[Account]) -> Iterator[str]:
    """One warning for each source and reason."""
    for source in dict.fromkeys(account.row.source for account in accounts):
        of = [each for each in accounts if each.row.source == source and each.standing is not None]
        for said, devices in (
            ("no new figure of {}; the last figure counts on", _in_state(of, "silent")),
            ("no figure was ever read of {}; nothing is billed for that", _in_state(of, "never")),
            ("dated after this run, so taken as not read: {}", _ahead(of)),
        ):
            if devices:
                yield f"{source}: {said.format(_some(devices))}"


def _in_state(accounts: Sequence[Account], state: str) -> list[str]:
    return [
        f"{figure_of(device, account.row.unit or 'GB')} of {account.row.name}"
        for account in accounts
        if account.standing is not None
        for device in account.standing.of(state)
    ]


def _ahead(accounts: Sequence[Account]) -> list[str]:
    return [
        f"{device_name(device)} of {account.row.name}"
        for account in accounts
        if account.standing is not None
        for device in account.standing.ahead
    ]


def _some(devices: Sequence[str]) -> str:
    more = f" and {len(devices) - NAMED} more" if len(devices) > NAMED else ""
    return ", ".join(devices[:NAMED]) + more
