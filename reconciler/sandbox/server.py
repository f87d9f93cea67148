"""Both stand-ins behind one address: what they hold, the application, and running it.

ConnectWise answers from a plain function (`connectwise.app.answer`), because benchmarks read tens of thousands of
small objects; the console, the page and the controls are Starlette routes.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import zlib
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import TracebackType

import uvicorn
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from reconciler.sandbox import control, page
from reconciler.sandbox.clock import Clock
from reconciler.sandbox.connectwise.app import ELSEWHERE, ConnectWise, is_connectwise, too_many
from reconciler.sandbox.connectwise.tenant import Tenant
from reconciler.sandbox.cove import app as cove
from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.log import Entry, RequestLog
from reconciler.sandbox.messages import Request, Response, error_response, http_date
from reconciler.sandbox.wire import protocol_for

_HTML = (
    b"<!DOCTYPE html><html><head><title>Proxy sign-in</title></head>"
    b"<body><h1>Sign in to reach the network</h1></body></html>"
)


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    """A GiB of blanks in a MiB of gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = b" " * 2**20
    return b"".join([*(packer.compress(piece) for _ in range(1024)), packer.flush()])


@dataclass(slots=True, frozen=True)
class Credentials:
    """Made-up credentials of both stand-ins; they open nothing else."""

    company: str = "sandbox"
    client_id: str = "5b0c3a0e-5a4d-4b0e-9a53-3f1d3c5f7a11"
    public_key: str = "SandboxPublicKey"
    private_key: str = field(default="SandboxPrivateKey", repr=False)
    partner: str = "Sandbox MSP (sandbox@example.test)"
    username: str = "sandbox-api"
    password: str = field(default="sandbox-token", repr=False)


