"""Where the tenant is and how to prove who we are; checked before the first byte leaves."""

from __future__ import annotations

import ipaddress
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from reconciler.connectwise.errors import BadConnection

REGIONS = ("api-na", "api-eu", "api-au", "api-aus", "api-za")
"""The cloud's regions, as in `https://api-na.myconnectwise.net` [seen]."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One tenant and one API member.

    `site` may be given with or without scheme; `max_concurrency` is a ceiling, below which the client adapts;
    `bundle_size` is how many reads go into one `POST /system/bundles` (50 is what public code sends [seen]).
    """

    site: str
    company: str
    client_id: str
    public_key: str
    private_key: str = field(repr=False)
    api_version: str = "2026.4"
    max_concurrency: int = 16
    bundle_size: int = 50


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for a connection, and for each piece of an answer."""

    connect: float = 10.0
    read: float = 60.0


def base_url(site: str) -> str:
    """The site as `scheme://host[:port][/path]`, https unless it is this very machine.

    Raises `BadConnection` for plain http to any other machine: credentials would travel in the clear.
    """
    given = site.strip()
    try:
        parts = urlsplit(given if "://" in given else f"https://{given}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or any(character.isspace() for character in host):
        raise BadConnection(
            f"{site!r} is not a site",
            setting="site",
            advice=f"Give the host of your tenant, such as {REGIONS[0]}.myconnectwise.net.",
        )
    if parts.username is not None or parts.password is not None:
        raise BadConnection(
            "the site holds a user name or password",
            setting="site",
            advice="Leave them out of the site; they belong in publicKey and privateKey.",
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise BadConnection(
            f"plain http to {host} would send the keys in the clear",
            setting="site",
            advice=f"Use https://{host}; plain http is only for a sandbox on this machine.",
        )
    if parts.scheme not in {"http", "https"}:
        raise BadConnection(
            f"{parts.scheme}:// is not something ConnectWise speaks",
            setting="site",
            advice="Use https://, or leave the scheme out.",
        )
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: 127.0.0.0/8, ::1 or localhost."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def headers(connection: Connection) -> dict[str, str]:
    """The headers of every call: who we are, and the version we want to be answered in [seen]."""
    for setting, value in (
        ("company", connection.company),
        ("clientId", connection.client_id),
        ("publicKey", connection.public_key),
        ("privateKey", connection.private_key),
        ("apiVersion", connection.api_version),
    ):
        if not value or not value.isascii() or not value.isprintable() or value != value.strip():
            raise BadConnection(
                f"{setting} is empty or holds characters that it cannot hold",
                setting=setting,
                advice="Copy it again: a space, a line end or a typographic dash may have come along.",
            )
    user = f"{connection.company}+{connection.public_key}:{connection.private_key}"
    return {
        "authorization": f"Basic {b64encode(user.encode()).decode()}",
        "clientid": connection.client_id,
        "accept": f"application/vnd.connectwise.com+json; version={connection.api_version}",
        "accept-encoding": "gzip, deflate",
        "user-agent": "reconciler",
    }


def check_sizes(connection: Connection) -> None:
    """Raise `BadConnection` for a concurrency or bundle size below one."""
    for setting, value in (
        ("maxConcurrency", connection.max_concurrency),
        ("bundleSize", connection.bundle_size),
    ):
        if value < 1:
            raise BadConnection(f"{setting} is {value}", setting=setting, advice="Make it 1 or more.")


def secrets(connection: Connection) -> tuple[str, ...]:
    """What must never be shown, the longest first: the keys, and the token made of them."""
    token = headers(connection)["authorization"].removeprefix("Basic ")
    found = {token, connection.private_key, connection.public_key}
    return tuple(sorted((text for text in found if text), key=len, reverse=True))
