"""`usage explain` explains a line, a mapping and a customer of the running and of past months."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.prepared import prepared
from tests.shop import ALDER, Shop
from tests.test_seed_steps import writes

CUSTOMER = "cove/1001001"
LINE = "Addition/alder-dental.storage:backup-gb"


@prepared
def billed(shop: Shop) -> Shop:
    """Return a shop with one customer, two hours after its first apply. The pull of the second hour has failed."""
    shop.only(ALDER)
    shop.apply()
    shop.advance()
    shop.fault("html@/jsonapi")
    shop("apply", "--only", "usage", "--auto-approve")
    return shop


def test_a_customer_is_explained_from_the_line_to_the_samples_without_a_pull_or_a_write(billed: Shop) -> None:
    billed.sandbox.log.clear()
    said = billed("usage", "explain", CUSTOMER)
    assert said.code == 0
    assert writes(billed) == []
    for part in (
        f"Line {LINE}",
        "Managed backup storage, per gigabyte and month",
        "stands now  121 × 0.15 USD = 18.15 USD a month",
        "Rating  held: the pull at 2026-11-01 07:00 UTC failed",
        "1 of 4 hours since 2026-11-01 04:00 UTC have a known figure",
        "2 pulls of cove",
        "the answer has every value that was sent",
    ):
        assert part in said.out


def test_an_addition_a_mapping_and_a_customer_give_the_same_lines(billed: Shop) -> None:
    found = [
        billed("--json", "usage", "explain", what).json
        for what in (CUSTOMER, "CustomerMapping/alder-dental", LINE, "Addition/alder-dental:backup-gb")
    ]
    assert {line["address"] for each in found for line in each["lines"]} == {LINE}
    assert {each["customer"]["name"] for each in found} == {"Alder Dental"}
    (write,) = found[2]["writes"]
    assert (write["address"], write["sent"]["quantity"], write["answer"]["quantity"]) == (LINE, "121", "121")


def test_each_value_names_its_file_and_line(billed: Shop) -> None:
    (charge,) = billed("--json", "usage", "explain", CUSTOMER).json["charges"]
    origins = {each["name"]: each["origin"] for each in charge["rule"]["values"]}
    assert origins["customer"] == "customers/alder-dental.yaml:27"
    assert origins["product"] == "Defaults in defaults.yaml"
    assert origins["price of backup-gb"].startswith("products.yaml:")
    assert origins["measure"] == "the default"


def test_a_page_is_self_contained_html(billed: Shop) -> None:
    said = billed("usage", "explain", CUSTOMER, "--format", "html")
    assert said.out.startswith("<!doctype html>")
    assert "http://" not in said.out.replace("http://127.0.0.1", "")
    assert billed("usage", "explain", CUSTOMER, "--format", "json").json["address"] == CUSTOMER


def test_a_customer_without_a_mapping_shows_its_coverage_and_its_pulls(shop: Shop) -> None:
    shop.only(ALDER)
    shop.apply()
    gumtree = shop.world.add_customer("Gumtree", shop.time).id
    shop.world.add_device(gumtree, shop.time, 20 * 10**9)
    shop("usage", "pull")
    found = shop("--json", "usage", "explain", f"cove/{gumtree}").json
    assert [row["state"] for row in found["coverage"]] == ["unmapped"]
    assert (found["lines"], found["charges"], found["pulls"]["whole"]) == ([], [], 2)


def test_an_unknown_address_names_the_nearest_one(billed: Shop) -> None:
    said = billed("usage", "explain", "cove/10010011")
    assert said.code == 1
    assert "no addition, mapping, customer, company or agreement is named cove/10010011" in said.err
    assert "Did you mean cove/1001001?" in said.err
    assert "there is no addition Addition/alder:gb" in billed("usage", "explain", "Addition/alder:gb").err


@pytest.mark.parametrize(
    ("month", "message"),
    [
        ("October", "October is not a month"),
        ("2026-13", "2026-13 is not a month"),
        ("0000-01", "0000-01 is not a month"),
        ("2026-12", "2026-12 has not begun"),
    ],
)
def test_a_month_that_is_none_or_has_not_begun_is_an_error(shop: Shop, month: str, message: str) -> None:
    said = shop("usage", "explain", CUSTOMER, "--period", month)
    assert said.code == 1
    assert f"--period: {message}" in said.err


def test_a_past_month_is_explained_as_of_its_end(billed: Shop) -> None:
    said = billed("usage", "explain", CUSTOMER, "--period", "2026-10")
    assert said.code == 0
    assert "2026-10 (America/New_York), as of 2026-11-01 03:59 UTC" in said.out
    assert "source cove was not pulled in this month" in said.out


def test_a_past_month_is_explained_by_the_rules_that_billed_it(billed: Shop) -> None:
    billed.edit("products.yaml", "price: 0.15", "price: 0.20")
    billed.advance(24 * 29 + 20)
    billed.fault()
    billed("usage", "pull")
    billed.advance(24 * 3)
    found = billed("--json", "usage", "explain", CUSTOMER, "--period", "2026-11").json
    (charge,) = found["charges"]
    assert charge["why"] == ""
    assert found["notes"] == []
    assert [line["unit_price"] for line in charge["lines"]] == ["0.15"]
    values = {each["name"]: (each["value"], each["origin"]) for each in charge["rule"]["values"]}
    assert values["price of backup-gb"] == ("0.15", "the last run of 2026-11")
    assert charge["rule"]["holds"]["from"] == "run"
    with closing(sqlite3.connect(billed.ledger)) as ledger:
        assert ledger.execute("SELECT digest FROM bills").fetchone() == (charge["rule"]["digest"],)


@pytest.mark.parametrize(
    "words",
    [
        "alder dental",
        "AlderDental",
        "Company/alder-dental",
        "Alder Dental - Managed Backup",
        "rc:cove/1001001/alder-dental/storage",
    ],
)
def test_words_on_an_invoice_find_the_customer_or_the_addition(billed: Shop, words: str) -> None:
    found = billed("--json", "usage", "explain", words).json
    assert [line["address"] for line in found["lines"]] == [LINE]


def test_the_id_of_an_addition_finds_it(billed: Shop) -> None:
    (line,) = billed("--json", "usage", "explain", CUSTOMER).json["lines"]
    assert billed("--json", "usage", "explain", str(line["live"]["id"])).json["address"] == LINE


def test_words_that_stand_for_several_customers_are_refused_with_their_addresses(billed: Shop) -> None:
    mapping = (billed.folder / "customers" / "alder-dental.yaml").read_text(encoding="utf-8").rpartition("---")[2]
    second = mapping.replace("name: alder-dental", "name: second").replace('"1001001", name', '"1001002", name')
    billed.write("customers/second.yaml", second)
    said = billed("usage", "explain", "Alder Dental")
    assert said.code == 1
    assert "Alder Dental stands for 2 customers or additions" in said.err
    assert "cove/1001001" in said.err


def test_words_that_nothing_has_are_refused(billed: Shop) -> None:
    said = billed("usage", "explain", "Alder Dentistry")
    assert said.code == 1
    assert "no addition, mapping, customer, company or agreement is named Alder Dentistry" in said.err