class Sandbox:
    """Everything the stand-ins hold, shared by both halves, the page and the controls.

    `latency_ms` delays every answer of both stand-ins; `rate_per_second` limits what ConnectWise takes in one
    second of real time, over which it answers 429.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        faults: Faults | None = None,
        tenant: Tenant | None = None,
        console: Console | None = None,
        credentials: Credentials | None = None,
        seed: int = 1,
        latency_ms: int = 0,
        rate_per_second: int | None = None,
    ) -> None:
        self.clock = clock or (tenant.clock if tenant is not None else Clock())
        self.faults = faults if faults is not None else Faults()
        self.tenant = tenant or Tenant(self.clock)
        self.console = console or Console(self.clock)
        self.credentials = credentials or Credentials()
        self.seed = seed
        self.latency_ms = latency_ms
        self.rate_per_second = rate_per_second
        self.log = RequestLog()

    def variables(self, url: str) -> dict[str, str]:
        """The variables that the example estate reads, for a sandbox served at `url`."""
        known = self.credentials
        return {
            "CONNECTWISE_SITE": url,
            "CONNECTWISE_COMPANY": known.company,
            "CONNECTWISE_CLIENT_ID": known.client_id,
            "CONNECTWISE_PUBLIC_KEY": known.public_key,
            "CONNECTWISE_PRIVATE_KEY": known.private_key,
            "COVE_URL": f"{url}/jsonapi",
            "COVE_PARTNER": known.partner,
            "COVE_USERNAME": known.username,
            "COVE_PASSWORD": known.password,
        }


class Application:
    """The ASGI application: ConnectWise by a function, everything else by Starlette, faults before both."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.show(sandbox)

    def show(self, sandbox: Sandbox) -> None:
        """Serve this sandbox from now on."""
        self.sandbox = sandbox
        self.connectwise = ConnectWise(sandbox)
        self.rest = Starlette(routes=[*cove.routes(sandbox), *page.routes(sandbox), *control.routes(sandbox)])

    @property
    def plain(self) -> bool:
        """Whether answers go out at once and whole, so that the protocol may take its short way."""
        return not self.sandbox.faults and not self.sandbox.latency_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not is_connectwise(scope["path"]):
            await self.rest(scope, receive, self._dated(send))
            return
        response = self.answer(await _read(scope, receive))
        if response.delay_ms:
            await asyncio.sleep(response.delay_ms / 1000)
        await _send(response, scope, send)

    def _dated(self, send: Send) -> Send:
        """Send answers with the sandbox's own time in their `Date`."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = (b"date", http_date(self.sandbox.clock.now()))
                message = {**message, "headers": [*message.get("headers", ()), date]}
            await send(message)

        return dated

    def answer(self, request: Request) -> Response:
        """Answer one ConnectWise request, through the faults that are in force, and log it."""
        sandbox = self.sandbox
        response = self._struck(request) if sandbox.faults else self.connectwise.answer(request)
        now = sandbox.clock.now()
        response = response.dated(now)
        if sandbox.latency_ms:
            response = response.later(sandbox.latency_ms)
        query = request.target.partition(b"?")[2].decode("latin-1")
        sandbox.log.add(Entry(now, request.method, request.path, query, response.status, response.fate))
        return response

    def _struck(self, request: Request) -> Response:
        faults, path = self.sandbox.faults, request.path
        slow = faults.hit("slow", path)
        response = self._instead(request) or self.connectwise.answer(request)
        read_only = request.method == "GET" or path.endswith(("/system/bundles", "/search"))
        if response.status < 300 and not read_only:
            response = self._led_away(response, request)
        if response.status < 300 and not read_only and faults.hit("drop", path):
            response = response.met_by("dropped")
        elif dripping := response.body and faults.hit("drip", path):
            response = replace(response.met_by("dripped"), drip_ms=dripping.options["ms"])
        elif response.body and faults.hit("truncated", path):
            response = response.met_by("truncated")
        elif response.body and faults.hit("half-json", path):
            response = Response(response.status, response.body[: len(response.body) // 2], response.headers)
        elif faults.hit("endless", path):
            response = response.met_by("endless")
        elif faults.hit("bomb", path):
            response = Response(200, _bomb(), (*response.headers, (b"content-encoding", b"gzip")))
        elif faults.hit("nothing", path):
            response = Response(200, b"", response.headers)
        elif faults.hit("null", path):
            response = Response(200, b"null", response.headers)
        return response.later(slow.options["ms"]) if slow else response

    def _led_away(self, response: Response, request: Request) -> Response:
        """A write that took, and whose answer names another host over http, as behind a proxy."""
        faults, path = self.sandbox.faults, request.path
        away = (b"location", f"{ELSEWHERE}{path}".encode())
        if request.method in {"POST", "PATCH"} and (redirect := faults.hit("redirect", path)):
            return Response(redirect.options.get("status", 302), b"", (away,))
        if request.method == "POST" and faults.hit("location", path):
            return replace(response, headers=(*response.headers, away))
        return response

    def _instead(self, request: Request) -> Response | None:
        faults, path = self.sandbox.faults, request.path
        if storm := faults.hit("429", path):
            return too_many(
                storm.options.get("retry-after", 1), self.sandbox.clock.now() if "dated" in storm.options else None
            )
        if faults.hit("500", path):
            return error_response(500, "InternalServerError", "An unexpected error occurred.")
        if proxy := faults.hit("html", path):
            return Response(proxy.options.get("status", 200), _HTML, ((b"content-type", b"text/html"),))
        return None


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


def create_app(sandbox: Sandbox) -> Application:
    """The application of both stand-ins, the page at `/` and the controls under `/sandbox/`."""
    return Application(sandbox)


def server_config(sandbox: Sandbox, *, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Config:
    """How the sandbox is to be run; anything else cannot drop answers."""
    return _config(create_app(sandbox), host, port)


def _config(application: Application, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        host=host,
        port=port,
        http=protocol_for(application),
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=60,
    )


class RunningSandbox:
    """A sandbox served on loopback from a thread of its own, for tests and the demo.

    with RunningSandbox(Sandbox()) as running:
        httpx.get(f"{running.url}/login/companyinfo/sandbox")
    """

    def __init__(self, sandbox: Sandbox | None = None, *, port: int = 0) -> None:
        self.sandbox = sandbox or Sandbox()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self._application = create_app(self.sandbox)
        self._server = uvicorn.Server(_config(self._application))
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)

    def show(self, sandbox: Sandbox) -> None:
        """Serve another sandbox at the same address: a fresh one for the next test, without a new server."""
        self.sandbox = sandbox
        self._application.show(sandbox)

    @property
    def url(self) -> str:
        """Where it is served, without a slash at the end."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def variables(self) -> dict[str, str]:
        """The variables that the example estate reads."""
        return self.sandbox.variables(self.url)

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def __enter__(self) -> RunningSandbox:
        self._socket.listen(2048)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(timeout=10)
        self._socket.close()
