"""One import of a folder runs at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import Refused
from reconciler.importing import folder_lock as module
from reconciler.importing.folder_lock import folder_lock


def test_a_second_import_of_the_folder_is_refused(tmp_path: Path) -> None:
    with (
        folder_lock(tmp_path),
        pytest.raises(Refused, match="another import of this folder is running"),
        folder_lock(tmp_path),
    ):
        pass


def test_the_lock_is_free_after_the_first_import(tmp_path: Path) -> None:
    with folder_lock(tmp_path):
        pass
    with folder_lock(tmp_path):
        pass


def test_a_folder_that_is_not_there_has_no_lock(tmp_path: Path) -> None:
    with folder_lock(tmp_path / "missing"):
        pass


def test_an_import_runs_without_locks_where_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(_file: int, _how: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(module.fcntl, "flock", unsupported)
    with folder_lock(tmp_path):
        pass
    monkeypatch.setattr(module, "fcntl", None)
    with folder_lock(tmp_path):
        pass
