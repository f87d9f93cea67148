"""The console on the wire: `POST /jsonapi`, with the sandbox's latency and faults, and its log.

A fault is held to one method by `@`: `429:2@EnumeratePartners`. `stale-visa` calls a good visa expired; `drop` and
`truncated` close the connection in the middle of the answer; `429` and `500` come before anything was done.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from reconciler.sandbox.cove.errors import RpcError
from reconciler.sandbox.cove.rpc import METHODS, Call, ConsoleApi, read_call
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.log import Entry

if TYPE_CHECKING:
    from reconciler.sandbox.server import Sandbox

PATH: Final = "/jsonapi"
_JSON: Final = "application/json; charset=utf-8"
_PROXY_PAGE: Final = b"<!DOCTYPE html><html><body><h1>Sign in to reach the network</h1></body></html>"
_encode: Final = msgspec.json.Encoder().encode


class CutResponse(Response):
    """An answer whose headers promise all of the body, and whose connection closes after part of it."""

    keep: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the interface
        """Send the head and the first `keep` bytes; the server closes what was left unfinished."""
        head = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await send(head)
        await send({"type": "http.response.body", "body": bytes(self.body[: self.keep]), "more_body": True})


def routes(sandbox: Sandbox) -> list[Route]:
    """The one route of the console's API."""
    api = ConsoleApi(sandbox)

    async def jsonapi(request: Request) -> Response:
        body = await request.body()
        path, delay_ms, response = respond(sandbox, api, body)
        fate = "cut" if isinstance(response, CutResponse) else "sent"
        sandbox.log.add(Entry(sandbox.clock.now(), "POST", path, "", response.status_code, fate))
        if delay_ms:
            await asyncio.sleep(delay_ms / 1000)
        return response

    return [Route(PATH, jsonapi, methods=["POST"])]


def respond(sandbox: Sandbox, api: ConsoleApi, body: bytes) -> tuple[str, int, Response]:
    """What a body is logged as (`/jsonapi Login`), how many milliseconds its answer waits, and the answer."""
    try:
        call = read_call(body)
    except RpcError as error:
        answer = {"id": None, "jsonrpc": "2.0", "error": error.as_json()}
        return PATH, sandbox.latency_ms, Response(_encode(answer), media_type=_JSON)
    path = f"{PATH} {call.method}" if call.method in METHODS else PATH
    if not sandbox.faults:
        return path, sandbox.latency_ms, Response(_encode(api.answer(call)), media_type=_JSON)

    slow = sandbox.faults.hit("slow", path)
    delay_ms = sandbox.latency_ms + (slow.options["ms"] if slow else 0)
    response = _instead(sandbox.faults, path) or _struck(sandbox.faults, path, api, call)
    return path, delay_ms, response


def _instead(faults: Faults, path: str) -> Response | None:
    """The answer of a fault that comes before the console: it never saw the call."""
    if storm := faults.hit("429", path):
        seconds = str(storm.options.get("retry-after", 1))
        return Response("Too many requests", 429, {"Retry-After": seconds}, "text/plain")
    if faults.hit("500", path):
        return Response("Internal server error", 500, media_type="text/plain")
    if proxy := faults.hit("html", path):
        return Response(_PROXY_PAGE, proxy.options.get("status", 200), media_type="text/html")
    return None


def _struck(faults: Faults, path: str, api: ConsoleApi, call: Call) -> Response:
    """The console's answer, and what a fault does to it on its way."""
    stale = call.method != "Login" and faults.hit("stale-visa", path) is not None
    content = _encode(api.answer(call, stale=stale))
    if faults.hit("drop", path):
        return CutResponse(content, media_type=_JSON)
    if faults.hit("truncated", path):
        cut = CutResponse(content, media_type=_JSON)
        cut.keep = len(content) // 2
        return cut
    if faults.hit("half-json", path):
        content = content[: len(content) // 2]
    return Response(content, media_type=_JSON)
