"""Measure one estate: the phases of a plan, an apply, the phases again, and a no-op plan next to its floor."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import changing, estates, floor, phases
from benchmarks.estates import RunningSandbox
from benchmarks.recording import Recorded, recorded_run
from benchmarks.running import reconciler, run

PAGE: Final = 1000
BUNDLE: Final = 50
_PAGED: Final = ("company/companies", "company/contacts", "finance/agreements")
_CREATED: Final = (
    "company",
    "contact",
    "agreement",
    "managementSummary",
    "addition",
    "catalogItem",
    "integratorLogin",
    "managedDevicesIntegration",
    "managementItSolution",
)
"""The sandbox's tables in which each row is one object of a plan."""


@dataclass(frozen=True, slots=True)
class Applied:
    """The measurements of an apply of the whole estate to an empty tenant."""

    seconds: float
    peak_mb: float
    objects: int
    """Number of rows that the apply added to the tenant."""
    planned: int
    requests: int
    dropped: int
    """Number of responses that the sandbox dropped after the write had taken effect."""

    @property
    def per_object(self) -> float:
        """Return the requests per created object, including requests for reading and to the console."""
        return self.requests / self.objects


@dataclass(frozen=True, slots=True)
class NoOp:
    """The medians of several no-op plans. Each is a cold run of the command line, right after a run of the floor."""

    seconds: float
    processor: float
    peak_mb: float
    floor_requests: float
    floor_parsing: float
    ratio: float
    """Median of the ratios of each plan's time to the time of the floor right before it."""
    requests: int
    bound: int
    console: int
    """Number of requests to the backup console. The lower bound does not include them."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The measurements of `usage reconcile` of a month in which each agreement has an invoice."""

    seconds: float
    processor: float
    peak_mb: float
    requests: int
    differences: int


@dataclass(slots=True)
class Measured:
    """All measurements of one estate."""

    customers: int
    documents: int
    empty: list[phases.Phase] = field(default_factory=list)
    applied: Applied | None = None
    existing: list[phases.Phase] = field(default_factory=list)
    no_op: NoOp | None = None
    changed: changing.PullRequest | None = None
    added: changing.PullRequest | None = None
    reconciled: Reconciled | None = None
    under_drops: Applied | None = None


def measure(folder: Path, customers: int, *, times: int, drops: bool) -> Measured:
    """Write an estate into `folder`, which must not exist yet, and measure it.

    With `drops`, also measure an apply during which the sandbox drops the response to every 20th write.
    """
    root = folder / "manifests"
    found = Measured(customers, estates.write_estate(root, customers))
    with estates.sandbox(customers) as sandbox:
        env = environment_of(sandbox, folder)
        found.empty = phases.measure(root, env)
        found.applied = _applied(root, sandbox, env)
        found.existing = phases.measure(root, env)
        found.no_op = _no_op(root, sandbox, env, customers, times)
        found.changed, found.added = changing.measure(root, sandbox, env, times)
        found.reconciled = _reconciled(root, sandbox, env)
    if drops:
        again = folder / "drops" / "manifests"
        estates.write_estate(again, customers)
        with estates.sandbox(customers, "drop:every=20") as sandbox:
            found.under_drops = _applied(again, sandbox, environment_of(sandbox, folder))
    return found


def environment_of(sandbox: RunningSandbox, folder: Path) -> dict[str, str]:
    """Return the environment of all runs, and compile Python's modules once, so that no measured run does it.

    If the environment forbids compiled modules in the source folders, they go into `folder`.
    """
    env = {**estates.environment(sandbox.variables), "PYTHONPATH": str(Path.cwd())}
    if env.pop("PYTHONDONTWRITEBYTECODE", ""):
        env["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    run([sys.executable, "-c", _ALL_MODULES], env)
    return env


_ALL_MODULES: Final = "import reconciler.cli.apply, reconciler.connectwise.transport, benchmarks.phases"
"""Imports all measured modules, which compiles them before the first measured run."""


def _applied(root: Path, sandbox: RunningSandbox, env: dict[str, str]) -> Applied:
    plan = run(reconciler(root, "--json", "plan"), env)
    planned = sum(action["action"] == "create" for action in json.loads(plan.output)["actions"])
    before = _objects(sandbox)
    sandbox.forget_requests()
    done = run(reconciler(root, "apply", "--auto-approve"), env)
    state = sandbox.state()
    struck = sum(state["faults"].values())
    return Applied(done.seconds, done.peak_mb, _objects(sandbox) - before, planned, state["requests"]["total"], struck)


def _reconciled(root: Path, sandbox: RunningSandbox, env: dict[str, str]) -> Reconciled:
    sandbox.make_invoices(estates.NOW[:10])
    sandbox.forget_requests()
    done = run(reconciler(root, "--json", "usage", "reconcile"), env)
    requests = sandbox.state()["requests"]["total"]
    differences = json.loads(done.output)["totals"]["findings"]
    return Reconciled(done.seconds, done.processor, done.peak_mb, requests, differences)


def _objects(sandbox: RunningSandbox) -> int:
    tables = sandbox.state()["tenant"]
    return sum(tables[name] for name in _CREATED)


def _no_op(root: Path, sandbox: RunningSandbox, env: dict[str, str], customers: int, times: int) -> NoOp:
    site, plan = sandbox.url, reconciler(root, "plan", "--detailed-exitcode")
    kept = asyncio.run(recorded_run(site, sandbox.variables, plan, env)).requests
    floor.measure(site, kept, root)
    floors, runs = [], []
    for _ in range(times):
        floors.append(floor.measure(site, kept, root))
        runs.append(run(plan, env))
    return NoOp(
        seconds=median(each.seconds for each in runs),
        processor=median(each.processor for each in runs),
        peak_mb=max(each.peak_mb for each in runs),
        floor_requests=median(each.requests for each in floors),
        floor_parsing=median(each.parsing for each in floors),
        ratio=median(ours.seconds / least.seconds for ours, least in zip(runs, floors, strict=True)),
        requests=len(kept) - _to_console(kept),
        bound=lower_bound(kept, customers),
        console=_to_console(kept),
    )


def _to_console(kept: list[Recorded]) -> int:
    return sum(each.target.startswith("/jsonapi") for each in kept)


def lower_bound(kept: list[Recorded], customers: int) -> int:
    """Return the smallest number of requests to ConnectWise with which these paths can be read.

    That is one per page of 1,000 objects, one per bundle of 50 agreements, one per company for management solutions
    (ConnectWise has no other way), and one for each other path.
    """
    paths = {each.target.partition("?")[0].rstrip("/") for each in kept if not each.target.startswith("/jsonapi")}
    nested = sum(path.endswith("/managementSummaryReports") for path in paths)
    paged = sum(path.endswith(_PAGED) for path in paths)
    bundled = sum(path.endswith("/system/bundles") for path in paths)
    once = len(paths) - nested - paged - bundled
    # With a new ledger, the first run searches the tenant's agreements for our additions once.
    searched = any("fields=id%2CagreementStatus%2CcancelledFlag" in each.target for each in kept)
    return once + nested + (paged + searched) * ceil(customers / PAGE) + bundled * ceil(customers / BUNDLE)


def machine() -> str:
    """Return the number and the model of this machine's processors."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} × {models[0] if models else 'unknown processor'}"
