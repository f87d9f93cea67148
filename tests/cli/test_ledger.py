"""Tests of `reconciler ledger check`, `export` and `backup`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.ledger.store import Ledger
from tests.ledger.test_chain import record
from tests.shop import ALDER, Shop


@pytest.fixture
def kept(shop: Shop) -> Shop:
    """Return a shop whose ledger has two pulls."""
    with Ledger.open(str(shop.ledger), now=shop.time) as ledger:
        record(ledger)
        record(ledger, 1)
    return shop


def tamper(shop: Shop, statement: str) -> None:
    with closing(sqlite3.connect(shop.ledger)) as file, file:
        file.execute(statement)


def test_a_ledger_that_nobody_changed_is_whole(kept: Shop) -> None:
    said = kept("ledger", "check")
    assert said.code == 0, said.err
    assert said.out.splitlines()[0] == "The ledger is whole: 2 entries in its chain, and nothing was changed."
    found = kept("--json", "ledger", "check").json
    assert (found["whole"], found["problems"], found["entries"], found["seals"]) == (True, [], 2, [])
    assert said.out.splitlines()[-1] == f"  The end of the chain: {found['head']}"


def test_a_check_reads_no_source_and_needs_no_variable_and_no_valid_manifest(kept: Shop) -> None:
    kept.patch.delenv("CONNECTWISE_SITE")
    kept.write("broken.yaml", "apiVersion: reconciler/v1\nkind: Company\n")
    assert kept("ledger", "check").code == 0
    assert sum(kept.counts().values()) == 0


def test_a_change_ends_with_1_names_the_row_and_says_what_to_do(kept: Shop) -> None:
    tamper(kept, "UPDATE samples SET bytes = 1 WHERE pull_id = 2")
    said = kept("ledger", "check")
    assert said.code == 1
    first, *_ = said.out.splitlines()
    assert first == "pulls 2: its samples were changed, added or removed after they were recorded"
    assert "Compare these rows with those of your last backup" in said.out
    found = kept("--json", "ledger", "check")
    assert (found.code, found.json["whole"]) == (1, False)
    assert found.json["problems"][0]["row"] == 2


def test_a_table_that_is_missing_is_named(kept: Shop) -> None:
    tamper(kept, "DROP TABLE approvals")
    said = kept("ledger", "check")
    assert said.code == 1
    assert "these tables are missing: approvals" in said.err
    assert "Restore it from a backup" in said.err


def test_pages_that_are_damaged_are_found_by_the_database_itself(kept: Shop) -> None:
    with closing(sqlite3.connect(kept.ledger)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        file.execute("PRAGMA writable_schema = ON")
        page = file.execute("SELECT rootpage FROM sqlite_master WHERE name = 'pulls_by_time'").fetchone()[0]
        size = file.execute("PRAGMA page_size").fetchone()[0]
    with kept.ledger.open("r+b") as raw:
        raw.seek((page - 1) * size + size - 40)
        raw.write(b"\x00" * 40)
    said = kept("ledger", "check")
    assert said.code == 1, said.out
    assert "database 0:" in said.out or "the ledger is damaged" in said.err


def test_the_end_of_the_chain_of_an_earlier_check_can_be_expected(kept: Shop) -> None:
    head = kept("--json", "ledger", "check").json["head"]
    assert kept("ledger", "check", "--expect", head).code == 0
    number, digest = head.split(":")
    other = f"{number}:{digest[::-1]}"
    said = kept("ledger", "check", "--expect", other)
    assert said.code == 1
    assert "the chain was cut off or written anew" in said.out


@pytest.mark.parametrize("text", ["5", "x:00", f"0:{'0' * 64}", "3:abcd"])
def test_an_expected_end_that_is_none_is_an_error(kept: Shop, text: str) -> None:
    said = kept("ledger", "check", "--expect", text)
    assert said.code == 1
    assert "this is no end of a chain" in said.err


def test_without_a_ledger_nothing_is_made(shop: Shop, tmp_path: Path) -> None:
    for command in (["check"], ["export", "--into", str(tmp_path / "out")], ["backup", str(tmp_path / "copy")]):
        said = shop("ledger", *command)
        assert said.code == 1
        assert "there is no ledger yet" in said.err
    assert not shop.ledger.exists()
    assert not (tmp_path / "out").exists()


def test_an_export_says_how_much_it_wrote(kept: Shop, tmp_path: Path) -> None:
    said = kept("ledger", "export", "--into", str(tmp_path / "out"))
    assert said.code == 0, said.err
    assert "samples: 4 rows" in said.err
    assert said.out.startswith("Wrote ")
    found = kept("--json", "ledger", "export", "--into", str(tmp_path / "again"), "--format", "csv").json
    assert (found["format"], found["rows"]["pulls"]) == ("csv", 2)
    assert (tmp_path / "again" / "pulls.csv").is_file()


def test_a_backup_can_be_checked_by_its_own_name(kept: Shop, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    assert kept("ledger", "backup", str(copy)).out == f"Copied the ledger to {copy} ({copy.stat().st_size:,} bytes).\n"
    head = kept("--json", "ledger", "check").json["head"]
    kept.edit("workspace.yaml", "  billing:", f"  ledger: {copy}\n  billing:")
    assert kept("--json", "ledger", "check").json["head"] == head
    assert kept("--json", "ledger", "backup", str(tmp_path / "third")).json["bytes"] > 0


def test_an_apply_deletes_what_is_older_than_keep_once_a_month(shop: Shop) -> None:
    shop.only(ALDER)
    shop.edit("workspace.yaml", "  billing:", "  ledger: {keep: 2 months}\n  billing:")
    shop.apply()
    shop.advance(24 * 100)
    said = shop.apply("--only", "usage")
    assert "sealed 2026-11 and the months before it: the ledger keeps hourly figures for 2 months" in said.err
    checked = shop("--json", "ledger", "check")
    assert checked.code == 0, checked.out
    (seal,) = checked.json["seals"]
    assert seal["samples"] > 0
    assert f"Sealed up to {seal['period']}" in shop("ledger", "check").out
    shop.advance(1)
    assert "sealed" not in shop.apply("--only", "usage").err


def test_a_sealed_month_is_not_computed_again(shop: Shop) -> None:
    shop.only(ALDER)
    shop.edit("workspace.yaml", "  billing:", "  ledger: {keep: 1 month}\n  billing:")
    first = shop.now
    shop.apply()
    shop.advance(24 * 100)
    shop.apply("--only", "usage")
    refused = shop("usage", "report", now=first)
    assert refused.code == 1
    assert "is sealed: its hourly figures were deleted on" in refused.err
