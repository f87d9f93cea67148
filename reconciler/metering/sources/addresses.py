"""Check the URL of a source before a request is sent, and remove secrets from URLs in messages."""

from __future__ import annotations

from reconciler.http.addresses import is_protected, may_hold_credentials, url_parts
from reconciler.metering.sources.errors import SourceError


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
    parts = url_parts(url)
    if parts is None:
        raise SourceError(
            "the address is not a URL",
            where=where,
            advice="write it as https://HOST/PATH, without blanks",
        )
    if is_protected(parts):
        return
    what = "is not encrypted" if parts.scheme == "http" else "is not an https address"
    raise SourceError(f"{redacted(url)} {what}", where=where, advice="write an address that begins with https://")


def redacted(url: str) -> str:
    """Return a URL for a message, without its query. If it may contain credentials, return no part of it."""
    parts = None if may_hold_credentials(url) else url_parts(url)
    return "its address" if parts is None else f"{parts.scheme}://{parts.netloc}{parts.path}"
