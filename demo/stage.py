"""The stage of the demo: a sandbox in a process of its own, and the real command line."""

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


@dataclass(slots=True)
class Stage:
    """One tenant, one console, one copy of the example estate; time stands still until it is moved."""

    folder: Path
    variables: dict[str, str]
    now: datetime = START
    failures: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.variables["CONNECTWISE_SITE"]

    def say(self, text: str) -> None:
        print(f"\n\x1b[1m── {text}\x1b[0m" if sys.stdout.isatty() else f"\n── {text}", flush=True)

    def reconciler(self, *arguments: str, expect: int = 0, quiet: bool = False) -> None:
        """Runs one command as a person would, shows it, and remembers when it did not end as it should."""
        print(f"\n$ reconciler {' '.join(arguments)}", flush=True)
        environ = {**os.environ, **self.variables, "RECONCILER_NOW": self.now.isoformat()}
        command = [sys.executable, "-m", "reconciler", "-C", str(self.folder / "manifests"), *arguments]
        done = subprocess.run(command, env=environ, text=True, capture_output=quiet, check=False)
        if quiet:
            print(done.stdout.rstrip().splitlines()[-1] if done.stdout.strip() else "")
        if done.returncode != expect:
            print(done.stderr if quiet else "", end="")
            self.failures.append(f"`reconciler {' '.join(arguments)}` ended with {done.returncode}, not {expect}")

    def hours(self, number: int) -> None:
        self.now += timedelta(hours=number)
        self.control("clock", {"now": self.now.isoformat()})

    def control(self, path: str, body: dict[str, Any]) -> None:
        httpx.post(f"{self.url}/sandbox/{path}", json=body).raise_for_status()

    def connectwise(self) -> httpx.Client:
        """The tenant as a person at ConnectWise's own screens would reach it: nothing of reconciler's is in it."""
        company, public = self.variables["CONNECTWISE_COMPANY"], self.variables["CONNECTWISE_PUBLIC_KEY"]
        codebase = httpx.get(f"{self.url}/login/companyinfo/{company}").raise_for_status().json()["Codebase"]
        return httpx.Client(
            base_url=f"{self.url}/{codebase}apis/3.0",
            auth=(f"{company}+{public}", self.variables["CONNECTWISE_PRIVATE_KEY"]),
            headers={"clientId": self.variables["CONNECTWISE_CLIENT_ID"]},
        )


@contextmanager
def raised(folder: Path) -> Iterator[Stage]:
    command = [sys.executable, "-m", "reconciler", "sandbox", "--clock", START.isoformat()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield Stage(folder, _first_json(process))
    finally:
        process.terminate()
        process.wait(timeout=20)


def _first_json(process: subprocess.Popen[str]) -> dict[str, str]:
    text = ""
    for line in process.stdout or ():
        text += line
        if line.rstrip() == "}":
            return dict(json.loads(text))
    raise SystemExit("the sandbox did not start; try: reconciler sandbox")
