"""A replay compares each charge byte for byte, and sums up the money of each customer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from reconciler.closing.replay import Replay, Replayed, replay_json
from reconciler.ledger.bill_records import BillRecord

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)


def line(amount: str | None, quantity: str = "1") -> dict[str, Any]:
    return {"product": "gb", "quantity": quantity, "unit_price": amount, "amount": amount}


def replayed(
    before: list[dict[str, Any]] | None,
    after: list[dict[str, Any]] | None,
    charge: str = "storage",
    customer: str = "77",
) -> Replayed:
    bill = None if before is None else BillRecord("cove", customer, charge, "acme", AT, "sha256:1", before)
    return Replayed("cove", customer, "acme", charge, bill, "sha256:1", after)


def found(*charges: Replayed) -> Any:
    return replay_json(Replay("test", "2026-11", "own", "USD", AT, charges, {("cove", "77"): "Acme"}))


def test_equal_lines_are_the_same_and_another_digit_is_not() -> None:
    result = found(replayed([line("2")], [line("2")]), replayed([line("2", "1")], [line("2", "1.0")], "devices"))
    assert (result["same"], result["different"], result["difference"]) == (1, 1, "0")


def test_the_money_is_summed_per_customer_and_in_all() -> None:
    result = found(
        replayed([line("2")], [line("3")]),
        replayed([line("5")], [line("5")], "devices"),
        replayed([line("1")], [line("0.5")], customer="78"),
    )
    sums = [(each["name"], each["before"], each["after"], each["difference"]) for each in result["customers"]]
    assert sums == [("Acme", "7", "8", "1"), ("78", "1", "0.5", "-0.5")]
    assert (result["before"], result["after"], result["difference"]) == ("8", "8.5", "0.5")


def test_a_side_that_is_missing_or_has_no_price_counts_0_and_is_never_the_same() -> None:
    result = found(replayed(None, [line("2")]), replayed([line(None)], None, "devices"))
    devices, storage = result["customers"][0]["charges"]
    assert (storage["billed"], storage["billed_at"], storage["difference"]) == (None, None, "2")
    assert (devices["rated"], devices["before"], devices["after"]) == (None, "0", "0")
    assert result["different"] == 2
