"""Ledgers for commands that only read: read-only files, files of a killed run, read-only servers, and none at all."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from reconciler.ledger import read_only, schema
from reconciler.ledger.errors import LedgerError, Unwritable
from reconciler.ledger.journal import begin_run, write_intent
from reconciler.ledger.pulls import latest_pull, samples_of_pull
from reconciler.ledger.read_only import open_copy, open_for_reading
from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.store import Ledger

from .conftest import NOON

LATER = NOON + timedelta(hours=1)


def pull(moment: Any = NOON) -> Pull:
    sample = Sample("cove", "1", "d", moment, 7)
    return Pull("cove", moment, moment, "whole", customers=(Customer("cove", "1", "Acme"),), samples=(sample,))


def reads(url: str, notices: list[str]) -> Ledger:
    return open_for_reading(url, now=LATER, on_notice=notices.append)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Become the user `nobody` for a while, because root can write everywhere. SQLite checks the effective user."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Yield a directory that the user `nobody` can reach and read."""
    if not all(above.stat().st_mode & 0o001 for above in Path(__file__).resolve().parents):
        pytest.skip("this checkout is in a folder that other users cannot read")
    folder = Path("/var/tmp") / f"reconciler-test-{os.getpid()}-{tmp_path.name}"
    folder.mkdir(mode=0o755)
    yield folder
    for path in [folder, *folder.iterdir()]:
        path.chmod(0o700)
    shutil.rmtree(folder)


def filled(file: Path) -> None:
    with Ledger.open(str(file), now=NOON) as ledger:
        record_pull(ledger, pull())


def make_read_only(folder: Path) -> None:
    """Make a directory and its files read-only for every user."""
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)


def test_a_ledger_that_can_be_written_is_not_copied(url: str) -> None:
    notices: list[str] = []
    with reads(url, notices) as ledger:
        assert not ledger.is_copy
        record_pull(ledger, pull())
    with Ledger.open(url, now=NOON) as ledger:
        assert latest_pull(ledger, "cove") is not None
    assert notices == []


def test_a_ledger_in_a_read_only_directory_is_copied_and_not_changed(place: Path) -> None:
    filled(place / "l.sqlite")
    make_read_only(place)
    before = (place / "l.sqlite").read_bytes()
    notices: list[str] = []
    with as_nobody(), reads(str(place / "l.sqlite"), notices) as ledger:
        assert ledger.is_copy
        record_pull(ledger, pull(LATER))
        found = latest_pull(ledger, "cove")
        assert found is not None
        assert found.started_at == LATER
        assert [sample.bytes for sample in samples_of_pull(ledger, 1)] == [7]
    assert [path.name for path in place.iterdir()] == ["l.sqlite"]
    assert (place / "l.sqlite").read_bytes() == before
    assert len(notices) == 1
    assert "l.sqlite): what this run reads is not saved" in notices[0]


def test_a_read_only_file_in_a_writable_directory_is_copied(place: Path) -> None:
    filled(place / "l.sqlite")
    (place / "l.sqlite").chmod(0o444)
    place.chmod(0o777)
    notices: list[str] = []
    with as_nobody(), reads(str(place / "l.sqlite"), notices) as ledger:
        assert ledger.is_copy
        assert latest_pull(ledger, "cove") is not None
    assert notices[0].startswith("no permission to write the ledger")


def test_a_ledger_in_a_folder_whose_name_is_not_utf_8_is_copied(tmp_path: Path) -> None:
    filled(tmp_path / "l.sqlite")
    folder = tmp_path / "a\udcff"
    folder.mkdir()
    (tmp_path / "l.sqlite").rename(folder / "l.sqlite")
    with open_copy(str(folder / "l.sqlite"), Unwritable("no"), now=NOON, on_notice=lambda _: None) as ledger:
        assert latest_pull(ledger, "cove") is not None


