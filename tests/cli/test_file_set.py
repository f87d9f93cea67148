"""Tests of the files that a command writes together."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.cli import file_set
from reconciler.cli.file_set import write_files
from reconciler.cli.output import write_temporary
from reconciler.errors import ReconcilerError


def content_of(folder: Path) -> Mapping[str, str]:
    """Return the text of each file below a folder, and an empty text for a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") if path.is_file() else ""
        for path in folder.rglob("*")
    }


def test_files_are_written_together_with_their_folders_and_modes(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("old", encoding="utf-8")
    (tmp_path / "one.yaml").chmod(0o600)

    write_files(tmp_path, {tmp_path / "one.yaml": b"1", tmp_path / "a" / "b" / "two.yaml": b"2"})

    assert content_of(tmp_path) == {"one.yaml": "1", "a": "", "a/b": "", "a/b/two.yaml": "2"}
    assert (tmp_path / "one.yaml").stat().st_mode & 0o777 == 0o600


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text("old", encoding="utf-8")
    (tmp_path / "link.yaml").symlink_to("file.yaml")

    write_files(tmp_path, {tmp_path / "link.yaml": b"new"})

    assert (tmp_path / "link.yaml").is_symlink()
    assert (tmp_path / "file.yaml").read_text(encoding="utf-8") == "new"


def test_if_one_file_cannot_be_written_none_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.yaml").write_text("old", encoding="utf-8")

    def full(temporary: Path, data: bytes, mode: int | None, *, sync: bool) -> None:
        if "two" in temporary.name:
            raise OSError(28, "No space left on device")
        write_temporary(temporary, data, mode, sync=sync)

    monkeypatch.setattr(file_set, "write_temporary", full)
    with pytest.raises(ReconcilerError, match="No space left on device") as refused:
        write_files(tmp_path, {tmp_path / "one.yaml": b"1", tmp_path / "a" / "two.yaml": b"2"})

    assert refused.value.where.endswith("two.yaml")
    assert refused.value.advice == "Free some space, and run again."
    assert content_of(tmp_path) == {"one.yaml": "old"}


def test_ctrl_c_before_the_renames_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(temporary: Path, data: bytes, mode: int | None, *, sync: bool) -> None:
        write_temporary(temporary, data, mode, sync=sync)
        if "two" in temporary.name:
            raise KeyboardInterrupt

    monkeypatch.setattr(file_set, "write_temporary", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_files(tmp_path, {tmp_path / "one.yaml": b"1", tmp_path / "two.yaml": b"2", tmp_path / "three.yaml": b"3"})

    assert content_of(tmp_path) == {}


def test_ctrl_c_during_the_renames_stops_none_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGINT)
    rename = Path.replace

    def pressed(self: Path, target: Path) -> Path:
        os.kill(os.getpid(), signal.SIGINT)
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", pressed)
    write_files(tmp_path, {tmp_path / "one.yaml": b"1", tmp_path / "two.yaml": b"2"})

    assert content_of(tmp_path) == {"one.yaml": "1", "two.yaml": "2"}
    assert signal.getsignal(signal.SIGINT) == before


def test_files_can_be_written_by_a_thread_that_receives_no_signals(tmp_path: Path) -> None:
    thread = threading.Thread(
        target=write_files,
        args=(
            tmp_path,
            {tmp_path / "one.yaml": b"1"},
        ),
    )
    thread.start()
    thread.join()

    assert content_of(tmp_path) == {"one.yaml": "1"}


def test_a_file_in_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "customers").write_text("a file", encoding="utf-8")

    with pytest.raises(ReconcilerError, match="File exists"):
        write_files(tmp_path, {tmp_path / "customers" / "one.yaml": b"1"})
