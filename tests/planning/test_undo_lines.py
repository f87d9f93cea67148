"""The lines of the manifests that would bring an undone change back are found, each with its correction."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from reconciler.manifests.documents import Document, Manifests, Origin
from reconciler.manifests.on_day import on_day
from reconciler.planning.undo_inputs import PutBack
from reconciler.planning.undo_lines import Cause, causes
from tests.planning.builders import (
    agreement,
    company,
    contact,
    document,
    integration,
    login,
    manifests,
    mapping,
    product,
    solution,
)

ADDITION = PutBack("Addition/acme.storage:gb", "Addition", "update", {"unitPrice": ("0.15", "0.18")})


def put_back(found: Document, *, action: Any = "update", **changes: Any) -> PutBack:
    """Return an undo of `path=before` for each change."""
    values = {path.replace("__", "."): (before, "after") for path, before in changes.items()}
    return PutBack(found.address, found.kind.name, action, values)


def found(*documents: Document, undone: list[PutBack], names: Any = None) -> list[Cause]:
    return causes(undone, manifests(*documents), names or {})


def of_field(declared: Document, **changes: Any) -> list[tuple[Any, ...]]:
    return [(each.path, each.edit, each.value) for each in found(declared, undone=[put_back(declared, **changes)])]


@pytest.mark.parametrize(
    ("declared", "path", "before", "expected"),
    [
        (company(city="Orlando"), "city", "Tampa", ("set", "Tampa")),
        (company(website="https://a"), "website", None, ("remove", None)),
        (company(status="Inactive"), "status", {"name": "Active", "id": 1}, ("set", "Active")),
        (company(types=("A", "B")), "types", [{"name": "A", "id": 1}], ("set", ["A"])),
        (product(price=Decimal("0.3")), "price", "0.25", ("set", Decimal("0.25"))),
        (product(taxable=True), "taxable", False, ("set", False)),
        (agreement(endDate="2027-01-31"), "endDate", None, ("remove", None)),
        (agreement(company={"id": 6}), "company", {"name": "X", "id": 5}, ("set", {"id": 5})),
        (agreement(company={"identifier": "B"}), "company", {"name": "X", "id": 5}, ("set", {"id": 5})),
        (login(apis=["Company"]), "apis", ["Product"], ("set", ["Product"])),
    ],
)
def test_a_field_that_is_declared_otherwise_is_a_cause(
    declared: Document, path: str, before: Any, expected: tuple[Any, Any]
) -> None:
    assert of_field(declared, **{path: before}) == [(("spec", path), *expected)]


@pytest.mark.parametrize(
    ("declared", "path", "before"),
    [
        (company(city="Tampa"), "city", "Tampa"),
        (company(status="active"), "status", {"name": "Active", "id": 1}),
        (company(types=("B", "A")), "types", [{"name": "A", "id": 1}, {"name": "b", "id": 2}]),
        (product(price=Decimal("0.250")), "price", "0.25"),
        (agreement(endDate="2027-01-31"), "endDate", "2027-01-31"),
        (agreement(company={"id": 5}), "company", {"name": "X", "id": 5}),
        (agreement(contact={"email": "a@b.c"}, endDate=None), "endDate", None),
        (company(), "website", "https://a"),
        (company(), "cancelled", False),
        (company(metadata={"ensure": "retired"}, city="Orlando"), "city", "Tampa"),
        (company(status=None), "status", None),
        (company(), "customFields.Tier", "a"),
        (company(customFields={"Region": "a"}), "customFields.Tier", "a"),
    ],
)
def test_a_field_that_is_declared_so_or_not_at_all_is_none(declared: Document, path: str, before: Any) -> None:
    assert of_field(declared, **{path: before}) == []


def test_a_reference_is_written_with_the_name_of_the_document() -> None:
    declared = agreement(company="other")
    undone = [put_back(declared, company={"name": "Acme", "id": 5})]
    (cause,) = found(declared, undone=undone, names={("Company", 5): "acme"})
    assert (cause.value, cause.message) == ("acme", "other; it was acme before the run")
    assert found(agreement(), undone=undone, names={("Company", 5): "acme"}) == []


def test_a_custom_field_is_a_cause_of_its_own_with_the_type_that_it_has() -> None:
    declared = company(customFields={"Tier": "b", "Seats": 5, "Off": None})
    assert of_field(declared, customFields__Tier="a") == [(("spec", "customFields", "Tier"), "set", "a")]
    assert of_field(declared, customFields__Seats="7") == [(("spec", "customFields", "Seats"), "set", Decimal(7))]
    assert of_field(declared, customFields__Seats="x") == [(("spec", "customFields", "Seats"), "set", "x")]
    assert of_field(declared, customFields__Off="a") == [(("spec", "customFields", "Off"), "set", "a")]


def test_cross_references_are_edited_by_hand() -> None:
    declared = integration(crossReferences=[{"vendorType": "A", "vendorLevel": "B"}])
    ((path, edit, _),) = of_field(
        declared, **{"crossReferences__A/B": {"product": {"name": "p", "id": 1}, "inactive": False}}
    )
    assert (path, edit) == (("spec", "crossReferences"), "by hand")


def test_a_created_document_is_removed_with_the_mappings_that_refer_to_it() -> None:
    made, bills = agreement(), replace(mapping(), origin=Origin("mappings.yaml", 0))
    names_it = replace(solution(agreement="backup"), origin=Origin("solutions.yaml", 0))
    result = found(company(), contact(), made, bills, names_it, product(), undone=[put_back(made, action="create")])
    assert [(each.address, each.edit) for each in result] == [
        ("Agreement/backup", "remove document"),
        ("CustomerMapping/acme", "remove document"),
    ]
    ended = agreement(metadata={"ensure": "retired"})
    assert found(ended, undone=[put_back(ended, action="create")]) == []
    assert found(company(), undone=[put_back(made, action="create")]) == []


def test_the_mark_of_a_retirement_is_removed_with_its_reason() -> None:
    ended = company(metadata={"ensure": "retired", "reason": "left"})
    result = found(ended, undone=[put_back(ended, action="retire", status=None)])
    assert [(each.path, each.edit) for each in result] == [
        (("metadata", "ensure"), "remove"),
        (("metadata", "reason"), "remove"),
    ]
    plain = company(metadata={"ensure": "retired"})
    assert len(found(plain, undone=[put_back(plain, action="retire")])) == 1
    assert found(company(), undone=[put_back(company(), action="retire")]) == []


ENDED = {"name": "Inactive", "id": 2}


@pytest.mark.parametrize(
    ("made", "changes", "edits"),
    [
        (agreement(), {"cancelled": True, "customerPO": None}, [("ensure", "add", "retired")]),
        (agreement(customerPO="7"), {"cancelled": True, "customerPO": "6"}, [("ensure", "add"), ("customerPO", "set")]),
        (company(status="Active"), {"status": ENDED}, [("status", "set", "Inactive")]),
        (replace(company(status="Active"), defaulted={"status": "d.yaml"}), {"status": ENDED}, [("ensure", "add")]),
        (contact(inactive=False), {"inactive": True}, [("inactive", "set", True)]),
    ],
)
def test_a_document_whose_object_ends_again_gets_the_mark_of_a_retirement_unless_a_field_says_it(
    made: Document, changes: dict[str, Any], edits: list[tuple[Any, ...]]
) -> None:
    undone = replace(put_back(made, **changes), ends_again=True)
    result = [(each.path[-1], each.edit, each.value) for each in found(made, undone=[undone])]
    assert [each[: len(edit)] for each, edit in zip(result, edits, strict=True)] == edits


def by_default(name: str, **spec: Any) -> Document:
    return replace(company(name, identifier=name, **spec), defaulted={"status": "defaults.yaml"})


def test_a_default_is_changed_if_the_undo_changes_all_its_documents() -> None:
    one, two = by_default("a", status="Inactive"), by_default("b", status="Inactive")
    active = {"name": "Active", "id": 1}
    every = [put_back(one, status=active), put_back(two, status=active)]
    (cause,) = found(one, two, undone=every)
    assert (cause.file, cause.path, cause.edit, cause.default_of) == (
        "defaults.yaml",
        ("spec", "Company", "status"),
        "set",
        "Company",
    )
    (shared,) = found(one, two, undone=every[:1])
    assert shared.edit == "by hand"
    assert "the default of 2 documents" in shared.message
    (other,) = found(one, two, undone=[every[0], put_back(two, status={"name": "Hold", "id": 3})])
    assert other.edit == "by hand"
    (cleared,) = found(one, undone=[put_back(one, status=None)])
    assert (cleared.edit, cleared.value) == ("set", None)


def test_the_documents_of_a_default_are_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [by_default(f"a{number}", status="Inactive") for number in range(50)]
    searched: list[str] = []
    of_kind = Manifests.of_kind

    def counted(self: Manifests, name: str) -> Any:
        searched.append(name)
        return of_kind(self, name)

    monkeypatch.setattr(Manifests, "of_kind", counted)
    undone = [put_back(each, status={"name": "Active", "id": 1}) for each in documents]
    assert [each.edit for each in found(*documents, undone=undone)] == ["set"]
    assert searched == ["Company"]


def test_the_price_of_an_addition_comes_from_its_mapping_or_its_product() -> None:
    (cause,) = found(mapping(), undone=[ADDITION])
    assert (cause.path, cause.edit) == (("spec", "product"), "by hand")
    gb = product(price=Decimal("0.25"))
    assert found(mapping(), gb, undone=[ADDITION, put_back(gb, price="0.25")]) == []
    default = replace(mapping(), defaulted={"product": "defaults.yaml"})
    assert found(default, undone=[ADDITION]) == []
    assert found(undone=[ADDITION]) == []
    assert found(mapping(), undone=[replace(ADDITION, changes={"billCustomer": ("a", "b")})]) == []


@pytest.mark.parametrize(("before", "edit"), [(None, "remove"), ("2026-12-31", "by hand")])
def test_the_end_of_a_mapping_is_a_cause_of_the_last_day(before: Any, edit: str) -> None:
    undone = PutBack("Addition/acme.storage:gb", "Addition", "retire", {"cancelledDate": (before, "2026-11-30")})
    result = found(mapping(end="2026-11-30"), undone=[undone])
    assert [(each.address, each.path, each.edit) for each in result] == [
        ("CustomerMapping/acme", ("spec", "end"), edit)
    ]
    (moved,) = found(mapping(), undone=[undone])
    assert (moved.path, moved.edit) == (("spec", "agreement"), "by hand")


def test_a_range_with_its_own_price_is_a_cause_beside_the_price_of_a_product() -> None:
    bills = mapping(product=None, ranges=[{"product": "gb", "price": 0.18}])
    priced = put_back(product(price=Decimal("0.3")), price="0.25")
    result = found(bills, product(price=Decimal("0.3")), undone=[ADDITION, priced])
    assert (result[0].path, result[0].edit) == (("spec", "ranges"), "by hand")


def test_the_price_of_a_mapping_is_put_back_if_the_run_wrote_it() -> None:
    (cause,) = found(mapping(price=Decimal("0.18")), undone=[ADDITION])
    assert (cause.path, cause.edit, cause.value) == (("spec", "price"), "set", Decimal("0.15"))
    assert cause.message == "0.18; Addition/acme.storage:gb had 0.15 before the run"
    (other,) = found(mapping(price=Decimal("0.20")), undone=[ADDITION])
    assert (other.path, other.edit) == (("spec", "price"), "by hand")


@pytest.mark.parametrize(
    ("charge", "path", "edit"),
    [
        ({"price": Decimal("0.18")}, ("price",), "set"),
        ({"price": Decimal("0.20")}, ("price",), "by hand"),
        ({"prices": [{"from": "2026-01-01", "price": Decimal("0.18")}]}, ("prices",), "by hand"),
        ({}, ("product",), "by hand"),
    ],
)
def test_the_price_of_one_of_several_charges_is_put_back_there(charge: Any, path: Any, edit: str) -> None:
    charges = [{"meter": "devices", "product": "gb", "price": Decimal(5)}, {"product": "gb", **charge}]
    (cause,) = found(mapping(product=None, charges=charges), undone=[ADDITION])
    assert (cause.path, cause.edit) == (("spec", "charges", 1, *path), edit)


def test_a_charge_that_is_gone_brings_no_price_back() -> None:
    charges = [{"meter": "devices", "product": "gb"}, {"meter": "documents", "product": "gb"}]
    assert found(mapping(product=None, charges=charges), undone=[ADDITION]) == []


def test_the_dated_prices_of_a_range_are_a_cause() -> None:
    ranges = [{"product": "gb", "prices": [{"from": "2026-01-01", "price": Decimal("0.18")}]}]
    (cause, _) = found(
        mapping(product=None, ranges=ranges),
        product(price=Decimal("0.3")),
        undone=[ADDITION, put_back(product(price=Decimal("0.3")), price="0.25")],
    )
    assert (cause.path, cause.edit) == (("spec", "ranges"), "by hand")


def test_values_are_shown_as_a_person_reads_them() -> None:
    def message(declared: Document, **changes: Any) -> str:
        return found(declared, undone=[put_back(declared, **changes)])[0].message

    assert message(company(website="x"), website=None) == "x; it was not set before the run"
    assert message(product(taxable=True), taxable=False) == "true; it was false before the run"
    assert message(product(price=Decimal("0.30")), price="0.25") == "0.3; it was 0.25 before the run"
    assert message(company(types=("A",)), types=[]) == "[A]; it was [] before the run"
    assert message(agreement(company={"id": 6}), company={"name": "X", "id": 5}) == "6; it was 5 before the run"


def test_a_document_that_is_gone_brings_nothing_back() -> None:
    gone = document("Company", "gone", {"identifier": "G", "name": "G", "city": "X"})
    assert found(undone=[put_back(gone, city="Y")]) == []


def test_a_price_that_follows_from_dated_prices_is_put_back_by_hand() -> None:
    dated = product(prices=[{"from": "2026-01-01", "price": Decimal("0.3")}])
    (of_month,) = on_day(manifests(dated), date(2026, 11, 1)).documents
    (cause,) = found(of_month, undone=[put_back(of_month, price="0.25")])
    assert (cause.path, cause.edit, cause.message) == (("spec", "prices"), "by hand", "price was 0.25 before the run")
