"""The production transport: `httpx-aiohttp`, with a shorter way for the requests and answers that we have.

Whole bodies are read at once, where httpx streams each through four generators, and URLs go out as they were written.
This module is imported only when a connection is made: aiohttp takes a fifth of a second to import.
"""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Callable

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from multidict import CIMultiDict
from yarl import URL

from reconciler.connectwise.connection import Timeouts
from reconciler.connectwise.errors import BadConnection
from reconciler.connectwise.message import Message, Reply
from reconciler.http.bodies import OversizeError, decompress, read_up_to
from reconciler.http.proxies import environment_proxy
from reconciler.http.settings import SettingError
from reconciler.http.tls import tls_context

_LONGEST_HEADER = 64 * 1024
"""Characters of one header that are read at most."""


class DirectTransport(AiohttpTransport):
    """Sends a `Message`; any other request goes the way of `AiohttpTransport`. `proxy` may hold its credentials.

    aiohttp repeats a GET or DELETE by itself, once, when the server had closed the connection that it kept alive.
    """

    def __init__(
        self,
        *,
        context: ssl.SSLContext,
        proxy: httpx.Proxy | None,
        session: Callable[[], aiohttp.ClientSession],
        limit: int,
    ) -> None:
        self._limit = limit
        super().__init__(verify=context, proxy=proxy, client=session)
        # Apart from the URL, which aiohttp shows in its errors.
        self._through = str(self.proxy.url) if self.proxy else None
        self._proxy_headers = _basic(self.proxy.auth) if self.proxy and self.proxy.auth else None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer with its whole body. Raises `httpx.TransportError` when there was none."""
        if not isinstance(request, Message):
            return await super().handle_async_request(request)
        if not isinstance(self.client, aiohttp.ClientSession):
            self.client = self.get_client()
        try:
            async with self.client.request(
                request.method,
                URL(request.address, encoded=True),
                headers=_multidict(request.headers),
                data=request.body or None,
                allow_redirects=False,
                proxy=self._through,
                proxy_headers=self._proxy_headers,
            ) as answer:
                body = await self._read(answer)
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error) or "no answer in time") from error
        except aiohttp.ClientError as error:
            raise httpx.NetworkError(str(error) or type(error).__name__) from error
        headers = httpx.Headers(answer.raw_headers)
        coding = headers.get("content-encoding", "")
        if body and coding and coding.strip().lower() != "identity":
            body = decompress(body, coding, self._limit)
        return Reply(answer.status, headers, body)

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        """The body as it comes, as far as it is read."""
        if (answer.content_length or 0) > self._limit:
            raise OversizeError
        return await read_up_to(self._limit, answer.content.iter_any())


def production_transport(base: str, *, max_connections: int, timeouts: Timeouts) -> httpx.AsyncBaseTransport:
    """A transport to one tenant: TLS verified, no cookies kept, through the environment's proxy where one applies."""
    try:
        context, proxy = tls_context(base), environment_proxy(base)
    except SettingError as error:
        raise BadConnection(error.what, setting="site", advice=error.advice) from error

    def session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=max_connections, ssl=context, keepalive_timeout=30),
            # A cookie would tie the run to one of the tenant's servers and carry a session: each call stands alone.
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            # A Link header repeats the whole query for each page that it names.
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
            timeout=aiohttp.ClientTimeout(sock_connect=timeouts.connect, sock_read=timeouts.read),
        )

    return DirectTransport(context=context, proxy=proxy, session=session, limit=timeouts.size)


def _basic(auth: tuple[str, str]) -> dict[str, str]:
    return {"Proxy-Authorization": f"Basic {b64encode(':'.join(auth).encode()).decode()}"}


def _multidict(headers: httpx.Headers) -> CIMultiDict[str]:
    return CIMultiDict((key.decode(), value.decode()) for key, value in headers.raw)
