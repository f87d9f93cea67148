"""The command line works where the extra `[sandbox]` is not installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.sandbox import EXTRA
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox
from tests.times import START

ROOT = Path(__file__).parents[2]
WITHOUT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {missing!r} or name in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
"""
RUN = "from reconciler.cli.main import main\nsys.exit(main())"


def python(
    program: str, *arguments: str, missing: AbstractSet[str], **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a program in a Python of its own, in which the given packages and modules cannot be imported."""
    return subprocess.run(
        [sys.executable, "-c", WITHOUT.format(missing=set(missing)) + program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )


def test_every_module_outside_the_sandbox_can_be_imported() -> None:
    program = """
import pkgutil
from importlib import import_module
import reconciler

for module in pkgutil.walk_packages(reconciler.__path__, "reconciler.", onerror=lambda name: None):
    if not module.name.startswith(("reconciler.sandbox", "reconciler.__main__", "reconciler.ledger.migrations")):
        import_module(module.name)
        print(module.name)
"""
    done = python(program, missing={*EXTRA, "reconciler.sandbox"})

    assert done.returncode == 0, done.stderr
    imported = set(done.stdout.split())
    assert {"reconciler.cli.plan", "reconciler.cli.apply", "reconciler.cli.usage", "reconciler.cli.sandbox"} <= imported


def test_plan_and_apply_work(tmp_path: Path) -> None:
    folder = tmp_path / "manifests"
    shutil.copytree(ROOT / "manifests", folder)
    with RunningSandbox(Sandbox(clock=Clock(START))) as running:
        variables = {**running.variables(), "RECONCILER_NOW": START.isoformat()}

        def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
            return python(RUN, "-C", str(folder), *arguments, missing=EXTRA, **variables)

        setup = ran("apply", "--only", "setup", "--auto-approve")
        assert setup.returncode == 0, setup.stderr
        usage = ran("apply", "--only", "usage", "--auto-approve", "--json")
        assert usage.returncode == 0, usage.stderr
        assert len(running.sandbox.tenant.tables["addition"].rows) > 0
        again = ran("plan", "--detailed-exitcode")
        assert again.returncode == 0, again.stdout


def test_the_sandbox_command_says_how_to_install_it() -> None:
    done = python(RUN, "sandbox", missing=EXTRA)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "error: the sandbox is an optional part of reconciler, and it is not installed\n"
        "  Install the wheel with its extra [sandbox]: "
        "pip install --no-deps --require-hashes -r dist/requirements-sandbox.txt\n"
    )


def test_the_sandbox_command_reports_the_missing_extra_as_json() -> None:
    done = python(RUN, "sandbox", "--json", missing=EXTRA)

    assert done.returncode == 1
    error: dict[str, Any] = json.loads(done.stdout)["error"]
    assert error["code"] == 1
    assert error["message"] == "the sandbox is an optional part of reconciler, and it is not installed"
    assert "requirements-sandbox.txt" in error["advice"]


def test_the_help_of_the_sandbox_command_needs_no_extra() -> None:
    done = python(RUN, "sandbox", "--help", missing=EXTRA)

    assert done.returncode == 0, done.stderr
    assert "--customers" in done.stdout


def test_another_missing_module_is_reported_as_a_fault_of_the_program() -> None:
    done = python(RUN, "sandbox", missing={"reconciler.sandbox.server.wire"})

    assert done.returncode == 1
    assert "this is a bug in reconciler" in done.stderr


@pytest.mark.parametrize("package", sorted(EXTRA))
def test_any_one_missing_package_of_the_extra_is_recognised(package: str) -> None:
    assert "not installed" in python(RUN, "sandbox", missing={package}).stderr


def test_the_command_has_the_packages_of_the_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]

    assert {requirement.partition(">")[0] for requirement in extras["sandbox"]} == EXTRA
