"""Small HTTP servers on this machine that send the responses of a test, right or wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import pytest

from reconciler.applying.read_back import read_back_body
from reconciler.connectwise import Connection, ConnectWise, ConnectWiseError, Mismatch
from reconciler.connectwise.codec import decode, encode
from reconciler.connectwise.connection import Timeouts
from reconciler.connectwise.session import Clock

CODEBASE = "v4_6_release/"
ROOT = f"/{CODEBASE}apis/3.0"


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as the server received it; `target` is the raw path and query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """A response. `cut` sends only that many bytes of the body, `raw` replaces all of it, `hang` sends nothing."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    raw: bytes | None = None
    hang: bool = False

    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body).encode()


DROPPED = Reply(raw=b"")
HTML = Reply(b"<html><body>Please sign in to the proxy</body></html>", headers={"content-type": "text/html"})

Responder = Callable[[Seen], Reply]


class Server:
    """A server on a free port. `seen` holds the requests to the API, and `discoveries` those for the codebase."""

    def __init__(self, answer: Responder, *, codebase: Callable[[], Any] = lambda: {"Codebase": CODEBASE}) -> None:
        self._answer = answer
        self._codebase = codebase
        self._tasks: set[asyncio.Task[Any]] = set()
        self.seen: list[Seen] = []
        self.discoveries: list[Seen] = []
        self.open = 0
        self.most_open = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def asked(self) -> list[str]:
        return [f"{seen.method} {seen.path.removeprefix(ROOT)}" for seen in self.seen]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            while True:
                seen = await _request(reader)
                self.open += 1
                self.most_open = max(self.most_open, self.open)
                reply = self._reply(seen)
                if reply.hang:
                    await asyncio.Event().wait()
                await asyncio.sleep(0)
                self.open -= 1
                writer.write(_bytes(reply))
                await writer.drain()
                if reply.raw is not None or reply.cut is not None:
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client has closed the connection, or the test is over
        finally:
            writer.close()

    def _reply(self, seen: Seen) -> Reply:
        if seen.path.startswith("/login/companyinfo/"):
            self.discoveries.append(seen)
            body = self._codebase()
            return body if isinstance(body, Reply) else Reply(body)
        self.seen.append(seen)
        return self._answer(seen)


def scripted(*replies: Reply) -> Responder:
    """Return these responses one after the other, and the last one from then on."""
    left = list(replies)
    return lambda seen: left.pop(0) if len(left) > 1 else left[0]


@dataclass(slots=True)
class Waits:
    """A clock that does not wait. `slept` holds the seconds of the waits that the client requested."""

    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    @property
    def clock(self) -> Clock:
        return Clock(sleep=self.sleep, jitter=lambda: 0.0)


def connection(site: str, **changes: Any) -> Connection:
    """Return a connection to a server of this module."""
    settings: dict[str, Any] = {
        "site": site,
        "company": "acme",
        "client_id": "client-id-1",
        "public_key": "Public123",
        "private_key": "Private456",
        **changes,
    }
    return Connection(**settings)


def client(
    site: str,
    *,
    waits: Waits | None = None,
    on_notice: Callable[[str], None] | None = None,
    timeouts: Timeouts | None = None,
    **changes: Any,
) -> ConnectWise:
    """Return a client over the production transport that never sleeps."""
    return ConnectWise(
        connection(site, **changes), on_notice=on_notice, timeouts=timeouts, clock=(waits or Waits()).clock
    )


async def _request(reader: asyncio.StreamReader) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Seen(method, target, headers, body)


def _bytes(reply: Reply) -> bytes:
    if reply.raw is not None:
        return reply.raw
    content = reply.content()
    headers = {"content-type": "application/json", "content-length": str(len(content)), **reply.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {reply.status} X\r\n{lines}\r\n".encode() + content[: reply.cut]


def read_back(body: Mapping[str, Any], *, but: str = "") -> Callable[[Mapping[str, Any]], Sequence[Mismatch]]:
    """Return a read-back check for a body, without a field that no response shows."""
    sent = decode(encode({name: value for name, value in body.items() if name != but}))
    return read_back_body(sent)


FINE = Reply({"id": 1})
INVALID = Reply(
    {
        "code": "InvalidObject",
        "message": "company object is invalid",
        "errors": [
            {
                "code": "MissingRequiredField",
                "message": "identifier is required",
                "resource": "company",
                "field": "identifier",
            }
        ],
    },
    status=400,
)


async def fails(*replies: Reply, waits: Waits | None = None, accepted: bool = True) -> ConnectWiseError:
    """Return the error of a GET with this response, after a first request that was successful."""
    first = [Reply({"version": "v1"})] if accepted else []
    async with Server(scripted(*first, *replies)) as server, client(server.site, waits=waits) as connectwise:
        if accepted:
            await connectwise.info()
        with pytest.raises(ConnectWiseError) as caught:
            await connectwise.get("/company/companies/7")
    for secret in ("Private456", "Public123", "YWNtZS"):
        assert secret not in str(caught.value)
    return caught.value
