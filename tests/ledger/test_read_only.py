"""A ledger for those who only look: read-only, half written, on a server without the right to write, or none at all."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
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


def reads(url: str, told: list[str]) -> Ledger:
    return open_for_reading(url, now=LATER, on_notice=told.append)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write everywhere; for this long we are somebody else. SQLite and files go by the effective user."""
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
    """A folder that nobody can reach and not write."""
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


def closed(folder: Path) -> None:
    """Everybody may read, nobody may write."""
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)


def test_one_that_can_be_written_is_itself(url: str) -> None:
    told: list[str] = []
    with reads(url, told) as ledger:
        assert ledger.kept
        record_pull(ledger, pull())
    with Ledger.open(url, now=NOON) as ledger:
        assert latest_pull(ledger, "cove") is not None
    assert told == []


def test_one_in_a_place_that_may_not_be_written_is_read_and_what_is_learned_is_dropped(place: Path) -> None:
    filled(place / "l.sqlite")
    closed(place)
    before = (place / "l.sqlite").read_bytes()
    told: list[str] = []
    with as_nobody(), reads(str(place / "l.sqlite"), told) as ledger:
        assert not ledger.kept
        record_pull(ledger, pull(LATER))
        found = latest_pull(ledger, "cove")
        assert found is not None
        assert found.started_at == LATER
        assert [sample.bytes for sample in samples_of_pull(ledger, 1)] == [7]
    assert [path.name for path in place.iterdir()] == ["l.sqlite"]
    assert (place / "l.sqlite").read_bytes() == before
    assert len(told) == 1
    assert "l.sqlite): what this run reads is not kept" in told[0]


def test_a_file_that_may_not_be_written_in_a_folder_that_may_is_read(place: Path) -> None:
    filled(place / "l.sqlite")
    (place / "l.sqlite").chmod(0o444)
    place.chmod(0o777)
    told: list[str] = []
    with as_nobody(), reads(str(place / "l.sqlite"), told) as ledger:
        assert not ledger.kept
        assert latest_pull(ledger, "cove") is not None
    assert told[0].startswith("the ledger may not be written")


def test_what_a_run_that_was_killed_left_beside_the_file_is_read_too(place: Path, tmp_path: Path) -> None:
    with Ledger.open(str(tmp_path / "l.sqlite"), now=NOON) as ledger:
        record_pull(ledger, pull())
        for end in ("", "-wal"):
            shutil.copy(tmp_path / f"l.sqlite{end}", place / f"l.sqlite{end}")
    assert (place / "l.sqlite-wal").stat().st_size
    closed(place)
    with as_nobody(), reads(str(place / "l.sqlite"), []) as ledger:
        assert latest_pull(ledger, "cove") is not None
    assert sorted(path.name for path in place.iterdir()) == ["l.sqlite", "l.sqlite-wal"]


def test_none_at_all_in_a_place_that_may_not_be_written_is_an_empty_one(place: Path) -> None:
    place.chmod(0o555)
    told: list[str] = []
    with as_nobody(), reads(str(place / ".reconciler" / "l.sqlite"), told) as ledger:
        assert latest_pull(ledger, "cove") is None
        record_pull(ledger, pull())
        assert latest_pull(ledger, "cove") is not None
    assert told == [
        f"the ledger's directory cannot be made: Permission denied ({place}/.reconciler/l.sqlite): "
        "what this run reads is not kept"
    ]
    with as_nobody(), reads(str(place / "l.sqlite"), told) as ledger:
        assert latest_pull(ledger, "cove") is None
    assert "the ledger cannot be made: Permission denied" in told[1]


def test_a_folder_whose_place_a_file_has_taken_leaves_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / ".reconciler").write_text("no folder")
    told: list[str] = []
    with reads(str(tmp_path / ".reconciler" / "l.sqlite"), told) as ledger:
        assert latest_pull(ledger, "cove") is None
    assert len(told) == 1


def test_a_url_that_only_reads_is_read(url: str, tmp_path: Path) -> None:
    filled(tmp_path / "ledger.sqlite")
    told: list[str] = []
    with reads(f"sqlite:///file:{tmp_path / 'ledger.sqlite'}?mode=ro&uri=true", told) as ledger:
        assert not ledger.kept
        assert latest_pull(ledger, "cove") is not None
    assert len(told) == 1


def test_an_older_one_that_may_not_be_written_is_read_as_if_it_were_migrated(place: Path) -> None:
    old = Path(__file__).parent / "data" / "ledger-0001.sql"
    with closing(sqlite3.connect(place / "l.sqlite")) as connection:
        connection.executescript(old.read_text(encoding="utf-8"))
    closed(place)
    with as_nobody(), reads(str(place / "l.sqlite"), []) as ledger:
        found = latest_pull(ledger, "cove")
        assert found is not None
        assert found.notes == ("one note",)


