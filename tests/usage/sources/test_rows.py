from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.ledger.records import Customer, Sample
from reconciler.usage.errors import SourceError
from reconciler.usage.sources.rows import REQUIRED, Row, check_columns, read_rows

AT = datetime(2025, 11, 22, 12, tzinfo=UTC)
GOOD = {"customer_id": "1", "customer_name": "Acme", "used": "2.5", "unit": "GB", "as_of": "2025-11-22T13:00:00+01:00"}


def read(*rows: dict[str, Any]) -> Any:
    return read_rows("csv", "usage.csv", [Row(f"usage.csv:{line}", row) for line, row in enumerate(rows, start=2)])


def error_of(*rows: dict[str, Any]) -> str:
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
        ("1e3", "B", 1000),
        (" ", "GB", None),
        (None, "GB", None),
        ("0", "GB", 0),
    ],
)
def test_used_is_counted_in_its_unit_to_whole_bytes_and_an_empty_one_is_missing(
    used: Any, unit: str, size: Any
) -> None:
    assert read({**GOOD, "used": used, "unit": unit}).samples[0].bytes == size


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"used": "-1"}, "used is negative: -1"),
        ({"used": "1,5"}, "used is not a number: '1,5'"),
        ({"used": "NaN"}, "used is not a number: 'NaN'"),
        ({"used": "Infinity"}, "used is not a number: 'Infinity'"),
        ({"used": True}, "used is not a number: True"),
        ({"used": []}, "used is not a number: []"),
        ({"used": "1e999999"}, "used is too large: 1e999999"),
        ({"used": "9223372037"}, "used is too large: 9223372037 GB"),
        ({"unit": "TB"}, "unit is 'TB', and must be one of B, GB, GiB"),
        ({"unit": None}, "unit is ''"),
        ({"as_of": "2025-11-22T13:00:00"}, "as_of has no time zone: '2025-11-22T13:00:00'; write"),
        ({"as_of": "2025-11-22"}, "as_of has no time zone"),
        ({"as_of": "yesterday"}, "as_of is not a time: 'yesterday'"),
        ({"as_of": "0001-01-01T00:00:00+02:00"}, "as_of is out of range"),
        ({"customer_id": " "}, "customer_id is empty"),
        ({"customer_id": True}, "customer_id is not text: True"),
        ({"customer_id": 1.5}, "customer_id is not text: 1.5"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_its_fault(change: dict[str, Any], said: str) -> None:
    text = error_of(GOOD, {**GOOD, "customer_id": "2", **change})
    assert "1 of 2 rows cannot be read" in text
    assert f"usage.csv:3: {said}" in text


def test_the_first_twenty_bad_rows_are_named_and_the_others_counted() -> None:
    text = error_of(*[{**GOOD, "customer_id": str(number), "used": "x"} for number in range(25)])
    assert "25 of 25 rows" in text
    assert text.count("used is not a number") == 20
    assert "and 5 more" in text


def test_one_bad_row_fails_the_whole_reading_because_a_lost_customer_would_look_like_zero() -> None:
    assert "correct these rows" in error_of(GOOD, {**GOOD, "customer_id": ""})


def test_an_export_without_rows_is_a_failed_one() -> None:
    assert "there are no rows" in error_of()


def test_numbers_as_ids_are_text() -> None:
    assert read({**GOOD, "customer_id": 42, "device_id": 7}).samples[0].customer_id == "42"


def test_a_customer_without_a_name_goes_by_its_id() -> None:
    assert read({**GOOD, "customer_name": None}).customers[0].name == "1"


def test_of_several_rows_of_one_device_the_newest_counts() -> None:
    older = {**GOOD, "device_id": "a", "used": "9", "as_of": "2025-11-22T01:00:00Z", "customer_name": "Old"}
    newer = {**GOOD, "device_id": "a", "customer_name": "New"}
    for rows in ([older, newer], [newer, older]):
        found = read(*rows)
        assert [sample.bytes for sample in found.samples] == [2_500_000_000]
        assert found.customers[0].name == "New"


def test_two_rows_of_one_device_and_moment_are_an_error_that_names_both() -> None:
    text = error_of({**GOOD, "device_id": "a"}, {**GOOD, "device_id": "a", "used": "9"})
    assert "usage.csv:3: device 'a' of customer '1' stands already in usage.csv:2" in text
    assert "customer '1' stands already in usage.csv:2" in error_of(GOOD, GOOD)


def test_the_devices_of_a_customer_are_samples_of_their_own() -> None:
    found = read({**GOOD, "device_id": "a"}, {**GOOD, "device_id": "b"})
    assert [sample.device_id for sample in found.samples] == ["a", "b"]
    assert len(found.customers) == 1


def test_missing_columns_are_named_with_what_may_be_meant() -> None:
    with pytest.raises(SourceError) as caught:
        check_columns(["CustomerID", "customer name", "used", "unit", "extra"], "usage.csv", "csv")
    text = str(caught.value)
    assert "customer_name (did you mean 'customer name'?)" in text
    assert "customer_id (did you mean 'CustomerID'?)" in text
    assert "as_of" in text
    with pytest.raises(SourceError, match="missing column: as_of"):
        check_columns(["customer_id", "customer_name", "used", "unit"], "usage.csv", "csv")


def test_complete_columns_pass() -> None:
    check_columns([*REQUIRED, "device_id", "note"], "usage.csv", "csv")


@given(st.decimals(0, 10**9, places=12), st.sampled_from(["B", "GB", "GiB"]))
def test_bytes_differ_from_what_was_said_by_half_a_byte_at_most(used: Decimal, unit: str) -> None:
    factor = {"B": 1, "GB": 10**9, "GiB": 2**30}[unit]
    size = read({**GOOD, "used": str(used), "unit": unit}).samples[0].bytes
    assert abs(Decimal(size) - used * factor) <= Decimal("0.5")
