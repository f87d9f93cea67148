"""The production transport: `httpx-aiohttp`, with a faster path for `PreparedRequest`.

The faster path reads whole bodies at once, where httpx streams each one through four generators, and sends URLs as they
were written. This module is imported only when a connection is made: importing aiohttp takes 0.2 seconds.
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
from reconciler.connectwise.prepared import CompleteResponse, PreparedRequest
from reconciler.http.bodies import OversizeError, decompress, read_up_to
from reconciler.http.proxies import environment_proxy
from reconciler.http.settings import SettingError
from reconciler.http.tls import tls_context

_MAX_HEADER = 64 * 1024
"""The longest header in characters."""


class DirectTransport(AiohttpTransport):
    """Sends a `PreparedRequest` by the faster path, and any other request as `AiohttpTransport` does.

    aiohttp itself repeats a GET or DELETE once, when the server had closed the connection that was kept alive.
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
        # The proxy's credentials go into a header, not into its URL: aiohttp shows the URL in its errors.
        self._proxy_url = str(proxy.url) if proxy else None
        self._proxy_headers = _basic_auth(proxy.auth) if proxy and proxy.auth else None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the response with its whole body.

        Raises `httpx.TransportError` without a whole response, and `OversizeError` for a body over the limit.
        """
        if not isinstance(request, PreparedRequest):
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
                proxy=self._proxy_url,
                proxy_headers=self._proxy_headers,
            ) as response:
                body = await self._read(response)
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error) or "no response in time") from error
        except aiohttp.ClientError as error:
            raise httpx.NetworkError(str(error) or type(error).__name__) from error
        headers = httpx.Headers(response.raw_headers)
        coding = headers.get("content-encoding", "")
        if body and coding and coding.strip().lower() != "identity":
            body = decompress(body, coding, self._limit)
        return CompleteResponse(response.status, headers, body)

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """Return the body as it was sent, still compressed."""
        if (response.content_length or 0) > self._limit:
            raise OversizeError
        return await read_up_to(self._limit, response.content.iter_any())


def production_transport(base: str, *, max_connections: int, timeouts: Timeouts) -> httpx.AsyncBaseTransport:
    """Return a transport to one tenant. It verifies TLS, keeps no cookies, and uses the environment's proxy.

    Raises `BadConnection` where the environment's certificates or proxy cannot be used.
    """
    try:
        context, proxy = tls_context(base), environment_proxy(base)
    except SettingError as error:
        raise BadConnection(error.what, setting="site", advice=error.advice) from error

    def session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=max_connections, ssl=context, keepalive_timeout=30),
            # A cookie would tie the run to one of the tenant's servers, and to a login session.
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            # A Link header repeats the whole query for each page that it names.
            max_line_size=_MAX_HEADER,
            max_field_size=_MAX_HEADER,
            timeout=aiohttp.ClientTimeout(sock_connect=timeouts.connect, sock_read=timeouts.read),
        )

    return DirectTransport(context=context, proxy=proxy, session=session, limit=timeouts.size)


def _basic_auth(auth: tuple[str, str]) -> dict[str, str]:
    return {"Proxy-Authorization": f"Basic {b64encode(':'.join(auth).encode()).decode()}"}


def _multidict(headers: httpx.Headers) -> CIMultiDict[str]:
    return CIMultiDict((key.decode(), value.decode()) for key, value in headers.raw)
