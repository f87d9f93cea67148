"""Ping a heartbeat: one request to a monitor outside, which raises an alarm if no ping comes."""

from __future__ import annotations

import httpx

from reconciler.http.addresses import is_protected, url_parts
from reconciler.http.causes import cause_of
from reconciler.http.proxies import environment_proxy
from reconciler.http.scrubbing import Secrets
from reconciler.http.settings import SettingError
from reconciler.http.tls import tls_context

SECONDS = 10.0
"""The most seconds for each step of a ping: to connect, and between two pieces of the response."""


def ping(url: str) -> str:
    """Request a URL once. Return why the ping did not arrive, or "". No redirect is followed. Raises nothing."""
    parts = url_parts(url)
    if parts is None or not is_protected(parts):
        return "the URL is not an https address"
    try:
        with (
            httpx.Client(
                verify=tls_context(url), proxy=environment_proxy(url), trust_env=False, timeout=SECONDS
            ) as client,
            client.stream("GET", url) as response,  # its body is not read
        ):
            status = f"{response.status_code} {response.reason_phrase}".strip()
            return "" if response.is_success else f"the server responded with {status}"
    except SettingError as error:
        return error.what
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        secrets = Secrets([url, *(part for part in (parts.path, parts.query, parts.password or "") if len(part) > 1)])
        return secrets.scrub(f"there was no response: {cause_of(error)}")
