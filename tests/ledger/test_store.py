"""Opening, migrating and refusing ledgers; the permissions of their files; values that are stored exactly."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from reconciler.errors import ReconcilerError
from reconciler.ledger import schema, store
from reconciler.ledger.driver_errors import ledger_error
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.journal import begin_run, end_run
from reconciler.ledger.pulls import latest_pull
from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Pull
from reconciler.ledger.store import Ledger, default_url

from .conftest import NOON, address_of


def error_of(url: str, **more: int) -> LedgerError:
    with pytest.raises(LedgerError) as caught:
        Ledger.open(url, now=NOON, **more)
    return caught.value


def test_the_default_ledger_is_beside_the_manifest_directory(tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    url = default_url(tmp_path / "manifests")
    assert url == f"sqlite:///{tmp_path / '.reconciler' / 'ledger.sqlite'}"
    Ledger.open(url, now=NOON).close()
    assert (tmp_path / ".reconciler" / "ledger.sqlite").exists()


def test_a_ledger_can_be_opened_by_its_file_name(tmp_path: Path) -> None:
    Ledger.open(str(tmp_path / "l.sqlite"), now=NOON).close()
    assert (tmp_path / "l.sqlite").exists()


def test_opening_a_ledger_that_is_up_to_date_does_not_import_alembic(ledger: Ledger) -> None:
    url = address_of(ledger)
    program = (
        "import sys; from datetime import datetime, UTC; from reconciler.ledger.store import Ledger;"
        f"Ledger.open({url!r}, now=datetime.now(UTC)).close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_records_and_errors_do_not_import_sqlalchemy() -> None:
    program = "import sys, reconciler.ledger.records, reconciler.ledger.errors; print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_reopened_ledger_has_its_data(url: str) -> None:
    with Ledger.open(url, now=NOON) as ledger:
        record_pull(ledger, Pull("cove", NOON, NOON, "failed", error="why"))
    with Ledger.open(url, now=NOON) as ledger:
        found = latest_pull(ledger, "cove")
    assert found is not None
    assert found.error == "why"


def test_a_ledger_without_tables_gets_them(url: str) -> None:
    with Ledger.open(url, now=NOON) as ledger, ledger.write() as connection:
        schema.metadata.drop_all(connection)
        connection.execute(sa.text(f"DELETE FROM {schema.VERSION_TABLE}"))
    with Ledger.open(url, now=NOON) as ledger:
        assert latest_pull(ledger, "cove") is None


def test_a_ledger_of_a_newer_version_is_refused(url: str) -> None:
    with Ledger.open(url, now=NOON) as ledger, ledger.write() as connection:
        connection.execute(sa.text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'"))
    error = error_of(url)
    assert "revision 9999, which this version does not support" in str(error)
    assert "Run that version or a later one" in str(error)
    assert error.exit_code == 1


def test_opening_a_locked_ledger_is_an_error_after_the_timeout(url: str, tmp_path: Path) -> None:
    holder = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        error = error_of(url, busy_timeout_ms=1)
    finally:
        holder.close()
    assert "locked by another process" in str(error)
    assert str(tmp_path / "ledger.sqlite") in str(error)


def test_writing_a_locked_ledger_is_an_error_after_the_timeout(url: str, tmp_path: Path) -> None:
    Ledger.open(url, now=NOON).close()
    with Ledger.open(url, now=NOON, busy_timeout_ms=1) as ledger:
        holder = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        try:
            with pytest.raises(LedgerError, match="locked by another process"):
                begin_run(ledger, "main", "digest", NOON)
            assert latest_pull(ledger, "cove") is None
        finally:
            holder.close()


def test_a_connection_whose_setup_fails_is_closed(tmp_path: Path) -> None:
    """Python 3.13 warns of each SQLite connection that is not closed."""
    (tmp_path / "notes.txt").write_text("hello " * 1000)
    connection = sqlite3.connect(tmp_path / "notes.txt")

    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        store._sqlite_connect(connection, None)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_a_file_that_is_not_a_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello " * 1000)
    error = error_of(str(tmp_path / "notes.txt"))
    assert "not a ledger: it is not a SQLite database" in str(error)
    assert (tmp_path / "notes.txt").read_text().startswith("hello")


def test_a_directory_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "directory cannot be created: No such file" in str(error_of(str(tmp_path / "none" / "none" / "l.sqlite")))
    assert "cannot be created" in str(error_of(str(tmp_path / "file" / "l.sqlite")))


def test_a_directory_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    assert "the ledger is a directory, not a file" in str(error_of(str(tmp_path)))


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere: run as another user")
def test_a_place_without_permission_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    assert "Check" in str(error_of(str(tmp_path / "closed" / "l.sqlite")))


def test_writing_a_read_only_ledger_is_an_error(sqlite_ledger: Ledger) -> None:
    with sqlite_ledger.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(LedgerError, match="no permission to write the ledger"):
        begin_run(sqlite_ledger, "main", "digest", NOON)


def test_a_full_disk_is_an_error_and_the_transaction_is_rolled_back(url: str) -> None:
    with Ledger.open(url, now=NOON) as ledger:
        run_id = begin_run(ledger, "main", "digest", NOON)
        with ledger.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")
        with pytest.raises(LedgerError, match="disk is full"):
            end_run(ledger, run_id, {"text": "x" * 10**6}, NOON)
        with ledger.read() as connection:
            assert connection.execute(sa.select(schema.runs.c.ended_at)).scalar_one() is None


def test_an_invalid_url_is_refused() -> None:
    assert "not a database URL" in str(error_of("post gres://"))


def test_the_error_for_a_missing_driver_does_not_show_the_password() -> None:
    for url in ("oracle+nothing://u:s3cret@host/db", "postgresql+pg8000://u:s3cret@host/db"):
        error = error_of(url)
        assert "no driver for this kind of database" in str(error)
        assert "s3cret" not in str(error)


def test_any_other_database_error_names_the_file(sqlite_ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match=r"ledger\.sqlite: .*no such table"), sqlite_ledger.read() as connection:
        connection.execute(sa.text("SELECT * FROM no_such_thing"))


@pytest.mark.parametrize("url", ["postgresql+psycopg://u:s3/cret@host/db", "postgresql://u:s3cret@host:port/db"])
def test_the_error_for_an_invalid_url_does_not_show_its_password(url: str) -> None:
    assert "s3" not in str(error_of(url))


def test_no_error_shows_a_password_from_the_options() -> None:
    url = sa.make_url("postgresql+psycopg://billing@db.example/ledger?password=s3cret&sslmode=require")
    error = ledger_error(url, Exception("connection with s3cret failed"))
    assert error.where == "postgresql+psycopg://billing@db.example/ledger"
    assert "s3cret" not in str(error)


def test_no_error_shows_a_password_of_a_server() -> None:
    url = sa.make_url("postgresql+psycopg://billing:s3cret@db.example/ledger")
    error = ledger_error(url, Exception('connection to "db.example" failed\n for s3cret'))
    assert str(error).startswith("postgresql+psycopg://billing:***@db.example/ledger: the ledger cannot be used")
    assert "s3cret" not in str(error)
    assert ledger_error(None, Exception("gone")).where == "ledger"


def test_a_ledger_can_be_in_memory_for_one_run() -> None:
    with Ledger.open("sqlite://", now=NOON) as ledger:
        assert latest_pull(ledger, "cove") is None
    assert ledger_error(sa.make_url("sqlite://"), Exception("x")).where == "the ledger in memory"


def test_times_are_stored_in_utc_and_returned_as_aware(ledger: Ledger) -> None:
    in_berlin = NOON.astimezone(timezone(timedelta(hours=1)))
    record_pull(ledger, Pull("cove", in_berlin, in_berlin, "failed"))
    found = latest_pull(ledger, "cove")
    assert found is not None
    assert found.started_at == NOON
    assert found.started_at.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(ledger: Ledger, url: str) -> None:
    naive = datetime(2025, 11, 22)  # noqa: DTZ001 - the time that is refused
    with pytest.raises(ValueError, match="no time zone"):
        Ledger.open(url, now=naive)
    with pytest.raises(sa.exc.StatementError, match="no time zone"):
        record_pull(ledger, Pull("cove", naive, naive, "failed"))


def test_amounts_in_json_stay_exact(ledger: Ledger) -> None:
    run_id = begin_run(ledger, "main", "digest", NOON)
    end_run(ledger, run_id, {"quantity": Decimal("0.10"), "count": 3}, NOON)
    with ledger.read() as connection:
        outcome = connection.execute(sa.select(schema.runs.c.outcome)).scalar_one()
    assert outcome == {"quantity": Decimal("0.10"), "count": 3}
    assert type(outcome["quantity"]) is Decimal


def test_a_failed_transaction_is_rolled_back(ledger: Ledger) -> None:
    def fail() -> None:
        with ledger.write() as connection:
            connection.execute(sa.insert(schema.runs).values(workspace="w", plan_digest="d", started_at=NOON))
            raise ReconcilerError("failed")

    with pytest.raises(ReconcilerError):
        fail()
    with ledger.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.runs)).scalar() == 0


# ── permissions, and other programs' databases ───────────────────────────────────────────────────────────


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_only_the_owner_can_read_a_new_ledger_with_any_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with Ledger.open(str(tmp_path / "made" / "l.sqlite"), now=NOON) as ledger:
            begin_run(ledger, "main", "digest", NOON)
            found = modes(tmp_path / "made")
    finally:
        os.umask(before)
    assert set(found) == {"l.sqlite", "l.sqlite-wal", "l.sqlite-shm"}
    assert set(found.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o700


def test_a_ledger_that_others_can_read_is_made_private(tmp_path: Path) -> None:
    with Ledger.open(str(tmp_path / "l.sqlite"), now=NOON) as ledger:
        begin_run(ledger, "main", "digest", NOON)
        for path in tmp_path.iterdir():
            path.chmod(0o664)
        Ledger.open(str(tmp_path / "l.sqlite"), now=NOON).close()
        assert set(modes(tmp_path).values()) == {0o600}


def test_a_read_only_ledger_is_not_made_writable(tmp_path: Path) -> None:
    Ledger.open(str(tmp_path / "l.sqlite"), now=NOON).close()
    (tmp_path / "l.sqlite").chmod(0o444)
    with suppress(LedgerError):
        Ledger.open(str(tmp_path / "l.sqlite"), now=NOON).close()
    assert modes(tmp_path)["l.sqlite"] == 0o400


def test_another_programs_database_is_refused_and_not_changed(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.sqlite")) as other, other:
        other.execute("CREATE TABLE orders (id INTEGER)")
    before = (tmp_path / "shop.sqlite").read_bytes()
    error = error_of(str(tmp_path / "shop.sqlite"))
    assert "this is another program's database, not a ledger (tables: orders)" in str(error)
    with closing(sqlite3.connect(tmp_path / "shop.sqlite")) as other:
        assert [name for (name,) in other.execute("SELECT name FROM sqlite_master")] == ["orders"]
    assert len((tmp_path / "shop.sqlite").read_bytes()) == len(before)


def test_a_ledger_with_a_missing_table_is_damaged(url: str) -> None:
    with Ledger.open(url, now=NOON) as ledger, ledger.write() as connection:
        connection.execute(sa.text("DROP TABLE locks"))
    assert "the ledger is damaged: these tables are missing: locks" in str(error_of(url))


def test_a_ledger_with_overwritten_pages_is_damaged(url: str, tmp_path: Path) -> None:
    with Ledger.open(url, now=NOON) as ledger:
        for _ in range(300):
            begin_run(ledger, "main", "digest" * 100, NOON)
    file = tmp_path / "ledger.sqlite"
    content = file.read_bytes()
    file.write_bytes(content[:4096] + bytes(len(content) - 4096))
    with pytest.raises(LedgerError, match="the ledger is damaged"), Ledger.open(url, now=NOON) as ledger:
        begin_run(ledger, "main", "digest", NOON)
    assert len(file.read_bytes()) >= 4096


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("notes = '{half'", "a value in it is not valid JSON"),
        ("started_at = 'yesterday'", "a value in it is not a date and time"),
    ],
)
def test_a_ledger_with_an_invalid_value_is_damaged(sqlite_ledger: Ledger, change: str, words: str) -> None:
    record_pull(sqlite_ledger, Pull("cove", NOON, NOON, "failed"))
    with sqlite_ledger.write() as connection:
        connection.execute(sa.text(f"UPDATE pulls SET {change}"))
    with pytest.raises(LedgerError, match=f"the ledger is damaged: {words}"):
        latest_pull(sqlite_ledger, "cove")


def test_two_processes_that_open_a_new_ledger_at_once_create_it_once(tmp_path: Path) -> None:
    program = (
        "from datetime import datetime, UTC; from reconciler.ledger.store import Ledger;"
        f"Ledger.open({str(tmp_path / 'l.sqlite')!r}, now=datetime.now(UTC)).close()"
    )
    both = [subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(process.communicate()[1], process.returncode) for process in both] == [("", 0)] * 2


# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_reopened_ledger_in_postgresql_has_its_data(empty_postgresql_url: str) -> None:
    with Ledger.open(empty_postgresql_url, now=NOON) as ledger:
        record_pull(ledger, Pull("cove", NOON, NOON, "failed", error="why"))
        assert not ledger.file_replaced()
    with Ledger.open(empty_postgresql_url, now=NOON) as ledger:
        found = latest_pull(ledger, "cove")
    assert found is not None
    assert (found.error, found.started_at) == ("why", NOON)


def test_in_postgresql_only_tables_with_our_names_are_refused(empty_postgresql_url: str) -> None:
    engine = sa.create_engine(empty_postgresql_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE orders (id INTEGER)"))
    Ledger.open(empty_postgresql_url, now=NOON).close()
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP TABLE {schema.VERSION_TABLE}"))
    engine.dispose()
    said = str(error_of(empty_postgresql_url))
    assert "another program's database, not a ledger (tables: " in said
    assert "additions" in said
    assert "orders" not in said


def test_two_that_open_a_new_ledger_in_postgresql_at_once_create_it_once(empty_postgresql_url: str) -> None:
    with ThreadPoolExecutor() as both:
        for ledger in both.map(lambda _: Ledger.open(empty_postgresql_url, now=NOON), range(2)):
            ledger.close()


def test_a_pipe_or_device_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (str(tmp_path / "pipe"), os.devnull):
        assert "the ledger is a pipe or a device, not a file" in error_of(f"sqlite:///{place}").what
