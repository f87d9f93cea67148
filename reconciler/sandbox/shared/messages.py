"""HTTP requests and responses as plain values, so that an API is a function from one to the other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec

ENCODER = msgspec.json.Encoder(decimal_format="number")
"""Writes JSON with Decimals as numbers."""
JSON_TYPE = b"application/json; charset=utf-8"
"""The media type of a JSON response."""


@dataclass(slots=True, frozen=True)
class Request:
    """One HTTP request.

    `target` is path and query as the client sent them, `path` is decoded. Names of headers are in lower case.
    """

    method: str
    path: str
    target: bytes
    headers: dict[bytes, bytes] = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def query(self) -> dict[str, str]:
        """Return the decoded query parameters. If a name is given twice, the first value counts."""
        _, _, raw = self.target.partition(b"?")
        if not raw:
            return {}
        return dict(reversed(parse_qsl(raw.decode("latin-1"), keep_blank_values=True)))


@dataclass(slots=True, frozen=True)
class Response:
    """One HTTP response, and what happens to it on the wire.

    `fate` is `sent`, or with a fault `dropped`, `truncated`, `dripped` or `endless`. `delay_ms` delays the whole
    response, `drip_ms` each byte of a dripped one, both in milliseconds.
    """

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    fate: str = "sent"
    delay_ms: int = 0
    drip_ms: int = 0

    def delayed(self, delay_ms: int) -> Response:
        """Return the same response with a longer delay."""
        return replace(self, delay_ms=self.delay_ms + delay_ms)

    def dated(self, now: datetime) -> Response:
        """Return the same response with this time as its `Date` header."""
        return replace(self, headers=(*self.headers, (b"date", http_date(now))))

    def with_fate(self, fate: str) -> Response:
        """Return the same response with another fate."""
        return replace(self, fate=fate)


@lru_cache(maxsize=4)
def http_date(now: datetime) -> bytes:
    """Return a time in the form of HTTP headers (RFC 9110)."""
    return format_datetime(now.astimezone(UTC).replace(microsecond=0), usegmt=True).encode()


def json_response(status: int, value: Any, *headers: tuple[bytes, bytes]) -> Response:
    """Return a response with a JSON body. Decimals are written as numbers."""
    return Response(status, ENCODER.encode(value), ((b"content-type", JSON_TYPE), *headers))


def error_response(status: int, code: str, message: str, *headers: tuple[bytes, bytes]) -> Response:
    """Return a response with an error body of ConnectWise, without a list of problems."""
    return json_response(status, {"code": code, "message": message}, *headers)
