"""Tests of CSV files."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.ledger.records import Pull
from reconciler.metering.sources.csv_file import CsvSettings, pull
from reconciler.metering.sources.errors import SourceError
from reconciler.metering.sources.files import read_file

NOW = datetime(2025, 11, 22, 12, tzinfo=UTC)
HEADER = "customer_id,customer_name,device_id,used,unit,as_of\n"
ROW = "1,Acme,srv,2.5,GB,2025-11-22T12:00:00Z\n"


async def pull_of(folder: Path, content: bytes | str) -> Pull:
    """Return the pull of a file with this content."""
    file = folder / "usage.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return await pull(CsvSettings("files", file), NOW, clock=lambda: 0.0)


async def test_a_file_is_read_completely(tmp_path: Path) -> None:
    found = await pull_of(tmp_path, HEADER + ROW)
    assert (found.state, found.error, found.started_at, found.finished_at) == ("whole", None, NOW, NOW)
    assert [(sample.customer_id, sample.device_id, sample.bytes) for sample in found.samples] == [
        ("1", "srv", 2_500_000_000)
    ]


async def test_byte_order_mark_quotes_blank_lines_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    text = "\ufeff" + HEADER + '1,"Acme, ""the"" Ltd\nBerlin",srv,2,GB,2025-11-22T12:00:00Z\n,,,,,\n\n'
    found = await pull_of(tmp_path, text.replace("\n", "\r\n"))
    assert found.state == "whole"
    assert found.customers[0].name == 'Acme, "the" Ltd Berlin'


async def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path) -> None:
    found = await pull_of(tmp_path, HEADER + ROW + "2,Beta,srv,-3,GB,2025-11-22T12:00:00Z\n")
    assert found.state == "failed"
    assert found.samples == ()
    assert "usage.csv:3: used is negative: '-3'" in str(found.error)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        (",,\n,,\n", "missing columns: customer_id, customer_name, used, unit, as_of"),
        (HEADER.replace(",", ";"), "the columns are separated by ;"),
        ("used\n1\n", "missing columns: customer_id, customer_name, unit, as_of"),
        ("id\n1\n", "missing columns"),
        (HEADER + "1,Acme,srv\n", "usage.csv:2: it has 3 cells, but the header has 6: '1,Acme,srv'"),
        (HEADER + ROW + '1,"Acme,srv\n' + ROW, "usage.csv:3: this is not CSV: unexpected end of data"),
        (HEADER + '1,"Acme"x,srv\n', "usage.csv:2: this is not CSV: ',' expected"),
        (HEADER + "1," + "x" * 200_000 + "\n", "usage.csv:2: this is not CSV: field larger than field limit"),
        ('"customer_id\n', "line 1, the header: this is not CSV"),
        (HEADER.replace(",", "\t"), "the columns are separated by tabs"),
        (HEADER.replace("unit", "used"), "the header contains used more than once"),
        (HEADER.encode("utf-16"), "the file is UTF-16"),
        (HEADER.encode("utf-16-le"), "the file is UTF-16"),
        (HEADER + ROW.replace("srv", "s\0rv"), "usage.csv:2: device_id contains a NUL byte: 's?rv'"),
        (HEADER.encode() + b"2,M\xfcller,,1,GB,2025-11-22T12:00:00Z\n", "usage.csv:2: customer_name is not UTF-8"),
    ],
)
async def test_a_file_with_an_error_is_a_failed_pull_with_a_message(
    tmp_path: Path, content: bytes | str, message: str
) -> None:
    found = await pull_of(tmp_path, content)
    assert found.state == "failed"
    assert message in str(found.error)
    assert "usage source files" in str(found.error)


async def test_a_missing_file_is_a_failed_pull(tmp_path: Path) -> None:
    found = await pull(CsvSettings("files", tmp_path / "none.csv"), NOW)
    assert found.state == "failed"
    assert "No such file" in str(found.error)


async def test_every_bad_row_is_named_in_one_run_with_its_line(tmp_path: Path) -> None:
    bad = [
        "1,Acme,a,1_000,B,2025-11-22T12:00:00Z",
        '1,"Acme\nBerlin",b,１２,B,2025-11-22T12:00:00Z',
        "1,Acme,c,1,B,2025-11-22T12:00:00",
        "",
        "1,Acme,d,1,B",
        ROW.strip(),
        "1,Acme,e,NaN,B,2025-11-22T12:00:00Z",
    ]
    found = await pull_of(tmp_path, HEADER + "\n".join(bad))
    assert (found.state, found.samples) == ("failed", ())
    lines = [line.strip().partition(": ")[0] for line in str(found.error).splitlines()[1:-1]]
    assert lines == ["usage.csv:2", "usage.csv:3", "usage.csv:5", "usage.csv:7", "usage.csv:9"]
    assert "5 of 6 rows cannot be read" in str(found.error)


async def test_a_row_with_an_open_quote_does_not_hide_other_bad_rows(tmp_path: Path) -> None:
    bad = [
        "1,Acme,a,x,B,2025-11-22T12:00:00Z",
        '1,"Acme"Berlin,b,1,B,2025-11-22T12:00:00Z',
        "1,Acme,c,1_000,B,2025-11-22T12:00:00Z",
        '1,"Acme,d,1,B,2025-11-22T12:00:00Z',
        ROW.strip(),
        "1,Acme,e,1,B,2025-11-22",
    ]
    text = str((await pull_of(tmp_path, HEADER + "\n".join(bad))).error)
    lines = [line.strip().partition(": ")[0] for line in text.splitlines()[1:-1]]
    assert lines == ["usage.csv:2", "usage.csv:3", "usage.csv:4", "usage.csv:5", "usage.csv:7"]
    assert "usage.csv:5: this is not CSV: unexpected end of data; check its quotes" in text


async def test_old_mac_line_ends_are_accepted(tmp_path: Path) -> None:
    found = await pull_of(tmp_path, (HEADER + ROW + ROW.replace("2.5", "x")).replace("\n", "\r"))
    assert "usage.csv:3: used is not a number" in str(found.error)


async def test_a_pipe_a_folder_and_a_device_file_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        assert "this is not a file" in str((await pull(CsvSettings("files", path), NOW)).error)


async def test_an_impossible_path_is_a_failed_pull(tmp_path: Path) -> None:
    assert "NUL byte" in str((await pull(CsvSettings("files", tmp_path / "a\0b"), NOW)).error)
    assert "cannot be read" in str((await pull(CsvSettings("files", tmp_path / ("x" * 300)), NOW)).error)


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "usage.csv").write_bytes(b"x" * 1024)
    assert len(read_file(tmp_path / "usage.csv", "files", largest=1024)) == 1024
    with pytest.raises(SourceError, match="the file is larger than"):
        read_file(tmp_path / "usage.csv", "files", largest=1023)
