"""One estate taken through its life: phases on an empty tenant, apply, phases again, the no-op plan and its floor."""

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

from benchmarks import estates, floor, phases
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
"""Tables of the sandbox in which each row is one object of a plan."""


@dataclass(frozen=True, slots=True)
class Applied:
    """An apply of everything to an empty tenant."""

    seconds: float
    peak_mb: float
    objects: int
    """Rows that stand in the tenant afterwards and did not before."""
    planned: int
    requests: int
    dropped: int
    """Answers that the sandbox dropped after the write had taken."""

    @property
    def per_object(self) -> float:
        """Requests for each object made, those of reading and of the console included."""
        return self.requests / self.objects


@dataclass(frozen=True, slots=True)
class NoOp:
    """The plan after it, as cold runs of the command line between runs of the floor; medians."""

    seconds: float
    processor: float
    peak_mb: float
    floor_requests: float
    floor_parsing: float
    ratio: float
    """Median of the ratios of each run to the floor right before it."""
    requests: int
    bound: int
    console: int
    """Requests to the backup console: these have no bound but its page size."""


@dataclass(slots=True)
class Measured:
    """All that was measured of one estate."""

    customers: int
    documents: int
    empty: list[phases.Phase] = field(default_factory=list)
    applied: Applied | None = None
    standing: list[phases.Phase] = field(default_factory=list)
    no_op: NoOp | None = None
    under_drops: Applied | None = None


def measure(folder: Path, customers: int, *, times: int, drops: bool) -> Measured:
    """Take one estate through its life in `folder`, which must not exist yet."""
    root = folder / "manifests"
    found = Measured(customers, estates.write_estate(root, customers))
    with estates.sandbox(customers) as sandbox:
        env = _env(sandbox, folder)
        found.empty = phases.measure(root, env)
        found.applied = _applied(root, sandbox, env)
        found.standing = phases.measure(root, env)
        found.no_op = _no_op(root, sandbox, env, customers, times)
    if drops:
        again = folder / "drops" / "manifests"
        estates.write_estate(again, customers)
        with estates.sandbox(customers, "drop:every=20") as sandbox:
            found.under_drops = _applied(again, sandbox, _env(sandbox, folder))
    return found


def _env(sandbox: RunningSandbox, folder: Path) -> dict[str, str]:
    """Compiled modules are kept, as they are for everybody; beside the estate where the environment forbids it."""
    env = {**estates.environment(sandbox.variables), "PYTHONPATH": str(Path.cwd())}
    if env.pop("PYTHONDONTWRITEBYTECODE", ""):
        env["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    run([sys.executable, "-c", _ALL_MODULES], env)
    return env


_ALL_MODULES: Final = "import reconciler.cli.apply, reconciler.connectwise.transport, benchmarks.phases"
"""Imported once before anything is timed: nobody compiles them twice."""


def _applied(root: Path, sandbox: RunningSandbox, env: dict[str, str]) -> Applied:
    plan = run(reconciler(root, "--json", "plan"), env)
    planned = sum(action["action"] == "create" for action in json.loads(plan.output)["actions"])
    before = _objects(sandbox)
    sandbox.forget_requests()
    done = run(reconciler(root, "apply", "--auto-approve"), env)
    state = sandbox.state()
    struck = sum(state["faults"].values())
    return Applied(done.seconds, done.peak_mb, _objects(sandbox) - before, planned, state["requests"]["total"], struck)


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
    """The fewest requests to ConnectWise that DESIGN.md's cost rules allow: pages of 1,000, bundles of 50, one list
    of management solutions for each company (ConnectWise has no other), and once each for everything else."""
    paths = {each.target.partition("?")[0].rstrip("/") for each in kept if not each.target.startswith("/jsonapi")}
    nested = sum(path.endswith("/managementSummaryReports") for path in paths)
    paged = sum(path.endswith(_PAGED) for path in paths)
    bundled = sum(path.endswith("/system/bundles") for path in paths)
    once = len(paths) - nested - paged - bundled
    # A ledger that is new makes the run search the tenant's agreements for additions of ours, once.
    searched = any("fields=id%2CagreementStatus%2CcancelledFlag" in each.target for each in kept)
    return once + nested + (paged + searched) * ceil(customers / PAGE) + bundled * ceil(customers / BUNDLE)


def machine() -> str:
    """What it was measured on, without the machine's name."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} × {models[0] if models else 'unknown processor'}"
