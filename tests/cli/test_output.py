"""Files that commands write and read."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from reconciler.cli.output import read_file, width, write_file
from reconciler.errors import ReconcilerError


def test_a_file_is_written_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    write_file(file, "one → two")

    assert read_file(file) == "one → two"
    assert list(tmp_path.iterdir()) == [file]


def test_a_place_that_cannot_be_written_is_an_error_with_advice(tmp_path: Path) -> None:
    with pytest.raises(ReconcilerError, match="No such file") as refused:
        write_file(tmp_path / "no" / "plan.json", "x")
    assert refused.value.advice == "Choose another place, or free some space."


def test_a_folder_is_no_place_for_a_file(tmp_path: Path) -> None:
    with pytest.raises(ReconcilerError, match="Is a directory"):
        write_file(tmp_path, "x")


def test_a_write_that_breaks_off_leaves_the_old_file_and_nothing_beside_it(
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


def test_a_file_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ReconcilerError, match="No such file") as refused:
        read_file(tmp_path / "plan.json")
    assert "reconciler plan --out FILE" in refused.value.advice


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
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
def test_a_table_takes_the_terminals_columns_or_100_in_a_pipe(
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


def test_the_readmes_samples_are_made_at_a_width_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_COLUMNS", "140")
    assert width() == 140
