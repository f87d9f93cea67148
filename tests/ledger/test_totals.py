"""Tests of the totals of customers, on each kind of database."""

from __future__ import annotations

from datetime import timedelta

from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.store import Ledger
from reconciler.ledger.totals import USED_STORAGE, Counted, Wanted, plain_totals

from .conftest import NOON

Used = dict[str, dict[str | None, int | None]]


def recorded(ledger: Ledger, used: Used, hour: int, *, source: str = "cove") -> int:
    at = NOON + timedelta(hours=hour)
    samples = (
        Sample(source, customer, device, at, size)
        for customer, devices in used.items()
        for device, size in devices.items()
    )
    customers = tuple(Customer(source, each, each) for each in used)
    return record_pull(ledger, Pull(source, at, at, "whole", customers, tuple(samples)))


def test_each_customer_is_summed_in_each_pull_in_the_order_of_the_pulls(ledger: Ledger) -> None:
    used: Used = {str(number): {f"{number}a": number, f"{number}b": 2**62, f"{number}c": 1} for number in range(20)}
    later: Used = {**used, "3": {**used["3"], "3d": 5}, "4": {"4a": None}, "5": {}}
    pulls = [
        recorded(ledger, used, 1),
        recorded(ledger, {"x": {"3a": 9}}, 2, source="other"),
        recorded(ledger, later, 0),
    ]
    of_cove = [pulls[2], pulls[0]]
    for customers in (used.keys(), ["2", "3", "4"]):  # all, and a few of them
        (found,) = plain_totals(ledger, "cove", [Wanted(USED_STORAGE, of_cove, customers)])
        assert found.keys() == {*customers} - {"4", "5"}
        assert [*found["2"]] == [(pulls[2], 2**62 + 3, 3), (pulls[0], 2**62 + 3, 3)]
        assert [*found["3"][:1]] == [(pulls[2], 2**62 + 9, 4)]
    none = [Wanted(USED_STORAGE, [], ["2"]), Wanted(USED_STORAGE, of_cove, [])]
    assert plain_totals(ledger, "cove", none) == [{}, {}]


def test_several_counts_are_summed_at_once(ledger: Ledger) -> None:
    columns = frozenset({"kind"})
    servers = Counted(columns, lambda values: int(values["kind"] == "server") if values else None, of_storage=False)
    pulls = []
    for hour, kinds in enumerate(("server", "pc", "pc")):
        at = NOON + timedelta(hours=hour)
        samples = [Sample("cove", "1", each, at, 5, {"kind": kinds if each == "a" else "server"}) for each in "ab"]
        late = Sample("cove", "2", "c", at - timedelta(minutes=5), 5, {"kind": "server"})
        pull = Pull("cove", at, at, "whole", (Customer("cove", "1", "1"),), (*samples, late), columns=("kind",))
        pulls.append(record_pull(ledger, pull))
    found = plain_totals(ledger, "cove", [Wanted(USED_STORAGE, pulls, "12"), Wanted(servers, pulls[1:], "12")])
    assert [{each: [*own.sizes] for each, own in of.items()} for of in found] == [{"1": [10, 10, 10]}, {"1": [1, 1]}]
