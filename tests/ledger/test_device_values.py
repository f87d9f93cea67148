"""The values of other columns than used storage: stored when they change, and read again for every pull."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa

from reconciler.ledger import pulls, schema
from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import LastValues, Pull, Sample
from reconciler.ledger.store import Ledger

from .conftest import NOON

HOUR = timedelta(hours=1)
A, B = {"I32": "2", "I81": "Physical"}, {"I32": "1"}


def recorded(ledger: Ledger, hour: int, devices: Mapping[str, Mapping[str, str]], state: str = "whole") -> int:
    """Record a pull at an hour after noon, with the values of the devices of customer 1. Return its id."""
    moment = NOON + hour * HOUR
    samples = tuple(Sample("cove", "1", each, moment, 5, values) for each, values in devices.items())
    return record_pull(ledger, Pull("cove", moment, moment, state, (), samples, columns=("I32", "I81")))  # type: ignore[arg-type] - a state as text


def values(ledger: Ledger, pull_id: int, *columns: str) -> dict[str | None, Mapping[str, str]]:
    found = pulls.samples_of_pull(ledger, pull_id, columns or ("I32", "I81"))
    return {each.device_id: each.values for each in found}


def rows(ledger: Ledger) -> int:
    with ledger.read() as connection:
        return len(connection.execute(sa.select(schema.device_values)).all())


def test_a_value_is_stored_when_it_changes_and_holds_until_then(ledger: Ledger) -> None:
    first = [recorded(ledger, hour, {"a": A, "b": B}) for hour in range(3)]
    assert rows(ledger) == 3
    moved = recorded(ledger, 3, {"a": A, "b": {"I32": "2"}})
    assert rows(ledger) == 4
    assert [values(ledger, each) for each in first] == [{"a": A, "b": B}] * 3
    assert values(ledger, moved) == {"a": A, "b": {"I32": "2"}}
    assert values(ledger, moved, "I81") == {"a": {"I81": "Physical"}, "b": {}}
    assert pulls.samples_of_pull(ledger, moved)[0].values == {}


def test_a_missing_value_is_not_the_value_before(ledger: Ledger) -> None:
    ids = [recorded(ledger, hour, {"a": cells}) for hour, cells in enumerate((A, {"I32": "2"}, {"I32": "2"}, A))]
    assert [values(ledger, each)["a"] for each in ids] == [A, {"I32": "2"}, {"I32": "2"}, A]
    assert rows(ledger) == 4


def test_the_values_of_a_pull_that_is_not_believed_change_no_other_pull(ledger: Ledger) -> None:
    before = recorded(ledger, 0, {"a": A})
    odd = recorded(ledger, 1, {"a": B}, "disbelieved")
    after = recorded(ledger, 2, {"a": A})
    assert [values(ledger, each)["a"] for each in (before, odd, after)] == [A, B, A]


def test_a_pull_knows_its_columns(ledger: Ledger) -> None:
    recorded(ledger, 0, {"a": A})
    record_pull(ledger, Pull("files", NOON, NOON, "whole"))
    newest = pulls.latest_pull(ledger, "cove")
    assert newest is not None
    assert newest.columns == ("I32", "I81")
    of_files = pulls.latest_pull(ledger, "files")
    assert of_files is not None
    assert of_files.columns == ()


def test_the_last_values_before_a_pull_are_those_that_held_then(ledger: Ledger) -> None:
    recorded(ledger, 0, {"a": A, "b": B, "c": {}})
    recorded(ledger, 1, {"a": A, "b": {}, "c": {}})
    third = recorded(ledger, 2, {"a": {}, "b": {}, "c": A})
    found = pulls.values_before(ledger, "cove", ["1"], third, ("I32", "I81"))
    assert sorted(found, key=lambda each: str(each.device_id)) == [
        LastValues("1", "a", A, NOON + HOUR),
        LastValues("1", "b", B, NOON),
    ]
    assert pulls.values_before(ledger, "cove", ["1"], 1, ("I32",)) == []
    assert pulls.values_before(ledger, "other", ["1"], third, ("I32",)) == []


def test_each_of_several_samples_of_a_pull_has_its_own_values(ledger: Ledger) -> None:
    samples = [Sample("files", "1", "a", NOON - hour * HOUR, 5, cells) for hour, cells in enumerate((A, B, {}))]
    pull = Pull("files", NOON, NOON, "whole", (), tuple(samples), columns=("I32", "I81"))
    first = record_pull(ledger, pull)
    second = record_pull(ledger, pull)
    found = pulls.samples_of_pulls(ledger, [first], columns=("I32",))[first]
    assert sorted(found, key=lambda each: each.observed_at, reverse=True) == [
        Sample("files", "1", "a", NOON, 5, {"I32": "2"}),
        Sample("files", "1", "a", NOON - HOUR, 5, {"I32": "1"}),
        Sample("files", "1", "a", NOON - 2 * HOUR, 5),
    ]
    assert len(pulls.samples_of_pull(ledger, second)) == 1, "an earlier sample is stored once"
