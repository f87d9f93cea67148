"""Create a sandbox from the options of a command, and save it again."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.messy.estate import make
from reconciler.sandbox.server.control.bodies import ControlError, read_moment
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.shared.faults import Faults, FaultSpecError
from reconciler.sandbox.state.sandbox import Sandbox
from reconciler.sandbox.state.saved import SavedStateError, load, save


class StartError(ValueError):
    """A sandbox that cannot be created, served or saved: what happened, at which option or file, and what to do."""

    def __init__(self, what: str, *, where: str = "", advice: str = "") -> None:
        self.what = what
        self.where = where
        self.advice = advice
        super().__init__(what)


def new_sandbox(
    *,
    customers: int,
    seed: int,
    latency_ms: int,
    faults: Iterable[str],
    clock: str | None,
    state: Path | None,
    messy: bool = False,
) -> Sandbox:
    """Return a sandbox with the given customers, or the one in the state file when that file exists.

    `clock` is a time in ISO 8601 with a zone, at which the clock stands still. Without it the sandbox runs on the
    machine's time, or on from the time in the state file. With `messy`, the customers and ConnectWise are those of the
    population `messy`.

    Raises:
        StartError: the time or a fault cannot be read, or the file holds no state.
    """
    try:
        active = Faults(faults)
    except FaultSpecError as error:
        raise StartError(str(error), where="--fault") from None
    try:
        start = read_moment(clock) if clock is not None else None
    except ControlError as error:
        raise StartError(str(error), where="--clock") from None
    if state is not None and state.exists():
        return _loaded(state, start, active, latency_ms)
    time = Clock(start)
    if messy:
        tenant, world, truth = make(seed, customers, time)
        console = Console(time, world)
        return Sandbox(clock=time, faults=active, tenant=tenant, console=console, truth=truth, latency_ms=latency_ms)
    console = Console(time, World(seed, customers, time.now()))
    return Sandbox(clock=time, faults=active, console=console, latency_ms=latency_ms)


def _loaded(path: Path, start: datetime | None, faults: Faults, latency_ms: int) -> Sandbox:
    try:
        loaded = load(path)
    except SavedStateError as error:
        raise StartError(str(error), where=str(path), advice="Move the file away to begin with a new tenant.") from None
    except OSError as error:
        raise StartError(f"the state cannot be read: {error.strerror}", where=str(path)) from None
    if start is not None:
        loaded.clock.freeze()
        loaded.clock.set(start)
    return Sandbox(
        clock=loaded.clock,
        faults=faults,
        tenant=loaded.tenant,
        console=loaded.console,
        truth=loaded.truth,
        invoicing=loaded.invoicing,
        latency_ms=latency_ms,
    )


def save_sandbox(sandbox: Sandbox, path: Path) -> None:
    """Write the state of a sandbox to a file.

    Raises:
        StartError: the file cannot be written. A file that was there before is unchanged.
    """
    try:
        save(sandbox, path)
    except OSError as error:
        raise StartError(
            f"the state could not be written: {error.strerror}",
            where=str(path),
            advice="The file is unchanged. Free some space, or give another file with --state.",
        ) from None


def check_port(port: int) -> None:
    """Check that a port of 127.0.0.1 is free. Port 0 always is.

    Raises:
        StartError: the port is in use, or not allowed.
    """
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            attempt.bind(("127.0.0.1", port))
    except OSError as error:
        raise StartError(
            f"port {port} of 127.0.0.1 cannot be used: {error.strerror or error}",
            advice="Stop the program that uses it, or let the sandbox take a free port with --port 0.",
        ) from None
