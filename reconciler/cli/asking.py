"""Ask a person whether to apply a plan."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.cli.output import say
from reconciler.errors import Refused
from reconciler.planning.plan import Plan


def ask(plan: Plan) -> None:
    """Ask whether to apply. Raises `Refused` for every answer but `yes`."""
    count = len(plan.actions)
    these = f"these {count} changes" if count > 1 else "this change"
    with _ctrl_c_ends_waiting():
        say(f"\nDo you want to make {these} in ConnectWise? Type 'yes' to apply: ", end="")
        answer = _answer()
    if answer != "yes":
        raise Refused("not approved; nothing was written", advice="To apply without a question: --auto-approve")


@contextmanager
def _ctrl_c_ends_waiting() -> Iterator[None]:
    """Let Ctrl-C end the wait for an answer. With asyncio's own handler, the wait would continue."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _answer() -> str:
    """Return one line of standard input, or an empty text if it is closed or not text."""
    try:
        return sys.stdin.readline().strip()
    except (AttributeError, ValueError):
        return ""
