"""The console over HTTP: `POST /jsonapi`, with latency, faults and the request log.

`@` limits a fault to one method: `429:2@EnumeratePartners`. `429` and `500` come before the call is carried out.
`stale-visa` rejects a valid visa as expired, in one of the forms of `console.VISA_FORMS`. `drop` closes the connection
without an answer, and `truncated` in the middle of one.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.errors import RpcError
from reconciler.sandbox.cove.rpc import METHODS, Call, ConsoleApi, read_call
from reconciler.sandbox.shared.environment import Environment
from reconciler.sandbox.shared.faults import Faults
from reconciler.sandbox.shared.log import Entry

PATH: Final = "/jsonapi"
"""The path of the API."""
_JSON: Final = "application/json; charset=utf-8"
PROXY_PAGE: Final = b"<!DOCTYPE html><html><body><h1>Sign in to reach the network</h1></body></html>"
"""The page of a proxy that a fault sends in place of an answer."""
_encode: Final = msgspec.json.Encoder().encode


class CutResponse(Response):
    """A response that does not arrive whole: `dropped` before its first byte, or `truncated` after half of its body."""

    def __init__(self, content: bytes, fate: str) -> None:
        super().__init__(content, media_type=_JSON)
        self.fate = fate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the interface
        """Send the part that arrives, and close the connection. `wire.WireProtocol` puts `transport` into the scope."""
        transport: asyncio.Transport = scope["state"]["transport"]
        if self.fate == "dropped":
            transport.abort()
        else:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            half = bytes(self.body[: len(self.body) // 2])
            await send({"type": "http.response.body", "body": half, "more_body": True})
            transport.close()
        await asyncio.sleep(0)  # lets the server notice that the connection is closed


def routes(console: Console, environment: Environment) -> list[Route]:
    """Return the route of the API."""
    api = ConsoleApi(console, environment.credentials)

    async def jsonapi(request: Request) -> Response:
        body = await request.body()
        path, delay_ms, response = respond(environment, api, body)
        fate = response.fate if isinstance(response, CutResponse) else "sent"
        environment.log.add(Entry(environment.clock.now(), "POST", path, "", response.status_code, fate))
        if delay_ms:
            await asyncio.sleep(delay_ms / 1000)
        return response

    return [Route(PATH, jsonapi, methods=["POST"])]


def respond(environment: Environment, api: ConsoleApi, body: bytes) -> tuple[str, int, Response]:
    """Return the path for the log (`/jsonapi Login`), the delay in milliseconds, and the response."""
    try:
        call = read_call(body)
    except RpcError as error:
        answer = {"id": None, "jsonrpc": "2.0", "error": error.as_json()}
        return PATH, environment.latency_ms, Response(_encode(answer), media_type=_JSON)
    path = f"{PATH} {call.method}" if call.method in METHODS else PATH
    if not environment.faults:
        return path, environment.latency_ms, Response(_encode(api.answer(call)), media_type=_JSON)

    slow = environment.faults.hit("slow", path)
    delay_ms = environment.latency_ms + (slow.options["ms"] if slow else 0)
    response = _replacement(environment.faults, path) or _under_faults(environment.faults, path, api, call)
    return path, delay_ms, response


def _replacement(faults: Faults, path: str) -> Response | None:
    """Return the response of a fault that keeps the call from the console, or None."""
    if storm := faults.hit("429", path):
        seconds = str(storm.options.get("retry-after", 1))
        return Response("Too many requests", 429, {"Retry-After": seconds}, "text/plain")
    if faults.hit("500", path):
        return Response("Internal server error", 500, media_type="text/plain")
    if proxy := faults.hit("html", path):
        return Response(PROXY_PAGE, proxy.options.get("status", 200), media_type="text/html")
    return None


def _under_faults(faults: Faults, path: str, api: ConsoleApi, call: Call) -> Response:
    """Return the answer of the console as the active faults change it."""
    struck = None if call.method == "Login" else faults.hit("stale-visa", path)
    stale = None if struck is None else struck.options.get("form", 0)
    content = _encode(api.answer(call, stale=stale))
    if faults.hit("drop", path):
        return CutResponse(content, "dropped")
    if faults.hit("truncated", path):
        return CutResponse(content, "truncated")
    if faults.hit("half-json", path):
        content = content[: len(content) // 2]
    return Response(content, media_type=_JSON)
