"""Tests of finishing an import that was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from reconciler.cli.file_set import write_files
from reconciler.cli.unfinished import finish
from reconciler.errors import ReconcilerError
from reconciler.manifests.diagnostics import ManifestError
from reconciler.manifests.files import UNFINISHED, find

TEXTS = {"a.yaml": b"a: 2\n", "customers/b.yaml": b"b: 1\n", "import-review.md": b"# Review\n"}


class Died(Exception):  # noqa: N818 (a name says what happened)
    """The process died here."""


def write(root: Path) -> None:
    """Write the files of an import."""
    write_files(root, {root / name: data for name, data in TEXTS.items()})


def content(root: Path) -> dict[str, bytes]:
    """Return the content of every file in a folder, also of hidden ones."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def die_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Die when the file with this number is about to get its name. The list of the files is the first one."""
    replace, count = Path.replace, 0

    def dying(path: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == number:
            raise Died
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", dying)


@pytest.fixture
def interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder in which an import wrote its first file, and died before the second."""
    (tmp_path / "a.yaml").write_bytes(b"a: 1\n")
    with monkeypatch.context() as patch:
        die_at(patch, 3)
        with pytest.raises(Died):
            write(tmp_path)
    assert (tmp_path / "a.yaml").read_bytes() == b"a: 2\n"
    assert not (tmp_path / "customers" / "b.yaml").exists()
    return tmp_path


def test_a_file_that_is_right_already_is_not_touched(tmp_path: Path) -> None:
    write(tmp_path)
    before = (tmp_path / "a.yaml").stat()

    write(tmp_path)

    assert (tmp_path / "a.yaml").stat() == before


def test_if_a_file_cannot_get_its_name_the_next_import_gives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def refusing(path: Path, target: Path) -> Path:
        if target.name == "import-review.md":
            raise PermissionError(13, "Permission denied")
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refusing)
        with pytest.raises(ReconcilerError, match=r"import-review\.md: Permission denied"):
            write(tmp_path)

    assert finish(tmp_path) == 1
    assert content(tmp_path) == TEXTS


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_an_import_that_dies_is_finished_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    (tmp_path / "a.yaml").write_bytes(b"a: 1\n")
    with monkeypatch.context() as patch:
        die_at(patch, number)
        with pytest.raises(Died):
            write(tmp_path)

    finish(tmp_path)
    write(tmp_path)

    assert content(tmp_path) == TEXTS


def test_nothing_has_changed_while_the_list_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    die_at(monkeypatch, 1)
    with pytest.raises(Died):
        write(tmp_path)

    assert content(tmp_path) == {}
    assert find(tmp_path) == []


def test_a_folder_with_a_part_of_an_import_is_not_read(interrupted: Path) -> None:
    with pytest.raises(ManifestError, match="run `reconciler import` again"):
        find(interrupted)


def test_finishing_says_how_many_files_were_missing(interrupted: Path) -> None:
    assert finish(interrupted) == 2
    assert finish(interrupted) == 0
    assert content(interrupted) == TEXTS


def test_a_file_that_was_edited_after_it_was_written_keeps_its_edit(interrupted: Path) -> None:
    (interrupted / "a.yaml").write_bytes(b"a: 3\n")

    finish(interrupted)

    assert content(interrupted) == {**TEXTS, "a.yaml": b"a: 3\n"}


def test_a_file_that_was_made_by_hand_in_between_is_not_lost(interrupted: Path) -> None:
    (interrupted / "customers" / "b.yaml").write_bytes(b"b: mine\n")

    with pytest.raises(ReconcilerError, match=r"changed since then: customers/b\.yaml"):
        finish(interrupted)

    assert (interrupted / "customers" / "b.yaml").read_bytes() == b"b: mine\n"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"[]",
        msgspec.json.encode({"process": 1, "before": {"../a.yaml": None}}),
        msgspec.json.encode({"process": 1, "before": {"/etc/a.yaml": None}}),
    ],
)
def test_a_list_that_no_import_has_written_is_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / UNFINISHED).write_bytes(text)

    with pytest.raises(ReconcilerError, match="is not what an import leaves that was killed"):
        finish(tmp_path)


def test_a_list_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / UNFINISHED).mkdir()

    with pytest.raises(ReconcilerError, match="Is a directory"):
        finish(tmp_path)


def test_what_dead_processes_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    living = os.getppid()
    kept = {f".a.yaml.{living}", ".notes.txt.1", ".a.yaml.old", "a.yaml.1", f".git/.a.yaml.{ended.pid}"}
    gone = {
        f".a.yaml.{ended.pid}",
        f".{UNFINISHED}.{ended.pid}",
        f"customers/.b.yml.{ended.pid}",
        f".a.yaml.{os.getpid()}",
        f".a.yaml.{10**30}",
    }
    for name in kept | gone:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")

    finish(tmp_path)

    assert content(tmp_path).keys() == kept


def test_a_file_that_still_cannot_get_its_name_is_an_error_and_the_next_import_tries_again(
    interrupted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_path: Path, _target: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refused)
        with pytest.raises(ReconcilerError, match=r"b\.yaml: Permission denied"):
            finish(interrupted)

    assert finish(interrupted) == 2
