"""The production transport: `httpx-aiohttp`, with a shorter way for the requests and answers that we have.

Whole bodies are read at once, where httpx streams each through four generators, and URLs go out as they were written.
This module is imported only when a connection is made: aiohttp takes a fifth of a second to import.
"""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from multidict import CIMultiDict
from yarl import URL

from reconciler.connectwise.connection import Timeouts
from reconciler.connectwise.errors import BadConnection
from reconciler.connectwise.message import Message, OversizeError, Reply, unpacked
from reconciler.http.addresses import is_loopback

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
        proxy: str | None,
        session: Callable[[], aiohttp.ClientSession],
        limit: int,
    ) -> None:
        self._limit = limit
        super().__init__(verify=context, proxy=httpx.Proxy(proxy) if proxy else None, client=session)
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
            body = unpacked(body, coding, self._limit)
        return Reply(answer.status, headers, body)

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        """The body as it comes, as far as it is read."""
        if (answer.content_length or 0) > self._limit:
            raise OversizeError
        parts, size = [], 0
        async for part in answer.content.iter_any():
            size += len(part)
            if size > self._limit:
                raise OversizeError
            parts.append(part)
        return b"".join(parts)


def production_transport(base: str, *, max_connections: int, timeouts: Timeouts) -> httpx.AsyncBaseTransport:
    """A transport to one tenant: TLS verified, no cookies kept, through the environment's proxy where one applies."""
    context = _context() if base.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

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

    return DirectTransport(context=context, proxy=proxy_for(base), session=session, limit=timeouts.size)


def _context() -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # an ssl.SSLError is one
        raise BadConnection(
            f"the certificates that SSL_CERT_FILE or SSL_CERT_DIR name cannot be read: {error.strerror or error}",
            setting="site",
            advice="Set it to a file with the certificates of the authorities that are trusted, or take it away.",
        ) from error


def proxy_for(base: str) -> str | None:
    """The proxy that the environment names for this site (`HTTPS_PROXY`, `NO_PROXY`), if any.

    Raises `BadConnection` for one that is not http, as others (socks) are not spoken here, and for what is no address.
    """
    parts = urlsplit(base)
    url = getproxies().get(parts.scheme)
    if not url or is_loopback(parts.hostname or "") or proxy_bypass(parts.netloc):
        return None
    url = url if "://" in url else f"http://{url}"
    if not url.startswith(("http://", "https://")):
        raise BadConnection(
            f"the proxy of the environment speaks {url.partition(':')[0]}, which is not supported",
            setting="site",
            advice=f"Set {parts.scheme.upper()}_PROXY to an http proxy, or put {parts.hostname} into NO_PROXY.",
        )
    try:
        address = httpx.Proxy(url).url
    except (httpx.InvalidURL, ValueError):
        address = None
    if address is None or not address.host or address.fragment or address.query or address.path.strip("/"):
        raise BadConnection(
            "the proxy of the environment is not an address",
            setting="site",
            advice=f"Set {parts.scheme.upper()}_PROXY to http://HOST:PORT; a / or # in its password is written %2F "
            "or %23. No part of it is shown here.",
        )
    return url


def _basic(auth: tuple[str, str]) -> dict[str, str]:
    return {"Proxy-Authorization": f"Basic {b64encode(':'.join(auth).encode()).decode()}"}


def _multidict(headers: httpx.Headers) -> CIMultiDict[str]:
    return CIMultiDict((key.decode(), value.decode()) for key, value in headers.raw)
