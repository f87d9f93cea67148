"""Run a command in a new process, and measure its time and its peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Run:
    """A finished process: its wall time and processor time in seconds, its peak memory in MB, and its output."""

    seconds: float
    processor: float
    peak_mb: float
    code: int
    output: str
    errors: str


ENDED = (0, 5)
"""Exit codes of a successful run. 5 is one of them, because the sandbox's console has customers without a device."""


def reconciler(root: Path, *arguments: str) -> list[str]:
    """Return the command line that runs `reconciler` on the estate in `root`."""
    return [sys.executable, "-m", "reconciler", "-C", str(root), *arguments]


def run(
    command: Sequence[str], env: Mapping[str, str], *, allowed: Sequence[int] = ENDED, cwd: Path | None = None
) -> Run:
    """Run a command to its end. Raise `RuntimeError` with its error output if the exit code is not in `allowed`."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = perf_counter()
        process = subprocess.Popen(command, env=dict(env), stdout=out, stderr=err, cwd=cwd)
        _, status, used = os.wait4(process.pid, 0)
        seconds = perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    if process.returncode not in allowed:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {texts[1][-2000:]}")
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, process.returncode, *texts)