def test_the_wal_file_of_a_killed_run_is_read_too(place: Path, tmp_path: Path) -> None:
    with Ledger.open(str(tmp_path / "l.sqlite"), now=NOON) as ledger:
        record_pull(ledger, pull())
        for end in ("", "-wal"):
            shutil.copy(tmp_path / f"l.sqlite{end}", place / f"l.sqlite{end}")
    assert (place / "l.sqlite-wal").stat().st_size
    make_read_only(place)
    with as_nobody(), reads(str(place / "l.sqlite"), []) as ledger:
        assert latest_pull(ledger, "cove") is not None
    assert sorted(path.name for path in place.iterdir()) == ["l.sqlite", "l.sqlite-wal"]


def test_a_missing_ledger_in_a_read_only_directory_is_empty(place: Path) -> None:
    place.chmod(0o555)
    notices: list[str] = []
    with as_nobody(), reads(str(place / ".reconciler" / "l.sqlite"), notices) as ledger:
        assert latest_pull(ledger, "cove") is None
        record_pull(ledger, pull())
        assert latest_pull(ledger, "cove") is not None
    assert notices == [
        f"the ledger's directory cannot be created: Permission denied ({place}/.reconciler/l.sqlite): "
        "what this run reads is not saved"
    ]
    with as_nobody(), reads(str(place / "l.sqlite"), notices) as ledger:
        assert latest_pull(ledger, "cove") is None
    assert "the ledger cannot be created: Permission denied" in notices[1]


def test_a_missing_ledger_whose_directory_is_a_file_is_empty(tmp_path: Path) -> None:
    (tmp_path / ".reconciler").write_text("a file")
    notices: list[str] = []
    with reads(str(tmp_path / ".reconciler" / "l.sqlite"), notices) as ledger:
        assert latest_pull(ledger, "cove") is None
    assert len(notices) == 1


def test_a_read_only_url_is_copied(url: str, tmp_path: Path) -> None:
    filled(tmp_path / "ledger.sqlite")
    notices: list[str] = []
    with reads(f"sqlite:///file:{tmp_path / 'ledger.sqlite'}?mode=ro&uri=true", notices) as ledger:
        assert ledger.is_copy
        assert latest_pull(ledger, "cove") is not None
    assert len(notices) == 1


def test_a_read_only_ledger_of_an_older_revision_is_migrated_in_its_copy(place: Path) -> None:
    old = Path(__file__).parent / "data" / "ledger-0001.sql"
    with closing(sqlite3.connect(place / "l.sqlite")) as connection:
        connection.executescript(old.read_text(encoding="utf-8"))
    make_read_only(place)
    with as_nobody(), reads(str(place / "l.sqlite"), []) as ledger:
        found = latest_pull(ledger, "cove")
        assert found is not None
        assert found.notes == ("one note",)


def test_the_copy_of_a_large_ledger_is_a_file_that_is_deleted_at_the_end(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(place / "l.sqlite")
    monkeypatch.setattr(read_only, "MAX_IN_MEMORY", 0)
    monkeypatch.setattr(read_only.tempfile, "tempdir", str(tmp_path))
    with open_copy(str(place / "l.sqlite"), Unwritable("no"), now=NOON, on_notice=lambda _: None) as ledger:
        assert latest_pull(ledger, "cove") is not None
        (folder,) = tmp_path.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "copy.sqlite").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_large_ledger_without_space_for_a_copy_is_an_error(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(place / "l.sqlite")
    monkeypatch.setattr(read_only, "MAX_IN_MEMORY", 0)
    monkeypatch.setattr(read_only.tempfile, "tempdir", str(place / "none"))
    with pytest.raises(LedgerError, match="can neither be written nor be copied: No such file or directory"):
        open_copy(str(place / "l.sqlite"), Unwritable("no"), now=NOON, on_notice=lambda _: None)


def text_file(file: Path) -> None:
    file.write_text("notes " * 1000)


def other_database(file: Path) -> None:
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("CREATE TABLE orders (id INTEGER)")


def newer_ledger(file: Path) -> None:
    filled(file)
    with closing(sqlite3.connect(file)) as other, other:
        other.execute(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'")


def directory(file: Path) -> None:
    file.mkdir()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (text_file, "not a ledger: it is not a SQLite database"),
        (other_database, "another program's database"),
        (newer_ledger, "which this version does not support"),
        (directory, "is a directory, not a file"),
    ],
)
@pytest.mark.parametrize("read_only_place", [False, True])
def test_a_path_that_is_not_a_usable_ledger_is_an_error(
    place: Path, make: Callable[[Path], None], words: str, read_only_place: bool
) -> None:
    make(place / "l.sqlite")
    if read_only_place:
        make_read_only(place)
        (place / "l.sqlite").chmod(0o555)
    with as_nobody() if read_only_place else nullcontext(), pytest.raises(LedgerError, match=words):
        reads(str(place / "l.sqlite"), [])


