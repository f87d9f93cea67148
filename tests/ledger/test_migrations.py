"""Ledgers of older revisions are brought to the newest one with all their rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from reconciler.ledger import migrations, schema
from reconciler.ledger.additions import load_snapshot
from reconciler.ledger.integrity import check_ledger
from reconciler.ledger.journal import open_intents, write_answer
from reconciler.ledger.lock import read_lock
from reconciler.ledger.process import Process
from reconciler.ledger.pulls import devices_of_customers, latest_pull, samples_of_pull
from reconciler.ledger.records import Device, Sample
from reconciler.ledger.snapshot import RecordedAddition, Snapshot
from reconciler.ledger.store import Ledger

from .conftest import NOON

FIRST = Path(__file__).parent / "data" / "ledger-0001.sql"
"""A ledger as revision 0001 wrote it: a pull, a run with two writes, and a lock whose holder died."""

HOUR = timedelta(hours=1)
CHAIN_SINCE = "0008"
"""The revision that began the chain."""


def sqlite_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return an empty database of each kind."""
    found: str = sqlite_of(tmp_path) if request.param == "sqlite" else request.getfixturevalue("empty_postgresql_url")
    return found


def build(url: str, revision: str, rows: dict[str, dict[str, Any]]) -> None:
    """Make a ledger of a revision, with one row in each of these tables."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        settings = migrations.config(schema.VERSION_TABLE, schema.metadata)
        settings.attributes["connection"] = connection
        command.upgrade(settings, revision)
        for name, values in rows.items():
            table = sa.Table(name, sa.MetaData(), autoload_with=connection)
            connection.execute(sa.insert(table).values(**values))
    engine.dispose()


def moment(url: str, *, hours: int = 0) -> Any:
    """Return NOON and some hours as the database stores times: SQLite has no time zones."""
    when = NOON + hours * HOUR
    return when.replace(tzinfo=None) if url.startswith("sqlite") else when


def pull_of(url: str) -> dict[str, Any]:
    times = {"started_at": moment(url), "finished_at": moment(url)}
    return {"id": 1, "source": "cove", **times, "state": "whole", "notes": [], "customers": 1, "samples": 1}


def device_of(url: str) -> dict[str, Any]:
    return {"id": 7, "source": "cove", "customer_id": "1", "device_id": "a", "last_seen_at": moment(url)}


def test_the_known_revisions_are_those_of_the_migrations() -> None:
    scripts = ScriptDirectory.from_config(migrations.config(schema.VERSION_TABLE, schema.metadata))
    assert scripts.get_current_head() == schema.HEAD
    assert tuple(reversed([script.revision for script in scripts.walk_revisions()])) == schema.REVISIONS


def test_the_migrations_make_the_tables_that_the_program_uses(ledger: Ledger) -> None:
    with ledger.read() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": schema.VERSION_TABLE})
        assert compare_metadata(context, schema.metadata) == []


def test_the_migrations_are_valid_for_postgresql(capsys: pytest.CaptureFixture[str]) -> None:
    command.upgrade(migrations.config(schema.VERSION_TABLE, schema.metadata), "head", sql=True)
    made = capsys.readouterr().out
    assert "CREATE TABLE samples" in made
    assert "TIMESTAMP WITH TIME ZONE" in made
    assert "BIGSERIAL" in made
    assert "PRAGMA" not in made
    assert "ROWID" not in made


def test_revision_0001_is_migrated_with_all_its_rows(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as old:
        old.executescript(FIRST.read_text(encoding="utf-8"))
    with Ledger.open(sqlite_of(tmp_path), now=NOON) as ledger:
        pull = latest_pull(ledger, "cove")
        assert pull is not None
        assert pull.notes == ("one note",)
        assert [intent.address for intent in open_intents(ledger, "main")] == ["Company/acme"]
        held = read_lock(ledger, "main")
    assert held is not None
    assert (held.holder, held.length) == (Process("old-host", 4711), timedelta(hours=1))


def test_revision_0002_gets_the_times_at_which_devices_were_first_seen_and_read(any_url: str) -> None:
    build(
        any_url,
        "0002",
        {
            "pulls": pull_of(any_url),
            "meters": {**device_of(any_url), "last_seen_at": moment(any_url, hours=2)},
            "samples": {"pull_id": 1, "meter_id": 7, "observed_at": moment(any_url, hours=1), "bytes": 4},
        },
    )
    with Ledger.open(any_url, now=NOON) as ledger:
        found = devices_of_customers(ledger, "cove", ["1"])
    assert found == [Device("1", "a", NOON + HOUR, NOON + 2 * HOUR, NOON + HOUR, None, None)]


def revision_4(url: str) -> dict[str, dict[str, Any]]:
    """Return a row in each table and column that revision 0005 renames."""
    return {
        "pulls": pull_of(url),
        "meters": {**device_of(url), "first_seen_at": moment(url)},
        "samples": {"pull_id": 1, "meter_id": 7, "bytes": 9},
        "earlier_samples": {"meter_id": 7, "observed_at": moment(url, hours=-1), "pull_id": 1, "bytes": 8},
        "lines": {
            "workspace": "main",
            "tenant": "t",
            "addition_id": 99,
            "tag": "rc:cove/1/acme/storage",
            "first_seen_at": moment(url),
            "first_quantity": "120.50",
            "first_rule": "sha256:first",
            "edit": {"quantity": "7"},
            "edited_in": "2025-10",
            "billed": {"quantity": "130"},
            "billed_at": moment(url),
            "billed_in": "2025-11",
            "rule": "sha256:last",
        },
        "scans": {"workspace": "main", "tenant": "t", "scanned_at": moment(url)},
        "locks": {
            "workspace": "main",
            "token": "x",
            "host": "h",
            "pid": 12,
            "since": moment(url),
            "renewed_at": moment(url),
            "boot": "b",
            "space": "pid:[1]",
            "started": "90",
        },
    }


def test_revision_0004_keeps_every_row_under_the_new_names(any_url: str) -> None:
    build(any_url, "0004", revision_4(any_url))
    with Ledger.open(any_url, now=NOON) as ledger:
        device = Device("1", "a", NOON, NOON, None, None, None)
        assert devices_of_customers(ledger, "cove", ["1"]) == [device]
        assert samples_of_pull(ledger, 1) == [
            Sample("cove", "1", "a", NOON, 9),
            Sample("cove", "1", "a", NOON - HOUR, 8),
        ]
        addition = RecordedAddition(
            99,
            tag="rc:cove/1/acme/storage",
            last_applied={"quantity": "130"},
            first_seen_at=NOON,
            first_quantity=Decimal("120.50"),
            first_rule_digest="sha256:first",
            hand_edit={"quantity": "7"},
            hand_edit_period="2025-10",
            billed_period="2025-11",
            rule_digest="sha256:last",
        )
        assert load_snapshot(ledger, "main", "t", "2025-11") == Snapshot({99: addition}, (), NOON)
        held = read_lock(ledger, "main")
    assert held is not None
    assert (held.holder, held.acquired_at) == (Process("h", 12, "b", "pid:[1]", "90"), NOON)


def test_revision_0005_copies_no_row_of_the_samples_in_sqlite(tmp_path: Path) -> None:
    build(sqlite_of(tmp_path), "0004", revision_4(sqlite_of(tmp_path)))

    def first_pages() -> list[int]:
        """Return where in the file SQLite keeps the tables of samples and devices."""
        names = "('samples', 'earlier_samples', 'meters', 'devices')"
        with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as file:
            rows = file.execute(f"SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name IN {names}")
            return sorted(page for (page,) in rows)

    before = first_pages()
    Ledger.open(sqlite_of(tmp_path), now=NOON).close()
    assert first_pages() == before


def test_revision_0005_leaves_no_old_name_in_postgresql(empty_postgresql_url: str) -> None:
    with Ledger.open(empty_postgresql_url, now=NOON) as ledger, ledger.read() as connection:
        ours = "'public'::regnamespace"
        relations = connection.execute(sa.text(f"SELECT relname FROM pg_class WHERE relnamespace = {ours}")).scalars()
        constraints = connection.execute(sa.text(f"SELECT conname FROM pg_constraint WHERE connamespace = {ours}"))
        names = [*relations, *constraints.scalars()]
    assert "devices_id_seq" in names
    assert [name for name in names if name.startswith(("meters", "lines", "scans")) or "meter" in name] == []


@pytest.mark.parametrize("revision", [each for each in schema.REVISIONS if each < CHAIN_SINCE])
def test_rows_of_every_earlier_revision_stay_and_the_chain_begins_after_them(any_url: str, revision: str) -> None:
    device, samples = ("meters", "meter_id") if revision < "0005" else ("devices", "device_key")
    run = {"id": 3, "workspace": "main", "plan_digest": "sha256:old", "started_at": moment(any_url)}
    write = {"id": 4, "run_id": 3, "workspace": "main", "address": "Company/acme", "method": "POST", "path": "x"}
    build(
        any_url,
        revision,
        {
            "pulls": pull_of(any_url),
            device: device_of(any_url),
            "samples": {"pull_id": 1, samples: 7, "bytes": 9},
            "runs": run,
            "writes": {**write, "natural_key": {}, "sent_at": moment(any_url), "state": "open"},
        },
    )
    with Ledger.open(any_url, now=NOON) as ledger:
        assert samples_of_pull(ledger, 1) == [Sample("cove", "1", "a", NOON, 9)]
        assert [intent.address for intent in open_intents(ledger, "main")] == ["Company/acme"]
        found = check_ledger(ledger)
        assert (found.problems, found.entries) == ((), 1)
        assert (found.not_covered, found.not_final) == ({"pulls": 1, "runs": 1}, {"writes": 1})
        write_answer(ledger, 4, "done", object_id=9, now=NOON)
        assert check_ledger(ledger).entries == 2
        with ledger.write() as connection:
            connection.execute(sa.delete(schema.samples))
            connection.execute(sa.delete(schema.pulls))
        gone = "the table had 1 rows up to this one when the chain began, and now it has 0"
        assert [str(each) for each in check_ledger(ledger).problems] == [f"pulls 1: {gone}"]


def test_the_note_on_the_rows_before_the_chain_cannot_be_changed(any_url: str) -> None:
    build(any_url, "0007", {"pulls": pull_of(any_url)})
    with Ledger.open(any_url, now=NOON) as ledger:
        with ledger.write() as connection:
            note = {"not_covered": {"pulls": {"rows": 5, "last_id": 5}}}
            connection.execute(sa.update(schema.chain).values(note=note))
        assert "its note was changed" in str(check_ledger(ledger).problems[0])
