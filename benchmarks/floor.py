"""The floor: what the same requests and the same YAML cost when nothing is done with them.

The requests of a recorded no-op plan, by bare aiohttp at the same concurrency, all independent of each other; then the
text of every manifest through the fastest parser at hand (`py-yaml12`). It starts no interpreter and imports nothing
within its time, which the plan beside it does.
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
"""The product's own default, `maxConcurrency`."""


@dataclass(frozen=True, slots=True)
class Floor:
    """Seconds of each half."""

    requests: float
    parsing: float

    @property
    def seconds(self) -> float:
        """Both halves, one after the other."""
        return self.requests + self.parsing


def measure(site: str, requests: Sequence[Recorded], manifests: Path) -> Floor:
    """One measurement. Raises `RuntimeError` when an answer is not the one that was recorded."""
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
                    raise RuntimeError(f"{each.method} {each.target} was answered otherwise than before")

        began = perf_counter()
        await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))
        return perf_counter() - began


_NEWER_VISA = 16
"""Bytes by which an answer may differ: the console gives a new visa with each."""


def _parsed(manifests: Path) -> float:
    began = perf_counter()
    for path in sorted(manifests.rglob("*.yaml")):
        yaml12.parse_yaml(path.read_text(encoding="utf-8"), multi=True)
    return perf_counter() - began
