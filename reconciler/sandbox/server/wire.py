"""The protocol between bytes and requests. It can also drop a response, or cut it in the middle.

uvicorn's protocol over h11 takes most of the time of a small request, and benchmarks send tens of thousands of small
requests. So this protocol itself answers a request to ConnectWise that arrives complete, in one piece and in the
simplest form. uvicorn handles everything else: other paths, requests in pieces, pipelining, `Expect`, `Connection`,
chunks, folded lines, faults and latency. It also refuses invalid HTTP.
"""

from __future__ import annotations

import asyncio
import re
import socket
from functools import lru_cache
from http import HTTPStatus
from typing import Any, ClassVar, Final, Protocol
from urllib.parse import unquote

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.sandbox.shared.messages import Request, Response

_START: Final = re.compile(rb"(GET|POST|PATCH|PUT|DELETE) (/v[!-~]*) HTTP/1\.1\r\n")
_FIELD: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e]*$")
_NOT_PLAIN: Final = (b"connection", b"expect", b"transfer-encoding", b"upgrade")
_STATUS_LINES: Final = {each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus}


class Answering(Protocol):
    """The part of the application that this protocol uses."""

    @property
    def plain(self) -> bool:
        """Return whether every response is sent at once and whole: no faults, no latency."""

    def answer(self, request: Request) -> Response:
        """Answer one request."""


class WireProtocol(H11Protocol):
    """uvicorn's protocol with a short way for simple requests.

    It puts the transport of the connection into the scope, so that a response can close it.
    """

    application: ClassVar[Answering]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it too
        """Keep the transport of a new connection, and send small responses without delay."""
        super().connection_made(transport)
        self.app_state: dict[str, Any] = {**self.app_state, "transport": transport}
        wire = transport.get_extra_info("socket")
        if wire is not None:
            # Head and body are two writes. Without this, each response waits for the client's delayed ACK.
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Answer a simple request at once, and give any other data to uvicorn."""
        request = self._plain(data)
        if request is None:
            super().data_received(data)
            return
        self._unset_keepalive_if_required()
        response = self.application.answer(request)
        self.transport.write(_encoded(response, self.server_state.default_headers))
        self.server_state.total_requests += 1
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _plain(self, data: bytes) -> Request | None:
        idle = self.conn.our_state is h11.IDLE and self.conn.their_state is h11.IDLE
        if not idle or self.conn.trailing_data[0] or not self.application.plain:
            return None
        start = _START.match(data)
        end = data.find(b"\r\n\r\n")
        if start is None or end < 0:
            return None
        headers = _headers(data[start.end() : end])
        body = data[end + 4 :]
        if headers is None or headers.get(b"content-length", b"0") != str(len(body)).encode():
            return None
        method, target = start[1].decode(), start[2]
        return Request(method, _path(target.partition(b"?")[0]), target, headers, body)


def protocol_for(application: Answering) -> type[WireProtocol]:
    """Return the protocol class for an application."""
    return type("SandboxProtocol", (WireProtocol,), {"application": application})


@lru_cache(maxsize=512)
def _headers(block: bytes) -> dict[bytes, bytes] | None:
    """Return the headers of a simple request, with names in lower case, or None when h11 should check them."""
    headers: dict[bytes, bytes] = {}
    for line in block.split(b"\r\n"):
        name, _, value = line.partition(b":")
        name = name.lower()
        if not _FIELD.match(line) or name in headers:
            return None
        headers[name] = value.strip()
    odd = any(name in headers and not _keeps_alive(name, headers[name]) for name in _NOT_PLAIN)
    return None if odd or b"host" not in headers else headers


def _keeps_alive(name: bytes, value: bytes) -> bool:
    return name == b"connection" and value.lower() == b"keep-alive"


@lru_cache(maxsize=65536)
def _path(raw: bytes) -> str:
    return unquote(raw.decode("ascii"))


def _encoded(response: Response, defaults: list[tuple[bytes, bytes]]) -> bytes:
    parts = [_STATUS_LINES[response.status]]
    parts += [b"%b: %b\r\n" % pair for pair in defaults]
    parts += [b"%b: %b\r\n" % pair for pair in response.headers]
    if response.status != 204:
        parts.append(b"content-length: %d\r\n" % len(response.body))
    parts += (b"\r\n", response.body)
    return b"".join(parts)
