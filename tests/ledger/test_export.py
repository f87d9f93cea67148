"""Every table of a ledger is written into a file, with every row and every digit."""

from __future__ import annotations

import csv
import json
import os
import stat
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.ledger import schema
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.export import export_ledger
from reconciler.ledger.export_formats import csv_text
from reconciler.ledger.integrity import check_ledger
from reconciler.ledger.journal import begin_run, write_answer, write_intent
from reconciler.ledger.store import Ledger

from .conftest import NOON
from .test_chain import record


def fill(ledger: Ledger) -> None:
    record(ledger)
    run_id = begin_run(ledger, "main", "sha256:plan", NOON)
    body = {"price": Decimal("1.10"), "name": 'A "B", C\nD'}
    intent = write_intent(ledger, run_id, "A/b", method="POST", path="x", body=body, natural_key={}, now=NOON)
    write_answer(ledger, intent, "done", object_id=2**40, now=NOON)


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def test_csv_has_a_file_for_each_table_with_all_rows(ledger: Ledger, tmp_path: Path) -> None:
    fill(ledger)
    seen: dict[str, int] = {}
    contents = export_ledger(ledger, tmp_path / "out", "csv", seen.__setitem__)
    assert {file.stem for file in (tmp_path / "out").glob("*.csv")} == set(schema.metadata.tables)
    assert {name: len(rows_of(tmp_path / "out" / f"{name}.csv")) for name in seen} == contents["rows"] == seen
    assert contents["rows"]["earlier_samples"] == 1
    assert json.loads((tmp_path / "out" / "export.json").read_text()) == contents
    assert contents["chain"] == str(check_ledger(ledger).head)


def test_csv_keeps_times_in_utc_decimals_as_text_and_missing_apart_from_zero(ledger: Ledger, tmp_path: Path) -> None:
    fill(ledger)
    export_ledger(ledger, tmp_path, "csv")
    (pull,) = rows_of(tmp_path / "pulls.csv")
    assert (pull["started_at"], pull["error"]) == ("2025-11-22T12:00:00Z", "")
    assert [row["bytes"] for row in rows_of(tmp_path / "samples.csv")] == ["5", ""]
    (write,) = rows_of(tmp_path / "writes.csv")
    assert '"price":1.10' in write["body"]
    assert json.loads(write["body"])["name"] == 'A "B", C\nD'
    assert write["object_id"] == str(2**40)


@pytest.mark.parametrize(
    ("value", "field"),
    [(None, ""), ("", '""'), ('a"b', '"a""b"'), (True, "true"), (False, "false"), (0, "0"), (b"\x01\xff", "01ff")],
)
def test_a_field_of_csv_shows_what_kind_of_value_it_is(value: Any, field: str) -> None:
    assert csv_text(value) == field


def test_parquet_has_types_for_times_and_numbers(ledger: Ledger, tmp_path: Path) -> None:
    if not os.environ.get("CI"):
        pytest.importorskip("pyarrow", reason="the extra [parquet] is not installed")
    from pyarrow import parquet  # noqa: PLC0415 - an extra

    fill(ledger)
    contents = export_ledger(ledger, tmp_path, "parquet")
    tables = {name: parquet.read_table(tmp_path / f"{name}.parquet") for name in contents["rows"]}
    assert {name: table.num_rows for name, table in tables.items()} == contents["rows"]
    (pull,) = tables["pulls"].to_pylist()
    assert (pull["started_at"], pull["samples"], pull["error"]) == (NOON, 3, None)
    assert '"price":1.10' in tables["writes"].to_pylist()[0]["body"]
    assert [row["bytes"] for row in tables["samples"].to_pylist()] == [5, None]


def test_parquet_without_its_library_says_what_to_install(
    sqlite_ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(LedgerError, match="pyarrow") as caught:
        export_ledger(sqlite_ledger, tmp_path / "out", "parquet")
    assert "reconciler[parquet]" in caught.value.advice
    assert not (tmp_path / "out").exists()


def test_only_the_owner_can_read_the_files(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    export_ledger(sqlite_ledger, tmp_path / "new" / "out", "csv")
    assert stat.S_IMODE((tmp_path / "new" / "out").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "new" / "out").iterdir()} == {0o600}


def test_no_file_is_replaced(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text("mine")
    with pytest.raises(LedgerError, match="exists already"):
        export_ledger(sqlite_ledger, tmp_path, "csv")
    assert [file.name for file in tmp_path.glob("*.csv")] == ["runs.csv"]


def test_a_folder_that_cannot_be_made_is_named(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="cannot be written") as caught:
        export_ledger(sqlite_ledger, tmp_path / "file" / "out", "csv")
    assert str(tmp_path / "file") in caught.value.where
