"""The FOCUS format: exact types, null where the specification allows it, corrections named, and no usage twice.

`.ci/run` checks a real export with FOCUS's own validator.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from reconciler.rendering.report.focus import COLUMNS, focus_csv, focus_rows
from reconciler.rendering.report.focus_parquet import focus_parquet
from tests.rendering.report.reports import PERIOD, charge, customer, line, rating, report, rich

TYPES = {"text": str, "decimal": Decimal, "time": datetime}


def rows(content: dict[str, Any]) -> list[dict[str, Any]]:
    return focus_rows(content, "Example MSP")


def test_every_row_has_every_column_with_its_type_and_null_only_where_it_may_be() -> None:
    for row in rows(rich()):
        assert list(row) == [column.name for column in COLUMNS]
        for column in COLUMNS:
            value = row[column.name]
            assert column.nullable if value is None else type(value) is TYPES[column.type], column.name


def test_a_row_has_the_amount_the_quantity_and_the_usage_of_a_line() -> None:
    (row,) = rows(report())

    assert (row["BilledCost"], row["EffectiveCost"]) == (Decimal("61.65"), Decimal("61.65"))
    assert (row["PricingQuantity"], row["PricingUnit"], row["ContractedUnitPrice"]) == (411, "GB", Decimal("0.15"))
    assert (row["ConsumedQuantity"], row["ConsumedUnit"], row["x_UsageKnown"]) == (Decimal("460.4"), "GB", "true")
    assert (row["BillingAccountId"], row["SubAccountName"]) == ("ACME", "Acme - Managed Backup")
    assert (row["BillingPeriodStart"], row["ChargePeriodEnd"]) == (PERIOD.start, PERIOD.end)
    assert row["ChargeClass"] is None


def test_a_cost_that_is_not_rounded_is_quantity_times_unit_price() -> None:
    odd = line(quantity=Decimal("1.000001"), unit_price=Decimal("0.000003"), amount=Decimal("0.00"))
    (row,) = rows(report(customer(charges=(charge(billed=(odd,)),))))

    assert row["ContractedCost"] == row["ListCost"] == Decimal("0.000003000003")


def test_an_adjustment_is_a_correction_that_names_the_month_it_corrects() -> None:
    adjustment = line(corrects="2026-03", quantity=Decimal(1), unit_price=Decimal("-3.20"), amount=Decimal("-3.20"))
    _, row = rows(report(customer(charges=(charge(billed=(line(), adjustment)),))))

    assert (row["ChargeClass"], row["x_CorrectedPeriod"], row["BilledCost"]) == (
        "Correction",
        "2026-03",
        Decimal("-3.20"),
    )
    assert (row["PricingQuantity"], row["ContractedUnitPrice"], row["ConsumedQuantity"], row["ConsumedUnit"]) == (
        None,
    ) * 4
    assert row["BillingPeriodStart"] == PERIOD.start
    assert row["ChargePeriodStart"] == datetime(2026, 3, 1, 6, tzinfo=UTC)
    assert row["ChargePeriodEnd"] == datetime(2026, 4, 1, 5, tzinfo=UTC)  # the clocks went forward in March


def test_unknown_usage_is_the_billed_quantity_and_is_marked() -> None:
    (row,) = rows(report(customer(charges=(charge(rating=None),))))
    orphan = rows(rich())[-1]

    assert (row["ConsumedQuantity"], row["x_UsageKnown"]) == (411, "false")
    assert (orphan["ConsumedQuantity"], orphan["x_UsageKnown"], orphan["SkuMeter"]) == (411, "false", "backup-gb")
    assert orphan["ContractedUnitPrice"] is None
    assert orphan["BillingAccountId"] == "cove/1001007"


def test_an_adjustment_without_a_mapping_consumes_nothing() -> None:
    (row,) = rows(report(customer(mapping=None, charges=(), other=(line(corrects="2026-09"),))))

    assert (row["ConsumedQuantity"], row["ChargeClass"], row["Tags"]) == (None, "Correction", None)


@given(
    used=st.decimals(0, 10**6, places=9), quantities=st.lists(st.decimals(0, 10**6, places=6), min_size=1, max_size=5)
)
def test_the_usage_of_a_charge_is_shared_by_its_lines_once(used: Decimal, quantities: list[Decimal]) -> None:
    lines = tuple(line(quantity=each) for each in quantities)
    found = rows(report(customer(charges=(charge(rating=rating(used=used), billed=lines),))))

    consumed = [row["ConsumedQuantity"] for row in found]
    assert sum(consumed) == used
    assert min(consumed) >= 0


def test_csv_has_decimals_with_a_point_times_in_utc_and_empty_nulls() -> None:
    text = focus_csv(rows(report(customer(name="=Acme"))))
    (row,) = csv.DictReader(io.StringIO(text, newline=""))

    assert (row["PricingQuantity"], row["BilledCost"]) == ("411.0", "61.65")
    assert row["BillingPeriodStart"] == "2026-10-01T05:00:00Z"
    assert (row["ChargeClass"], row["BillingAccountName"]) == ("", "'=Acme")


def test_parquet_has_the_same_rows_with_exact_types() -> None:
    content = rows(rich())
    table = parquet.read_table(io.BytesIO(focus_parquet(content)))

    assert table.to_pylist() == content
    assert table.schema.field("BilledCost").type == pa.decimal128(38, 12)
    assert table.schema.field("BillingPeriodStart").type == pa.timestamp("us", tz="UTC")
    assert [each.name for each in table.schema if not each.nullable] == [
        each.name for each in COLUMNS if not each.nullable
    ]


@pytest.mark.parametrize("content", [report(customer(charges=())), report(customer(charges=(charge(billed=()),)))])
def test_a_customer_without_an_addition_has_no_row(content: dict[str, Any]) -> None:
    assert rows(content) == []
    assert focus_csv([]).count("\r\n") == 1
    assert parquet.read_table(io.BytesIO(focus_parquet([]))).num_rows == 0
