"""Measure a pull request: `plan --changed-since` on an applied estate of which one customer changed, or is new."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.estates import FIRST_CUSTOMER_ID, RunningSandbox
from benchmarks.running import reconciler, run

_CUSTOMER: Final = "customers/customer-00001.yaml"
_NEW: Final = "customers/newcomer.yaml"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """The medians of several plans of one changed or new customer. Each is a cold run of the command line."""

    seconds: float
    processor: float
    peak_mb: float
    requests: int


def measure(root: Path, sandbox: RunningSandbox, env: Mapping[str, str], times: int) -> tuple[PullRequest, PullRequest]:
    """Put the manifests into a repository of Git, and plan a change of one customer, then a new customer instead.

    The change is the city of the company. The new customer has a company, a contact, an agreement, a management
    solution and a mapping.
    """
    _git(root, "init", "-q")
    _git(root, "add", "-A")
    _git(root, "-c", "user.name=Bench", "-c", "user.email=bench@example.com", "commit", "-qm", "The estate")
    path = root / _CUSTOMER
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("city: Tampa", "city: Miami"), encoding="utf-8")
    changed = _measured(root, sandbox, env, times)
    path.write_text(text, encoding="utf-8")
    new = text.replace("00001", "99999").replace(str(FIRST_CUSTOMER_ID), str(FIRST_CUSTOMER_ID + 99_998))
    (root / _NEW).write_text(new, encoding="utf-8")
    return changed, _measured(root, sandbox, env, times)


def _measured(root: Path, sandbox: RunningSandbox, env: Mapping[str, str], times: int) -> PullRequest:
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
