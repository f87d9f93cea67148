from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from reconciler.ledger import pulls
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Customer, LastSeen, Pull, Reading, Sample
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


def test_a_whole_pull_keeps_every_sample_with_missing_apart_from_zero(ledger: Ledger) -> None:
    kept = pull({("1", "a"): 5, ("1", "b"): 0, ("2", "c"): None, ("3", None): 2**62}, notes=("one in the bin",))
    number = record_pull(ledger, kept)
    assert pulls.samples_of_pull(ledger, number) == list(kept.samples)
    found = pulls.latest_pull(ledger, "cove")
    assert found is not None
    assert (found.id, found.state, found.customers, found.samples) == (number, "whole", 3, 4)
    assert (found.notes, found.finished_at) == (("one in the bin",), NOON + timedelta(minutes=1))


def test_a_failed_pull_keeps_its_sentence_and_no_samples(ledger: Ledger) -> None:
    number = record(ledger, {("1", "a"): 5}, state="failed", error="no network")
    assert pulls.samples_of_pull(ledger, number) == []
    found = pulls.latest_pull(ledger, "cove")
    assert found is not None
    assert (found.error, found.samples, found.customers) == ("no network", 0, 0)
    assert pulls.known_customers(ledger, "cove") == {}


def test_a_pull_that_cannot_be_written_whole_is_not_written_at_all(ledger: Ledger) -> None:
    with pytest.raises((LedgerError, OverflowError)):
        record(ledger, {("1", "a"): 5, ("1", "b"): 2**70})
    assert pulls.latest_pull(ledger, "cove") is None
    assert pulls.last_seen(ledger, "cove") == {}


def test_a_sample_keeps_its_own_moment_where_it_differs_from_the_pulls(ledger: Ledger) -> None:
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


def test_samples_are_found_between_moments_and_by_customer(ledger: Ledger) -> None:
    for hour in range(3):
        record(ledger, {("1", "a"): hour, ("2", "b"): hour * 10}, NOON + hour * HOUR)
    record(ledger, {("1", "a"): 99}, NOON + HOUR, state="failed")

    def sizes(customers: list[str] | None) -> list[int | None]:
        found = pulls.samples_between(ledger, "cove", customers, NOON + HOUR, NOON + 2 * HOUR)
        return [sample.bytes for sample in found]

    assert sizes(["1"]) == [1]
    assert sizes(None) == [1, 10]
    assert sizes([]) == []


def test_samples_of_several_pulls_come_by_pull(ledger: Ledger) -> None:
    first = record(ledger, {("1", "a"): 1, ("2", "b"): 2})
    second = record(ledger, {("2", "b"): 3}, NOON + HOUR)

    def sizes(customers: list[str] | None) -> dict[int, list[int | None]]:
        found = pulls.samples_of_pulls(ledger, [first, second], customers)
        return {number: [sample.bytes for sample in samples] for number, samples in found.items()}

    assert sizes(["1"]) == {first: [1], second: []}
    assert sizes(None) == {first: [1, 2], second: [3]}
    assert pulls.samples_of_pulls(ledger, [], None) == {}


def test_more_customers_than_one_statement_takes_are_no_matter(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulls, "_CHUNK", 2)
    number = record(ledger, {(str(each), "d"): each for each in range(5)})
    ids = [str(each) for each in range(5)]
    assert len(pulls.samples_of_pulls(ledger, [number], ids)[number]) == 5
    assert len(pulls.samples_between(ledger, "cove", ids, NOON, NOON + HOUR)) == 5
    assert len(pulls.last_readings(ledger, "cove", [(each, "d") for each in ids], before=NOON + HOUR)) == 5


