"""Ctrl-C is noticed where a library turns it into another error."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from reconciler.cli import ctrl_c
from reconciler.cli.failures import failure_of


@pytest.fixture
def watched() -> Iterator[None]:
    before = signal.set_wakeup_fd(-1)
    ctrl_c.watch()
    yield
    os.close(signal.set_wakeup_fd(before))
    os.close(ctrl_c._pipe.pop())


def press() -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_an_error_whose_cause_is_ctrl_c_is_an_interruption() -> None:
    error = RuntimeError("error calling __set_name__")
    error.__cause__ = KeyboardInterrupt()
    assert failure_of(error).code == 130


def test_an_error_after_ctrl_c_that_does_not_name_it_is_an_interruption(watched: None) -> None:
    press()
    assert failure_of(TypeError("a schema is not complete")).code == 130


def test_an_error_without_ctrl_c_is_a_bug(watched: None) -> None:
    failure = failure_of(TypeError("oops"))
    assert failure.code == 1
    assert "this is a bug in reconciler" in failure.message


def test_an_error_that_is_its_own_context_is_a_bug() -> None:
    first, second = TypeError("first"), TypeError("second")
    first.__context__, second.__context__ = second, first
    assert failure_of(first).code == 1
