"""What every forge has: a repository, a tenant with a console, and a ledger. All of it can be put back."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox
from reconciler.sandbox.state.saved import load, save
from tests.pipelines.repository import Repository
from tests.times import START

GB = 10**9


class Forge:
    """A repository with pipelines, in a folder that holds nothing else."""

    def __init__(self, running: RunningSandbox, programs: Path, folder: Path) -> None:
        self._running, self._programs, self._folder = running, programs, folder
        self.files = folder / "files"
        self.repository = Repository(self.files)
        self._jobs = 0
        self._snapshots = 0
        self.secrets: dict[str, dict[str, str]] = {}

    # ── begin, save, restore ─────────────────────────────────────────────────────────────────────────────

    def _begin(self, **state: Any) -> None:
        """Make an empty repository, a new tenant, and a console with two customers."""
        clock = Clock(START)
        self._show(Sandbox(clock=clock, console=Console(clock, World(customers=2, started=START))))
        shutil.rmtree(self.files, ignore_errors=True)
        (self.files / "artifacts").mkdir(parents=True)
        self.repository.create()
        self.write_forge(next=1, calls=[], unknown=[], **state)

    def _values(self) -> dict[str, str]:
        """Return the values of all variables that the manifests refer to."""
        return {
            **self._running.variables(),
            "LEDGER_URL": f"sqlite:///{self.files / 'ledger.sqlite'}",
            "INTEGRATOR_PASSWORD": "the password of the integrator",
        }

    def save(self) -> Path:
        self._snapshots += 1
        folder = self._folder / f"snapshot-{self._snapshots}"
        shutil.copytree(self.files, folder / "files")
        save(self.sandbox, folder / "sandbox.json")
        (folder / "secrets.json").write_text(json.dumps(self.secrets), encoding="utf-8")
        return folder

    def restore(self, snapshot: Path) -> None:
        shutil.rmtree(self.files)
        shutil.copytree(snapshot / "files", self.files)
        clock, tenant, console, *_ = load(snapshot / "sandbox.json")
        self._show(Sandbox(clock=clock, tenant=tenant, console=console))
        self.secrets = json.loads((snapshot / "secrets.json").read_text(encoding="utf-8"))

    def _show(self, sandbox: Sandbox) -> None:
        self._running.show(sandbox)
        self.sandbox, self.tenant, self.world = sandbox, sandbox.tenant, sandbox.console.world

    # ── the forge ────────────────────────────────────────────────────────────────────────────────────────

    @property
    def forge(self) -> dict[str, Any]:
        """Return what the forge knows, such as comments, issues and runs, and the calls of its program."""
        found: dict[str, Any] = json.loads((self.files / "forge.json").read_text(encoding="utf-8"))
        return found

    def write_forge(self, **more: Any) -> None:
        path = self.files / "forge.json"
        before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        path.write_text(json.dumps({**before, **more}), encoding="utf-8")

    def _number(self) -> int:
        number: int = self.forge["next"]
        self.write_forge(next=number + 1)
        return number

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text that must be in a file of the clone."""
        path = self.repository.clone / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    # ── the tenant ───────────────────────────────────────────────────────────────────────────────────────

    def advance(self, hours: float = 1) -> None:
        self.sandbox.clock.advance(timedelta(hours=hours))

    def uses(self, customer: int, gigabytes: int) -> None:
        """Set the usage of a customer, from now on."""
        self.world.set_bytes(customer, gigabytes * GB, self.sandbox.clock.now())

    def appears(self, name: str, gigabytes: int) -> None:
        """Add a customer to the console that no manifest maps."""
        now = self.sandbox.clock.now()
        self.world.add_device(self.world.add_customer(name, now).id, now, gigabytes * GB)

    def row(self, table: str, **values: Any) -> dict[str, Any]:
        """Return the data of the only row of a table of the tenant that has these values."""
        rows = [row.data for row in self.tenant.tables[table].rows.values() if values.items() <= row.data.items()]
        (found,) = rows
        return found

    def by_hand(self, path: str, **values: Any) -> None:
        """Edit an object in ConnectWise by hand."""
        known = {name.removeprefix("CONNECTWISE_"): value for name, value in self._running.variables().items()}
        operations = [{"op": "replace", "path": name, "value": value} for name, value in values.items()]
        answer = httpx.patch(
            f"{self._running.url}/{self.tenant.codebase}apis/3.0{path}",
            auth=(
                f"{known['COMPANY']}+{known['PUBLIC_KEY']}",
                known["PRIVATE_KEY"],
            ),
            headers={"clientId": known["CLIENT_ID"]},
            json=operations,
        )
        assert answer.status_code == 200, answer.text
