"""The search for our additions on agreements that no manifest declares."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from reconciler.additions.tag import tag_of
from reconciler.additions.tag_search import tag_search
from reconciler.kinds.live_state import LiveObject
from reconciler.ledger.snapshot import RecordedAddition, Snapshot
from reconciler.metering.period import period_of

NOVEMBER = period_of(datetime(2026, 11, 27, 12, tzinfo=UTC), "Europe/Berlin")


def recorded(agreement_id: int | None, cancelled: str | None = None) -> RecordedAddition:
    fields = {"quantity": "5", "cancelledDate": cancelled}
    return RecordedAddition(1, agreement_id, 6, tag_of("cove", "77", "acme"), last_applied=fields)


def addition(number: int, serial: str | None) -> LiveObject:
    return LiveObject("Addition", number, {"id": number, "serialNumber": serial}, 9)


def test_the_agreements_of_recorded_additions_are_read_unless_they_ended_before_the_period() -> None:
    additions = {1: recorded(9), 2: recorded(10, "2026-10-31"), 3: recorded(11, "2026-11-30"), 4: recorded(None)}
    assert tag_search(Snapshot(additions), ["cove"], NOVEMBER).agreements == {9, 11}


def test_an_addition_is_ours_by_its_id_in_the_ledger_or_by_the_source_in_its_tag() -> None:
    search = tag_search(Snapshot({1: recorded(9)}), ["cove"], NOVEMBER)
    assert search.is_ours(addition(1, None))
    assert search.is_ours(addition(2, tag_of("cove", "78", "other")))
    assert not search.is_ours(addition(3, tag_of("elsewhere", "78", "other")))
    assert not search.is_ours(addition(4, "SN-1"))


def test_all_agreements_are_searched_once_in_each_period() -> None:
    never = Snapshot({})
    assert tag_search(never, [], NOVEMBER).is_due
    assert tag_search(replace(never, tags_searched_at=NOVEMBER.start - timedelta(seconds=1)), [], NOVEMBER).is_due
    assert not tag_search(replace(never, tags_searched_at=NOVEMBER.start), [], NOVEMBER).is_due
