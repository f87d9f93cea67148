"""A ledger in use is copied whole into a new file."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from reconciler.ledger.backup import backup
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.integrity import check_ledger
from reconciler.ledger.store import Ledger

from .conftest import NOON
from .test_chain import record


def test_a_ledger_in_use_is_copied_in_one_consistent_state(sqlite_ledger: Ledger, url: str, tmp_path: Path) -> None:
    record(sqlite_ledger)
    head = check_ledger(sqlite_ledger).head
    with sqlite_ledger.write() as connection:
        connection.exec_driver_sql("UPDATE pulls SET error = 'not committed'")
        size = backup(url, tmp_path / "copy.sqlite")
    record(sqlite_ledger, 1)
    copy = tmp_path / "copy.sqlite"
    assert (size, stat.S_IMODE(copy.stat().st_mode)) == (copy.stat().st_size, 0o600)
    assert [file.name for file in tmp_path.iterdir() if "copy" in file.name] == ["copy.sqlite"]
    with Ledger.open(str(copy), now=NOON) as opened:
        found = check_ledger(opened)
    assert (found.problems, found.head) == ((), head)


def test_no_file_is_replaced(sqlite_ledger: Ledger, url: str, tmp_path: Path) -> None:
    (tmp_path / "copy.sqlite").write_text("mine")
    with pytest.raises(LedgerError, match="exists already"):
        backup(url, tmp_path / "copy.sqlite")
    assert (tmp_path / "copy.sqlite").read_text() == "mine"


def test_a_ledger_on_a_server_is_left_to_the_programs_of_the_server(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as caught:
        backup("postgresql://role:pass-word@db.example.com/ledger", tmp_path / "copy.sqlite")
    assert "pg_dump" in caught.value.advice
    assert "pass-word" not in str(caught.value)


def test_without_a_ledger_nothing_is_made(url: str, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="there is no ledger yet"):
        backup(url, tmp_path / "copy.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(sqlite_ledger: Ledger, url: str, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="the backup cannot be written: No such file") as caught:
        backup(url, tmp_path / "missing" / "copy.sqlite")
    assert caught.value.where == str(tmp_path / "missing" / "copy.sqlite")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("no database" * 100)
    with pytest.raises(LedgerError, match="not a SQLite database"):
        backup(str(tmp_path / "ledger.sqlite"), tmp_path / "copy.sqlite")
    assert [file.name for file in tmp_path.iterdir()] == ["ledger.sqlite"]
