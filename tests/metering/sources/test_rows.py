"""Tests of the rows of files and endpoints: numbers, times, ids and columns."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.ledger.records import Customer, Sample
from reconciler.metering.sources.errors import SourceError
from reconciler.metering.sources.pulling import SourceData
from reconciler.metering.sources.rows import REQUIRED, Row, check_columns, read_rows

AT = datetime(2025, 11, 22, 12, tzinfo=UTC)
GOOD = {"customer_id": "1", "customer_name": "Acme", "used": "2.5", "unit": "GB", "as_of": "2025-11-22T13:00:00+01:00"}


def read(*rows: dict[str, Any]) -> Any:
    """Return the data of these rows. Line numbers start at 2."""
    return read_rows("csv", [Row(f"usage.csv:{line}", row) for line, row in enumerate(rows, start=2)])


def error_of(*rows: dict[str, Any]) -> str:
    """Return the error of these rows."""
    with pytest.raises(SourceError) as caught:
        read(*rows)
    return str(caught.value)


def test_a_row_is_a_customer_and_a_sample_in_bytes_and_utc() -> None:
    found = read(GOOD)
    assert found.customers == (Customer("csv", "1", "Acme"),)
    assert found.samples == (Sample("csv", "1", None, AT, 2_500_000_000),)


@pytest.mark.parametrize(
    ("used", "unit", "size"),
    [
        ("7", "B", 7),
        ("1", "GB", 10**9),
        ("1", "GiB", 2**30),
        (Decimal("0.0000000005"), "GB", 1),
        ("0.4", "B", 0),
        ("0.5", "B", 1),
        (3, "GiB", 3 * 2**30),
        ("1.000e3", "B", 1000),
        ("1e-05", "GB", 10_000),
        (Decimal("1E-5"), "GB", 10_000),
        (".5", "GB", 500_000_000),
        ("5.", "B", 5),
        (" 7\t", "B", 7),
        ("-0", "B", 0),
        ("0e9", "B", 0),
        (" ", "GB", None),
        (None, "GB", None),
        ("0", "GB", 0),
    ],
)
def test_used_becomes_whole_bytes_and_an_empty_value_is_missing(used: Any, unit: str, size: Any) -> None:
    assert read({**GOOD, "used": used, "unit": unit}).samples[0].bytes == size


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"used": "-1"}, "used is negative: '-1'"),
        ({"used": -1}, "used is negative: -1"),
        ({"used": Decimal("-0.1")}, "used is negative: -0.1"),
        ({"used": "1,5"}, "used is not a number: '1,5'; write it without thousands separators, and with a point"),
        ({"used": "1,000"}, "used is not a number: '1,000'; write it without thousands separators"),
        ({"used": "1.000.000"}, "used is not a number: '1.000.000'; write it without thousands separators"),
        ({"used": "1 000"}, "used is not a number: '1 000'; write it without thousands separators"),
        ({"used": "1'000"}, "used is not a number: '1'000'; write it without thousands separators"),
        ({"used": "1_000"}, "used is not a number: '1_000'; write 1000 if you mean that"),
        ({"used": "１２"}, "used is not a number: '１２'; write it with the digits 0 to 9"),
        ({"used": "١٢"}, "used is not a number: '١٢'; write it with the digits 0 to 9"),
        ({"used": "²"}, "used is not a number: '²'; write digits, and a point before decimals"),
        ({"used": "NaN"}, "used is not a number: 'NaN'; leave it empty if the figure is unknown"),
        ({"used": "sNaN"}, "used is not a number: 'sNaN'"),
        ({"used": "Infinity"}, "used is not a number: 'Infinity'; leave it empty if the figure is unknown"),
        ({"used": "-inf"}, "used is not a number: '-inf'; leave it empty if the figure is unknown"),
        ({"used": "N/A"}, "used is not a number: 'N/A'; leave it empty if the figure is unknown"),
        ({"used": "0x1F"}, "used is not a number: '0x1F'"),
        ({"used": "+5"}, "used is not a number: '+5'"),
        ({"used": "5 GB"}, "used is not a number: '5 GB'"),
        ({"used": "5\x00"}, "used is not a number: '5?'"),
        (
            {"used": "5.86756E+11"},
            "used is written with an exponent that hides its last 6 digits: '5.86756E+11'",
        ),
        ({"used": "1e999999"}, "used is written with an exponent that hides its last 999999 digits"),
        ({"used": Decimal("1E+999999")}, "used is written with an exponent that hides its last 999999 digits"),
        ({"used": "1e9999999"}, "used is not a number: '1e9999999'"),
        ({"used": True}, "used is not a number: true"),
        ({"used": []}, "used is not a number: a list"),
        ({"used": {}}, "used is not a number: an object"),
        ({"used": 1.5}, "used is not a number: 1.5"),
        ({"used": "9" * 300, "unit": "B"}, f"used is too large: '{'9' * 60}…'"),
        ({"used": 10**60}, "used is too large: a number of more than 60 digits"),
        ({"used": "9223372037"}, "used is too large: '9223372037' GB"),
        ({"unit": "TB"}, "unit is 'TB'; it must be B, GB or GiB"),
        ({"unit": None}, "unit is ''"),
        ({"unit": "gb"}, "unit is 'gb'; it must be B, GB or GiB"),
        ({"unit": "GB\x00"}, "unit contains a NUL byte: 'GB?'"),
        ({"as_of": "2025-11-22T13:00:00"}, "as_of has no time zone: '2025-11-22T13:00:00'; write"),
        ({"as_of": "2025-11-22"}, "as_of has no time zone and no hour: '2025-11-22'; write 2025-11-22T13:00:00Z"),
        ({"as_of": "2025-11-22 13:00"}, "as_of has no time zone: '2025-11-22 13:00'; write 2025-11-22 13:00Z or"),
        ({"as_of": ""}, "as_of is empty; write"),
        ({"as_of": None}, "as_of is empty; write"),
        ({"as_of": "22.11.2025 13:00"}, "as_of is not a time: '22.11.2025 13:00'; write"),
        ({"as_of": "11/22/2025 13:00Z"}, "as_of is not a time"),
        ({"as_of": "20251122T130000Z"}, "as_of is not a time"),
        ({"as_of": "2025-W47-6T12:00:00Z"}, "as_of is not a time"),
        ({"as_of": "2025-11-22x13:00Z"}, "as_of is not a time"),
        ({"as_of": "2025-11-22T13Z"}, "as_of is not a time"),
        ({"as_of": "2025-11-22T13:00:00 CET"}, "as_of is not a time"),
        ({"as_of": "２０２５-11-22T13:00:00Z"}, "as_of is not a time"),
        ({"as_of": 1763816400}, "as_of is not a time: '1763816400'"),
        ({"as_of": "2025-02-29T13:00:00Z"}, "as_of is not a valid date and time: '2025-02-29T13:00:00Z'"),
        ({"as_of": "2025-11-22T24:30:00Z"}, "as_of is not a valid date and time"),
        ({"as_of": "2025-11-22T13:00:00+25:00"}, "as_of is not a valid date and time"),
        ({"as_of": "yesterday"}, "as_of is not a time: 'yesterday'"),
        ({"as_of": "0001-01-01T00:00:00+02:00"}, "as_of is out of range"),
        ({"customer_id": " "}, "customer_id is empty"),
        ({"customer_id": True}, "customer_id is not text: true"),
        ({"customer_id": None}, "customer_id is empty"),
        ({"customer_id": "a\nb"}, "customer_id contains a line break or another control character: 'a?b'"),
        ({"customer_id": "a\x00"}, "customer_id contains a NUL byte: 'a?'"),
        ({"customer_id": "M\udcfcller"}, "customer_id is not UTF-8: 'M?ller'; export the file as UTF-8"),
        ({"customer_name": "M\udcfcller"}, "customer_name is not UTF-8"),
        ({"customer_name": "a\x00"}, "customer_name contains a NUL byte"),
        ({"device_id": "x" * 201}, "device_id is longer than 200 characters"),
        ({"customer_id": 10**300}, "customer_id is longer than 200 characters"),
        ({"device_id": {"id": 1}}, "device_id is not text: an object"),
        ({"customer_id": Decimal("1.5")}, "customer_id is not text: 1.5"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_the_reason(change: dict[str, Any], message: str) -> None:
    text = error_of(GOOD, {**GOOD, "customer_id": "2", **change})
    assert "1 of 2 rows cannot be read" in text
    assert f"usage.csv:3: {message}" in text


def test_up_to_a_hundred_bad_rows_are_named_and_the_rest_is_counted() -> None:
    text = error_of(*[{**GOOD, "customer_id": str(number), "used": "x"} for number in range(105)])
    assert "105 of 105 rows" in text
    assert text.count("used is not a number") == 100
    assert "and 5 more" in text


def test_every_format_of_a_moment_with_a_time_zone_is_read() -> None:
    for text in (
        "2025-11-22T12:00:00Z",
        "2025-11-22t12:00z",
        "2025-11-22 12:00:00Z",
        "2025-11-22T12:00:00.000Z",
        "2025-11-22T12:00:00.000000000+00:00",
        "2025-11-22 13:00:00 +0100",
        "2025-11-22T02:00:00-10:00",
        " 2025-11-22T12:00:00Z ",
    ):
        assert read({**GOOD, "as_of": text}).samples[0].observed_at == AT


def test_a_moment_in_the_future_is_kept() -> None:
    assert read({**GOOD, "as_of": "2999-01-01T00:00:00Z"}).samples[0].observed_at == datetime(2999, 1, 1, tzinfo=UTC)


def test_a_total_beside_device_rows_is_a_separate_sample() -> None:
    found = read({**GOOD, "device_id": ""}, {**GOOD, "device_id": "a"})
    assert [sample.device_id for sample in found.samples] == [None, "a"]


def test_a_name_with_two_lines_becomes_one_line() -> None:
    assert read({**GOOD, "customer_name": "Acme\r\nBerlin\tMitte"}).customers[0].name == "Acme Berlin Mitte"


def test_one_bad_row_fails_the_whole_pull() -> None:
    assert "correct these rows" in error_of(GOOD, {**GOOD, "customer_id": ""})


def test_an_export_without_rows_is_complete_and_empty() -> None:
    assert read() == SourceData((), ())


def test_numbers_as_ids_are_text() -> None:
    assert read({**GOOD, "customer_id": 42, "device_id": 7}).samples[0].customer_id == "42"


def test_a_customer_without_a_name_is_named_by_its_id() -> None:
    assert read({**GOOD, "customer_name": None}).customers[0].name == "1"


def test_the_newest_row_of_a_device_gives_the_customers_name() -> None:
    older = {**GOOD, "device_id": "a", "used": "9", "as_of": "2025-11-22T01:00:00Z", "customer_name": "Old"}
    newer = {**GOOD, "device_id": "a", "customer_name": "New"}
    for rows in ([older, newer], [newer, older]):
        found = read(*rows)
        assert sorted(sample.bytes or 0 for sample in found.samples) == [2_500_000_000, 9_000_000_000]
        assert found.customers[0].name == "New"


def test_two_different_rows_for_one_device_and_moment_are_an_error_that_names_both() -> None:
    text = error_of({**GOOD, "device_id": "a"}, {**GOOD, "device_id": "a", "used": "9"})
    assert "usage.csv:3: device 'a' of customer '1' is already in usage.csv:2" in text
    assert "customer '1' is already in usage.csv:2" in error_of(GOOD, {**GOOD, "used": ""})


def test_a_repeated_row_counts_once_and_a_note_names_it() -> None:
    found = read(GOOD, GOOD, {**GOOD, "used": "2500000000", "unit": "B"})
    assert [sample.bytes for sample in found.samples] == [2_500_000_000]
    where = "usage.csv:3 repeats usage.csv:2, usage.csv:4 repeats usage.csv:2"
    assert found.notes == (f"repeated rows, each counted once: {where}",)
    assert "and 3 more" in read(*[GOOD] * 104).notes[0]


def test_two_older_rows_with_different_figures_are_an_error_too() -> None:
    older = {**GOOD, "as_of": "2025-11-21T00:00:00Z"}
    assert "usage.csv:4: customer '1' is already in usage.csv:3" in error_of(GOOD, older, {**older, "used": "1"})


def test_a_repeated_column_is_refused_unless_it_is_not_used() -> None:
    with pytest.raises(SourceError, match="the header contains used, unit more than once"):
        check_columns([*REQUIRED, "used", "unit"], "usage.csv", "csv")
    check_columns([*REQUIRED, "note", "note", "", ""], "usage.csv", "csv")


def test_each_device_of_a_customer_is_a_separate_sample() -> None:
    found = read({**GOOD, "device_id": "a"}, {**GOOD, "device_id": "b"})
    assert [sample.device_id for sample in found.samples] == ["a", "b"]
    assert len(found.customers) == 1


def test_missing_columns_are_named_with_suggestions() -> None:
    with pytest.raises(SourceError) as caught:
        check_columns(["CustomerID", "customer name", "used", "unit", "extra"], "usage.csv", "csv")
    text = str(caught.value)
    assert "customer_name (did you mean 'customer name'?)" in text
    assert "customer_id (did you mean 'CustomerID'?)" in text
    assert "as_of" in text
    with pytest.raises(SourceError, match="missing column: as_of"):
        check_columns(["customer_id", "customer_name", "used", "unit"], "usage.csv", "csv")


def test_complete_columns_are_accepted() -> None:
    check_columns([*REQUIRED, "device_id", "note"], "usage.csv", "csv")


@given(st.decimals(0, 10**9, places=12), st.sampled_from(["B", "GB", "GiB"]))
def test_bytes_differ_from_the_exact_value_by_half_a_byte_at_most(used: Decimal, unit: str) -> None:
    factor = {"B": 1, "GB": 10**9, "GiB": 2**30}[unit]
    size = read({**GOOD, "used": str(used), "unit": unit}).samples[0].bytes
    assert abs(Decimal(size) - used * factor) <= Decimal("0.5")
