"""A request that httpx's transports take, and an answer as they give it, without the work that httpx does for each.

One plan of a large estate reads one small list per company, so what a request costs here is what a plan costs: httpx
takes as long to parse a URL that we have just written as aiohttp takes to send it, and copies the headers three times.
"""

from __future__ import annotations

from typing import Any

import httpx

from reconciler.http.bodies import read_up_to


async def whole(response: httpx.Response, limit: int) -> bytes:
    """Return the whole body of a response, decoded. Raises `OversizeError` beyond `limit` bytes."""
    return response.content if isinstance(response, Reply) else await read_up_to(limit, response.aiter_bytes())


class Message(httpx.Request):
    """An `httpx.Request` whose headers are shared and whose URL is parsed only for a transport that asks for it.

    `address` is the URL, percent-encoded already; `body` the content, empty for none. The headers are sent as they
    are: `host` must be among them.
    """

    def __init__(
        self, method: str, address: str, *, headers: httpx.Headers, body: bytes, extensions: dict[str, Any]
    ) -> None:
        # httpx's own __init__ is left out on purpose: all that it does is done, or is done later.
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


class Reply(httpx.Response):
    """An `httpx.Response` that came whole and without a content coding: there is nothing to decode or to wait for."""

    def __init__(self, status: int, headers: httpx.Headers, body: bytes) -> None:
        # As with a message: httpx would send the body that we hold through four generators.
        self.status_code = status
        self.headers = headers
        self.extensions = {}
        self._content = body
        self.is_closed = True

    async def aclose(self) -> None:
        """Nothing is open."""
