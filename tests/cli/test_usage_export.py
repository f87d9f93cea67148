"""Tests of `reconciler usage export`."""

from __future__ import annotations

import csv
import stat
from io import StringIO
from pathlib import Path

import pytest
from pyarrow import parquet

from reconciler.cli import usage_export
from tests.prepared import prepared
from tests.shop import ALDER, Shop


@prepared
def billed(shop: Shop) -> Shop:
    shop.only(ALDER)
    shop.apply()
    return shop


def test_an_export_has_a_row_for_each_addition(billed: Shop) -> None:
    (row,) = csv.DictReader(StringIO(billed("usage", "export").out, newline=""))

    assert (row["BilledCost"], row["PricingQuantity"], row["InvoiceIssuerName"]) == ("18.15", "121.0", "example")
    assert (row["ConsumedQuantity"], row["BillingAccountId"]) == ("120.350000000000", "AlderDental")


def test_a_file_is_csv_or_parquet_by_its_name_and_only_its_owner_can_read_it(billed: Shop, tmp_path: Path) -> None:
    for name, form in {"a.csv": "csv", "a.parquet": "parquet"}.items():
        said = billed("--json", "usage", "export", "--issuer", "Example MSP", "--out", str(tmp_path / name))
        assert (said.json["type"], said.json["rows"], said.json["format"]) == (form, 1, "focus")
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    (row,) = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    assert row["InvoiceIssuerName"] == "Example MSP"
    assert (
        billed("usage", "export", "--csv", "--out", str(tmp_path / "b.parquet"))
        .out.strip()
        .endswith("b.parquet: 1 row")
    )
    assert (tmp_path / "b.parquet").read_text(encoding="utf-8").startswith("BilledCost,")


@pytest.mark.parametrize(
    ("arguments", "message"), [(("--parquet",), "Parquet is not text"), (("--json",), "--json prints JSON")]
)
def test_what_is_not_csv_needs_a_file(billed: Shop, arguments: tuple[str, ...], message: str) -> None:
    said = billed("usage", "export", *arguments)

    assert said.code == 1
    assert message in said.out + said.err


def test_a_workspace_without_a_currency_cannot_be_exported(billed: Shop) -> None:
    billed.edit("workspace.yaml", "    currency: USD #", "    #")

    said = billed("usage", "export")
    assert said.code == 1
    assert "the workspace names no currency, and the FOCUS format needs one" in said.err


def test_parquet_needs_an_extra_and_the_error_names_it(billed: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_export, "find_spec", lambda _name: None)

    said = billed("usage", "export", "--out", "a.parquet")
    assert said.code == 1
    assert "Parquet needs the extra [parquet], and pyarrow is not installed" in said.err
