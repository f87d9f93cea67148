"""`reconciler sandbox`: both stand-ins on loopback, for a first look, for demos and for tests.

Standard output is the variables that the example estate reads, as a JSON object or as lines for a shell. They are
printed once the socket listens. A pipe is closed behind them: `source <(reconciler sandbox --format env)` goes on while
the sandbox serves.
"""

from __future__ import annotations

import os
import shlex
import signal
import socket
import stat
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.output import deliver, deliver_json, say
from reconciler.cli.streams import silence
from reconciler.errors import ReconcilerError
from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.server.control.bodies import ControlError, read_moment
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.shared.faults import Faults, FaultSpecError
from reconciler.sandbox.state.sandbox import Sandbox
from reconciler.sandbox.state.saved import SavedStateError, load, save


class Format(StrEnum):
    """How the variables are printed."""

    JSON = "json"
    ENV = "env"


def sandbox(
    customers: Annotated[int, typer.Option(min=0, help="Customers in the backup console.")] = 6,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same customers.")] = 1,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    *,
    latency_ms: Annotated[int, typer.Option(min=0, help="Milliseconds that every answer waits.")] = 0,
    state: Annotated[Path | None, typer.Option(help="Go on from this file, and write it at the end.")] = None,
    fault: Annotated[list[str] | None, typer.Option(help="A bad day, such as 429:3 or drop:1@additions.")] = None,
    clock: Annotated[str | None, typer.Option(help="Stand at this time, such as 2026-11-01T00:00:00Z.")] = None,
    form: Annotated[
        Format, typer.Option("--format", help="The variables as a JSON object, or as lines for `source`.")
    ] = Format.JSON,
) -> None:
    """Run stand-ins of ConnectWise and of the backup console until Ctrl-C.

    A state file that exists decides the customers, the tenant and the time; --clock moves its time.
    """
    if state is not None and not state.parent.is_dir():
        raise ReconcilerError(f"there is no folder {state.parent}", where="--state", advice="Make it first.")
    made = _made(customers, seed, latency_ms, state, fault or [], clock)
    _need_free(port)
    with _until_stopped() as stopped, RunningSandbox(made, port=port) as running:
        _print(made.variables(running.url), form)
        say(f"Look at {running.url}/ - Ctrl-C ends it.")
        stopped.wait()
    if state is not None:
        try:
            save(made, state)
        except OSError as error:
            raise ReconcilerError(
                f"the state could not be written: {error.strerror}",
                where=str(state),
                advice="What stood there before still stands; make room, or name another file with --state.",
            ) from None


def _made(customers: int, seed: int, latency_ms: int, state: Path | None, faults: list[str], at: str | None) -> Sandbox:
    try:
        bad_days = Faults(faults)
        start = read_moment(at) if at is not None else None
        if state is not None and state.exists():
            clock, tenant, console = load(state)
            if start is not None:
                clock.freeze()
                clock.set(start)
            return Sandbox(clock=clock, faults=bad_days, tenant=tenant, console=console, latency_ms=latency_ms)
    except ControlError as error:
        raise ReconcilerError(str(error), where="--clock") from None
    except FaultSpecError as error:
        raise ReconcilerError(str(error), where="--fault") from None
    except SavedStateError as error:
        advice = "Move the file away to begin with a new tenant."
        raise ReconcilerError(str(error), where=str(state), advice=advice) from None
    except OSError as error:
        raise ReconcilerError(f"the state cannot be read: {error.strerror}", where=str(state)) from None
    clock = Clock(start)
    console = Console(clock, World(seed, customers, clock.now()))
    return Sandbox(clock=clock, faults=bad_days, console=console, latency_ms=latency_ms)


def _print(variables: Mapping[str, str], form: Format) -> None:
    """On standard output. A pipe is closed behind them: its reader may wait for the end, as `source` does."""
    if form is Format.JSON:
        deliver_json(variables)
    else:
        deliver(shell_lines(variables))
    with suppress(OSError, ValueError, AttributeError):  # standard output may be no file, or closed already
        if stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode):
            silence(sys.stdout)


def shell_lines(variables: Mapping[str, str]) -> str:
    """What a shell sources: `export NAME='value'`."""
    return "\n".join(f"export {name}={_quoted(value)}" for name, value in variables.items())


def _quoted(value: str) -> str:
    """In single quotes, as every shell takes it, also where none are needed."""
    quoted = shlex.quote(value)
    return quoted if quoted.startswith("'") or "'" in quoted else f"'{quoted}'"


def _need_free(port: int) -> None:
    """Try the port before anything is started on it."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            attempt.bind(("127.0.0.1", port))
    except OSError as error:
        raise ReconcilerError(
            f"port {port} of 127.0.0.1 cannot be used: {error.strerror or error}",
            advice="Stop what listens there, or let the sandbox take a free port with --port 0.",
        ) from None


@contextmanager
def _until_stopped() -> Iterator[threading.Event]:
    """An event that Ctrl-C or a termination sets, so that both end the sandbox in good order."""
    stopped = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, lambda *_: stopped.set()) for each in signals]
    try:
        yield stopped
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)
