"""Record the requests of a run with a proxy on loopback that forwards them to the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from yarl import URL

from benchmarks.running import ENDED

_OF_THE_CONNECTION = frozenset({"host", "connection", "keep-alive", "transfer-encoding", "content-length"})
_OF_THE_BODY = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection"})


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request, with the status and the body size of its response. A replay checks both."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    size: int


@dataclass(slots=True)
class Recording:
    """All requests of one run, in the order of their responses."""

    requests: list[Recorded] = field(default_factory=list)


@asynccontextmanager
async def recording(site: str) -> AsyncIterator[tuple[str, Recording]]:
    """Run a proxy in front of `site`, and give its address and its recording."""
    kept = Recording()
    async with aiohttp.ClientSession(auto_decompress=False) as session:

        async def passed_on(request: web.Request) -> web.Response:
            headers = {name: value for name, value in request.headers.items() if name.lower() not in _OF_THE_CONNECTION}
            body = await request.read()
            url = URL(site + request.raw_path, encoded=True)
            async with session.request(request.method, url, headers=headers, data=body) as answer:
                content = await answer.read()
            kept.requests.append(Recorded(request.method, request.raw_path, headers, body, answer.status, len(content)))
            told = {name: value for name, value in answer.headers.items() if name.lower() not in _OF_THE_BODY}
            return web.Response(status=answer.status, body=content, headers=told)

        application = web.Application()
        application.router.add_route("*", "/{path:.*}", passed_on)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        place = web.TCPSite(runner, "127.0.0.1", 0)
        await place.start()
        try:
            host, port = runner.addresses[0][:2]
            yield f"http://{host}:{port}", kept
        finally:
            await runner.cleanup()


async def recorded_run(
    site: str, variables: Mapping[str, str], command: list[str], env: Mapping[str, str]
) -> Recording:
    """Run a command through the proxy instead of directly against `site`, and return its requests.

    Raises `RuntimeError` with the end of the command's output if it fails.
    """
    async with recording(site) as (proxy, kept):
        turned = {name: value.replace(site, proxy) for name, value in variables.items()}
        process = await asyncio.create_subprocess_exec(
            *command,
            env={**env, **turned},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        if process.returncode not in ENDED:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said.decode()[-2000:]}")
    return kept
