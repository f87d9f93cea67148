"""Check the URL of a source before a request is sent, and remove secrets from URLs in messages."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from reconciler.http.addresses import is_loopback, may_hold_credentials
from reconciler.metering.sources.errors import SourceError

_HOST = re.compile(r"[^\s/?#@%\\<>\"'|^`{}]+")


def check_address(url: str, source: str) -> None:
    """Raise `SourceError` if a URL is not valid, contains credentials or is not encrypted.

    This machine itself may be read without encryption. The error shows no part of a URL with credentials.
    """
    where = f"usage source {source}"
    if may_hold_credentials(url):
        raise SourceError(
            "the address contains an @, so it may contain a user name and a password; no request was sent",
            where=where,
            advice="remove them from the address; use the settings `username` and `password`, or `token`",
        )
    parts = _parts(url)
    if parts is None:
        raise SourceError(
            "the address is not a URL",
            where=where,
            advice="write it as https://HOST/PATH, without blanks",
        )
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return
    what = "is not encrypted" if parts.scheme == "http" else "is not an https address"
    raise SourceError(f"{redacted(url)} {what}", where=where, advice="write an address that begins with https://")


def redacted(url: str) -> str:
    """Return a URL for a message, without its query. If it may contain credentials, return no part of it."""
    parts = None if may_hold_credentials(url) else _parts(url)
    return "its address" if parts is None else f"{parts.scheme}://{parts.netloc}{parts.path}"


def _parts(url: str) -> SplitResult | None:
    """Return the parts of a URL with a host. None for any other text."""
    if any(character.isspace() or not character.isprintable() for character in url):
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    return parts if parts.scheme and host and _HOST.fullmatch(host) else None
