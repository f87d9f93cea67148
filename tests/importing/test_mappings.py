"""The mapping of a customer whose company is known, or the decision that is missing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.importing.estate import Estate
from reconciler.importing.make import Made
from reconciler.importing.matching.model import Customer
from reconciler.importing.report import proposals_json
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.live_state import LiveObject
from reconciler.manifests.loading import load

from . import small_estates as small

PRODUCTS = {1: Decimal("0.15"), 2: Decimal("0.2"), 3: 0}


def addition(number: int, product: int = 1, **more: Any) -> LiveObject:
    """Return an addition with a quantity of 100 and the price of its product."""
    usual = {"quantity": 100, "unitPrice": None}
    return small.addition(number, 7, product, f"BACKUP-{product}", **{**usual, **more})


def imported(
    root: Path,
    *additions: LiveObject,
    customer: str = "1001",
    managed: str | None = "1001",
    integration: bool = True,
    agreements: Sequence[str] = ("Backup",),
) -> Made:
    """Import one company with agreements of these names and additions. A customer of its name uses 100 GB."""
    estate = Estate(
        {
            "Company": [small.company(5, "ACME", "Acme Dental Holding", city="Bonn", status=None)],
            "Agreement": [small.agreement(number, 5, name) for number, name in enumerate(agreements, 7)],
            "Product": [small.product(number, f"BACKUP-{number}", price) for number, price in PRODUCTS.items()],
            "ManagedDevicesIntegration": [small.INTEGRATION] if integration else [],
        },
        {
            "ManagementSolution": {5: [] if managed is None else [small.solution(9, 5, managed)]},
            "Addition": {7: additions},
        },
    )
    made = small.imported(root, estate, [Customer("cove", customer, "Acme Dental Holding", quantity=Decimal(100))])
    for name, text in made.texts.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    load(root)
    return made


def mapping(made: Made) -> str:
    """Return the text of the mapping, from its kind to the end."""
    return made.texts["customers/acme.yaml"].partition("kind: CustomerMapping\n")[2]


def test_a_line_that_fits_is_adopted(tmp_path: Path) -> None:
    made = imported(tmp_path, addition(1))

    (outcome,) = made.outcomes
    assert (outcome.confidence, outcome.proposed) == ("certain", False)
    assert "product: {id: 1}\n  adopt: true\n" in mapping(made)


def test_a_price_and_an_allowance_typed_in_by_hand_are_kept(tmp_path: Path) -> None:
    text = mapping(imported(tmp_path, addition(1, unitPrice=Decimal("0.11"), lessIncluded=20)))

    assert "  product: {id: 1}\n  price: 0.11\n" in text
    assert "  included:\n    amount: 20\n    per: customer\n" in text


@pytest.mark.parametrize("folder", ["", "customers/"])
def test_a_default_changes_neither_the_price_nor_the_allowance_of_a_line(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / folder / "own.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Defaults\nmetadata: {name: own}\n"
        "spec: {CustomerMapping: {price: 9, included: {amount: 7, per: customer}}}\n",
        encoding="utf-8",
    )
    imported(tmp_path, addition(1, unitPrice=PRODUCTS[1], lessIncluded=0))

    (found,) = load(tmp_path).of(CustomerMappingSpec)

    assert (found.spec.price or PRODUCTS[1], found.spec.included) == (PRODUCTS[1], None)


def test_a_last_day_typed_in_by_hand_becomes_the_end_of_the_mapping(tmp_path: Path) -> None:
    made = imported(tmp_path, addition(1, cancelledDate="2027-02-15T00:00:00Z"))

    (outcome,) = made.outcomes
    assert outcome.proposed
    assert '  end: "2027-02-15"\n' in mapping(made)
    assert "- addition 1 ends on 2027-02-15, and so does the mapping\n" in made.texts["customers/acme.yaml"]


def test_a_negative_allowance_typed_in_by_hand_is_named(tmp_path: Path) -> None:
    made = imported(tmp_path, addition(1, lessIncluded=Decimal("-2.5")))

    (outcome,) = made.outcomes
    assert outcome.proposed
    assert outcome.notes == (
        "addition 1 bills 2.5 more than its quantity, because its included quantity is negative: "
        "the mapping bills only the quantity",
    )
    assert "included" not in mapping(made)


@pytest.mark.parametrize(
    "days", [{"effectiveDate": "2027-01-01"}, {"effectiveDate": "2026-01-01", "cancelledDate": "2026-11-30T00:00:00Z"}]
)
def test_no_line_is_made_beside_one_that_bills_backup_at_another_time(tmp_path: Path, days: dict[str, str]) -> None:
    made = imported(tmp_path, addition(1, **days))

    (outcome,) = made.outcomes
    assert (outcome.mapping, outcome.line) == (None, None)
    assert outcome.missing is not None
    assert [each.id for each in outcome.missing.additions] == [1]
    assert "may bill its backup, so a line for this month may bill it twice" in outcome.missing.why


def test_a_line_that_bills_backup_later_is_named_beside_the_one_that_is_adopted(tmp_path: Path) -> None:
    later = addition(2, 2, effectiveDate="2027-01-01")
    made = imported(tmp_path, addition(1, cancelledDate="2026-12-31"), later)

    (outcome,) = made.outcomes
    assert outcome.proposed
    assert outcome.line is not None
    assert outcome.line.addition is not None
    assert outcome.line.addition.id == 1
    assert (
        "addition 2 (from 2027-01-01) may bill the same backup: end it before that day, or the mapping" in outcome.notes
    )


def test_a_line_for_backup_that_has_ended_is_no_other_line(tmp_path: Path) -> None:
    ended = addition(2, 2, effectiveDate="2026-01-01", cancelledDate="2026-10-31")

    (outcome,) = imported(tmp_path, addition(1), ended).outcomes

    assert (outcome.proposed, outcome.notes) == (False, ())


def test_a_line_with_the_price_0_keeps_it_and_is_left_to_a_person(tmp_path: Path) -> None:
    made = imported(tmp_path, addition(1, unitPrice=0))

    (outcome,) = made.outcomes
    assert "  product: {id: 1}\n  price: 0\n" in mapping(made)
    assert outcome.proposed
    assert outcome.notes == ("addition 1 has the price 0, and so has the mapping: it bills nothing",)


@pytest.mark.parametrize(("price", "written"), [(None, "0.15"), (Decimal("0.15"), "0.15"), (Decimal("0.11"), "0.11")])
def test_a_default_price_changes_no_price_that_is_billed(tmp_path: Path, price: Decimal | None, written: str) -> None:
    defaults = "apiVersion: reconciler/v1\nkind: Defaults\nmetadata: {name: d}\nspec: {CustomerMapping: {price: 9}}\n"
    (tmp_path / "defaults.yaml").write_text(defaults, encoding="utf-8")

    made = imported(tmp_path, addition(1, unitPrice=price))

    assert f"  product: {{id: 1}}\n  price: {written}\n" in mapping(made)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (
            {"unitPrice": Decimal("0.1234567")},
            "its price cannot be declared: a unit price has at most six decimals, and 0.1234567 has 7",
        ),
        ({"unitPrice": -1}, "its price is -1 but must be at least 0"),
    ],
)
def test_a_price_that_a_mapping_cannot_have_is_never_replaced_by_another(
    tmp_path: Path, more: dict[str, Any], reason: str
) -> None:
    (outcome,) = imported(tmp_path, addition(1, **more)).outcomes

    assert outcome.mapping is None
    assert outcome.missing is not None
    assert outcome.missing.what == "mapping"
    assert outcome.missing.why == f"its mapping would not be valid: {reason}"


def test_a_line_that_is_not_billed_is_left_to_a_person(tmp_path: Path) -> None:
    (outcome,) = imported(tmp_path, addition(1, billCustomer="DoNotBill")).outcomes

    assert outcome.proposed
    assert "DoNotBill" in outcome.notes[0]


def test_a_product_without_a_price_is_left_to_a_person(tmp_path: Path) -> None:
    (outcome,) = imported(tmp_path, addition(1, product=3)).outcomes

    assert outcome.proposed
    assert "no price" in outcome.notes[0]


def test_a_quantity_that_does_not_fit_is_left_to_a_person(tmp_path: Path) -> None:
    (outcome,) = imported(tmp_path, addition(1, quantity=777)).outcomes

    assert outcome.proposed
    assert "does not fit" in outcome.notes[0]


def test_a_missing_management_solution_is_proposed_with_the_mapping(tmp_path: Path) -> None:
    made = imported(tmp_path, addition(1), managed=None)

    text = made.texts["customers/acme.yaml"]
    assert text.count("proposed: true") == 2
    assert "kind: ManagementSolution" in text


TAG = "rc:cove/1001/acme-dental"


@pytest.mark.parametrize(
    ("additions", "more", "what", "why", "in_question"),
    [
        (
            [addition(1, quantity=60), addition(2, product=2, quantity=40)],
            {},
            "addition",
            "may bill its backup",
            [1, 2],
        ),
        ([addition(1, quantity=777), addition(2, quantity=0)], {}, "addition", "have the same product", [1, 2]),
        ([], {}, "product", "shows the product that bills its backup", []),
        ([addition(1)], {"customer": "acme", "managed": None}, "managedId", "other characters than digits", []),
        ([addition(1)], {"managed": None, "integration": False}, "solution", "no managed devices integration", []),
        (
            [addition(1, serialNumber=TAG), addition(2, product=2, serialNumber=TAG)],
            {},
            "addition",
            "additions 1, 2 have its tag",
            [1, 2],
        ),
        ([addition(1, serialNumber=f"{TAG}/seats")], {}, "addition", "a charge or a period of its own", [1]),
    ],
)
def test_a_known_company_without_a_line_to_choose_needs_a_decision(
    tmp_path: Path, additions: list[LiveObject], more: dict[str, Any], what: str, why: str, in_question: list[int]
) -> None:
    made = imported(tmp_path, *additions, **more)

    (outcome,) = made.outcomes
    assert (outcome.confidence in ("certain", "likely"), outcome.mapping, outcome.reasons) == (True, None, ())
    assert outcome.missing is not None
    assert (outcome.missing.what, [each.id for each in outcome.missing.additions]) == (what, in_question)
    assert why in outcome.missing.why
    assert "CustomerMapping" not in "".join(made.texts.values())
    assert "Customers: 0 mapped, 0 proposed, 1 with only the company known, 0 open." in made.review
    assert f"- to do: {outcome.missing.advice}" in made.review


@pytest.mark.parametrize(
    ("agreements", "why", "in_question"),
    [([], "has no agreement that bills now", []), (["Alpha", "Beta"], "has 2 agreements", ["Alpha", "Beta"])],
)
def test_a_known_company_without_an_agreement_to_choose_needs_a_decision(
    tmp_path: Path, agreements: list[str], why: str, in_question: list[str]
) -> None:
    made = imported(tmp_path, agreements=agreements)

    (shown,) = proposals_json(made.outcomes)
    assert (shown["confidence"], shown["document"], shown["agreement"], shown["addition"]) == (
        "certain", None, None, None,
    )  # fmt: skip
    assert shown["company"]["identifier"] == "ACME"
    assert (shown["missing"]["what"], [each["name"] for each in shown["missing"]["agreements"]]) == (
        "agreement", in_question,
    )  # fmt: skip
    assert why in shown["missing"]["why"]
    assert "## Only the company is known (1)" in made.review
    assert made.review.count("- agreement in question: ") == len(in_question)


def test_an_addition_in_question_is_shown_with_what_it_bills(tmp_path: Path) -> None:
    lines = [addition(1, quantity=60, unitPrice=Decimal("0.110")), addition(2, product=2, quantity=40)]
    made = imported(tmp_path, *lines)

    (shown,) = proposals_json(made.outcomes)
    assert shown["missing"]["additions"] == [
        {"id": 1, "product": "BACKUP-1", "quantity": "60", "unitPrice": "0.11"},
        {"id": 2, "product": "BACKUP-2", "quantity": "40", "unitPrice": None},
    ]
    assert "- addition in question: 1, which bills 60 of BACKUP-1 at 0.11\n" in made.review
    assert "- addition in question: 2, which bills 40 of BACKUP-2\n" in made.review


def test_a_mapping_has_the_name_in_the_tag_of_its_line(tmp_path: Path) -> None:
    (outcome,) = imported(tmp_path, addition(1, serialNumber=f"{TAG}/storage")).outcomes

    assert (outcome.mapping, outcome.proposed) == ("CustomerMapping/acme-dental", False)


def test_a_line_of_ours_that_begins_later_is_kept_with_its_price(tmp_path: Path) -> None:
    line = addition(1, effectiveDate="2026-12-01T00:00:00Z", unitPrice=Decimal("0.11"), serialNumber=f"{TAG}/storage")
    made = imported(tmp_path, line)

    (outcome,) = made.outcomes
    assert (outcome.mapping, outcome.proposed) == ("CustomerMapping/acme-dental", False)
    assert "  product: {id: 1}\n  price: 0.11\n" in mapping(made)


def test_a_line_of_ours_that_ends_this_month_shows_its_price_and_is_left_to_a_person(tmp_path: Path) -> None:
    line = addition(1, cancelledDate="2026-11-30T00:00:00Z", unitPrice=Decimal("0.11"), serialNumber=f"{TAG}/storage")
    made = imported(tmp_path, line)

    (outcome,) = made.outcomes
    ends = "addition 1 has its tag and ends on 2026-11-30: confirm it only if billing continues"
    assert (outcome.mapping, outcome.proposed) == ("CustomerMapping/acme-dental", True)
    assert outcome.notes == (ends,)
    assert "  price: 0.11\n" in mapping(made)


def test_a_line_of_ours_that_has_ended_shows_nothing(tmp_path: Path) -> None:
    (outcome,) = imported(
        tmp_path, addition(1, cancelledDate="2026-10-31T00:00:00Z", serialNumber=f"{TAG}/storage")
    ).outcomes

    assert outcome.missing is not None
    assert outcome.missing.what == "product"


def test_an_existing_mapping_has_no_line_if_it_is_not_known(tmp_path: Path) -> None:
    imported(tmp_path, addition(1))

    (outcome,) = imported(tmp_path, addition(1, quantity=60), addition(2, product=2, quantity=40)).outcomes

    assert (outcome.mapping, outcome.line, outcome.missing) == ("CustomerMapping/acme-dental-holding", None, None)


def test_the_solution_of_the_defaults_is_used_if_no_managed_id_shows_one(tmp_path: Path) -> None:
    defaults = 'kind: Defaults\nmetadata: {name: d}\nspec: {CustomerMapping: {solution: "Vault"}}\n'
    (tmp_path / "defaults.yaml").write_text(f"apiVersion: reconciler/v1\n{defaults}", encoding="utf-8")

    made = imported(tmp_path, addition(1), managed=None, integration=False)

    assert made.texts["customers/acme.yaml"].count("solution: Vault") == 2
    assert made.outcomes[0].proposed
