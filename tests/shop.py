"""Test with a sandbox over real HTTP, a copy of the example estate, and the command line in this process."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import Any

import httpx
import msgspec
import pytest

from reconciler.cli.main import run
from reconciler.connectwise import ConnectWise, session
from reconciler.ledger.lease import Lease, hold_lock
from reconciler.ledger.store import Ledger
from reconciler.metering.sources import cove, cove_history, cove_report_pull
from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox
from tests.new_ledgers import make_quickly
from tests.times import START

WITHOUT_AUTHORITIES = SSLContext(PROTOCOL_TLS_CLIENT)
"""TLS settings for clients of the sandbox, which speaks plain HTTP. Loading the authorities takes as long as a test."""
EXAMPLE = Path(__file__).parent.parent / "manifests"
GB = 10**9
ALDER, BIRCHWOOD, CEDAR, DOGWOOD, ELMHURST, FIR = range(1001001, 1001007)


@dataclass(frozen=True)
class Said:
    """The exit code of a command, its standard output and its standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


async def no_wait(_seconds: float) -> None:
    """Return at once instead of sleeping."""


Send = Callable[[httpx.Request], Awaitable[httpx.Response]]


class Meddler(httpx.AsyncBaseTransport):
    """The production transport, with a function that may change, delay or answer each request."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        meddle: Callable[[httpx.Request, Send], Awaitable[httpx.Response]],
    ) -> None:
        self._inner = inner
        self._meddle = meddle

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._meddle(request, self._inner.handle_async_request)

    async def aclose(self) -> None:
        await self._inner.aclose()


class Shop:
    """A tenant, a backup console, a folder of manifests and a ledger to test with."""

    def __init__(
        self, running: RunningSandbox, folder: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
    ) -> None:
        self.running = running
        self.show(running.sandbox)
        self.folder = folder
        self.patch = patch
        self._capture = capture
        self.variables = running.variables()
        for name, value in self.variables.items():
            patch.setenv(name, value)
        self.http = httpx.Client(
            base_url=f"{running.url}/{self.tenant.codebase}apis/3.0",
            auth=(
                f"{self.variables['CONNECTWISE_COMPANY']}+{self.variables['CONNECTWISE_PUBLIC_KEY']}",
                self.variables["CONNECTWISE_PRIVATE_KEY"],
            ),
            headers={"clientId": self.variables["CONNECTWISE_CLIENT_ID"]},
            verify=WITHOUT_AUTHORITIES,
        )

    def show(self, sandbox: Sandbox) -> None:
        """Serve this sandbox, in place of the one before."""
        self.running.show(sandbox)
        self.sandbox, self.tenant, self.world = sandbox, sandbox.tenant, sandbox.console.world

    # ── the command line ─────────────────────────────────────────────────────────────────────────────────

    def __call__(self, *arguments: str, stdin: str = "", now: str | None = None) -> Said:
        """Run a command in this process at the sandbox's time."""
        self.patch.setattr(sys, "stdin", StringIO(stdin))
        self._capture.readouterr()
        code = run(["-C", str(self.folder), "--now", now or self.now, *arguments])
        said = self._capture.readouterr()
        return Said(code, said.out, said.err)

    def plan(self, *arguments: str) -> Any:
        """Return a plan as JSON. Its exit code must be 0, or 5 if a coverage row is not accounted for."""
        said = self("--json", "plan", *arguments)
        assert said.code in (0, 5), said.err
        assert (said.code == 0) is all(row["accounted"] for row in said.json["coverage"])
        return said.json

    def apply(self, *arguments: str, code: int = 0) -> Said:
        """Apply without asking. The exit code must be `code`."""
        said = self("apply", "--auto-approve", *arguments)
        assert said.code == code, f"{said.code}\n{said.out[-1500:]}\n{said.err}"
        return said

    def make_ledger(self) -> None:
        """Make the ledger. A program that starts would make it by the migrations, which take as long as a plan."""
        with Ledger.open(str(self.ledger), now=self.time):
            pass

    def start(
        self,
        *arguments: str,
        stdin_from: int = subprocess.DEVNULL,
        on_terminal: int | None = None,
        program: tuple[str, ...] = ("-m", "reconciler"),
        **more: Any,
    ) -> subprocess.Popen[str]:
        """Start a command in a new process, with its output in pipes or on a terminal. `program`: what Python runs."""
        out = subprocess.PIPE if on_terminal is None else on_terminal
        return subprocess.Popen(
            [sys.executable, *program, "-C", str(self.folder), "--now", self.now, *arguments],
            stdin=stdin_from,
            stdout=out,
            stderr=out,
            text=True,
            env={**os.environ, **self.variables},
            **more,
        )

    @staticmethod
    def until(seen: Callable[[], bool], process: subprocess.Popen[str]) -> None:
        """Wait until `seen` returns true, or the process ends."""
        while not seen() and process.poll() is None:
            time.sleep(0.002)

    # ── time, faults, manifests ──────────────────────────────────────────────────────────────────────────

    @property
    def now(self) -> str:
        return self.sandbox.clock.now().isoformat()

    @property
    def time(self) -> datetime:
        return self.sandbox.clock.now()

    def advance(self, hours: float = 1) -> None:
        self.sandbox.clock.advance(timedelta(hours=hours))

    def fault(self, *specs: str) -> None:
        self.sandbox.faults.replace(specs)

    def uses(self, customer: int, gigabytes: str) -> None:
        """Set the usage of a customer in GB, from now on."""
        self.world.set_bytes(customer, int(Decimal(gigabytes) * GB), self.time)

    @contextmanager
    def meddled(self, meddle: Callable[[httpx.Request, Send], Awaitable[httpx.Response]]) -> Iterator[None]:
        """Send every request to ConnectWise through `meddle` until the block ends."""
        made = session.default_transport
        with self.patch.context() as patch:
            patch.setattr(session, "default_transport", lambda *about: Meddler(made(*about), meddle))
            yield

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text that must be in a manifest."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def only(self, *customers: int) -> None:
        """Remove all other customers from the console and the manifests, for a quick test."""
        for path in sorted((self.folder / "customers").glob("*.yaml")):
            number = next(each for each in range(ALDER, FIR + 1) if f'"{each}"' in path.read_text(encoding="utf-8"))
            if number not in customers:
                path.unlink()
                self.world.remove_customer(number, self.time)

    # ── the state afterwards ──────────────────────────────────────────────────────────────────────────────

    def get(self, path: str, **query: Any) -> Any:
        """Return the body of a GET, which must succeed."""
        answer = self.http.get(path, params={"pageSize": 1000, **query})
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text, parse_float=Decimal)

    def one(self, path: str, **conditions: Any) -> Any:
        """Return the only object of a list that has these values."""
        text = " and ".join(f'{name.replace("__", "/")}="{value}"' for name, value in conditions.items())
        (found,) = self.get(path, **({"conditions": text} if text else {}))
        return found

    def post_live(self, path: str, **values: Any) -> httpx.Response:
        """Create an object in ConnectWise by hand. Decimals are sent as exact JSON numbers."""
        body = msgspec.json.Encoder(decimal_format="number").encode(values)
        return self.http.post(path, content=body, headers={"content-type": "application/json"})

    def patch_live(self, path: str, **values: Any) -> None:
        """Edit an object in ConnectWise by hand."""
        operations = [{"op": "replace", "path": name, "value": value} for name, value in values.items()]
        answer = self.http.patch(path, json=operations)
        assert answer.status_code == 200, answer.text

    def additions(self, agreement: str) -> dict[str, Any]:
        """Return the additions of an agreement by product, as (quantity, unit price)."""
        found = self.one("/finance/agreements", name=agreement)
        rows = self.get(f"/finance/agreements/{found['id']}/additions")
        assert len({row["product"]["identifier"] for row in rows}) == len(rows), rows
        return {row["product"]["identifier"]: (row["quantity"], row["unitPrice"]) for row in rows}

    def quantities(self) -> list[Any]:
        """Return the quantity of every addition of the tenant, in the order of their ids."""
        return [row.data["quantity"] for row in self.tenant.tables["addition"].rows.values()]

    def counts(self) -> Mapping[str, int]:
        """Return how many objects the tenant has of each type that the example estate creates."""
        tables = ("integratorLogin", "managedDevicesIntegration", "managementItSolution", "company", "contact")
        more = ("agreement", "managementSummary", "catalogItem", "addition")
        return {name: len(self.tenant.tables[name].rows) for name in (*tables, *more)}

    @property
    def ledger(self) -> Path:
        return self.folder.parent / ".reconciler" / "ledger.sqlite"

    def journal(self, columns: str = "address, method, state") -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.ledger)) as connection:
            return connection.execute(f"SELECT {columns} FROM writes ORDER BY id").fetchall()

    def secrets(self) -> list[str]:
        """Return the secrets, which must not appear in any output or file."""
        return [self.variables[name] for name in ("CONNECTWISE_PRIVATE_KEY", "CONNECTWISE_PUBLIC_KEY", "COVE_PASSWORD")]

    def kept_bytes(self) -> bytes:
        """Return the content of all files of the ledger."""
        return b"".join(path.read_bytes() for path in self.ledger.parent.iterdir())