def test_the_last_reading_of_a_device_is_its_newest_figure_before_a_moment(ledger: Ledger) -> None:
    record(ledger, {("1", "a"): 1, ("1", "b"): 7, ("2", None): 4}, NOON)
    record(ledger, {("1", "a"): 2}, NOON + HOUR)
    record(ledger, {("1", "a"): None}, NOON + 2 * HOUR)
    record(ledger, {("1", "a"): 3}, NOON + 3 * HOUR)

    def readings(before: datetime, *meters: tuple[str, str | None]) -> list[Reading]:
        return sorted(pulls.last_readings(ledger, "cove", meters, before=before), key=lambda each: each.bytes)

    assert readings(NOON + 4 * HOUR, ("1", "a")) == [Reading("1", "a", 3, NOON + 3 * HOUR)]
    assert readings(NOON + 3 * HOUR, ("1", "a")) == [Reading("1", "a", 2, NOON + HOUR)]
    assert readings(NOON + HOUR, ("1", "a"), ("2", None)) == [
        Reading("1", "a", 1, NOON),
        Reading("2", None, 4, NOON),
    ]
    assert readings(NOON, ("1", "a")) == []
    assert readings(NOON + HOUR, ("1", "none"), ("9", "a")) == []


def test_a_pull_of_an_earlier_moment_does_not_turn_back_what_is_known(ledger: Ledger) -> None:
    record(ledger, {("1", "a"): 5}, NOON, names={"1": "New"})
    record(ledger, {("1", "a"): 3}, NOON - HOUR, names={"1": "Old"})
    assert pulls.last_seen(ledger, "cove") == {"1": LastSeen("1", NOON, 5)}
    known = pulls.known_customers(ledger, "cove")["1"]
    assert (known.customer.name, known.previous_name, known.last_seen_at) == ("New", None, NOON)


def test_a_customer_was_last_seen_with_the_devices_of_that_moment(ledger: Ledger) -> None:
    record(ledger, {("1", "a"): 1, ("1", "b"): 10, ("2", "c"): None}, NOON)
    record(ledger, {("1", "a"): 2, ("1", "d"): None, ("1", "e"): 4}, NOON + HOUR)
    assert pulls.last_seen(ledger, "cove") == {
        "1": LastSeen("1", NOON + HOUR, 6),
        "2": LastSeen("2", NOON, None),
    }


def test_a_rename_keeps_the_name_before(ledger: Ledger) -> None:
    for hour, name in enumerate(["Acme", "Acme", "Acme Ltd", "Acme Ltd"]):
        record(ledger, {}, NOON + hour * HOUR, names={"1": name})
    known = pulls.known_customers(ledger, "cove")["1"]
    assert known.customer == Customer("cove", "1", "Acme Ltd")
    assert (known.previous_name, known.renamed_at) == ("Acme", NOON + 2 * HOUR)
    assert (known.first_seen_at, known.last_seen_at) == (NOON, NOON + 3 * HOUR)


def test_a_changed_standing_is_no_rename(ledger: Ledger) -> None:
    record(ledger, {}, customers=(Customer("cove", "1", "Acme", state="InTrial"),))
    record(ledger, {}, NOON + HOUR, customers=(Customer("cove", "1", "Acme", attributed=False, state="Expired"),))
    known = pulls.known_customers(ledger, "cove")["1"]
    assert (known.customer.state, known.customer.attributed, known.previous_name) == ("Expired", False, None)


def test_a_customer_that_is_no_longer_listed_keeps_the_moment_it_was(ledger: Ledger) -> None:
    record(ledger, {}, names={"1": "Acme", "2": "Beta"})
    record(ledger, {}, NOON + HOUR, names={"2": "Beta"})
    known = pulls.known_customers(ledger, "cove")
    assert (known["1"].last_seen_at, known["2"].last_seen_at) == (NOON, NOON + HOUR)


def test_sources_do_not_mix(ledger: Ledger) -> None:
    record(ledger, {("1", "a"): 1})
    assert pulls.latest_pull(ledger, "other") is None
    assert pulls.last_seen(ledger, "other") == {}
    assert pulls.known_customers(ledger, "other") == {}
    assert pulls.samples_between(ledger, "other", None, NOON, NOON + HOUR) == []
