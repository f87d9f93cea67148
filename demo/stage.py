"""What the demo runs on: a sandbox in its own process, and the real command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

START = datetime(2026, 11, 1, 6, tzinfo=UTC)
"""The simulated time at which the demo begins."""


@dataclass(slots=True)
class Stage:
    """One sandbox and one copy of the example estate. The simulated time changes only when `hours` moves it."""

    folder: Path
    variables: dict[str, str]
    now: datetime = START
    failures: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Return the sandbox's address, such as `http://127.0.0.1:8123`."""
        return self.variables["CONNECTWISE_SITE"]

    def say(self, text: str) -> None:
        """Print the heading of a step, in bold on a terminal."""
        print(f"\n\x1b[1m── {text}\x1b[0m" if sys.stdout.isatty() else f"\n── {text}", flush=True)

    def reconciler(self, *arguments: str, expect: int = 0, quiet: bool = False) -> None:
        """Print and run one `reconciler` command at the simulated time.

        With `quiet`, print only the last line of its output. An exit code other than `expect` is added to `failures`.
        """
        print(f"\n$ reconciler {' '.join(arguments)}", flush=True)
        environ = {**os.environ, **self.variables, "RECONCILER_NOW": self.now.isoformat()}
        command = [sys.executable, "-m", "reconciler", "-C", str(self.folder / "manifests"), *arguments]
        done = subprocess.run(command, env=environ, text=True, capture_output=quiet, check=False)
        if quiet:
            print(done.stdout.rstrip().splitlines()[-1] if done.stdout.strip() else "")
        if done.returncode != expect:
            print(done.stderr if quiet else "", end="")
            self.failures.append(
                f"`reconciler {' '.join(arguments)}` ended with exit code {done.returncode} instead of {expect}"
            )

    def hours(self, number: int) -> None:
        """Move the simulated time of the sandbox and of the next commands forward by `number` hours."""
        self.now += timedelta(hours=number)
        self.control("clock", {"now": self.now.isoformat()})

    def control(self, path: str, body: dict[str, Any]) -> None:
        """Send a control request, as docs/reference/sandbox.md describes it. Raise `httpx.HTTPError` if it fails."""
        httpx.post(f"{self.url}/sandbox/{path}", json=body).raise_for_status()

    def connectwise(self) -> httpx.Client:
        """Return an HTTP client for the tenant that uses no code of reconciler."""
        company, public = self.variables["CONNECTWISE_COMPANY"], self.variables["CONNECTWISE_PUBLIC_KEY"]
        codebase = httpx.get(f"{self.url}/login/companyinfo/{company}").raise_for_status().json()["Codebase"]
        return httpx.Client(
            base_url=f"{self.url}/{codebase}apis/3.0",
            auth=(f"{company}+{public}", self.variables["CONNECTWISE_PRIVATE_KEY"]),
            headers={"clientId": self.variables["CONNECTWISE_CLIENT_ID"]},
        )


@contextmanager
def started(folder: Path) -> Iterator[Stage]:
    """Start a sandbox, give the stage on it, and stop the sandbox at the end.

    `folder` holds a copy of the example estate in `manifests/`.
    """
    command = [sys.executable, "-m", "reconciler", "sandbox", "--clock", START.isoformat()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield Stage(folder, _first_json(process))
    finally:
        process.terminate()
        process.wait(timeout=20)


def _first_json(process: subprocess.Popen[str]) -> dict[str, str]:
    """Return the variables that the sandbox prints when it is ready."""
    text = ""
    for line in process.stdout or ():
        text += line
        if line.rstrip() == "}":
            return dict(json.loads(text))
    raise SystemExit("The sandbox did not start. Run `reconciler sandbox` to see why.")
