"""Addresses: which are this machine, and which hold a secret and may not be shown."""

from __future__ import annotations

import ipaddress
import re

_AT = re.compile(r"@|%(25)*40", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: 127.0.0.0/8, ::1 or localhost."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def may_hold_credentials(address: str) -> bool:
    """Whether an address holds `user:password@`, or anything that may have been meant as one.

    Refuse such an address, and print no part of it. An `@` counts anywhere before the query: a password with `/`, `#`
    or `?` in it moves the `@` out of where a parser looks for it, and the rest of the password becomes a host or a
    port.
    """
    return _AT.search(address) is not None


def is_plain_name(host: str) -> bool:
    """Whether a host is one word, which may as well be a key in the wrong variable: do not show it."""
    return "." not in host and ":" not in host and not is_loopback(host)
