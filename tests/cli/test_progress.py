"""The progress bar."""

from __future__ import annotations

import asyncio
import sys
from io import StringIO
from types import SimpleNamespace

import pytest

from reconciler.cli.progress import progress, reading
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


class Gone(Terminal):
    """A terminal that was closed while something went on."""

    def write(self, _text: str, /) -> int:
        raise OSError(5, "Input/output error")

    def flush(self) -> None:
        raise OSError(5, "Input/output error")


def test_a_terminal_that_is_gone_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Gone())
    monkeypatch.setenv("TERM", "xterm")
    with progress(2) as on_result:
        on_result(result("done"))
        on_result(result("failed"))


async def test_reading_where_there_is_no_terminal_draws_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    async with reading(lambda: 3) as found:
        found.source("cove", "reading")
        await asyncio.sleep(0)
    assert capsys.readouterr() == ("", "")
    assert str(found) == "reading ConnectWise: 3 requests · cove: reading"


async def test_reading_tells_of_the_tenant_and_of_each_source(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("reconciler.cli.progress.PAUSE", 0.001)
    async with reading(lambda: 1) as found:
        found.source("cove", "6 customers")
        found.source("file", "failed")
        while "failed" not in terminal.getvalue():  # noqa: ASYNC110 (what is drawn sets no event)
            await asyncio.sleep(0.001)
    assert "reading ConnectWise: 1 request · cove: 6 customers · file: failed" in terminal.getvalue()


async def test_a_terminal_that_is_gone_ends_no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Gone())
    monkeypatch.setenv("TERM", "xterm")
    async with reading(lambda: 1):
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("stream", [None, SimpleNamespace()])
def test_without_a_standard_error_nothing_is_drawn(stream: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with progress(1) as on_result:
        on_result(result("done"))
