"""The settings of a connection to a tenant: site and credentials, checked before any request is sent."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from reconciler.connectwise.errors import BadConnection
from reconciler.http.addresses import is_loopback, is_plain_name, may_hold_credentials
from reconciler.http.bodies import LARGEST_BODY
from reconciler.http.headers import is_header_value
from reconciler.http.scrubbing import Secrets

REGIONS = ("api-na", "api-eu", "api-au", "api-aus", "api-za")
"""The regions of the cloud, as in `https://api-na.myconnectwise.net` [seen]."""
_MIN_KEY = 8
"""The fewest characters of a key that cannot be in a site by chance."""
_MAX_SITE = 255
_MAX_COMPANY = 100
_NO_COMPANY = re.compile(r"[:/?#@%\\]")
"""Characters that no login company has; an address or a login in the wrong variable has them."""
_KEY = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9]{16}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The form of ConnectWise's keys [seen] and of client ids."""
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+(%\w+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Connection:
    """A tenant and the credentials of an API member.

    `site` may have a scheme or not. `max_concurrency` is the most requests in flight; the client may send fewer.
    `bundle_size` is the number of reads in one `POST /system/bundles` (public code sends 50 [seen]).
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
    """The limits of a request.

    `connect` is the most seconds to connect, `read` the most between two pieces of a response, and `total` the most for
    a whole request. `size` is the most bytes of a response: a server that never stops sending must not stop the run.
    """

    connect: float = 10.0
    read: float = 60.0
    total: float = 120.0
    size: int = LARGEST_BODY


def base_url(site: str) -> str:
    """Return the site as `scheme://host[:port][/path]`.

    Raises `BadConnection` for a value that is not a site or may hold credentials, and for plain http to another machine
    than this one: the credentials would not be encrypted.
    """
    given = site.strip()
    if may_hold_credentials(given):
        raise BadConnection(
            "the site contains an @, so it may contain a user name and a password",
            setting="site",
            advice="Give the host only. The keys go into publicKey and privateKey. No part of the value is shown here.",
        )
    try:
        parts = urlsplit(given if "://" in given else f"https://{given}")
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if not host or not _HOST.fullmatch(host) or len(given) > _MAX_SITE or parts.query or parts.fragment:
        raise BadConnection(
            "the value is not a site",
            setting="site",
            advice=f"Give the host of your tenant, such as {REGIONS[0]}.myconnectwise.net.",
        )
    named = "that host" if is_plain_name(host) else host
    if parts.scheme == "http" and not is_loopback(host):
        raise BadConnection(
            f"plain http to {named} would send the keys unencrypted",
            setting="site",
            advice=f"Use https:// for {named}. Plain http is only for a sandbox on this machine.",
        )
    if parts.scheme not in {"http", "https"}:
        raise BadConnection(
            "its scheme is not https",
            setting="site",
            advice="Use https://, or leave the scheme out.",
        )
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def headers(connection: Connection) -> dict[str, str]:
    """Return the headers of every request: the credentials, and the API version of the response [seen].

    Raises `BadConnection` for a setting that a header cannot hold.
    """
    for setting, value in (
        ("company", connection.company),
        ("clientId", connection.client_id),
        ("publicKey", connection.public_key),
        ("privateKey", connection.private_key),
        ("apiVersion", connection.api_version),
    ):
        if not is_header_value(value):
            raise BadConnection(
                f"{setting} is empty or has characters that are not allowed in it",
                setting=setting,
                advice="Copy it again. A space, a line break or a typographic dash may have been copied with it.",
            )
    if len(connection.company) > _MAX_COMPANY or _NO_COMPANY.search(connection.company):
        raise BadConnection(
            "the value is not a company",
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
    """Raise `BadConnection` for a concurrency or a bundle size below 1."""
    for setting, value in (
        ("maxConcurrency", connection.max_concurrency),
        ("bundleSize", connection.bundle_size),
    ):
        if value < 1:
            raise BadConnection(f"{setting} is {value}", setting=setting, advice="Make it 1 or more.")


def secrets(connection: Connection) -> Secrets:
    """Return the values that no message may show: the keys, their token, and a site or company that looks like a key.

    Raises `BadConnection` where the site or the company has the value of a key: it is in the wrong variable then.
    """
    token = headers(connection)["authorization"].removeprefix("Basic ")
    host = urlsplit(base_url(connection.site)).hostname or ""
    given = (connection.public_key, connection.private_key, connection.client_id)
    site = connection.site.casefold()
    if any(key == host or (len(key) >= _MIN_KEY and key in site) for key in map(str.casefold, given)):
        raise BadConnection(
            "the site contains the value of clientId, publicKey or privateKey",
            setting="site",
            advice="A key is in the wrong variable. No part of the value is shown here.",
        )
    if connection.company in given:
        raise BadConnection(
            "the company contains the value of clientId, publicKey or privateKey",
            setting="company",
            advice="A key is in the wrong variable. No part of the value is shown here.",
        )
    doubtful = [host] if is_plain_name(host) else []
    doubtful += [connection.company] if _KEY.fullmatch(connection.company) else []
    return Secrets([token, connection.private_key, connection.public_key, *doubtful])


def site_for_messages(base: str) -> str:
    """Return a site for messages. A host of one word is not shown: it may be a key in the wrong variable."""
    return "the site" if is_plain_name(urlsplit(base).hostname or "") else base
