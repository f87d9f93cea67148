"""Run a job of `.gitlab-ci.yml` as GitLab's runner does: its own script with bash, in a checkout of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_BASH = ("bash", "-e", "-o", "pipefail")
"""What the runner sets before a script."""
_FROM_OUTSIDE = ("TMPDIR", "LANG")
_NAMES = (
    "stage extends needs interruptible timeout variables environment rules before_script script allow_failure "
    "artifacts resource_group image"
)
_KNOWN = frozenset(_NAMES.split())
_KNOWN_ARTIFACTS = frozenset({"when", "paths", "reports", "expire_in"})
_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)\}")


@dataclass
class JobResult:
    """How a job ended."""

    status: str
    """`success`, `failed`, `warning` (a failure that is allowed) or `skipped`."""
    code: int = 0
    log: str = ""
    job_id: int = 0


def merged(jobs: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a job with what it extends filled in, and with the defaults of all jobs."""
    job = dict(jobs[name])
    if "extends" in job:
        job = _deep(merged({key: value for key, value in jobs.items() if key != name}, job["extends"]), job)
    unknown = job.keys() - _KNOWN
    assert not unknown, f"this runner does not know {sorted(unknown)}"
    return job


def _deep(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
        found[key] = _deep(found[key], value) if both else value
    return found


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """Return a value of `variables:` with the variables in it."""
    return _VARIABLE.sub(lambda found: variables.get(found[1] or found[2], ""), text)


def run_job(job: Mapping[str, Any], work: Path, variables: Mapping[str, str], programs: Path) -> tuple[int, str]:
    """Run the script of a job in a folder. Return its exit code and its log."""
    home = work.parent / "home"
    home.mkdir()
    environ = {
        **{name: value for name, value in os.environ.items() if name in _FROM_OUTSIDE},
        "HOME": str(home),
        **variables,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    script = work.parent / "script.sh"
    script.write_text("\n".join([*job["before_script"], *job["script"]]), encoding="utf-8")
    with (work.parent / "log").open("w+b") as log:
        done = subprocess.run(
            [*_BASH, str(script)], cwd=work, env=environ, stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        log.seek(0)
        return done.returncode, log.read().decode()


def status_of(job: Mapping[str, Any], code: int) -> str:
    """Return the status of a job that ended with an exit code."""
    if code == 0:
        return "success"
    allowed = job.get("allow_failure", {})
    assert allowed == {} or allowed.keys() == {"exit_codes"}
    return "warning" if code in allowed.get("exit_codes", ()) else "failed"


def keep_artifacts(job: Mapping[str, Any], work: Path, target: Path, status: str) -> None:
    """Copy the artifacts of a job, as the runner uploads them."""
    about = job.get("artifacts", {})
    assert about.keys() <= _KNOWN_ARTIFACTS
    assert not about or "expire_in" in about
    if not about or (status not in ("success", "warning") and about.get("when") != "always"):
        return
    for path in about.get("paths", ()):
        if (work / path).is_dir():
            shutil.copytree(work / path, target / path)
    for kind, path in about.get("reports", {}).items():
        if (work / path).is_file():
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(work / path, target / f"report-{kind}")
