"""Tests of which pulls are believed, and of approvals."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.ledger.pulls import latest_whole_pull
from reconciler.ledger.records import Pull
from reconciler.ledger.store import Ledger
from reconciler.metering.collect import Approval, Collected, approval_of, collect
from reconciler.metering.errors import UsageError
from reconciler.metering.sources.csv_file import CsvSettings

from .builders import GB, HOUR, NOON, Used, rule
from .runs import Hours, reading


def devices(count: int, *, customers: int = 1, since: int = 0) -> Used:
    """Return the usage of `count` devices that are spread over the customers."""
    used: dict[str, dict[str | None, int | None]] = {}
    for number in range(since, since + count):
        used.setdefault(str(number % customers), {})[f"d{number}"] = GB
    return used


async def pulled(ledger: Ledger, used: Used, at: datetime, **more: Any) -> Collected:
    """Collect one pull of this usage and return it."""
    failed = more.pop("failed", False)

    async def pull(_: Any, now: datetime) -> Pull:
        return reading(used, now, failed=failed)

    (found,) = await collect(ledger, [CsvSettings("cove", Path())], at, pull=pull, **more)
    return found


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (devices(20), devices(16), None),
        (devices(20), devices(15), "it no longer lists 5 of 20 devices, which is more than 20 %"),
        (devices(4), devices(2), None),
        (devices(4), devices(1), "it no longer lists 3 of 4 devices, which is more than 20 %"),
        (devices(10, customers=10), devices(8, customers=10), None),
        (
            {**devices(10, customers=10), "big": {f"b{each}": GB for each in range(90)}},
            {**devices(7, customers=10), "big": {f"b{each}": GB for each in range(90)}},
            "it no longer lists 3 of 11 customers with devices, which is more than 20 %",
        ),
        ({"1": {f"d{each}": GB for each in range(5)}}, {"2": {f"d{each}": GB for each in range(5)}}, None),
        ({str(each): {None: GB} for each in range(5)}, {"0": {None: GB}}, "4 of 5 customers with devices and 4 of 5"),
        (devices(5), devices(5, since=5), "it no longer lists 5 of 5 devices"),
    ],
)
async def test_a_pull_that_lost_much_at_once_is_not_believed(
    ledger: Ledger, before: Used, after: Used, reason: str | None
) -> None:
    await pulled(ledger, before, NOON)
    found = await pulled(ledger, after, NOON + HOUR)
    assert found.pull.state == ("whole" if reason is None else "disbelieved")
    assert (reason or "") in (found.pull.error or "")


async def test_an_empty_pull_is_not_believed_without_an_approval(ledger: Ledger) -> None:
    first = await pulled(ledger, {}, NOON)
    assert (first.pull.state, first.pull.error) == ("disbelieved", "it is complete but lists no devices")
    assert (await pulled(ledger, devices(1), NOON + HOUR)).pull.state == "whole"
    assert (await pulled(ledger, {}, NOON + 2 * HOUR)).pull.state == "disbelieved"


async def test_the_largest_believed_loss_is_a_setting(ledger: Ledger) -> None:
    await pulled(ledger, devices(20), NOON)
    assert (await pulled(ledger, devices(10), NOON + HOUR, shrink=Decimal(50))).pull.state == "whole"
    assert (await pulled(ledger, devices(7), NOON + 2 * HOUR, shrink=Decimal(0))).pull.state == "disbelieved"


def test_a_pull_that_is_not_believed_counts_as_failed_and_later_pulls_are_not_compared_with_it(ledger: Ledger) -> None:
    job = Hours(ledger, *(rule(str(each)) for each in range(10)))
    job.run(devices(10, customers=10), NOON)
    result = job.run(devices(1, customers=10), NOON + HOUR)
    assert {charge.state for charge in result.charges} == {"held"}
    assert result.coverage.failed_sources == ("cove",)
    assert {charge.state for charge in job.run(devices(2, customers=10), NOON + 2 * HOUR).charges} == {"held"}
    again = job.run(devices(9, customers=10), NOON + 3 * HOUR)
    assert [charge.state for charge in again.charges] == ["billed"] * 9 + ["held"]
    assert [row.state for row in again.coverage.rows if not row.accounted] == ["vanished"]


async def test_an_approved_pull_is_believed_and_the_next_pull_is_compared_with_it(ledger: Ledger) -> None:
    await pulled(ledger, devices(10), NOON)
    approval = approval_of(["shrink"], ["cove"], "ann@desk")
    found = await pulled(ledger, devices(2), NOON + HOUR, approval=approval)
    assert (found.pull.state, found.approved) == ("whole", found.pull_id)
    believed = latest_whole_pull(ledger, "cove")
    assert believed is not None
    assert (believed.id, believed.approved_by, believed.approved_at) == (found.pull_id, "ann@desk", NOON + HOUR)
    assert (await pulled(ledger, devices(2), NOON + 2 * HOUR)).pull.state == "whole"


async def test_the_next_pull_is_compared_with_an_approved_empty_pull(ledger: Ledger) -> None:
    await pulled(ledger, devices(3), NOON)
    await pulled(ledger, {}, NOON + HOUR, approval=Approval("ann@desk"))
    assert (await pulled(ledger, {}, NOON + 2 * HOUR)).pull.state == "whole"


async def test_if_the_new_pull_failed_an_approval_is_for_the_newest_earlier_pull(ledger: Ledger) -> None:
    approval = Approval("ann@desk", frozenset({"cove"}))
    await pulled(ledger, devices(10), NOON)
    lost = await pulled(ledger, devices(2), NOON + HOUR)
    found = await pulled(ledger, {}, NOON + 2 * HOUR, failed=True, approval=approval)
    assert (found.pull.state, found.approved) == ("failed", lost.pull_id)
    believed = latest_whole_pull(ledger, "cove")
    assert believed is not None
    assert believed.id == lost.pull_id
    nothing = await pulled(ledger, {}, NOON + 3 * HOUR, failed=True, approval=approval)
    assert nothing.approved is None
    other = await pulled(ledger, devices(1), NOON + 4 * HOUR, approval=Approval("ann@desk", frozenset({"other"})))
    assert (other.pull.state, other.approved) == ("whole", None)


def test_an_approval_may_name_a_source_of_the_workspace() -> None:
    assert approval_of(["money", "zero=x"], ["cove"], "ann@desk") is None
    assert approval_of(["shrink=cove"], ["cove", "file"], "ann@desk") == Approval("ann@desk", frozenset({"cove"}))
    with pytest.raises(UsageError, match="there is no usage source cave"):
        approval_of(["shrink=cave"], ["cove"], "ann@desk")
