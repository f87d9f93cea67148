"""A command run as a person would run it: cold, in a process of its own, with its time and its peak memory."""

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
    """One finished process: wall seconds from start to end, the processor's seconds, and its largest memory."""

    seconds: float
    processor: float
    peak_mb: float
    code: int
    output: str
    errors: str


ENDED = (0, 5)
"""Done. 5 says that usage is not fully accounted for: the console makes customers without a device, on purpose."""


def reconciler(root: Path, *arguments: str) -> list[str]:
    """The real command line over an estate."""
    return [sys.executable, "-m", "reconciler", "-C", str(root), *arguments]


def run(
    command: Sequence[str], env: Mapping[str, str], *, allowed: Sequence[int] = ENDED, cwd: Path | None = None
) -> Run:
    """Run to the end. Raises `RuntimeError` with the command's own words when it ends with another code."""
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
