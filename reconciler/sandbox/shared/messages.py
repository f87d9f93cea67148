"""A request and its answer as plain values, so that the tenant's behaviour is a function from one to the other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec

ENCODER = msgspec.json.Encoder(decimal_format="number")
JSON_TYPE = b"application/json; charset=utf-8"


@dataclass(slots=True, frozen=True)
class Request:
    """One HTTP request. `target` is path and query as they stood on the wire; header names are lower-case."""

    method: str
    path: str
    target: bytes
    headers: dict[bytes, bytes] = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def query(self) -> dict[str, str]:
        """Query parameters, decoded; the first of a name counts."""
        _, _, raw = self.target.partition(b"?")
        if not raw:
            return {}
        return dict(reversed(parse_qsl(raw.decode("latin-1"), keep_blank_values=True)))


@dataclass(slots=True, frozen=True)
class Response:
    """One answer. `fate` says what happens to it on the wire: `sent`, `dropped`, `truncated`, `dripped`, `endless`."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    fate: str = "sent"
    delay_ms: int = 0
    drip_ms: int = 0

    def later(self, delay_ms: int) -> Response:
        """The same answer, held back."""
        return replace(self, delay_ms=self.delay_ms + delay_ms)

    def dated(self, now: datetime) -> Response:
        """The same answer, with this time in its `Date`."""
        return replace(self, headers=(*self.headers, (b"date", http_date(now))))

    def met_by(self, fate: str) -> Response:
        """The same answer, with another fate on the wire."""
        return replace(self, fate=fate)


@lru_cache(maxsize=4)
def http_date(now: datetime) -> bytes:
    """A moment as the headers of HTTP write it."""
    return format_datetime(now.astimezone(UTC).replace(microsecond=0), usegmt=True).encode()


def json_response(status: int, value: Any, *headers: tuple[bytes, bytes]) -> Response:
    """An answer of JSON; Decimals are written as numbers."""
    return Response(status, ENCODER.encode(value), ((b"content-type", JSON_TYPE), *headers))


def error_response(status: int, code: str, message: str, *headers: tuple[bytes, bytes]) -> Response:
    """An answer in ConnectWise's error shape, without single errors."""
    return json_response(status, {"code": code, "message": message}, *headers)
