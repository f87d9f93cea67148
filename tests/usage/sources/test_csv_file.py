from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.ledger.records import Pull
from reconciler.usage.sources.csv_file import CsvSettings, pull

NOW = datetime(2025, 11, 22, 12, tzinfo=UTC)
HEADER = "customer_id,customer_name,device_id,used,unit,as_of\n"
ROW = "1,Acme,srv,2.5,GB,2025-11-22T12:00:00Z\n"


async def pull_of(folder: Path, content: bytes | str) -> Pull:
    file = folder / "usage.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return await pull(CsvSettings("files", file), NOW, clock=lambda: 0.0)


async def test_a_file_is_read_whole(tmp_path: Path) -> None:
    found = await pull_of(tmp_path, HEADER + ROW)
    assert (found.state, found.error, found.started_at, found.finished_at) == ("whole", None, NOW, NOW)
    assert [(sample.customer_id, sample.device_id, sample.bytes) for sample in found.samples] == [
        ("1", "srv", 2_500_000_000)
    ]


async def test_byte_order_mark_quotes_blank_lines_and_windows_line_ends_are_no_matter(tmp_path: Path) -> None:
    text = "\ufeff" + HEADER + '1,"Acme, ""the"" Ltd\nBerlin",srv,2,GB,2025-11-22T12:00:00Z\n,,,,,\n\n'
    found = await pull_of(tmp_path, text.replace("\n", "\r\n"))
    assert found.state == "whole"
    assert found.customers[0].name == 'Acme, "the" Ltd\r\nBerlin'


async def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path) -> None:
    found = await pull_of(tmp_path, HEADER + ROW + "2,Beta,srv,-3,GB,2025-11-22T12:00:00Z\n")
    assert found.state == "failed"
    assert found.samples == ()
    assert "usage.csv:3: used is negative: -3" in str(found.error)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        (HEADER, "there are no rows"),
        (HEADER.replace(",", ";"), "the columns are separated by ;"),
        ("used\n1\n", "missing columns: customer_id, customer_name, unit, as_of"),
        ("id\n1\n", "missing columns"),
        (HEADER + "1,Acme,srv\n", "line 2 has 3 cells, and the header 6"),
        (HEADER + '1,"Acme,srv\n', "is not CSV"),
        (HEADER.encode() + ROW.encode() + b"2,M\xfcller\n", "line 3 is not UTF-8"),
    ],
)
async def test_a_file_that_is_not_in_order_is_a_failed_pull_with_a_sentence(
    tmp_path: Path, content: bytes | str, said: str
) -> None:
    found = await pull_of(tmp_path, content)
    assert found.state == "failed"
    assert said in str(found.error)
    assert "usage source files" in str(found.error)


async def test_a_file_that_is_not_there_is_a_failed_pull(tmp_path: Path) -> None:
    found = await pull(CsvSettings("files", tmp_path / "none.csv"), NOW)
    assert found.state == "failed"
    assert "No such file" in str(found.error)
