"""Requests and responses that skip work which httpx does for each one.

A plan of a large estate reads one small list per company, so the cost of a request is the cost of a plan. httpx parses
a URL that this client has just written, which takes as long as aiohttp takes to send the request, and it copies the
headers three times.
"""

from __future__ import annotations

from typing import Any

import httpx

from reconciler.http.bodies import read_up_to


async def read_body(response: httpx.Response, limit: int) -> bytes:
    """Return the whole body of a response, decoded. Raises `OversizeError` beyond `limit` bytes."""
    if isinstance(response, CompleteResponse):
        return response.content
    return await read_up_to(limit, response.aiter_bytes())


class PreparedRequest(httpx.Request):
    """An `httpx.Request` that shares its headers with others. A transport that asks for `url` makes it parse the URL.

    `address` is the percent-encoded URL, and `body` the content, which may be empty. The headers are sent as they are,
    so they must include `host`.
    """

    def __init__(
        self, method: str, address: str, *, headers: httpx.Headers, body: bytes, extensions: dict[str, Any]
    ) -> None:
        # This does not call httpx's `__init__`, on purpose: it does all of its work here, or later in `url`.
        self.method = method
        self.address = address
        self.headers = headers
        self.body = body
        self.stream = httpx.ByteStream(body)
        self.extensions = extensions

    def __getattr__(self, name: str) -> httpx.URL:
        if name != "url":
            raise AttributeError(name)
        self.url = httpx.URL(self.address)
        return self.url


class CompleteResponse(httpx.Response):
    """An `httpx.Response` whose body was read and decompressed already."""

    def __init__(self, status: int, headers: httpx.Headers, body: bytes) -> None:
        # This does not call httpx's `__init__`: that would send the body through four generators.
        self.status_code = status
        self.headers = headers
        self.extensions = {}
        self._content = body
        self.is_closed = True

    async def aclose(self) -> None:
        """Do nothing: no connection is open."""
