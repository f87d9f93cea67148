"""Checks of addresses: whether a host is this machine, and whether an address may hold a secret."""

from __future__ import annotations

import ipaddress
import re

_AT = re.compile(r"@|%(25)*40", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine: 127.0.0.0/8, ::1 or localhost."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def may_hold_credentials(address: str) -> bool:
    """Return whether an address holds `user:password@`, or an `@` that may have been meant as one.

    Refuse such an address, and show no part of it. An `@` counts anywhere, also percent-encoded: with a `/`, `#` or `?`
    in the password, a URL parser takes the start of the password for a host or a port.
    """
    return _AT.search(address) is not None


def is_plain_name(host: str) -> bool:
    """Return whether a host is a single word. It may be a key in the wrong variable, so messages do not show it."""
    return "." not in host and ":" not in host and not is_loopback(host)
