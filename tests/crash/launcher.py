"""The launcher, from outside: it runs command lines of `reconciler` in processes of their own; see `forking`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

from tests.crash.jobs import Ended, Job, run_job


class Launcher:
    """A server of forked processes that runs until the `with` block ends."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="crash"))
        self.socket = self._folder / "socket"
        quiet = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.forking", str(self.socket)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=quiet,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n", "the launcher did not start"

    def run(self, job: Job) -> Ended:
        """Run a job, and return how it ended."""
        return run_job(self.socket, job)

    def __enter__(self) -> Launcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()  # closes its standard input, at which it ends
        shutil.rmtree(self._folder)
