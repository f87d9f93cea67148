"""Tests of the functions of `reconciler.cli.streams` and `reconciler.cli.output` in this process."""

from __future__ import annotations

import io
import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from reconciler.cli import output, streams
from reconciler.cli.output import Undelivered, deliver, deliver_json, say


class Broken(io.StringIO):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def write(self, _text: str, /) -> int:
        raise self.error

    def flush(self) -> None:
        raise self.error


@pytest.fixture(autouse=True)
def new_run() -> None:
    output.begin()


def test_closed_streams_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    filled: list[Any] = []

    def closed(number: int) -> None:
        raise OSError(9, f"Bad file descriptor {number}")

    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", closed)
        patch.setattr(os, "open", lambda *_: 7)
        patch.setattr(os, "dup2", lambda *about: filled.append(about))
        patch.setattr(os, "close", lambda _number: None)
        streams.prepare_streams()

    assert filled == [(7, 0), (7, 1), (7, 2)]
    assert sys.stdin.readline() == ""
    sys.stdout.flush()
    with pytest.raises(OSError, match="it is closed"):
        sys.stdout.write("x")
    assert sys.stderr.write("x") == 1


def test_json_is_escaped_for_an_encoding_without_its_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    streams.prepare_streams()
    deliver("→")
    deliver_json('{"a": "é😀"}\n')
    assert raw.getvalue() == b'->\n{"a": "\\u00e9\\ud83d\\ude00"}\n'


def test_finish_streams_ignores_errors_of_the_last_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(OSError(28, "No space left on device")))
    monkeypatch.setattr(sys, "stderr", Broken(ValueError("closed")))
    streams.finish_streams()


def test_silence_redirects_the_file_descriptor_of_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setattr(os, "dup2", lambda *about: done.append(about))
        streams.silence(SimpleNamespace(fileno=lambda: 99))
        streams.silence(None)
    assert [to for _, to in done] == [99]


def test_after_a_failed_write_every_later_write_of_the_run_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(OSError(28, "No space left on device")))
    for _ in range(2):
        with pytest.raises(Undelivered, match="No space left on device"):
            deliver("x")
        monkeypatch.setattr(sys, "stdout", io.StringIO())
    output.begin()
    deliver("x")
    assert sys.stdout.getvalue() == "x\n"


def test_a_closed_pipe_is_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(BrokenPipeError()))
    deliver("x")
    deliver("y")
    assert output.delivered()


@pytest.mark.parametrize("stream", [None, Broken(BrokenPipeError()), Broken(ValueError("closed"))])
def test_a_message_to_a_broken_standard_error_raises_nothing(stream: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    say("x")


def test_lines_and_arrows_are_printed_in_ascii_if_the_encoding_lacks_them(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    streams.prepare_streams()
    deliver("── 1 → 2 … ü \u0141")
    assert raw.getvalue() == b"-- 1 -> 2 ... \\xfc \\u0141\n"


def test_control_characters_of_a_message_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x1b[31mb\nc")
    assert capsys.readouterr().err == "a\\u001b[31mb\nc\n"
