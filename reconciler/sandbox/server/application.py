"""The ASGI application that serves both stand-ins, the page and the controls.

ConnectWise is a plain function from a request to a response, because benchmarks read tens of thousands of small
objects. The console, the page and the controls are Starlette routes.
"""

from __future__ import annotations

import asyncio

from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from reconciler.sandbox.connectwise.api.app import ConnectWise, is_connectwise
from reconciler.sandbox.connectwise.api.outages import Outages
from reconciler.sandbox.cove import app as cove
from reconciler.sandbox.cove import reports
from reconciler.sandbox.server import page
from reconciler.sandbox.server.control import routes as control
from reconciler.sandbox.shared.log import Entry
from reconciler.sandbox.shared.messages import Request, Response, http_date
from reconciler.sandbox.state.sandbox import Sandbox


class Application:
    """The application of one sandbox at a time; `show` replaces the sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.show(sandbox)

    def show(self, sandbox: Sandbox) -> None:
        """Serve this sandbox from now on."""
        self.sandbox = sandbox
        self._connectwise = Outages(ConnectWise(sandbox.tenant, sandbox), sandbox)
        self._rest = Starlette(
            routes=[
                *cove.routes(sandbox.console, sandbox),
                *reports.routes(sandbox.console, sandbox),
                *page.routes(),
                *control.routes(sandbox),
            ]
        )

    @property
    def plain(self) -> bool:
        """Return whether every response is sent at once and whole: no faults and no latency."""
        return not self.sandbox.faults and not self.sandbox.latency_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of an ASGI server."""
        if scope["type"] != "http" or not is_connectwise(scope["path"]):
            await self._rest(scope, receive, self._dated(send))
            return
        response = self.answer(await _read(scope, receive))
        if response.delay_ms:
            await asyncio.sleep(response.delay_ms / 1000)
        await _send(response, scope, send)

    def answer(self, request: Request) -> Response:
        """Answer one ConnectWise request and add it to the request log."""
        sandbox = self.sandbox
        sandbox.catch_up()
        response = self._connectwise.answer(request)
        now = sandbox.clock.now()
        response = response.dated(now)
        if sandbox.latency_ms:
            response = response.delayed(sandbox.latency_ms)
        query = request.target.partition(b"?")[2].decode("latin-1")
        sandbox.log.add(Entry(now, request.method, request.path, query, response.status, response.fate))
        return response

    def _dated(self, send: Send) -> Send:
        """Return a `send` that adds the sandbox's time as the `Date` header."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = (b"date", http_date(self.sandbox.clock.now()))
                message = {**message, "headers": [*message.get("headers", ()), date]}
            await send(message)

        return dated


async def _read(scope: Scope, receive: Receive) -> Request:
    chunks: list[bytes] = []
    if scope["method"] not in {"GET", "HEAD", "DELETE"}:
        while True:
            message = await receive()
            chunks.append(message.get("body", b""))
            if not message.get("more_body"):
                break
    raw, query = scope["raw_path"], scope["query_string"]
    target = raw + b"?" + query if query else raw
    return Request(scope["method"], scope["path"], target, dict(scope["headers"]), b"".join(chunks))


async def _send(response: Response, scope: Scope, send: Send) -> None:
    transport = scope.get("state", {}).get("transport")
    if response.fate == "dropped" and transport is not None:
        transport.abort()
        await asyncio.sleep(0)
        return
    length = (b"content-length", str(len(response.body)).encode())
    headers = [*response.headers, length] if response.status != 204 else list(response.headers)
    if response.fate == "endless":
        headers = list(response.headers)
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if response.fate == "dripped":
        for at in range(len(response.body)):
            await send({"type": "http.response.body", "body": response.body[at : at + 1], "more_body": True})
            await asyncio.sleep(response.drip_ms / 1000)
            if transport is not None and transport.is_closing():
                return
        await send({"type": "http.response.body", "body": b""})
        return
    if response.fate == "endless":
        while transport is None or not transport.is_closing():
            await send({"type": "http.response.body", "body": b" " * 65536, "more_body": True})
            await asyncio.sleep(0)
        return
    if response.fate == "truncated" and transport is not None:
        half = response.body[: len(response.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        transport.close()
        await asyncio.sleep(0)
        return
    await send({"type": "http.response.body", "body": response.body})
