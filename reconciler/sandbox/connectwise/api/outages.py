"""Apply the faults that happen between ConnectWise and its client: outages, proxies, broken connections."""

from __future__ import annotations

import zlib
from dataclasses import replace
from functools import lru_cache
from typing import Final

from reconciler.sandbox.connectwise.api.app import ConnectWise
from reconciler.sandbox.connectwise.api.http import ELSEWHERE, too_many
from reconciler.sandbox.shared.environment import Environment
from reconciler.sandbox.shared.messages import Request, Response, error_response

_PROXY_PAGE: Final = (
    b"<!DOCTYPE html><html><head><title>Proxy sign-in</title></head>"
    b"<body><h1>Sign in to reach the network</h1></body></html>"
)


class Outages:
    """A ConnectWise API with the faults of an environment."""

    def __init__(self, connectwise: ConnectWise, environment: Environment) -> None:
        self._connectwise = connectwise
        self._environment = environment

    def answer(self, request: Request) -> Response:
        """Answer one request under the active faults."""
        faults, path = self._environment.faults, request.path
        if not faults:
            return self._connectwise.answer(request)
        slow = faults.hit("slow", path)
        response = self._replacement(request) or self._connectwise.answer(request)
        read_only = request.method == "GET" or path.endswith(("/system/bundles", "/search"))
        if response.status < 300 and not read_only:
            response = self._redirected(response, request)
        if response.status < 300 and not read_only and faults.hit("drop", path):
            response = response.with_fate("dropped")
        elif dripping := response.body and faults.hit("drip", path):
            response = replace(response.with_fate("dripped"), drip_ms=dripping.options["ms"])
        elif response.body and faults.hit("truncated", path):
            response = response.with_fate("truncated")
        elif response.body and faults.hit("half-json", path):
            response = Response(response.status, response.body[: len(response.body) // 2], response.headers)
        elif faults.hit("endless", path):
            response = response.with_fate("endless")
        elif faults.hit("bomb", path):
            response = Response(200, _bomb(), (*response.headers, (b"content-encoding", b"gzip")))
        elif faults.hit("nothing", path):
            response = Response(200, b"", response.headers)
        elif faults.hit("null", path):
            response = Response(200, b"null", response.headers)
        return response.delayed(slow.options["ms"]) if slow else response

    def _replacement(self, request: Request) -> Response | None:
        """Return the response of a fault that keeps the request from ConnectWise, or None."""
        faults, path = self._environment.faults, request.path
        if storm := faults.hit("429", path):
            now = self._environment.clock.now() if "dated" in storm.options else None
            return too_many(storm.options.get("retry-after", 1), now)
        if faults.hit("500", path):
            return error_response(500, "InternalServerError", "An unexpected error occurred.")
        if proxy := faults.hit("html", path):
            return Response(proxy.options.get("status", 200), _PROXY_PAGE, ((b"content-type", b"text/html"),))
        return None

    def _redirected(self, response: Response, request: Request) -> Response:
        """Return the response to a completed write, which may name another host over http, as behind a proxy."""
        faults, path = self._environment.faults, request.path
        away = (b"location", f"{ELSEWHERE}{path}".encode())
        if request.method in {"POST", "PATCH"} and (redirect := faults.hit("redirect", path)):
            return Response(redirect.options.get("status", 302), b"", (away,))
        if request.method == "POST" and faults.hit("location", path):
            return replace(response, headers=(*response.headers, away))
        return response


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    """Return 1 GiB of spaces, compressed to about 1 MiB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = b" " * 2**20
    return b"".join([*(packer.compress(piece) for _ in range(1024)), packer.flush()])
