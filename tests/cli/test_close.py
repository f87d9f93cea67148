"""`usage close` freezes a month that has ended, and refuses while something of it is unknown."""

from __future__ import annotations

from typing import Any

from tests.prepared import prepared
from tests.shop import ALDER, BIRCHWOOD, FIR, Shop, locked
from tests.test_seed_steps import writes

HOURS = ("--accept", "cove=hourly pulls began in this test")


@prepared
def ended(shop: Shop) -> Shop:
    """Return a shop in December, with an addition of November for Alder and one of all months for Birchwood."""
    shop.only(ALDER, BIRCHWOOD)
    shop.edit("customers/alder-dental.yaml", "contact: alder-dental}\n", "contact: alder-dental, invoiced: arrears}\n")
    shop.apply()
    shop.advance(24 * 29 + 14)
    shop("apply", "--only", "usage", "--auto-approve")
    shop.advance(10)
    shop("apply", "--only", "usage", "--auto-approve")
    return shop


def test_a_month_is_closed_once(ended: Shop) -> None:
    ended.sandbox.log.clear()
    said = ended("usage", "close", "--period", "2026-11")
    assert said.code == 3, said.out
    assert "hours have no believed pull of cove" in said.out
    assert "--accept cove=REASON" in said.out
    assert "2026-11 cannot be closed while something of it is unknown" in said.err
    found = ended("--json", "usage", "close", "--period", "2026-11", *HOURS).json
    assert (found["changed"], found["left_open"]) == (True, [])
    assert [(each["customer"], each["lines"]) for each in found["charges"]] == [
        ("cove/1001001", "perPeriod"),
        ("cove/1001002", "rolling"),
    ]
    (compared,) = found["true_up"]
    assert (compared["source"], compared["state"]) == ("cove", "compared")
    removed = {f"cove/{number}" for number in range(ALDER, FIR + 1)} - {f"cove/{ALDER}", f"cove/{BIRCHWOOD}"}
    assert {each["customer"] for each in compared["customers"]} == removed  # no pull has seen them
    for more in ((), HOURS):
        said = ended("usage", "close", "--period", "2026-11", *more)
        assert said.code == 0
        assert "2026-11 is closed already, by" in said.out
        assert "The high-water report of cove:" in said.out
    assert writes(ended) == []
    assert ended("ledger", "check").code == 0


def test_a_month_that_has_not_ended_is_refused(ended: Shop) -> None:
    said = ended("usage", "close", "--period", "2026-12")
    assert said.code == 3
    assert "2026-12 has not ended" in said.err


def test_a_reason_is_required(ended: Shop) -> None:
    said = ended("usage", "close", "--period", "2026-11", "--accept", "cove")
    assert said.code == 1
    assert "--accept cove: a reason is missing" in said.err


def test_a_customer_that_is_left_open_is_listed_until_it_is_closed(ended: Shop) -> None:
    path = ended.folder / "customers/birchwood-legal.yaml"
    kept = path.read_text()
    path.unlink()
    refused = ended("--json", "usage", "close", "--period", "2026-11", *HOURS)
    assert refused.code == 3
    (unknown,) = refused.json["error"]["unknown"]
    assert (unknown["address"], unknown["mapping"]) == ("cove/1001002", None)
    said = ended("usage", "close", "--period", "2026-11", *HOURS, "--accept", "cove/1001002=asked them")
    assert said.code == 5
    assert "Left open, cove/1001002: unmapped" in said.out
    assert "(asked them)" in said.out
    rows = ended("--json", "usage", "coverage").json
    (row,) = [each for each in rows if (each["customer"], each["state"]) == ("1001002", "unmapped")]
    assert "2026-11 was closed without this customer by" in row["detail"]
    path.write_text(kept)
    found = ended("--json", "usage", "close", "--period", "2026-11")
    assert (found.code, found.json["changed"], len(found.json["closes"])) == (0, True, 2)


def test_a_close_takes_the_lock_of_the_workspace(ended: Shop) -> None:
    with locked(ended):
        said = ended("--json", "usage", "close", "--period", "2026-11", *HOURS)
    assert said.code == 3
    assert "another apply" in said.json["error"]["message"]


def test_an_address_of_which_nothing_is_unknown_is_an_error(ended: Shop) -> None:
    said = ended("usage", "close", "--period", "2026-11", *HOURS, "--accept", "cove/1001001=x")
    assert said.code == 1
    assert "nothing that can be accepted is unknown of it in 2026-11" in said.err


def test_a_closed_month_is_replayed_by_the_rules_that_its_close_froze(ended: Shop) -> None:
    # The price of Alder has a day in November. That of Birchwood has none, so it works from December on.
    ended.edit("products.yaml", "  price: 0.15\n", '  price: 0.15\n  prices: [{from: "2026-11-01", price: 0.20}]\n')
    ended.edit("products.yaml", "  price: 0.14\n", "  price: 0.50\n")
    ended("apply", "--only", "usage", "--auto-approve")
    open_still = ended("--json", "usage", "replay", "--period", "2026-11").json
    assert [price(each) for each in open_still["customers"]] == ["0.15", "0.14"]
    assert (open_still["closes"], open_still["different"]) == ([], 0)
    assert ended("usage", "close", "--period", "2026-11", *HOURS).code == 0
    said = ended("usage", "replay", "--period", "2026-11")
    assert said.code == 0, said.out
    assert "2026-11 by the rules frozen at its close: 2 charges the same, 0 different." in said.out
    assert "Closed 2026-12-01" in said.out
    found = ended("--json", "usage", "replay", "--period", "2026-11").json
    assert [price(each) for each in found["customers"]] == ["0.2", "0.14"]
    (close,) = found["closes"]
    assert {each["charges"][0]["frozen_at"] for each in found["customers"]} == {close["closed_at"]}
    what_if = ended("--json", "usage", "replay", "--period", "2026-11", "--rules", "today").json
    alder, birchwood = what_if["customers"]
    assert (alder["charges"][0]["same"], alder["difference"]) == (True, "0")
    (charge,) = birchwood["charges"]
    assert [each["unit_price"] for each in (*charge["billed"], *charge["rated"])] == ["0.14", "0.5"]


def price(customer: Any) -> str:
    (charge,) = customer["charges"]
    (line,) = charge["rated"]
    assert charge["same"]
    return str(line["unit_price"])
