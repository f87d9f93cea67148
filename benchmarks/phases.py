"""Measure the phases of a plan one after the other, in a new process: `python -m benchmarks.phases FOLDER`.

It prints a JSON list with the name of each phase, its seconds, and the peak memory of the process in MB at its end. A
real plan reads ConnectWise and pulls usage at the same time. Here each phase is measured alone, and imports come first.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter

from benchmarks.running import Run, run


@dataclass(frozen=True, slots=True)
class Phase:
    """The measurements of one part of a plan."""

    name: str
    seconds: float
    peak_mb: float


def measure(root: Path, env: dict[str, str]) -> list[Phase]:
    """Measure the phases of a plan of the estate in `root`, in a new process."""
    found: Run = run([sys.executable, "-m", "benchmarks.phases", str(root)], env)
    return [Phase(**each) for each in json.loads(found.output)]


class _Watch:
    def __init__(self) -> None:
        self.phases: list[Phase] = []

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        began = perf_counter()
        yield
        seconds = perf_counter() - began
        self.phases.append(Phase(name, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


async def _main(root: Path) -> list[Phase]:
    phase = _Watch()
    with phase("import"):
        from reconciler.additions.plan import plan_usage  # noqa: PLC0415 - timed
        from reconciler.cli import planning, pulling, reading, session  # noqa: PLC0415 - timed
        from reconciler.cli.context import Context  # noqa: PLC0415 - timed
        from reconciler.connectwise import ConnectWise  # noqa: PLC0415 - timed
        from reconciler.live.read import Scope, read_live_state  # noqa: PLC0415 - timed
        from reconciler.manifests.loading import load  # noqa: PLC0415 - timed
        from reconciler.planning.build import build  # noqa: PLC0415 - timed
        from reconciler.planning.plan_file import plan_json, write_plan  # noqa: PLC0415 - timed
        from reconciler.planning.setup import plan_setup  # noqa: PLC0415 - timed
        from reconciler.rendering.paint import plain  # noqa: PLC0415 - timed
        from reconciler.rendering.plan_text import plan_text  # noqa: PLC0415 - timed

    now = datetime.fromisoformat(os.environ["RECONCILER_NOW"])
    context = Context(root, None, json=False, color=False, verbose=False, now=now, environ=dict(os.environ))
    with phase("load"):
        manifests = load(root)
    with session.open_ledger(context, manifests, writable=True) as ledger:
        async with ConnectWise(session.connection_of(context, manifests)) as client:
            opened = session.Session(context, manifests, client, ledger, writable=True)
            with phase("read"):
                live_state = await read_live_state(client, manifests, Scope())
            with phase("usage pull"):
                fresh = await pulling.pull_usage(opened)
            with phase("load the ledger and rate"):
                read = await reading.read_usage_to_plan(opened, live_state, fresh)
                given = planning.usage_inputs(opened, read, planning.PlanOptions(), with_setup=True)
        with phase("diff"):
            terms = planning.terms_of(opened)
            setup = plan_setup(manifests.documents, live_state, opened.workspace.guardrails, terms=terms)
        with phase("match additions"):
            usage = plan_usage(given)
        with phase("build"):
            plan = build(
                workspace=manifests.workspace.name,
                tenant=session.tenant_of(opened),
                now=now,
                manifest_digest=manifests.digest,
                parts=(setup, usage.part),
                currency="USD",
            )
    with phase("render text"):
        "\n".join(plan_text(plan_json(plan), plain))
    with phase("render JSON"):
        write_plan(plan)
    return phase.phases


if __name__ == "__main__":
    print(json.dumps([asdict(each) for each in asyncio.run(_main(Path(sys.argv[1])))]))
