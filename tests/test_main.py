"""Test of `python -m reconciler`."""

from __future__ import annotations

import runpy
import sys

import pytest


def test_the_package_runs_as_a_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["reconciler", "version"])

    with pytest.raises(SystemExit) as exited:
        runpy.run_module("reconciler", run_name="__main__")

    assert exited.value.code == 0
    assert capsys.readouterr().out == "reconciler 0.1.0\n"
