"""Products that bill storage although their names do not say so are learned from all customers.

If the quantity of such a line fits, the line is taken over. If it does not fit, a person chooses the line.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.importing.estate import Estate
from reconciler.importing.make import make
from reconciler.importing.matching.model import Customer
from reconciler.importing.outcome import Outcome
from reconciler.importing.selection import Selection
from reconciler.importing.usage import Usage
from reconciler.kinds.live_state import LiveObject
from reconciler.manifests.loading import load
from reconciler.metering.period import period_of

WORKSPACE = """\
apiVersion: reconciler/v1
kind: Workspace
metadata: {name: w}
spec:
  connectwise: {site: s, company: c, clientId: i, publicKey: p, privateKey: {env: K}}
  usage: [{name: cove, type: csv, unit: GB, path: u.csv}]
  billing: {timezone: UTC}
"""
PERIOD = period_of(datetime(2026, 11, 10, tzinfo=UTC), "UTC")
NAMES = [
    f"{word} {trade}" for word in ("Quokka", "Zebu", "Ibex", "Tapir") for trade in ("Joinery", "Kilns", "Opticians")
]
USAGE = [100 + 37 * place for place in range(len(NAMES))]


def imported(root: Path, **last: Any) -> list[Outcome]:
    """Import one customer for each name, all billed by SKU-70. `last` is what is different in the last one's line."""
    (root / "workspace.yaml").write_text(WORKSPACE, encoding="utf-8")
    companies, agreements, solutions, additions = [], [], {}, {}
    for place, (name, used) in enumerate(zip(NAMES, USAGE, strict=True), start=1):
        companies.append(LiveObject("Company", place, {"id": place, "identifier": f"C{place}", "name": name}))
        agreement = {"company": {"id": place}, "agreementStatus": "Active", "startDate": "2026-01-01"}
        agreements.append(LiveObject("Agreement", place, {**agreement, "id": place, "name": "Services"}))
        summary = {"id": place, "groupIdentifier": f"90{place}", "managementSolution": {"id": 1, "name": "Cove"}}
        solutions[place] = [LiveObject("ManagementSolution", place, summary, place)]
        line = {
            "id": place,
            "product": {"id": 70, "identifier": "SKU-70"},
            "quantity": used,
            "unitPrice": Decimal("0.2"),
        }
        additions[place] = [LiveObject("Addition", place, line if place < len(NAMES) else {**line, **last}, place)]
    record = {"id": 1, "name": "Cove", "solution": "Cove", "loginBy": "Global", "defaultBillingLevel": "Detail"}
    estate = Estate(
        {
            "Company": companies,
            "Agreement": agreements,
            "Product": [LiveObject("Product", 70, {"id": 70, "identifier": "SKU-70", "price": Decimal("0.2")})],
            "ManagedDevicesIntegration": [LiveObject("ManagedDevicesIntegration", 1, record)],
        },
        {"ManagementSolution": solutions, "Addition": additions},
    )
    customers = [
        Customer("cove", f"90{place}", name, quantity=Decimal(used))
        for place, (name, used) in enumerate(zip(NAMES, USAGE, strict=True), start=1)
    ]
    return list(make(load(root), estate, Usage(tuple(customers)), Selection(), "", PERIOD).outcomes)


def of_the_last(outcomes: list[Outcome]) -> Outcome:
    return next(each for each in outcomes if each.proposal.customer.name == NAMES[-1])


def test_lines_of_a_learned_product_that_fit_are_adopted(tmp_path: Path) -> None:
    lines = [each.line for each in imported(tmp_path)]

    assert [line and (line.adopt, line.product_id, line.guessed) for line in lines] == [(True, 70, "")] * len(NAMES)


def test_a_line_of_a_learned_product_that_does_not_fit_waits_for_a_person(tmp_path: Path) -> None:
    last = of_the_last(imported(tmp_path, quantity=9))

    assert (last.mapping, last.line) == (None, None)
    assert last.missing is not None
    assert (last.missing.what, [each.id for each in last.missing.additions]) == ("addition", [len(NAMES)])
    assert "may bill its backup: its product does not say so" in last.missing.why


def test_no_line_is_made_beside_one_of_an_unknown_product_that_fits(tmp_path: Path) -> None:
    last = of_the_last(imported(tmp_path, product={"id": 71, "identifier": "RENT-71"}, description="Rental"))

    assert last.line is None
    assert last.missing is not None
    assert [each.id for each in last.missing.additions] == [len(NAMES)]


def test_a_line_counted_in_gb_is_for_backup_whatever_its_product(tmp_path: Path) -> None:
    last = of_the_last(imported(tmp_path, product={"id": 71, "identifier": "RENT-71"}, uom="GB", quantity=3))

    assert last.line is not None
    assert (last.line.adopt, last.line.product_id) == (True, 71)
    assert "its quantity does not fit the usage" in last.line.guessed


def test_a_guessed_product_names_the_other_lines_of_the_agreement(tmp_path: Path) -> None:
    last = of_the_last(imported(tmp_path, product={"id": 71, "identifier": "RENT-71"}, description="Rent", quantity=3))

    assert last.line is not None
    assert last.line.guessed.endswith(f"check that none of the additions {len(NAMES)} bills its backup already")


@pytest.mark.parametrize("serial", ["rc:cove/901/quokka", None])
def test_a_learned_product_of_quantity_0_bills_nothing_so_a_new_line_is_none_beside_it(
    tmp_path: Path, serial: str | None
) -> None:
    last = of_the_last(imported(tmp_path, quantity=0, serialNumber=serial))

    assert last.line is not None
    assert (last.line.addition, last.line.guessed) == (None, "no addition shows its product: this is the usual one")
