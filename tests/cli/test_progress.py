"""The progress bar."""

from __future__ import annotations

import sys
from io import StringIO

import pytest

from reconciler.cli.progress import progress
from reconciler.planning.outcome import Result, Status


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def result(status: Status) -> Result:
    return Result(address="Company/a", action="create", status=status)


def test_where_there_is_no_terminal_nothing_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(2) as on_result:
        on_result(result("done"))
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_it_counts_results_and_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")

    with progress(3) as on_result:
        for status in ("done", "failed", "unknown"):
            on_result(result(status))  # type: ignore[arg-type]  # a tuple of words

    assert "3/3" in terminal.getvalue()
    assert "2 failed" in terminal.getvalue()
