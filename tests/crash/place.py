"""A place to run in: a sandbox that is served, a folder of manifests and a ledger, all of which can be put back."""

from __future__ import annotations

import shutil
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox
from reconciler.sandbox.state.saved import load, save
from tests.crash.jobs import Disturbance, Ended, Job
from tests.crash.launcher import Launcher
from tests.crash.state import state_of
from tests.times import START

GB = 10**9
_STATE = "sandbox.json"


@dataclass(frozen=True)
class Snapshot:
    """A copy of a place: the state file of its sandbox, and all its files."""

    folder: Path


class Place:
    """One sandbox at a time, and its files in a folder that holds nothing else."""

    def __init__(self, running: RunningSandbox, launcher: Launcher, folder: Path) -> None:
        self._running = running
        self._launcher = launcher
        self._folder = folder
        self.files = folder / "files"
        self.manifests = self.files / "manifests"
        self.ledger = self.files / ".reconciler" / "ledger.sqlite"
        self._snapshots = 0

    def begin(self) -> None:
        """Empty the place: a new tenant, a console without customers, no manifests and no ledger."""
        clock = Clock(START)
        self._show(Sandbox(clock=clock, console=Console(clock, World(customers=0, started=START))))
        shutil.rmtree(self.files, ignore_errors=True)
        self.manifests.mkdir(parents=True)

    def save(self) -> Snapshot:
        self._snapshots += 1
        folder = self._folder / f"snapshot-{self._snapshots}"
        shutil.copytree(self.files, folder / "files")
        save(self.sandbox, folder / _STATE)
        return Snapshot(folder)

    def restore(self, snapshot: Snapshot) -> None:
        shutil.rmtree(self.files)
        shutil.copytree(snapshot.folder / "files", self.files)
        clock, tenant, console, *_ = load(snapshot.folder / _STATE)
        self._show(Sandbox(clock=clock, tenant=tenant, console=console))

    def _show(self, sandbox: Sandbox) -> None:
        self._running.show(sandbox)
        self.sandbox = sandbox
        self.tenant = sandbox.tenant
        self.world = sandbox.console.world

    # ── runs ─────────────────────────────────────────────────────────────────────────────────────────────

    def run(self, *arguments: str, disturbance: Disturbance | None = None) -> Ended:
        """Run a command line in a process of its own, at the sandbox's time."""
        now = self.sandbox.clock.now().isoformat()
        here = {"CRASH_LEDGER": str(self.ledger), "CRASH_MANIFESTS": str(self.manifests)}
        environ = {**self._running.variables(), **here, "PATH": "", "USER": "crash"}
        whole = ["-C", str(self.manifests), "--now", now, *arguments]
        return self._launcher.run(Job(whole, environ, disturbance))

    def settle(self) -> None:
        """Wait until the sandbox has carried out what a process sent before it ended, and end all faults.

        The server reads everything that has arrived before it accepts a connection that comes later.
        """
        url = urlsplit(self._running.url)
        for _ in range(2):
            with closing(HTTPConnection(url.hostname or "", url.port)) as connection:
                connection.request("POST", "/sandbox/faults", '{"faults": []}', {"Content-Type": "application/json"})
                assert connection.getresponse().status == 200

    def lose_ledger(self) -> None:
        with suppress(FileNotFoundError):
            shutil.rmtree(self.ledger.parent)

    def state(self) -> str:
        """Return a digest of all that the next run finds."""
        return state_of(self.tenant, self.files, self.ledger)

    def files_text(self) -> list[str]:
        """Return a line for each line of each file in the manifest folder, in a stable order."""
        found = sorted(path for path in self.manifests.rglob("*") if path.is_file())
        lines = ((path, path.read_text(encoding="utf-8").splitlines() or [""]) for path in found)
        return [f"{path.relative_to(self.manifests)}: {line}" for path, texts in lines for line in texts]

    # ── changes by hand ──────────────────────────────────────────────────────────────────────────────────

    def write(self, name: str, text: str) -> None:
        (self.manifests / name).write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text that must be in a manifest."""
        text = (self.manifests / name).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        self.write(name, text.replace(old, new))

    def uses(self, customer: int, gigabytes: int) -> None:
        """Set the usage of a customer, from now on."""
        self.world.set_bytes(customer, gigabytes * GB, self.sandbox.clock.now())

    def advance(self, hours: float = 1) -> None:
        self.sandbox.clock.advance(timedelta(hours=hours))

    def found(self, table: str, **values: Any) -> Any:
        """Return the only row of a table of the tenant whose data has these values."""
        rows = [row for row in self.tenant.tables[table].rows.values() if values.items() <= row.data.items()]
        (row,) = rows
        return row
