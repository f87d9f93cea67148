"""Pulls are stored whole or not at all, and their samples, devices and customers can be read back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from reconciler.ledger import chunks, pulls
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.recording import approve_pull, record_pull
from reconciler.ledger.records import Customer, Device, Pull, Sample
from reconciler.ledger.store import Ledger

from .conftest import NOON

HOUR = timedelta(hours=1)
Used = Mapping[tuple[str, str | None], int | None]


def pull(used: Used, at: datetime = NOON, **more: Any) -> Pull:
    names: dict[str, str] = more.pop("names", {})
    ids = dict.fromkeys([*(customer_id for customer_id, _ in used), *names])
    values: dict[str, Any] = {
        "customers": tuple(Customer("cove", each, names.get(each, f"C{each}")) for each in ids),
        "samples": tuple(Sample("cove", each, name, at, size) for (each, name), size in used.items()),
        **more,
    }
    return Pull("cove", at, at + timedelta(minutes=1), values.pop("state", "whole"), **values)


def record(ledger: Ledger, used: Used, at: datetime = NOON, **more: Any) -> int:
    return record_pull(ledger, pull(used, at, **more))


def test_a_whole_pull_stores_all_samples_and_a_missing_figure_is_not_zero(ledger: Ledger) -> None:
    kept = pull({("1", "a"): 5, ("1", "b"): 0, ("2", "c"): None, ("3", None): 2**62}, notes=("one in the bin",))
    number = record_pull(ledger, kept)
    assert pulls.samples_of_pull(ledger, number) == list(kept.samples)
    found = pulls.latest_pull(ledger, "cove")
    assert found is not None
    assert (found.id, found.state, found.customers, found.samples) == (number, "whole", 3, 4)
    assert (found.notes, found.finished_at) == (("one in the bin",), NOON + timedelta(minutes=1))


def test_a_failed_pull_stores_its_error_and_no_samples(ledger: Ledger) -> None:
    number = record(ledger, {("1", "a"): 5}, state="failed", error="no network")
    assert pulls.samples_of_pull(ledger, number) == []
    found = pulls.latest_pull(ledger, "cove")
    assert found is not None
    assert (found.error, found.samples, found.customers) == ("no network", 0, 0)
    assert pulls.customer_records(ledger, "cove") == {}


def test_a_pull_that_cannot_be_stored_completely_is_not_stored(ledger: Ledger) -> None:
    with pytest.raises((LedgerError, OverflowError)):
        record(ledger, {("1", "a"): 5, ("1", "b"): 2**70})
    assert pulls.latest_pull(ledger, "cove") is None
    assert pulls.devices_of_customers(ledger, "cove", ["1"]) == []


def test_a_sample_keeps_its_own_time_where_it_differs_from_the_pulls(ledger: Ledger) -> None:
    sample = Sample("cove", "1", "a", NOON - HOUR, 5)
    number = record(ledger, {}, samples=(sample,))
    assert pulls.samples_of_pull(ledger, number) == [sample]


def test_the_newest_pull_is_found_by_time_and_state(ledger: Ledger) -> None:
    first = record(ledger, {}, NOON)
    second = record(ledger, {}, NOON + HOUR)
    failed = record(ledger, {}, NOON + 2 * HOUR, state="failed")

    def whole(before: datetime | None = None, since: datetime | None = None) -> int | None:
        found = pulls.latest_whole_pull(ledger, "cove", before=before, since=since)
        return None if found is None else found.id

    newest = pulls.latest_pull(ledger, "cove")
    assert newest is not None
    assert newest.id == failed
    assert whole() == second
    assert whole(before=NOON + timedelta(minutes=59)) == first
    assert whole(since=NOON + HOUR) == second
    assert whole(since=NOON + 2 * HOUR) is None
    assert whole(before=NOON - HOUR) is None
    assert pulls.first_whole_pull_at(ledger, "cove") == NOON
    assert pulls.first_whole_pull_at(ledger, "other") is None
    between = pulls.whole_pulls_between(ledger, "cove", NOON, NOON + HOUR)
    assert [found.id for found in between] == [first]


def test_samples_of_several_pulls_are_grouped_by_pull(ledger: Ledger) -> None:
    first = record(ledger, {("1", "a"): 1, ("2", "b"): 2})
    second = record(ledger, {("2", "b"): 3}, NOON + HOUR)

    def sizes(customers: list[str] | None) -> dict[int, list[int | None]]:
        found = pulls.samples_of_pulls(ledger, [first, second], customers)
        return {number: [sample.bytes for sample in samples] for number, samples in found.items()}

    assert sizes(["1"]) == {first: [1], second: []}
    assert sizes(None) == {first: [1, 2], second: [3]}
    by_device = pulls.samples_of_pulls(ledger, [first, second], device_ids=["b"])
    assert {number: [sample.bytes for sample in found] for number, found in by_device.items()} == {
        first: [2],
        second: [3],
    }
    assert pulls.samples_of_pulls(ledger, [], None) == {}


def test_more_customers_than_fit_in_one_statement_are_read(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "_CHUNK", 2)
    number = record(ledger, {(str(each), "d"): each for each in range(5)})
    ids = [str(each) for each in range(5)]
    assert len(pulls.samples_of_pulls(ledger, [number], ids)[number]) == 5
    assert len(pulls.devices_of_customers(ledger, "cove", ids)) == 5
    assert len(pulls.devices_by_id(ledger, "cove", ["d", "e", "f"])) == 5


def devices(ledger: Ledger, customer_id: str = "1") -> dict[str | None, Device]:
    return {each.device_id: each for each in pulls.devices_of_customers(ledger, "cove", [customer_id])}


def test_a_device_has_the_times_of_its_first_and_last_sample_and_figure(ledger: Ledger) -> None:
    record(ledger, {("1", "a"): None, ("1", "b"): 7, ("2", None): 4}, NOON)
    record(ledger, {("1", "a"): 2}, NOON + HOUR)
    record(ledger, {("1", "a"): 3}, NOON + 2 * HOUR)
    record(ledger, {("1", "a"): None}, NOON + 3 * HOUR)
    assert devices(ledger) == {
        "a": Device("1", "a", NOON, NOON + 3 * HOUR, NOON + HOUR, NOON + 2 * HOUR, 3),
        "b": Device("1", "b", NOON, NOON, NOON, NOON, 7),
    }
    assert devices(ledger, "2") == {None: Device("2", None, NOON, NOON, NOON, NOON, 4)}


def test_a_pull_of_an_earlier_time_does_not_move_last_times_back(ledger: Ledger) -> None:
    record(ledger, {("1", "a"): 5}, NOON, names={"1": "New"})
    record(ledger, {("1", "a"): 3}, NOON - HOUR, names={"1": "Old"})
    assert devices(ledger)["a"] == Device("1", "a", NOON - HOUR, NOON, NOON - HOUR, NOON, 5)
    known = pulls.customer_records(ledger, "cove")["1"]
    assert (known.customer.name, known.previous_name, known.last_seen_at) == ("New", None, NOON)


def test_an_older_figure_that_arrives_late_does_not_replace_a_newer_one(ledger: Ledger) -> None:
    record(ledger, {("1", "a"): 5}, NOON)
    late = Sample("cove", "1", "a", NOON - HOUR, 3)
    number = record(ledger, {}, NOON + HOUR, samples=(late,))
    assert devices(ledger)["a"] == Device("1", "a", NOON - HOUR, NOON, NOON - HOUR, NOON, 5)
    assert pulls.samples_of_pull(ledger, number) == [late]


def test_a_sample_dated_in_the_future_counts_as_not_read(ledger: Ledger) -> None:
    ahead = Sample("cove", "1", "a", NOON + HOUR, 3)
    number = record(ledger, {}, NOON, samples=(ahead,))
    assert devices(ledger)["a"] == Device("1", "a", NOON, NOON, None, None, None)
    assert pulls.samples_of_pull(ledger, number) == [ahead]
    a_little = Sample("cove", "1", "a", NOON + HOUR + timedelta(minutes=5), 4)
    record(ledger, {}, NOON + HOUR, samples=(a_little,))
    assert devices(ledger)["a"].last_bytes == 4


def test_several_samples_of_one_device_in_one_pull_are_stored_once_each(ledger: Ledger) -> None:
    def hourly(last: int) -> tuple[Sample, ...]:
        return tuple(Sample("cove", "1", "a", NOON + hour * HOUR, 10 * hour) for hour in range(last, -1, -1))

    first = record(ledger, {}, NOON + HOUR, samples=hourly(1))
    second = record(ledger, {}, NOON + 2 * HOUR, samples=(*hourly(2), Sample("cove", "1", "a", NOON, None)))
    found = pulls.samples_of_pulls(ledger, [first, second])
    assert [(each.observed_at - NOON, each.bytes) for each in found[first]] == [(HOUR, 10), (0 * HOUR, 0)]
    assert [(each.observed_at - NOON, each.bytes) for each in found[second]] == [
        (2 * HOUR, 20),
        (0 * HOUR, None),
        (HOUR, 10),
    ]
    assert devices(ledger)["a"] == Device("1", "a", NOON, NOON + 2 * HOUR, NOON, NOON + 2 * HOUR, 20)


def test_a_device_has_the_last_figure_of_several_samples(ledger: Ledger) -> None:
    older = [Sample("cove", "1", "a", NOON - hour * HOUR, size) for hour, size in ((1, 4), (2, None), (3, 9))]
    record(ledger, {("1", "a"): None}, NOON, samples=(Sample("cove", "1", "a", NOON, None), *older))
    assert devices(ledger)["a"] == Device("1", "a", NOON - 3 * HOUR, NOON, NOON - 3 * HOUR, NOON - HOUR, 4)


def test_a_pull_that_is_not_believed_changes_no_device_until_it_is_approved(ledger: Ledger) -> None:
    first = record(ledger, {("1", "a"): 5, ("2", "b"): 6}, NOON)
    lost = record(ledger, {("2", "b"): 7, ("3", "c"): 8}, NOON + HOUR, state="disbelieved", error="it lost much")
    assert pulls.devices_of_customers(ledger, "cove", ["3"]) == []
    assert devices(ledger, "2")["b"].last_bytes == 6
    assert pulls.customer_records(ledger, "cove")["2"].last_seen_at == NOON
    newest, believed = pulls.latest_pull(ledger, "cove"), pulls.latest_whole_pull(ledger, "cove")
    assert newest is not None
    assert believed is not None
    assert (newest.id, newest.state, newest.error, believed.id) == (lost, "disbelieved", "it lost much", first)
    assert sorted(pulls.listed_in(ledger, lost)) == [("2", "b"), ("3", "c")]
    approve_pull(ledger, lost, by="ann@desk", at=NOON + 2 * HOUR)
    believed = pulls.latest_whole_pull(ledger, "cove")
    assert believed is not None
    assert (believed.id, believed.approved_by, believed.approved_at) == (lost, "ann@desk", NOON + 2 * HOUR)
    assert devices(ledger, "2")["b"].last_bytes == 7
    assert devices(ledger, "3") == {"c": Device("3", "c", *[NOON + HOUR] * 4, 8)}
    assert pulls.customer_records(ledger, "cove")["2"].last_seen_at == NOON + HOUR
    assert pulls.latest_disbelieved_pull(ledger, "cove") is None


def test_a_renamed_customer_keeps_its_previous_name(ledger: Ledger) -> None:
    for hour, name in enumerate(["Acme", "Acme", "Acme Ltd", "Acme Ltd"]):
        record(ledger, {}, NOON + hour * HOUR, names={"1": name})
    known = pulls.customer_records(ledger, "cove")["1"]
    assert known.customer == Customer("cove", "1", "Acme Ltd")
    assert (known.previous_name, known.renamed_at) == ("Acme", NOON + 2 * HOUR)
    assert (known.first_seen_at, known.last_seen_at) == (NOON, NOON + 3 * HOUR)


def test_a_changed_state_is_not_a_rename(ledger: Ledger) -> None:
    record(ledger, {}, customers=(Customer("cove", "1", "Acme", state="InTrial"),))
    record(ledger, {}, NOON + HOUR, customers=(Customer("cove", "1", "Acme", attributed=False, state="Expired"),))
    known = pulls.customer_records(ledger, "cove")["1"]
    assert (known.customer.state, known.customer.attributed, known.previous_name) == ("Expired", False, None)


def test_a_customer_that_is_no_longer_listed_keeps_when_it_was_last_seen(ledger: Ledger) -> None:
    record(ledger, {}, names={"1": "Acme", "2": "Beta"})
    record(ledger, {}, NOON + HOUR, names={"2": "Beta"})
    known = pulls.customer_records(ledger, "cove")
    assert (known["1"].last_seen_at, known["2"].last_seen_at) == (NOON, NOON + HOUR)


def test_each_source_has_its_own_pulls_devices_and_customers(ledger: Ledger) -> None:
    record(ledger, {("1", "a"): 1})
    assert pulls.latest_pull(ledger, "other") is None
    assert pulls.devices_of_customers(ledger, "other", ["1"]) == []
    assert pulls.customer_records(ledger, "other") == {}
