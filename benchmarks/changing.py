"""Measure a pull request: one customer of an applied estate changes, and `plan --changed-since` plans it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.estates import RunningSandbox
from benchmarks.running import reconciler, run

_CUSTOMER: Final = "customers/customer-00001.yaml"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """The medians of several plans of one changed customer. Each is a cold run of the command line."""

    seconds: float
    processor: float
    peak_mb: float
    requests: int


def measure(root: Path, sandbox: RunningSandbox, env: Mapping[str, str], times: int) -> PullRequest:
    """Put the manifests into a repository of Git, change the city of one customer, and plan that."""
    _git(root, "init", "-q")
    _git(root, "add", "-A")
    _git(root, "-c", "user.name=Bench", "-c", "user.email=bench@example.com", "commit", "-qm", "The estate")
    path = root / _CUSTOMER
    path.write_text(path.read_text(encoding="utf-8").replace("city: Tampa", "city: Miami"), encoding="utf-8")
    command = reconciler(root, "plan", "--changed-since", "HEAD")
    sandbox.forget_requests()
    runs = [run(command, env)]
    requests = sandbox.state()["requests"]["total"]
    runs += [run(command, env) for _ in range(times - 1)]
    return PullRequest(
        seconds=median(each.seconds for each in runs),
        processor=median(each.processor for each in runs),
        peak_mb=max(each.peak_mb for each in runs),
        requests=requests,
    )


def _git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True)
