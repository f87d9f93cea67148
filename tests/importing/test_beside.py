"""The first apply after an import creates no line beside one that bills the same thing: it is open, or named."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from reconciler.importing.estate import Estate
from reconciler.importing.matching.model import Customer
from reconciler.importing.outcome import Outcome
from reconciler.kinds.live_state import LiveObject

from . import small_estates as small

BACKUP, OTHER = 70, 71
EURO = {"id": 2, "currencyCode": "EUR", "name": "Euro"}


def line(number: int, on: int, product: int = OTHER, quantity: int = 3, **more: Any) -> LiveObject:
    """Return an untagged line. Its product is not for backup by its name, unless it is `BACKUP`."""
    name = "CLOUD-BACKUP" if product == BACKUP else "SITE-RENT"
    return small.addition(number, on, product, name, **{"quantity": quantity, "unitPrice": Decimal(5), **more})


def outcomes(
    root: Path,
    lines: Sequence[LiveObject],
    *,
    second: str | None = None,
    more: Sequence[Customer] = (),
    usage: int = 400,
    fields: dict[str, Any] | None = None,
    products: dict[str, Any] | None = None,
    billing: str = "{timezone: UTC, currency: USD}",
) -> list[Outcome]:
    """Import Quokka (company 1, agreement 1) with these lines, and Zebu, whose line shows the product for backup."""
    agreements = [small.agreement(1, 1, "Services"), small.agreement(2, 2, "Services")]
    agreements[0].raw.update(fields or {})
    if second is not None:
        agreements.append(small.agreement(3, 1, second))
    lines = [*lines, line(90, 2, BACKUP, 250)]
    estate = Estate(
        {
            "Company": [small.company(1, "Q", "Quokka Joinery"), small.company(2, "Z", "Zebu Kilns")],
            "Agreement": agreements,
            "Product": [
                small.product(BACKUP, "CLOUD-BACKUP", Decimal("0.2")),
                LiveObject("Product", OTHER, {"id": OTHER, "identifier": "SITE-RENT", "price": 5, **(products or {})}),
            ],
            "ManagedDevicesIntegration": [small.INTEGRATION],
        },
        {
            "ManagementSolution": {
                1: [small.solution(1, 1, "901", 1), small.solution(3, 1, "903", 3)],
                2: [small.solution(2, 2, "902")],
            },
            "Addition": {
                number: [each for each in lines if each.parent_id == number]
                for number in {int(each.parent_id or 0) for each in lines}
            },
        },
    )
    customers = [
        Customer("cove", "901", "Quokka Joinery", quantity=Decimal(usage)),
        Customer("cove", "902", "Zebu Kilns", quantity=Decimal(250)),
        *more,
    ]
    return list(small.imported(root, estate, customers, billing=billing).outcomes)


def quokka(found: Sequence[Outcome]) -> Outcome:
    return next(each for each in found if each.proposal.customer.id == "901")


def test_lines_of_unknown_products_are_named_with_their_money(tmp_path: Path) -> None:
    found = quokka(outcomes(tmp_path, [line(11, 1), line(12, 1, quantity=8)]))

    assert found.proposed
    assert found.line is not None
    assert found.line.addition is None
    assert "additions 11, 12, which bill 55.00 USD a month" in found.notes[0]


def test_a_line_for_backup_on_another_agreement_leaves_the_customer_to_a_person(tmp_path: Path) -> None:
    """The management solution names the agreement without the line."""
    found = quokka(outcomes(tmp_path, [line(13, 3, BACKUP, 90)], second="Backup"))

    assert (found.mapping, found.line) == (None, None)
    assert found.missing is not None
    assert (found.missing.what, [each.id for each in found.missing.additions]) == ("addition", [13])
    assert "addition 13 of agreement 'Backup' may bill its backup" in found.missing.why


def test_a_line_on_another_agreement_whose_quantity_is_the_usage_leaves_the_customer_to_a_person(
    tmp_path: Path,
) -> None:
    found = quokka(outcomes(tmp_path, [line(13, 3, quantity=400)], second="Rent"))

    assert found.mapping is None
    assert found.missing is not None
    assert [each.id for each in found.missing.additions] == [13]


def test_a_line_of_an_unknown_product_on_another_agreement_is_named(tmp_path: Path) -> None:
    found = quokka(outcomes(tmp_path, [line(13, 3)], second="Rent"))

    assert found.proposed
    assert "addition 13 of agreement 'Rent', which bills 15.00 USD a month" in found.notes[0]


def test_a_line_that_begins_later_is_named_too(tmp_path: Path) -> None:
    found = quokka(outcomes(tmp_path, [line(14, 1, effectiveDate="2027-01-01T00:00:00Z")]))

    assert found.proposed
    assert "addition 14, which bills 15.00 USD a month" in found.notes[0]


def test_lines_that_ended_bill_nothing_or_are_ours_are_not_named(tmp_path: Path) -> None:
    lines = [
        line(15, 1, cancelledDate="2026-10-31T00:00:00Z"),
        line(16, 1, quantity=0),
        line(17, 3, BACKUP, serialNumber="rc:cove/903/tapir/storage"),
    ]
    found = quokka(outcomes(tmp_path, lines, second="Rent"))

    assert found.notes == ("no addition shows its product: this is the usual one",)


def test_the_line_of_another_customer_of_the_company_is_no_line_of_this_one(tmp_path: Path) -> None:
    """A branch of the same company is billed on the other agreement."""
    branch = Customer("cove", "903", "Quokka Joinery North", quantity=Decimal(90))
    found = outcomes(tmp_path, [line(13, 3, BACKUP, 90)], second="Backup", more=[branch])

    assert quokka(found).missing is None
    assert [(each.line and each.line.addition and each.line.addition.id) for each in found if each.mapping] == [
        None,
        90,
        13,
    ]


def test_a_line_that_two_customers_could_take_over_is_left_to_a_person(tmp_path: Path) -> None:
    branch = Customer("cove", "903", "Quokka Joinery North", quantity=Decimal(90))
    found = outcomes(tmp_path, [line(13, 1, BACKUP, 700)], more=[branch])
    shared = [each.missing for each in found if each.proposal.customer.id in ("901", "903")]

    assert [each and (each.what, [line.id for line in each.additions]) for each in shared] == [("addition", [13])] * 2
    assert shared[0] is not None
    assert "addition 13 may bill the backup of 2 customers" in shared[0].why


def test_a_line_of_an_inactive_product_is_a_line_all_the_same(tmp_path: Path) -> None:
    found = quokka(outcomes(tmp_path, [line(11, 1, quantity=400)], products={"inactiveFlag": True}))

    assert found.line is None
    assert found.missing is not None
    assert [each.id for each in found.missing.additions] == [11]


def test_an_agreement_in_another_currency_is_left_to_a_person(tmp_path: Path) -> None:
    found = quokka(outcomes(tmp_path, [line(11, 1, BACKUP, 400)], fields={"currency": EURO}))

    assert found.mapping is None
    assert found.missing is not None
    assert found.missing.what == "agreement"
    assert "agreement 'Services' is in EUR, and the workspace bills in USD" in found.missing.why


def test_without_a_currency_of_the_workspace_an_agreement_may_have_any(tmp_path: Path) -> None:
    found = quokka(outcomes(tmp_path, [line(11, 1, BACKUP, 400)], fields={"currency": EURO}, billing="{timezone: UTC}"))

    assert found.mapping is not None