@contextmanager
def locked(shop: Shop) -> Iterator[Lease]:
    """Hold the lock of the workspace in this process until the block ends."""
    with Ledger.open(str(shop.ledger), now=shop.time) as ledger, asyncio.Runner() as runner:
        held = hold_lock(ledger, "example")
        lease = runner.run(held.__aenter__())
        try:
            yield lease
        finally:
            runner.run(held.__aexit__(None, None, None))


ALL = {
    "integratorLogin": 1,
    "managedDevicesIntegration": 1,
    "managementItSolution": 1,
    "company": 5,
    "contact": 5,
    "agreement": 5,
    "managementSummary": 5,
    "catalogItem": 4,
    "addition": 7,
}
"""How much `Shop.counts` grows when the example estate is applied to a new tenant."""


def open_shop(
    served: RunningSandbox, tmp_path: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
) -> Iterator[Shop]:
    """Yield a new shop, in which retries do not sleep.

    One server serves all shops, each with its own sandbox, because starting a server takes as long as a test.
    """
    folder = tmp_path / "manifests"
    shutil.copytree(EXAMPLE, folder)
    patch.setitem(ConnectWise.__init__.__kwdefaults__, "sleep", no_wait)
    patch.setitem(cove.pull.__kwdefaults__, "sleep", no_wait)
    patch.setitem(cove_history.history.__kwdefaults__, "sleep", no_wait)
    patch.setitem(cove_report_pull.pull.__kwdefaults__, "sleep", no_wait)
    make_quickly(patch)
    patch.delenv("RECONCILER_NOW", raising=False)
    clock = Clock(START)
    console = Console(clock, World(started=START))
    served.show(Sandbox(clock=clock, console=console))
    shop = Shop(served, folder, patch, capture)
    with shop.http:
        yield shop
