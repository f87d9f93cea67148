"""Measure the floor of a plan: the time for its requests and for parsing its YAML, without any work on the results.

The floor sends the requests of a recorded no-op plan again with bare aiohttp, at the same concurrency, without waiting
for each other. Then it parses every manifest with the fastest parser we know (`py-yaml12`). Its time contains no start
of an interpreter and no imports. The time of the plan contains both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import aiohttp
import yaml12
from yarl import URL

from benchmarks.recording import Recorded

CONCURRENCY = 16
"""Requests at a time: the default of `maxConcurrency` in the product."""


@dataclass(frozen=True, slots=True)
class Floor:
    """The time in seconds for the requests and for the parsing."""

    requests: float
    parsing: float

    @property
    def seconds(self) -> float:
        """Return the sum of both times."""
        return self.requests + self.parsing


def measure(site: str, requests: Sequence[Recorded], manifests: Path) -> Floor:
    """Measure the floor once. Raise `RuntimeError` if a response differs from the recorded one."""
    return Floor(asyncio.run(_replayed(site, requests)), _parsed(manifests))


async def _replayed(site: str, requests: Sequence[Recorded]) -> float:
    waiting = iter(requests)
    connector = aiohttp.TCPConnector(limit=CONCURRENCY)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:

        async def worker() -> None:
            for each in waiting:
                url = URL(site + each.target, encoded=True)
                async with session.request(each.method, url, headers=each.headers, data=each.body or None) as answer:
                    content = await answer.read()
                if answer.status != each.status or abs(len(content) - each.size) > _NEWER_VISA:
                    raise RuntimeError(f"{each.method} {each.target} got another response than the recorded one")

        began = perf_counter()
        await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))
        return perf_counter() - began


_NEWER_VISA = 16
"""Bytes by which the size of a response may differ, because the console puts a new visa into each."""


def _parsed(manifests: Path) -> float:
    began = perf_counter()
    for path in sorted(manifests.rglob("*.yaml")):
        yaml12.parse_yaml(path.read_text(encoding="utf-8"), multi=True)
    return perf_counter() - began
