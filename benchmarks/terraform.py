"""Measure Terraform: a no-op plan of as many `terraform_data` resources, without changes and API calls."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from statistics import median
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from benchmarks.running import run


def available() -> bool:
    """Return whether `terraform` is on the PATH."""
    return shutil.which("terraform") is not None


def measure(folder: Path, resources: int, times: int) -> tuple[str, float]:
    """Return Terraform's version, and the median time in seconds of a no-op `terraform plan` of `resources` resources.

    The state file is written directly, because an apply of 5,000 resources takes Terraform many minutes. Raises
    `RuntimeError` if Terraform finds a change, because then the file differs from the state that an apply leaves.
    """
    folder.mkdir()
    (folder / "main.tf").write_text("".join(_block(number) for number in range(resources)), encoding="utf-8")
    env = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    version = run(["terraform", "version"], env, cwd=folder).output.split("\n", 1)[0]
    state = _state(version.rpartition("v")[2], resources)
    (folder / "terraform.tfstate").write_text(json.dumps(state), encoding="utf-8")
    run(["terraform", "init", "-input=false"], env, cwd=folder)
    plan = ["terraform", "plan", "-input=false", "-detailed-exitcode"]
    return version, median(run(plan, env, cwd=folder).seconds for _ in range(times))


def _fields(number: int) -> dict[str, str]:
    return {"name": f"Customer {number:05d}", "city": "Tampa", "zip": "33602"}


def _block(number: int) -> str:
    """Return one resource. It refers to no other resource, so it is less work than a document of an estate."""
    fields = "".join(f'    {name} = "{value}"\n' for name, value in _fields(number).items())
    return f'resource "terraform_data" "r{number}" {{\n  input = {{\n{fields}  }}\n}}\n'


def _state(version: str, resources: int) -> dict[str, Any]:
    """Return the state that an apply would leave, in Terraform's state format 4."""
    return {
        "version": 4,
        "terraform_version": version,
        "serial": 1,
        "lineage": str(uuid5(NAMESPACE_URL, "bench")),
        "outputs": {},
        "resources": [_resource(number) for number in range(resources)],
        "check_results": None,
    }


def _resource(number: int) -> dict[str, Any]:
    fields = _fields(number)
    value = {"value": fields, "type": ["object", dict.fromkeys(fields, "string")]}
    identity = str(uuid5(NAMESPACE_URL, str(number)))
    attributes = {"id": identity, "input": value, "output": value, "triggers_replace": None}
    return {
        "mode": "managed",
        "type": "terraform_data",
        "name": f"r{number}",
        "provider": 'provider["terraform.io/builtin/terraform"]',
        "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}],
    }