def test_a_large_one_is_copied_to_a_file_that_is_dropped_at_the_end(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(place / "l.sqlite")
    monkeypatch.setattr(read_only, "IN_MEMORY", 0)
    monkeypatch.setattr(read_only.tempfile, "tempdir", str(tmp_path))  # type: ignore[attr-defined]
    with open_copy(str(place / "l.sqlite"), Unwritable("no"), now=NOON, on_notice=lambda _: None) as ledger:
        assert latest_pull(ledger, "cove") is not None
        (folder,) = tmp_path.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "copy.sqlite").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_large_one_without_room_for_a_copy_is_an_error(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(place / "l.sqlite")
    monkeypatch.setattr(read_only, "IN_MEMORY", 0)
    monkeypatch.setattr(read_only.tempfile, "tempdir", str(place / "none"))  # type: ignore[attr-defined]
    with pytest.raises(LedgerError, match="can neither be written nor be copied: No such file or directory"):
        open_copy(str(place / "l.sqlite"), Unwritable("no"), now=NOON, on_notice=lambda _: None)


def no_database(file: Path) -> None:
    file.write_text("notes " * 1000)


def another_programs(file: Path) -> None:
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("CREATE TABLE orders (id INTEGER)")


def a_newer_ones(file: Path) -> None:
    filled(file)
    with closing(sqlite3.connect(file)) as other, other:
        other.execute(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'")


def a_folder(file: Path) -> None:
    file.mkdir()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (no_database, "not a ledger, nor any SQLite database"),
        (another_programs, "another program's database"),
        (a_newer_ones, "which this program does not know"),
        (a_folder, "is a folder, not a file"),
    ],
)
@pytest.mark.parametrize("only_read", [False, True])
def test_what_is_no_ledger_of_ours_is_an_error_all_the_same(
    place: Path, make: Callable[[Path], None], words: str, only_read: bool
) -> None:
    make(place / "l.sqlite")
    if only_read:
        closed(place)
        (place / "l.sqlite").chmod(0o555)
    with as_nobody() if only_read else nullcontext(), pytest.raises(LedgerError, match=words):
        reads(str(place / "l.sqlite"), [])


def test_one_that_may_not_even_be_read_is_an_error(place: Path) -> None:
    filled(place / "l.sqlite")
    (place / "l.sqlite").chmod(0o000)
    with as_nobody(), pytest.raises(LedgerError, match="cannot be opened"):
        reads(str(place / "l.sqlite"), [])


def test_work_goes_on_on_a_copy_when_the_disk_fills_up(url: str) -> None:
    with Ledger.open(url, now=NOON) as ledger:
        record_pull(ledger, pull())
        ledger.switch_to(open_copy(url, Unwritable("the disk is full"), now=NOON, on_notice=lambda _: None))
        assert not ledger.kept
        record_pull(ledger, pull(LATER))
        assert not ledger.replaced()
    with Ledger.open(url, now=NOON) as ledger:
        found = latest_pull(ledger, "cove")
    assert found is not None
    assert found.started_at == NOON


def test_a_ledger_in_memory_is_one_for_all_threads(url: str) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

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


def test_a_role_without_the_right_to_write_reads(postgresql_url: str) -> None:
    with Ledger.open(postgresql_url, now=NOON) as ledger:
        record_pull(ledger, pull(NOON - timedelta(days=100)))
        record_pull(ledger, pull())
        run = begin_run(ledger, "main", "digest", NOON)
        write_intent(ledger, run, "a", method="POST", path="p", body={"a": 1}, natural_key={}, now=NOON)
    granted(postgresql_url)
    told: list[str] = []
    with reads(as_reader(postgresql_url), told) as ledger:
        assert not ledger.kept
        assert [sample.bytes for sample in samples_of_pull(ledger, 2)] == [7]
        assert samples_of_pull(ledger, 1) == []  # older than any running month
        record_pull(ledger, pull(LATER))
    assert len(told) == 1
    assert told[0].startswith("the ledger may not be written by this role (postgresql+psycopg://reader@")


def test_a_server_that_only_answers_reads_is_read(postgresql_url: str) -> None:
    with Ledger.open(postgresql_url, now=NOON) as ledger:
        record_pull(ledger, pull())
    told: list[str] = []
    with reads(f"{postgresql_url}&options=-cdefault_transaction_read_only%3Don", told) as ledger:
        assert latest_pull(ledger, "cove") is not None
    assert "the server only answers reads" in told[0]


def test_a_database_without_tables_that_may_not_be_made_is_an_empty_ledger(postgresql_url: str) -> None:
    told: list[str] = []
    with reads(as_reader(postgresql_url), told) as ledger:
        assert latest_pull(ledger, "cove") is None
    assert len(told) == 1


def test_one_of_an_older_revision_that_may_not_be_migrated_is_an_error(postgresql_url: str) -> None:
    Ledger.open(postgresql_url, now=NOON).close()
    engine = sa.create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '0001'"))
        connection.execute(sa.text("ALTER TABLE locks DROP COLUMN boot"))
    engine.dispose()
    granted(postgresql_url)
    with pytest.raises(LedgerError, match="is at revision 0001, and may not be brought to"):
        reads(as_reader(postgresql_url), [])
