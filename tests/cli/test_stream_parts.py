"""The parts of `reconciler.cli.streams` and `output`, in this process."""

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


def test_streams_that_are_closed_are_stood_in_for(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_text_stream_writes_out_what_its_encoding_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    streams.prepare_streams()
    deliver("→")
    deliver_json('{"a": "é😀"}\n')
    assert raw.getvalue() == b'->\n{"a": "\\u00e9\\ud83d\\ude00"}\n'


def test_what_a_buffer_holds_at_the_end_may_not_be_writable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(OSError(28, "No space left on device")))
    monkeypatch.setattr(sys, "stderr", Broken(ValueError("closed")))
    streams.finish_streams()


def test_to_silence_a_stream_sends_its_number_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setattr(os, "dup2", lambda *about: done.append(about))
        streams.silence(SimpleNamespace(fileno=lambda: 99))
        streams.silence(None)
    assert [to for _, to in done] == [99]


def test_what_is_lost_once_stays_lost_and_is_told_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(OSError(28, "No space left on device")))
    for _ in range(2):
        with pytest.raises(Undelivered, match="No space left on device"):
            deliver("x")
        monkeypatch.setattr(sys, "stdout", io.StringIO())
    output.begin()
    deliver("x")
    assert sys.stdout.getvalue() == "x\n"  # type: ignore[attr-defined]  # the buffer set above


def test_a_reader_that_has_left_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(BrokenPipeError()))
    deliver("x")
    deliver("y")
    assert output.delivered()


@pytest.mark.parametrize("stream", [None, Broken(BrokenPipeError()), Broken(ValueError("closed"))])
def test_nothing_that_is_said_beside_ends_a_command(stream: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    say("x")


def test_signs_of_ours_are_spelled_in_ascii_where_the_encoding_lacks_them(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    streams.prepare_streams()
    deliver("── 1 → 2 … ü \u0141")
    assert raw.getvalue() == b"-- 1 -> 2 ... \\xfc \\u0141\n"


def test_a_message_cannot_harm_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x1b[31mb\nc")
    assert capsys.readouterr().err == "a\\u001b[31mb\nc\n"
