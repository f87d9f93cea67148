"""Tests of the progress bar and of the line about reading."""

from __future__ import annotations

import asyncio
import sys
from io import StringIO
from types import SimpleNamespace

import pytest

from reconciler.cli.progress import progress_bar, reading_line
from reconciler.planning.outcome import Result, Status


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def result(status: Status) -> Result:
    return Result(address="Company/a", action="create", status=status)


def test_without_a_terminal_no_bar_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(2) as on_result:
        on_result(result("done"))
    assert capsys.readouterr() == ("", "")


def test_the_bar_counts_results_and_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")

    with progress_bar(3) as on_result:
        for status in ("done", "failed", "unknown"):
            on_result(result(status))

    assert "3/3" in terminal.getvalue()
    assert "2 failed" in terminal.getvalue()


class ClosedTerminal(Terminal):
    """A terminal that was closed during the command."""

    def write(self, _text: str, /) -> int:
        raise OSError(5, "Input/output error")

    def flush(self) -> None:
        raise OSError(5, "Input/output error")


def test_a_closed_terminal_does_not_end_an_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", ClosedTerminal())
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar(2) as on_result:
        on_result(result("done"))
        on_result(result("failed"))


async def test_without_a_terminal_no_line_about_reading_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    async with reading_line(lambda: 3) as line:
        line.source("cove", "reading")
        await asyncio.sleep(0)
    assert capsys.readouterr() == ("", "")
    assert str(line) == "reading ConnectWise: 3 requests · cove: reading"


async def test_the_line_shows_the_requests_and_the_state_of_each_source(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("reconciler.cli.progress.PAUSE", 0.001)
    async with reading_line(lambda: 1) as line:
        line.source("cove", "6 customers")
        line.source("file", "failed")
        while "failed" not in terminal.getvalue():  # noqa: ASYNC110 - drawing sets no event
            await asyncio.sleep(0.001)
    assert "reading ConnectWise: 1 request · cove: 6 customers · file: failed" in terminal.getvalue()


async def test_a_closed_terminal_does_not_end_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", ClosedTerminal())
    monkeypatch.setenv("TERM", "xterm")
    async with reading_line(lambda: 1):
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("stream", [None, SimpleNamespace()])
def test_without_a_standard_error_nothing_is_drawn(stream: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_bar(1) as on_result:
        on_result(result("done"))
