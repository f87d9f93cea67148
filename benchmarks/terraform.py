"""Terraform beside us: as many `terraform_data` resources, planned without a change and without one API call."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from statistics import median

from benchmarks.running import run


def available() -> bool:
    """Whether `terraform` is on the PATH."""
    return shutil.which("terraform") is not None


def measure(folder: Path, resources: int, times: int) -> tuple[str, float]:
    """Its version, and the median seconds of a no-op `terraform plan` over so many resources."""
    folder.mkdir()
    _write(folder, resources)
    env = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    version = run(["terraform", "version"], env, cwd=folder).output.split("\n", 1)[0]
    run(["terraform", "init", "-input=false"], env, cwd=folder)
    run(["terraform", "apply", "-input=false", "-auto-approve"], env, cwd=folder)
    plan = ["terraform", "plan", "-input=false", "-detailed-exitcode"]
    return version, median(run(plan, env, cwd=folder).seconds for _ in range(times))


def _write(folder: Path, resources: int) -> None:
    """Each with some fields and a reference to the one before it in its customer, as our documents have."""
    blocks = []
    for number in range(resources):
        parent = f"\n    parent = terraform_data.r{number - 1}.id" if number % 5 else ""
        blocks.append(
            f'resource "terraform_data" "r{number}" {{\n  input = {{\n    name   = "Customer {number:05d}"\n'
            f'    city   = "Tampa"\n    zip    = "33602"{parent}\n  }}\n}}\n'
        )
    (folder / "main.tf").write_text("".join(blocks), encoding="utf-8")
