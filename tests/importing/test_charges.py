"""Products that bill storage although their names do not say so are learned from all customers.

If the quantity of such a line fits, the line is taken over. If it does not fit, a person chooses the line.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.importing.estate import Estate
from reconciler.importing.matching.model import Customer
from reconciler.importing.outcome import Outcome

from . import small_estates as small

NAMES = [
    f"{word} {trade}" for word in ("Quokka", "Zebu", "Ibex", "Tapir") for trade in ("Joinery", "Kilns", "Opticians")
]
USAGE = [100 + 37 * place for place in range(len(NAMES))]


def imported(root: Path, **last: Any) -> list[Outcome]:
    """Import one customer for each name, all billed by SKU-70. `last` are the other fields of the last one's line."""
    numbers = range(1, len(NAMES) + 1)
    usual = {"unitPrice": Decimal("0.2")}
    lines = [small.addition(each, each, 70, "SKU-70", **usual, quantity=USAGE[each - 1]) for each in numbers]
    lines[-1].raw.update(last)
    estate = Estate(
        {
            "Company": [small.company(each, f"C{each}", NAMES[each - 1]) for each in numbers],
            "Agreement": [small.agreement(each, each, "Services") for each in numbers],
            "Product": [small.product(70, "SKU-70", Decimal("0.2"))],
            "ManagedDevicesIntegration": [small.INTEGRATION],
        },
        {
            "ManagementSolution": {each: [small.solution(each, each, f"90{each}")] for each in numbers},
            "Addition": {each: [lines[each - 1]] for each in numbers},
        },
    )
    customers = [Customer("cove", f"90{each}", NAMES[each - 1], quantity=Decimal(USAGE[each - 1])) for each in numbers]
    return list(small.imported(root, estate, customers).outcomes)


def of_the_last(outcomes: list[Outcome]) -> Outcome:
    """Return the outcome of the last customer."""
    return next(each for each in outcomes if each.proposal.customer.name == NAMES[-1])


def test_lines_of_a_learned_product_that_fit_are_adopted(tmp_path: Path) -> None:
    lines = [each.line for each in imported(tmp_path)]

    assert [line and (line.adopt, line.product_id, line.guessed) for line in lines] == [(True, 70, "")] * len(NAMES)


def test_a_line_of_a_learned_product_that_does_not_fit_is_left_to_a_person(tmp_path: Path) -> None:
    last = of_the_last(imported(tmp_path, quantity=9))

    assert (last.mapping, last.line) == (None, None)
    assert last.missing is not None
    assert (last.missing.what, [each.id for each in last.missing.additions]) == ("addition", [len(NAMES)])
    assert "may bill its backup: its product does not say so" in last.missing.why


def test_no_second_line_is_made_if_one_of_an_unknown_product_fits(tmp_path: Path) -> None:
    last = of_the_last(imported(tmp_path, product={"id": 71, "identifier": "RENT-71"}, description="Rental"))

    assert last.line is None
    assert last.missing is not None
    assert [each.id for each in last.missing.additions] == [len(NAMES)]


def test_a_line_counted_in_gb_is_for_backup_with_any_product(tmp_path: Path) -> None:
    last = of_the_last(imported(tmp_path, product={"id": 71, "identifier": "RENT-71"}, uom="GB", quantity=3))

    assert last.line is not None
    assert (last.line.adopt, last.line.product_id) == (True, 71)
    assert "its quantity does not fit the usage" in last.line.guessed


def test_a_guessed_product_names_the_other_lines_of_the_agreement(tmp_path: Path) -> None:
    last = of_the_last(imported(tmp_path, product={"id": 71, "identifier": "RENT-71"}, description="Rent", quantity=3))

    assert last.line is not None
    assert last.line.guessed.endswith(
        f"check that addition {len(NAMES)}, which bills 0.60 a month, does not bill its backup already"
    )


@pytest.mark.parametrize("serial", ["rc:cove/901/quokka", None])
def test_a_new_line_is_made_if_the_line_of_a_learned_product_has_the_quantity_0(
    tmp_path: Path, serial: str | None
) -> None:
    last = of_the_last(imported(tmp_path, quantity=0, serialNumber=serial))

    assert last.line is not None
    assert (last.line.addition, last.line.guessed) == (None, "no addition shows its product: this is the usual one")
