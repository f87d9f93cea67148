"""docs/how-to/adopting.md leads from a messy tenant to the first apply, as it is written."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.server.starting import new_sandbox
from tests.blocks import ROOT, commands
from tests.test_doc_commands import reason

NOW = "2026-11-10T09:00:00+00:00"


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve a messy tenant, and go to a folder that has only the workspace."""
    (tmp_path / "manifests").mkdir()
    shutil.copy(ROOT / "manifests" / "workspace.yaml", tmp_path / "manifests")
    messy = new_sandbox(customers=40, seed=7, latency_ms=0, faults=[], clock=NOW, state=None, messy=True)
    with RunningSandbox(messy) as running:
        for name, value in running.variables().items():
            monkeypatch.setenv(name, value)
        for name in ("AUTHOR", "COMMITTER"):
            monkeypatch.setenv(f"GIT_{name}_NAME", "Ann")
            monkeypatch.setenv(f"GIT_{name}_EMAIL", "ann@msp.example")
        monkeypatch.setenv("RECONCILER_NOW", NOW)
        monkeypatch.chdir(tmp_path)
        yield tmp_path


def test_the_page_leads_from_a_messy_tenant_to_the_first_apply_and_back_from_a_price(
    tenant: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    done = commands(ROOT / "docs" / "how-to" / "adopting.md")
    assert len(done) > 25
    for each in done:
        arguments = shlex.split(each.command)
        if reason(each.command) is not None:
            continue
        if arguments[0] != "reconciler" or "|" in arguments:
            subprocess.run(each.command, shell=True, check=True, capture_output=True, cwd=tenant)
        else:
            assert run(arguments[1:]) == each.code, each.command
    assert "price: 0.25\n" in (tenant / "manifests" / "products.yaml").read_text(encoding="utf-8")
    capsys.readouterr()
    run(["--json", "plan", "--undo", "1"])
    undo = json.loads(capsys.readouterr().out)
    assert undo["undo"]["patch"] == ""
    assert not {each["kind"] for each in undo["actions"]} & {"ManagementSolution", "Addition"}
    assert any("additions that the run adopted stay" in each["message"] for each in undo["warnings"])
