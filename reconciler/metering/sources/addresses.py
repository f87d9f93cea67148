"""Addresses of sources: checked before anything is sent, and shown without what may be secret in them."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from reconciler.http.addresses import is_loopback, may_hold_credentials
from reconciler.metering.sources.errors import SourceError

_HOST = re.compile(r"[^\s/?#@%\\<>\"'|^`{}]+")


def check_address(url: str, source: str) -> None:
    """Refuse an address that holds credentials, is none, or is not encrypted, except one of this machine itself.

    No part of an address with credentials is shown.
    """
    where = f"usage source {source}"
    if may_hold_credentials(url):
        raise SourceError(
            "the address holds an @, and so perhaps a user name and a password; nothing was sent to it",
            where=where,
            advice="leave them out: a user and its password are settings of their own, a token goes into `token`",
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
    raise SourceError(f"{shown(url)} {what}", where=where, advice="write an address that begins with https://")


def shown(url: str) -> str:
    """An address for a message: without what may be secret in it, a user's password or a query."""
    parts = None if may_hold_credentials(url) else _parts(url)
    return "its address" if parts is None else f"{parts.scheme}://{parts.netloc}{parts.path}"


def _parts(url: str) -> SplitResult | None:
    """The parts of an address that names a host; None for anything else."""
    if any(character.isspace() or not character.isprintable() for character in url):
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    return parts if parts.scheme and host and _HOST.fullmatch(host) else None
