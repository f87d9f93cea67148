"""`reconciler sandbox`: serve stand-ins of ConnectWise and the backup console on loopback, for practice and tests.

Standard output holds the environment variables of the example estate, as a JSON object or as shell lines. The command
prints them once the server listens. When standard output is a pipe, it is closed after them, so that
`source <(reconciler sandbox --format env)` returns while the sandbox runs.

The sandbox is the extra `[sandbox]`. This module is the only one that imports it, and only when the command runs.
"""

from __future__ import annotations

import os
import shlex
import signal
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

EXTRA = frozenset({"lark", "starlette", "uvicorn", "xlsxwriter"})
"""The packages of the extra `[sandbox]`."""

PID = "RECONCILER_SANDBOX_PID"
"""The shell variable with the number of the process, because zsh does not set `$!` for `source <(…)`."""


class Format(StrEnum):
    """How the variables are printed."""

    JSON = "json"
    ENV = "env"


class Population(StrEnum):
    """The customers and objects that a new sandbox starts with."""

    EXAMPLE = "example"
    MESSY = "messy"


def sandbox(
    customers: Annotated[int, typer.Option(min=0, metavar="N", help="Customers in the backup console.")] = 6,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="The same seed makes the same customers.")] = 1,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="Port on 127.0.0.1; 0 takes a free one.")
    ] = 0,
    *,
    population: Annotated[
        Population,
        typer.Option(help="example: an empty ConnectWise. messy: an estate that already exists, for import."),
    ] = Population.EXAMPLE,
    latency_ms: Annotated[int, typer.Option(min=0, metavar="N", help="Milliseconds to delay every response.")] = 0,
    state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File to continue from. The state is written to it at the end.")
    ] = None,
    fault: Annotated[
        list[str] | None, typer.Option(metavar="FAULT", help="A fault, such as 429:3 or drop:1@additions.")
    ] = None,
    clock: Annotated[
        str | None, typer.Option(metavar="TIME", help="Stop the clock at this time: 2026-11-01T00:00:00Z.")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="Print the variables as a JSON object, or as lines for `source`.")
    ] = Format.JSON,
) -> None:
    """Run stand-ins of ConnectWise and of the backup console until Ctrl-C.

    When the state file exists, its customers, tenant and time are used; --clock changes the time.
    """
    try:
        from reconciler.sandbox.server import starting  # noqa: PLC0415 (an optional part; no other command needs it)
        from reconciler.sandbox.server.running import RunningSandbox  # noqa: PLC0415 (part of it)
    except ModuleNotFoundError as error:
        raise _not_installed(error) from error
    if state is not None and not state.parent.is_dir():
        raise ReconcilerError(f"there is no folder {state.parent}", where="--state", advice="Create it first.")
    try:
        served = starting.new_sandbox(
            customers=customers,
            seed=seed,
            latency_ms=latency_ms,
            faults=fault or [],
            clock=clock,
            state=state,
            messy=population is Population.MESSY,
        )
        starting.check_port(port)
        with _until_stopped() as stopped, RunningSandbox(served, port=port) as running:
            _print(served.variables(running.url), form)
            say(f"Open {running.url}/ in a browser to look inside. Press Ctrl-C to stop.")
            stopped.wait()
        if state is not None:
            starting.save_sandbox(served, state)
    except starting.StartError as error:
        raise ReconcilerError(error.what, where=error.where, advice=error.advice) from None


def _not_installed(error: ModuleNotFoundError) -> Exception:
    """Return the error for a sandbox that cannot be imported; a module missing for another reason is a bug."""
    if str(error.name).partition(".")[0] not in EXTRA:
        return error
    return ReconcilerError(
        "the sandbox is an optional part of reconciler, and it is not installed",
        advice="Install the wheel with its extra [sandbox]: "
        "pip install --no-deps --require-hashes -r dist/requirements-sandbox.txt",
    )


def _print(variables: Mapping[str, str], form: Format) -> None:
    """Print the variables. A pipe is closed after them: a reader such as `source` waits for its end."""
    if form is Format.JSON:
        deliver_json(variables)
    else:
        deliver(shell_lines({**variables, PID: str(os.getpid())}))
    with suppress(OSError, ValueError, AttributeError):  # standard output may be no file, or closed already
        if stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode):
            silence(sys.stdout)


def shell_lines(variables: Mapping[str, str]) -> str:
    """Return the variables as lines for a shell: `export NAME='value'`."""
    return "\n".join(f"export {name}={_quoted(value)}" for name, value in variables.items())


def _quoted(value: str) -> str:
    """Return a value in single quotes, which every shell reads, also when it needs none."""
    quoted = shlex.quote(value)
    return quoted if quoted.startswith("'") or "'" in quoted else f"'{quoted}'"


@contextmanager
def _until_stopped() -> Iterator[threading.Event]:
    """Return an event that Ctrl-C or SIGTERM sets, so that both stop the sandbox in an orderly way."""
    stopped = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, lambda *_: stopped.set()) for each in signals]
    try:
        yield stopped
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)