def test_a_ledger_without_permission_to_read_is_an_error(place: Path) -> None:
    filled(place / "l.sqlite")
    (place / "l.sqlite").chmod(0o000)
    with as_nobody(), pytest.raises(LedgerError, match="cannot be opened"):
        reads(str(place / "l.sqlite"), [])


def test_a_run_continues_on_a_copy_when_the_disk_is_full(url: str) -> None:
    with Ledger.open(url, now=NOON) as ledger:
        record_pull(ledger, pull())
        ledger.switch_to(open_copy(url, Unwritable("the disk is full"), now=NOON, on_notice=lambda _: None))
        assert ledger.is_copy
        record_pull(ledger, pull(LATER))
        assert not ledger.file_replaced()
    with Ledger.open(url, now=NOON) as ledger:
        found = latest_pull(ledger, "cove")
    assert found is not None
    assert found.started_at == NOON


def test_all_threads_share_a_ledger_in_memory(url: str) -> None:
    with Ledger.open("sqlite://", now=NOON) as ledger, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda hour: record_pull(ledger, pull(NOON + timedelta(hours=hour))), range(40)))
        with ledger.read() as connection:
            assert connection.execute(sa.select(sa.func.count()).select_from(schema.pulls)).scalar() == 40


# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────────────


def as_reader(url: str) -> str:
    return url.replace("owner@", "reader@")


def granted(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
    engine.dispose()


def test_a_postgresql_role_without_permission_to_write_gets_a_copy(postgresql_url: str) -> None:
    with Ledger.open(postgresql_url, now=NOON) as ledger:
        record_pull(ledger, pull(NOON - timedelta(days=100)))
        record_pull(ledger, pull())
        run = begin_run(ledger, "main", "digest", NOON)
        write_intent(ledger, run, "a", method="POST", path="p", body={"a": 1}, natural_key={}, now=NOON)
    granted(postgresql_url)
    notices: list[str] = []
    with reads(as_reader(postgresql_url), notices) as ledger:
        assert ledger.is_copy
        assert [sample.bytes for sample in samples_of_pull(ledger, 2)] == [7]
        assert samples_of_pull(ledger, 1) == []  # older than `RECENT`
        record_pull(ledger, pull(LATER))
    assert len(notices) == 1
    assert notices[0].startswith("this role has no permission to write the ledger (postgresql+psycopg://reader@")


def test_a_read_only_server_is_copied(postgresql_url: str) -> None:
    with Ledger.open(postgresql_url, now=NOON) as ledger:
        record_pull(ledger, pull())
    notices: list[str] = []
    with reads(f"{postgresql_url}&options=-cdefault_transaction_read_only%3Don", notices) as ledger:
        assert latest_pull(ledger, "cove") is not None
    assert "the database server is read-only" in notices[0]


def test_a_postgresql_database_without_tables_is_an_empty_ledger_for_a_role_that_reads(
    empty_postgresql_url: str,
) -> None:
    notices: list[str] = []
    with reads(as_reader(empty_postgresql_url), notices) as ledger:
        assert latest_pull(ledger, "cove") is None
    assert len(notices) == 1


def test_an_older_revision_that_the_role_cannot_migrate_is_an_error(postgresql_url: str) -> None:
    Ledger.open(postgresql_url, now=NOON).close()
    engine = sa.create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '0001'"))
        connection.execute(sa.text("ALTER TABLE locks DROP COLUMN boot"))
    engine.dispose()
    granted(postgresql_url)
    with pytest.raises(LedgerError, match="is at revision 0001, and this role has no permission to migrate it to"):
        reads(as_reader(postgresql_url), [])
