"""Test servers on this machine that send prepared responses, correct or not."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that the server received."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """A response. With `cut`, only so many bytes of the body are sent. With `drop`, the connection closes without one.

    `raw` replaces the whole response. With `forever`, the body is sent again after so many seconds, until the client
    closes the connection.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    drop: bool = False
    raw: bytes | None = None
    forever: float | None = None

    def on_the_wire(self) -> bytes:
        """Return the bytes that the server sends."""
        if self.raw is not None:
            return self.raw
        lines = [f"HTTP/1.1 {self.status} Status", "Connection: close"]
        lines += [f"Content-Length: {len(self.body)}"] if self.forever is None else []
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        return head + (self.body if self.cut is None else self.body[: self.cut])


def as_json(value: Any, **more: Any) -> Reply:
    """Return a response with a JSON body."""
    return Reply(json.dumps(value).encode(), **more)


class Server:
    """An HTTP server that calls `answer` for the reply to each request, and keeps the requests in `seen`."""

    def __init__(self, answer: Callable[[Seen], Reply]) -> None:
        self._answer = answer
        self.seen: list[Seen] = []
        self._over = asyncio.Event()
        self._serving: list[asyncio.Future[None]] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/jsonapi"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.close()
        await asyncio.gather(*self._serving)
        await self._server.wait_closed()

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.append(asyncio.ensure_future(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The client may close the connection before the end of the response.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await self._reply(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def _reply(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        seen = Seen(method, target, headers, body)
        self.seen.append(seen)
        reply = self._answer(seen)
        if reply.drop:
            return
        writer.write(reply.on_the_wire())
        await writer.drain()
        while reply.forever is not None and not self._over.is_set():
            await asyncio.sleep(reply.forever)
            writer.write(reply.body)
            await writer.drain()


class Time:
    """A monotonic clock for tests. `sleep` moves it forward without waiting."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Move the clock forward."""
        self.slept.append(seconds)
        self.now += seconds
