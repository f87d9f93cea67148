"""Which additions bill in a month, and which charge each of them belongs to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.additions.live_additions import LiveAddition, addition_of
from reconciler.additions.ownership import Owner
from reconciler.additions.tag import tag_of
from reconciler.kinds.live_state import LiveObject
from reconciler.ledger.snapshot import RecordedAddition, Snapshot
from reconciler.ledger.written_additions import WrittenAddition
from reconciler.reporting.billed import Billed, Names, ProductName, billed_in, from_journal
from tests.rendering.report.reports import PERIOD

ACME = Owner("acme", "cove", "1")
NAMES = Names({9: "Acme - Managed Backup"}, {4: ProductName("backup-gb", "Managed backup")})


def addition(number: int = 21, tag: str = ACME.tag, **more: Any) -> LiveAddition:
    raw = {
        "id": number,
        "product": {"id": 4, "identifier": "BACKUP-GB"},
        "serialNumber": tag,
        "quantity": Decimal(411),
        "unitPrice": Decimal("0.15"),
        "effectiveDate": "2026-09-01T00:00:00Z",
        **more,
    }
    return addition_of(LiveObject("Addition", number, raw, 9), "USD")


def tag(period: str | None = None, adjustment: int = 0, mapping: str = "acme", customer: str = "1") -> str:
    return tag_of("cove", customer, mapping, period=period, adjustment=adjustment)


def billed(*additions: LiveAddition, snapshot: Snapshot | None = None) -> Billed:
    return billed_in(PERIOD, additions, [ACME], {"cove"}, snapshot or Snapshot(), NAMES)


def addresses(found: Billed) -> list[str]:
    return [line.address for line in found.by_owner.get(ACME, ())]


def test_a_line_has_names_in_place_of_ids() -> None:
    (line,) = billed(addition()).by_owner[ACME]

    assert (line.address, line.agreement, line.product) == (
        "Addition/acme.storage:backup-gb", "Acme - Managed Backup", "backup-gb",
    )  # fmt: skip
    assert (line.description, line.amount, line.first_day) == (
        "Managed backup",
        Decimal("61.65"),
        PERIOD.first_day.replace(month=9),
    )
    assert line.last_day is None


def test_a_product_and_an_agreement_that_no_manifest_names_are_shown_as_connectwise_has_them() -> None:
    found = billed_in(PERIOD, [addition()], [ACME], {"cove"}, Snapshot(), Names())

    (line,) = found.by_owner[ACME]
    assert (line.product, line.agreement, line.description) == ("BACKUP-GB", "id 9", None)


@pytest.mark.parametrize(
    ("fields", "bills"),
    [
        ({}, True),
        ({"quantity": 0}, False),
        ({"effectiveDate": "2026-10-31T00:00:00Z"}, True),
        ({"effectiveDate": "2026-11-01T00:00:00Z"}, False),
        ({"effectiveDate": None}, True),
        ({"cancelledDate": "2026-10-01T00:00:00Z"}, True),
        ({"cancelledDate": "2026-09-30T00:00:00Z"}, False),
    ],
)
def test_an_addition_bills_in_the_months_that_its_dates_cover(fields: dict[str, Any], bills: bool) -> None:
    assert bool(addresses(billed(addition(**fields)))) is bills


def test_an_addition_of_one_month_bills_in_that_month_whatever_its_dates_are() -> None:
    of_september, of_october = addition(1, tag("2026-09")), addition(2, tag("2026-10"), effectiveDate="2026-12-01")

    assert addresses(billed(of_september, of_october)) == ["Addition/acme.storage:backup-gb@2026-10"]


def test_an_adjustment_is_billed_in_the_month_in_which_it_begins() -> None:
    late = addition(1, tag("2026-08", 2), effectiveDate="2026-10-01T00:00:00Z")
    later = addition(2, tag("2026-10", 1), effectiveDate="2026-11-01T00:00:00Z")

    (line,) = billed(late, later).by_owner[ACME]
    assert (line.address, line.corrects) == ("Addition/acme.storage:backup-gb@2026-08+2", "2026-08")


def test_what_no_mapping_has_is_listed_by_its_customer() -> None:
    other = addition(1, tag(mapping="old", customer="7"))
    of_month = addition(2, tag("2026-10", mapping="older", customer="8"))
    cleared = addition(3, "rc:cove/x#aaaaaaaaaaaaa")
    recorded = {3: RecordedAddition(3, 9, 4, tag(customer="5"), ("cove", "5"))}

    found = billed(other, of_month, cleared, snapshot=Snapshot(recorded))
    assert [(each.customer, each.line.address) for each in found.stray] == [
        ("cove/7", "Addition/id 1"), ("cove/8", "Addition/id 2@2026-10"), ("cove/5", "Addition/id 3"),
    ]  # fmt: skip
    assert [each.customer for each in billed(cleared).stray] == [""]


def test_an_adjustment_whose_charge_is_gone_belongs_to_no_charge() -> None:
    gone = tag_of("cove", "1", "acme", "gone", period="2026-08", adjustment=1)
    (found,) = billed(addition(1, gone, effectiveDate="2026-10-01T00:00:00Z")).stray

    assert (found.customer, found.line.corrects) == ("cove/1", "2026-08")


def test_an_addition_of_the_journal_has_the_shape_of_a_live_one() -> None:
    fields = {"quantity": "411", "unitPrice": "0.15", "effectiveDate": "2026-09-01"}
    written = WrittenAddition(21, "Addition/acme.storage:backup-gb", 9, ACME.tag, None, fields)
    recorded = {21: RecordedAddition(21, 9, 4, ACME.tag)}

    (found,) = from_journal([written], Snapshot(recorded), "USD")
    assert billed(found) == billed(addition())
