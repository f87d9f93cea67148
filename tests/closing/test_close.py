"""A month is closed once. What is unknown refuses the close, or is accepted by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.closing.close import ToClose, close_of
from reconciler.closing.closed_month import closed_json
from reconciler.closing.month_gaps import Gap
from reconciler.errors import ReconcilerError, Refused
from reconciler.ledger.snapshot import AcceptedGap, Close

NOW = datetime(2026, 12, 2, 9, tzinfo=UTC)
HOURS = Gap("cove", "20 hours are missing", "accept it")
UNMAPPED = Gap("cove/78", "unmapped", "map it")
REFUSED = Gap("cove/77", "refused: why", "mend it", "CustomerMapping/acme")
OPEN = Gap("Addition/acme:gb", "a write has no answer", "apply", can_be_accepted=False)


def charge(customer: str = "cove/77", amount: str = "30") -> dict[str, Any]:
    return {"customer": customer, "charge": "storage", "additions": [{"amount": amount}]}


def to_close(*gaps: Gap, accept: Sequence[str] = (), before: Sequence[Close] = (), **more: Any) -> ToClose:
    charges = [charge(), charge("cove/78", "2.5")]
    return ToClose("2026-11", NOW, "ann@office", "digest", charges, gaps, accept, before, **more)


def closed(*gaps: Gap, accept: Sequence[str] = (), before: Sequence[Close] = ()) -> Close:
    found = close_of(to_close(*gaps, accept=accept, before=before))
    assert found is not None
    return found


def later(inputs: ToClose) -> ToClose:
    return replace(inputs, now=NOW + timedelta(days=1), by="bob@office")


def test_a_month_without_a_gap_is_closed_with_all_its_charges() -> None:
    assert closed() == Close("2026-11", NOW, "ann@office", "digest", (charge(), charge("cove/78", "2.5")))


def test_everything_that_is_unknown_is_in_the_refusal() -> None:
    with pytest.raises(Refused, match="2026-11 cannot be closed while something of it is unknown") as refusal:
        close_of(to_close(HOURS, UNMAPPED, OPEN))
    assert [each["address"] for each in refusal.value.more["unknown"]] == ["cove", "cove/78", "Addition/acme:gb"]
    assert refusal.value.advice.endswith("Unknown: cove, cove/78, Addition/acme:gb")


def test_a_long_list_is_cut_in_the_message_and_whole_in_the_json() -> None:
    with pytest.raises(Refused) as refusal:
        close_of(to_close(*[Gap(f"cove/{each}", "unmapped", "map it") for each in range(12)]))
    assert refusal.value.advice.endswith("cove/9 and 2 more")
    assert len(refusal.value.more["unknown"]) == 12


def test_what_is_accepted_in_part_is_still_refused() -> None:
    with pytest.raises(Refused) as refusal:
        close_of(to_close(HOURS, UNMAPPED, accept=["cove=an outage"]))
    assert [each["address"] for each in refusal.value.more["unknown"]] == ["cove/78"]


def test_a_source_that_is_accepted_leaves_its_hours_out_and_no_customer_open() -> None:
    found = closed(HOURS, accept=["cove=an outage"])
    when = "2026-12-02T09:00:00+00:00"
    assert found.accepted == (AcceptedGap("cove", "20 hours are missing", "an outage", "ann@office", when),)
    assert (found.left_open, len(found.charges)) == ((), 2)


def test_a_customer_that_is_accepted_is_left_open_and_its_charges_are_not_frozen() -> None:
    found = closed(UNMAPPED, accept=["cove/78= asked them "])
    assert [(each.address, each.reason, each.by) for each in found.left_open] == [
        ("cove/78", "asked them", "ann@office")
    ]
    assert [each["customer"] for each in found.charges] == ["cove/77"]


def test_a_mapping_names_its_customer() -> None:
    found = closed(REFUSED, replace(REFUSED, what="no price"), accept=["CustomerMapping/acme=later"])
    assert [(each.address, each.what) for each in found.left_open] == [("cove/77", "refused: why; no price")]


def test_the_id_of_a_customer_may_hold_an_equals_sign() -> None:
    found = closed(Gap("file/a=b", "unmapped", "map it"), accept=["file/a=b=not a customer"])
    assert [(each.address, each.reason) for each in found.left_open] == [("file/a=b", "not a customer")]


@pytest.mark.parametrize("text", ["cove/78", "cove/78=", "cove/78= ", "=asked them"])
def test_an_accepted_gap_needs_a_name_and_a_reason(text: str) -> None:
    with pytest.raises(ReconcilerError, match="a reason is missing"):
        close_of(to_close(UNMAPPED, accept=[text]))


def test_accepting_what_is_known_is_an_error_with_the_names_that_can_be_accepted() -> None:
    with pytest.raises(ReconcilerError, match="--accept cove/99: nothing that can be accepted is unknown") as error:
        close_of(to_close(REFUSED, OPEN, accept=["cove/99=x"]))
    assert error.value.advice == "Accept one of these: CustomerMapping/acme, cove/77."
    with pytest.raises(ReconcilerError) as error:
        close_of(to_close(OPEN, accept=["Addition/acme:gb=x"]))
    assert error.value.advice == "Leave the option out."


# ── a second close ───────────────────────────────────────────────────────────────────────────────────────


def test_a_month_that_is_closed_stays_as_it_is_whatever_is_unknown_now() -> None:
    assert close_of(to_close(HOURS, UNMAPPED, before=[closed()])) is None


def test_the_same_command_twice_closes_once() -> None:
    accept = ["cove=an outage", "cove/78=asked them"]
    first = closed(HOURS, UNMAPPED, accept=accept)
    assert close_of(later(to_close(HOURS, UNMAPPED, accept=accept, before=[first]))) is None


def test_a_customer_that_was_left_open_is_closed_when_it_is_known() -> None:
    first = closed(UNMAPPED, accept=["cove/78=asked them"])
    second = closed(before=[first])
    assert (second.left_open, [each["customer"] for each in second.charges]) == ((), ["cove/78"])


def test_a_customer_that_is_still_unknown_stays_open() -> None:
    first = closed(UNMAPPED, REFUSED, accept=["cove/78=asked them", "cove/77=asked Git"])
    second = closed(UNMAPPED, before=[first])
    assert second.left_open == first.left_open[:1]
    assert [each["customer"] for each in second.charges] == ["cove/77"]


def test_another_reason_is_recorded_with_who_gave_it() -> None:
    first = closed(UNMAPPED, accept=["cove/78=asked them"])
    second = close_of(later(to_close(UNMAPPED, accept=["cove/78=they never answered"], before=[first])))
    assert second is not None
    assert [(each.reason, each.by) for each in second.left_open] == [("they never answered", "bob@office")]
    assert second.charges == ()


# ── as JSON ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_closed_month_has_all_its_closes_and_their_sum() -> None:
    first = closed(HOURS, UNMAPPED, accept=["cove=an outage", "cove/78=asked them"])
    found = closed_json([first, closed(before=[first])], "test", "USD", is_new=True)
    assert [(each["closed_by"], each["charges"]) for each in found["closes"]] == [("ann@office", 1), ("ann@office", 1)]
    assert (found["period"], found["changed"], found["billed"]) == ("2026-11", True, "32.5")
    assert [each["customer"] for each in found["charges"]] == ["cove/77", "cove/78"]
    assert (found["left_open"], [each["address"] for each in found["accepted"]]) == ([], ["cove"])
