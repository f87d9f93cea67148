"""The random trouble of a run: answers that are lost, too many requests, a wrong clock, a killed process."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Any

import httpx

from tests.shop import Send, Shop

_WITHOUT_HISTORY = """
from reconciler.metering.sources import registry
registry.history = lambda *_: None
from reconciler.cli.main import main
main()
"""
"""A program that reads no hours without a run, as the runs in this process."""


def rows(shop: Shop) -> dict[int, dict[str, Any]]:
    """Return the additions of the tenant, by id."""
    return {number: dict(row.data) for number, row in shop.tenant.tables["addition"].rows.items()}


def run_with_a_wrong_clock(shop: Shop, random: Random) -> None:
    """Run at a time that differs from the tenant's. The run must be refused, and write nothing."""
    before = rows(shop)
    hours = random.choice((-30, -1, 1, 26, 800))
    said = shop("apply", "--auto-approve", now=(shop.time + timedelta(hours=hours)).isoformat())
    assert said.code == 3, said.err
    assert rows(shop) == before


def run_that_loses_answers(shop: Shop, random: Random) -> None:
    """Run with a connection that ends at a write of an addition, before or after ConnectWise has got the request."""
    left, sent, dead = random.randint(0, 6), random.random() < 0.5, random.random() < 0.5
    seen = 0

    async def lose(request: httpx.Request, send: Send) -> httpx.Response:
        nonlocal seen
        if request.method in ("POST", "PATCH") and "/additions" in request.url.path:
            seen += 1
            if seen == left + 1 or (dead and seen > left):
                if sent:
                    await send(request)
                raise httpx.ReadError("the connection is lost")
        return await send(request)

    with shop.meddled(lose):
        said = shop("apply", "--auto-approve")
    assert said.code in (0, 4, 5), said.err
    assert "Traceback" not in said.err


def run_that_is_killed(shop: Shop, random: Random) -> None:
    """Run in a process that is killed after some requests."""
    begun, requests = shop.sandbox.log.total, random.randint(5, 80)
    process = shop.start("apply", "--auto-approve", program=("-c", _WITHOUT_HISTORY))
    shop.until(lambda: shop.sandbox.log.total - begun >= requests, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()


RUNS: Mapping[str, Callable[[Shop, Random], None]] = {
    "wrong clocks": run_with_a_wrong_clock,
    "lost answers": run_that_loses_answers,
    "kills": run_that_is_killed,
}
"""By what happens in them."""
