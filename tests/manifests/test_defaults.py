"""`kind: Defaults`: default fields for the documents of a folder."""

from __future__ import annotations

import pytest

from tests.manifests.conftest import Estate

SPEC = "identifier: B\nname: Beta"


def defaults(estate: Estate, folder: str, spec: str, name: str = "d") -> Estate:
    return estate.add("Defaults", name, spec, file=f"{folder}{name}.yaml")


def test_defaults_fill_in_missing_fields_and_record_their_file(estate: Estate) -> None:
    defaults(estate, "", "Company: {city: Ulm, status: Active}")
    document = estate.add("Company", "beta", SPEC + "\ncity: Bonn").load().by_address["Company/beta"]
    assert document.spec.model_dump(exclude_unset=True) == {
        "identifier": "B",
        "name": "Beta",
        "city": "Bonn",
        "status": "Active",
    }
    assert document.defaulted == {"status": "d.yaml"}
    assert document.declared == {"identifier", "name", "city", "status"}


def test_the_defaults_of_the_nearest_folder_win_field_by_field(estate: Estate) -> None:
    defaults(estate, "", "Company: {city: Ulm, state: BW}")
    defaults(estate, "north/", "Company: {city: Kiel}", "n")
    defaults(estate, "northern/", "Company: {city: Oslo}", "o")
    estate.add("Company", "beta", SPEC, file="north/deep/beta.yaml")
    document = estate.load().by_address["Company/beta"]
    assert (document.spec.city, document.spec.state) == ("Kiel", "BW")
    assert document.defaulted == {"city": "north/n.yaml", "state": "d.yaml"}


def test_defaults_do_not_reach_other_folders_or_kinds(estate: Estate) -> None:
    defaults(estate, "north/", "Company: {website: x.example}\nContact: {title: Boss}")
    assert all(document.defaulted == {} for document in estate.load().documents)


def test_null_in_a_document_overrides_a_default(estate: Estate) -> None:
    defaults(estate, "", "Company: {phoneNumber: '1'}")
    estate.add("Company", "beta", SPEC + "\ncity: Bonn\nphoneNumber: null")
    document = estate.load().by_address["Company/beta"]
    assert document.spec.phone_number is None
    assert "phoneNumber" in document.declared


def test_a_default_product_is_not_filled_in_beside_ranges(estate: Estate) -> None:
    defaults(estate, "", "CustomerMapping: {product: gb, solution: Managed Backup}")
    base = 'company: acme\nagreement: acme-backup\nmanagedId: "7"\n'
    estate.add("CustomerMapping", "a", base + 'customer: {source: cove, id: "2"}\nranges: [{product: gb}]')
    estate.add("CustomerMapping", "b", base + 'customer: {source: cove, id: "3"}')
    manifests = estate.load()
    assert manifests.by_address["CustomerMapping/a"].defaulted == {"solution": "d.yaml"}
    assert manifests.by_address["CustomerMapping/b"].defaulted == {"solution": "d.yaml", "product": "d.yaml"}


def test_default_ranges_of_a_nearer_folder_replace_a_default_product(estate: Estate) -> None:
    defaults(estate, "", "CustomerMapping: {product: gb}")
    defaults(estate, "n/", "CustomerMapping: {ranges: [{product: gb}]}", "n")
    spec = 'company: acme\nagreement: acme-backup\nmanagedId: "7"\nsolution: S\ncustomer: {source: cove, id: "2"}'
    estate.add("CustomerMapping", "a", spec, file="n/a.yaml")
    assert estate.load().by_address["CustomerMapping/a"].defaulted == {"ranges": "n/n.yaml"}


def test_defaults_of_the_manifest_folder_price_unmapped_customers(estate: Estate) -> None:
    defaults(estate, "", "CustomerMapping: {product: gb}")
    defaults(estate, "north/", "CustomerMapping: {product: other}", "n")
    before = estate.load()
    assert before.fallback == {"CustomerMapping": {"product": "gb"}}
    defaults(estate, "", "CustomerMapping: {product: gb, minimum: 5}")
    assert estate.load().digest != before.digest


@pytest.mark.parametrize(
    ("spec", "line", "column", "message"),
    [
        ("Compny: {}", 5, 3, "there is no kind Compny"),
        ("Defaults: {}", 5, 3, "there is no kind Defaults"),
        ("Company: 5", 5, 12, "Company: expected a mapping of fields, got a number"),
        ("Company: {statsu: x}", 5, 13, "there is no field statsu here"),
        ("Company: {city: 5}", 5, 19, "city: expected text, got a number"),
        ("Company: {identifier: A}", 5, 13, "Company.identifier identifies one object, so it has no default"),
        ("IntegratorLogin: {password: hunter2}", 5, 21, "password is a secret and must not be written into a manifest"),
    ],
)
def test_an_error_in_defaults_is_reported_once_at_the_defaults(
    estate: Estate, spec: str, line: int, column: int, message: str
) -> None:
    found = defaults(estate, "", spec).error()
    assert (found.file, found.line, found.column, found.message) == ("d.yaml", line, column, message)
    assert "hunter2" not in str(found)


def test_two_defaults_of_one_folder_with_the_same_field_are_an_error(estate: Estate) -> None:
    defaults(estate, "", "Company: {website: a}", "one")
    found = defaults(estate, "", "Company: {website: b}", "two").error()
    assert (found.file, found.line) == ("two.yaml", 5)
    assert found.message == "Company.website already has a default for this folder, at one.yaml:5:13"


def test_a_default_reference_without_a_document_is_an_error_with_the_file_of_the_default(estate: Estate) -> None:
    defaults(estate, "", "CustomerMapping: {product: nope}")
    spec = 'company: acme\nagreement: acme-backup\nmanagedId: "7"\nsolution: S\ncustomer: {source: cove, id: "2"}'
    found = [item for item in estate.add("CustomerMapping", "a", spec).errors() if item.severity == "error"]
    assert [item.message for item in found] == ["there is no Product/nope"]
    assert found[0].suggestion.endswith("; the name comes from d.yaml")
