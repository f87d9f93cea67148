"""Checks of addresses: whether a host is this machine, and whether an address may hold a secret."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_HOST = re.compile(r"[^\s/?#@%\\<>\"'|^`{}]+")
_AT = re.compile(r"@|%(25)*40", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine: 127.0.0.0/8, ::1 or localhost."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def url_parts(url: str) -> SplitResult | None:
    """Return the parts of a URL with a host. None for any other text."""
    if any(character.isspace() or not character.isprintable() for character in url):
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    return parts if parts.scheme and host and _HOST.fullmatch(host) else None


def is_protected(parts: SplitResult) -> bool:
    """Return whether nobody else can read a request to this URL: it is encrypted, or stays on this machine."""
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def may_hold_credentials(address: str) -> bool:
    """Return whether an address holds `user:password@`, or an `@` that may have been meant as one.

    Refuse such an address, and show no part of it. An `@` counts anywhere, also percent-encoded: with a `/`, `#` or `?`
    in the password, a URL parser takes the start of the password for a host or a port.
    """
    return _AT.search(address) is not None


def is_plain_name(host: str) -> bool:
    """Return whether a host is a single word. It may be a key in the wrong variable, so messages do not show it."""
    return "." not in host and ":" not in host and not is_loopback(host)
