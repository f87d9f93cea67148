"""Tests of the files that commands write and read, and of the width of the output."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from reconciler.cli.output import read_file, width, write_file
from reconciler.errors import ReconcilerError


def test_write_file_writes_the_text_and_leaves_no_other_file(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    write_file(file, "one → two")

    assert read_file(file) == "one → two"
    assert list(tmp_path.iterdir()) == [file]


def test_write_file_to_a_missing_folder_is_an_error_with_advice(tmp_path: Path) -> None:
    with pytest.raises(ReconcilerError, match="No such file") as refused:
        write_file(tmp_path / "no" / "plan.json", "x")
    assert refused.value.advice == "Choose another place, or free some space."


def test_write_file_to_the_path_of_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReconcilerError, match="Is a directory"):
        write_file(tmp_path, "x")


def test_a_failed_write_keeps_the_old_file_and_leaves_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "plan.json"
    file.write_text("old", encoding="utf-8")

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ReconcilerError, match="No space left on device"):
            write_file(file, "new")

    assert file.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_the_error_for_a_missing_plan_file_names_plan_out(tmp_path: Path) -> None:
    with pytest.raises(ReconcilerError, match="No such file") as refused:
        read_file(tmp_path / "plan.json")
    assert "reconciler plan --out FILE" in refused.value.advice


def test_a_file_that_is_not_utf_8_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ReconcilerError, match="is not UTF-8 text"):
        read_file(tmp_path / "plan.json")


@pytest.mark.parametrize(
    ("terminal", "columns", "expected"),
    [
        (None, "60", 100),
        (133, "", 133),
        (133, "60", 60),
        (133, "0", 133),
        (133, "many", 133),
        (0, "", 100),
        (5, "", 20),
    ],
)
def test_the_width_is_the_terminals_columns_or_100_in_a_pipe(
    terminal: int | None, columns: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def size(_number: int) -> os.terminal_size:
        if terminal is None:
            raise OSError(25, "Inappropriate ioctl for device")
        return os.terminal_size((terminal, 24))

    monkeypatch.setattr(sys, "stdout", SimpleNamespace(fileno=lambda: 1))
    monkeypatch.setattr(os, "get_terminal_size", size)
    monkeypatch.setenv("COLUMNS", columns)
    assert width() == expected


def test_reconciler_columns_sets_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_COLUMNS", "140")
    assert width() == 140
