"""Send all messages of a run and its ping at the same time, and wait for none of them longer than a limit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from time import monotonic

from reconciler.alerts.heartbeat import ping
from reconciler.alerts.message import Message
from reconciler.alerts.sending import load, send

SECONDS = 30.0
"""A run waits at most this many seconds for all receivers and the heartbeat together."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What did not arrive, and why."""

    receivers: Mapping[str, str]
    """By name of each receiver: why its message was not sent, or ""."""
    heartbeat: str = ""
    """Why the ping did not arrive. Empty if it did, or if there was none."""


def deliver(
    messages: Mapping[str, tuple[str, Message]], heartbeat: str | None = None, *, seconds: float = SECONDS
) -> Delivered:
    """Send one message to each receiver, and ping the URL of a heartbeat. Raises nothing.

    `messages` has the URL and the message of each receiver. What takes longer than `seconds` in all is abandoned, and
    ends with the process at the latest.
    """
    if messages:
        load()
    tasks: dict[str | None, Callable[[], str]] = {
        name: partial(send, url, message) for name, (url, message) in messages.items()
    }
    if heartbeat is not None:
        tasks[None] = partial(ping, heartbeat)
    reasons = _in_time(tasks, seconds)
    return Delivered({name: reasons[name] for name in messages}, reasons.get(None, ""))


def _in_time(tasks: Mapping[str | None, Callable[[], str]], seconds: float) -> dict[str | None, str]:
    """Return what each task returns, or that it took longer than `seconds`."""
    results: dict[str | None, str] = {}

    def run(name: str | None, task: Callable[[], str]) -> None:
        results[name] = task()

    threads = [threading.Thread(target=run, args=each, daemon=True) for each in tasks.items()]
    end = monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - monotonic()))
    late = f"there was no answer within {seconds:g} seconds"
    return {name: results.get(name, late) for name in tasks}
