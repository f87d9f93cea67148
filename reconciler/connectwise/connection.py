"""Where the tenant is and how to prove who we are; checked before the first byte leaves."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from reconciler.connectwise.errors import BadConnection
from reconciler.http.addresses import is_loopback, is_plain_name, may_hold_credentials
from reconciler.http.bodies import LARGEST_BODY
from reconciler.http.scrubbing import Secrets

REGIONS = ("api-na", "api-eu", "api-au", "api-aus", "api-za")
"""The cloud's regions, as in `https://api-na.myconnectwise.net` [seen]."""
_LONG_KEY = 8
"""Characters from which a key inside a site is no accident."""
_LONGEST_SITE = 255
_LONGEST_COMPANY = 100
_NO_COMPANY = re.compile(r"[:/?#@%\\]")
"""What no company of a login has, and an address or a login that was put into the wrong variable has."""
_A_KEY = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9]{16}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""How ConnectWise makes keys [seen], and client ids."""
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+(%\w+)?", re.IGNORECASE)


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
    """Seconds to wait for a connection, for each piece of an answer, and for a whole one; and its bytes at most.

    The limits of a whole answer hold against a server that sends without end.
    """

    connect: float = 10.0
    read: float = 60.0
    total: float = 120.0
    size: int = LARGEST_BODY


def base_url(site: str) -> str:
    """The site as `scheme://host[:port][/path]`, https unless it is this very machine.

    Raises `BadConnection` for plain http to any other machine: credentials would travel in the clear.
    """
    given = site.strip()
    if may_hold_credentials(given):
        raise BadConnection(
            "the site holds a user name or password, or another @",
            setting="site",
            advice="Leave them out of the site; they belong in publicKey and privateKey. No part of it is shown here.",
        )
    try:
        parts = urlsplit(given if "://" in given else f"https://{given}")
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if not host or not _HOST.fullmatch(host) or len(given) > _LONGEST_SITE or parts.query or parts.fragment:
        raise BadConnection(
            "its value is not a site",
            setting="site",
            advice=f"Give the host of your tenant, such as {REGIONS[0]}.myconnectwise.net.",
        )
    named = "that host" if is_plain_name(host) else host
    if parts.scheme == "http" and not is_loopback(host):
        raise BadConnection(
            f"plain http to {named} would send the keys in the clear",
            setting="site",
            advice=f"Use https:// to {named}; plain http is only for a sandbox on this machine.",
        )
    if parts.scheme not in {"http", "https"}:
        raise BadConnection(
            "its scheme is not one that ConnectWise speaks",
            setting="site",
            advice="Use https://, or leave the scheme out.",
        )
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


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
    if len(connection.company) > _LONGEST_COMPANY or _NO_COMPANY.search(connection.company):
        raise BadConnection(
            "its value is not a company",
            setting="company",
            advice="Give the company that you type at the login page. No part of the value is shown here.",
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


def secrets(connection: Connection) -> Secrets:
    """What must never be shown: the keys, the token made of them, and a site or a company that looks like a key.

    Raises `BadConnection`, which shows nothing of it, where the site or the company is one of the other settings: a
    key stands in the wrong variable then.
    """
    token = headers(connection)["authorization"].removeprefix("Basic ")
    host = urlsplit(base_url(connection.site)).hostname or ""
    given = (connection.public_key, connection.private_key, connection.client_id)
    site = connection.site.casefold()
    if any(key == host or (len(key) >= _LONG_KEY and key in site) for key in map(str.casefold, given)):
        raise BadConnection(
            "the site holds the value of clientId, publicKey or privateKey",
            setting="site",
            advice="A key stands in the wrong variable. No part of it is shown here.",
        )
    if connection.company in given:
        raise BadConnection(
            "the company holds the value of clientId, publicKey or privateKey",
            setting="company",
            advice="A key stands in the wrong variable. No part of it is shown here.",
        )
    doubtful = [host] if is_plain_name(host) else []
    doubtful += [connection.company] if _A_KEY.fullmatch(connection.company) else []
    return Secrets([token, connection.private_key, connection.public_key, *doubtful])


def shown(base: str) -> str:
    """A site as messages name it: a host of one word may be a key in the wrong variable, and is not named."""
    return "the site" if is_plain_name(urlsplit(base).hostname or "") else base
