"""Run a job of a GitHub workflow: its own `run:` steps with bash, and functions in place of the actions it uses."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.pipelines.expressions import is_true, rendered
from tests.pipelines.log import Command, commands

_BASH = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail")
"""How the runner of GitHub calls bash for `shell: bash`."""
_FROM_OUTSIDE = ("PATH", "HOME", "TMPDIR", "LANG")
_KNOWN_OF_JOB = frozenset({"name", "if", "runs-on", "timeout-minutes", "environment", "permissions", "steps"})
_KNOWN_OF_STEP = frozenset({"name", "id", "if", "env", "run", "uses", "with", "continue-on-error"})


@dataclass
class StepResult:
    """How a step of a job ended."""

    name: str
    outcome: str
    """`success`, `failure` or `skipped`."""
    code: int = 0
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class JobResult:
    """How a job ended."""

    conclusion: str
    """`success`, `failure` or `skipped`."""
    steps: list[StepResult]
    summary: str = ""

    @property
    def log(self) -> str:
        return "".join(step.log for step in self.steps)

    @property
    def commands(self) -> list[Command]:
        """The commands in the log that the runner would carry out."""
        return [command for step in self.steps for command in commands(step.log)]

    def step(self, name: str) -> StepResult:
        """Return the step whose name begins with a text."""
        (found,) = [step for step in self.steps if step.name.startswith(name)]
        return found

    @property
    def failed(self) -> list[tuple[str, int]]:
        """The name and the exit code of each step that failed."""
        return [(step.name, step.code) for step in self.steps if step.outcome == "failure"]


Action = Callable[[Path, Mapping[str, str]], dict[str, str]]
"""A stand-in for an action: it gets the folder of the job and its inputs, and returns its outputs."""


@dataclass(frozen=True)
class Machine:
    """What a job runs with, apart from its workflow."""

    programs: Path
    """A folder of programs that are found first."""
    environ: Mapping[str, str]
    """Variables of the machine."""
    actions: Mapping[str, Action]
    """The stand-in for each action, by the name of its repository."""


def run_job(job: Mapping[str, Any], contexts: Mapping[str, Any], machine: Machine, folder: Path) -> JobResult:
    """Run the steps of a job in an empty folder, as the runner does. Raises for what this stand-in does not know."""
    _check(job, _KNOWN_OF_JOB)
    everything = {**contexts, "steps": {}}
    begun = {"always": True, "success": True, "failure": False, "cancelled": False}
    if not is_true(str(job.get("if", "true")), everything | {"true": True}, begun):
        return JobResult("skipped", [])
    work = folder / "work"
    work.mkdir(parents=True)
    (folder / "temp").mkdir()
    summary = folder / "summary.md"
    ids: dict[str, Any] = {
        step["id"]: {"outputs": {}, "outcome": "skipped", "conclusion": "skipped"}
        for step in job["steps"]
        if "id" in step
    }
    done: list[StepResult] = []
    for index, step in enumerate(job["steps"]):
        _check(step, _KNOWN_OF_STEP)
        failed = any(each.outcome == "failure" for each in done)
        status = {"always": True, "success": not failed, "failure": failed, "cancelled": False}
        now = {**contexts, "steps": ids}
        name = step.get("name") or step.get("uses") or f"step {index}"
        if not is_true(str(step.get("if", "success()")), now, status):
            result = StepResult(name, "skipped")
        elif "uses" in step:
            result = _use(name, step, now, status, machine, work)
        else:
            result = _run(name, step, now, status, machine, folder, summary)
        done.append(result)
        if "id" in step:
            ids[step["id"]] = {"outputs": result.outputs, "outcome": result.outcome, "conclusion": result.outcome}
    ended = "failure" if any(each.outcome == "failure" for each in done) else "success"
    return JobResult(ended, done, summary.read_text(encoding="utf-8") if summary.exists() else "")


def _check(given: Mapping[str, Any], known: frozenset[str]) -> None:
    assert given.keys() <= known, f"this runner does not know {sorted(given.keys() - known)}"


def _use(
    name: str,
    step: Mapping[str, Any],
    contexts: Mapping[str, Any],
    status: Mapping[str, bool],
    machine: Machine,
    work: Path,
) -> StepResult:
    repository, _, commit = step["uses"].partition("@")
    assert re.fullmatch("[0-9a-f]{40}", commit), f"{repository} is not pinned by a commit"
    inputs = {key: _input(value, contexts, status) for key, value in step.get("with", {}).items()}
    try:
        return StepResult(name, "success", outputs=machine.actions[repository](work, inputs))
    except ActionFailed as error:
        return StepResult(name, "failure", 1, f"{error}\n")


def _input(value: Any, contexts: Mapping[str, Any], status: Mapping[str, bool]) -> str:
    return str(value).lower() if isinstance(value, bool) else rendered(str(value), contexts, status)


class ActionFailed(Exception):  # noqa: N818 - a name says what happened
    """The stand-in for an action fails its step."""


def _run(
    name: str,
    step: Mapping[str, Any],
    contexts: Mapping[str, Any],
    status: Mapping[str, bool],
    machine: Machine,
    folder: Path,
    summary: Path,
) -> StepResult:
    assert "${{" not in step["run"], f"{name}: a value is written into the shell"
    files = {kind: folder / f"{kind.lower()}" for kind in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH")}
    for file in files.values():
        file.write_text("", encoding="utf-8")
    github = contexts["github"]
    environ = {
        **{key: value for key, value in os.environ.items() if key in _FROM_OUTSIDE},
        **machine.environ,
        "PATH": f"{machine.programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(folder / "work"),
        "RUNNER_TEMP": str(folder / "temp"),
        "GITHUB_STEP_SUMMARY": str(summary),
        **{key: str(path) for key, path in files.items()},
        **{f"GITHUB_{key.upper()}": str(value) for key, value in github.items() if isinstance(value, str | int)},
        **{key: _input(value, contexts, status) for key, value in step.get("env", {}).items()},
    }
    environ.pop("GITHUB_TOKEN", None)  # the runner does not set it
    script = folder / "script.sh"
    script.write_text(step["run"], encoding="utf-8")
    with (folder / "log").open("w+b") as log:
        done = subprocess.run(
            [*_BASH, str(script)], cwd=folder / "work", env=environ, stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        log.seek(0)
        said = log.read().decode()
    assert files["GITHUB_ENV"].read_text(encoding="utf-8") == "", "this runner does not know GITHUB_ENV"
    outputs = dict(_outputs(files["GITHUB_OUTPUT"].read_text(encoding="utf-8")))
    return StepResult(name, "failure" if done.returncode else "success", done.returncode, said, outputs)


def _outputs(text: str) -> Iterator[tuple[str, str]]:
    """Yield the outputs that a step wrote, each as `name=value` on one line."""
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        assert equals, f"{line!r} is no output"
        yield name, value


def copied(source: Path, target: Path, paths: Sequence[str] = (".",)) -> None:
    """Copy files or folders."""
    for path in paths:
        shutil.copytree(source / path, target, dirs_exist_ok=True)
