"""The rules between documents of particular kinds."""

from __future__ import annotations

import pytest

from tests.manifests.conftest import Estate

BETA = """\
apiVersion: reconciler/v1
kind: Company
metadata: {name: beta}
spec: {identifier: BETA, name: Beta, city: Bonn}
---
apiVersion: reconciler/v1
kind: Contact
metadata: {name: beta-office}
spec: {company: beta, firstName: Bo, email: bo@beta.example}
---
apiVersion: reconciler/v1
kind: Agreement
metadata: {name: beta-backup}
spec: {name: Backup, company: beta, contact: beta-office, type: T, startDate: "2026-01-01"}
"""


def mapping(**fields: str) -> str:
    spec = {
        "customer": '{source: cove, id: "2"}',
        "company": "acme",
        "agreement": "acme-backup",
        "solution": "Managed Backup",
        "managedId": '"7"',
        "product": "gb",
    }
    return "\n".join(f"{name}: {value}" for name, value in (spec | fields).items())


@pytest.mark.parametrize("kind", ["CustomerMapping", "Exclusion"])
def test_a_customer_comes_from_a_source_of_the_workspace(estate: Estate, kind: str) -> None:
    customer = '{source: covee, id: "2"}'
    spec = mapping(customer=customer) if kind == "CustomerMapping" else f"customer: {customer}\nreason: ours"
    found = estate.add(kind, "new", spec).error()
    assert (found.message, found.suggestion) == ("Workspace/main has no usage source covee", "did you mean cove?")
    assert (found.line, found.column) == (5, 22)


def test_the_error_for_a_strange_source_lists_the_sources(estate: Estate) -> None:
    found = estate.add("CustomerMapping", "new", mapping(customer='{source: xyz, id: "2"}')).error()
    assert found.suggestion == "its sources are cove"


def test_the_error_for_a_workspace_without_sources_says_to_add_one(estate: Estate) -> None:
    path = estate.root / "workspace.yaml"
    text = path.read_text()
    path.write_text(text.replace(text[text.index("  usage:") : text.index("  billing:")], ""))
    assert estate.error().suggestion == "add it to spec.usage"


def test_a_broken_workspace_causes_no_errors_at_customers(estate: Estate) -> None:
    path = estate.root / "workspace.yaml"
    path.write_text(path.read_text().replace("unit: GB", "unit: TB"))
    assert [item.file for item in estate.errors()] == ["workspace.yaml"]


def test_a_customer_is_mapped_or_excluded_not_both(estate: Estate) -> None:
    found = estate.add("Exclusion", "acme", 'customer: {source: cove, id: "1001"}\nreason: ours').error()
    assert found.message.startswith("customer 1001 of cove is also mapped, by CustomerMapping/acme at acme.yaml:")


@pytest.mark.parametrize(
    ("kind", "spec", "message"),
    [
        ("CustomerMapping", mapping(agreement="beta-backup"), "Agreement/beta-backup belongs to Company/beta"),
        (
            "ManagementSolution",
            'company: acme\nsolution: S\nmanagedId: "1"\nagreement: beta-backup',
            "Agreement/beta-backup belongs to Company/beta",
        ),
        (
            "Agreement",
            "name: N\ncompany: acme\ncontact: beta-office\ntype: T\nstartDate: '2026-01-01'",
            "Contact/beta-office belongs to Company/beta",
        ),
        (
            "CustomerMapping",
            mapping(agreement="beta-backup", company="{identifier: acme}"),
            "Agreement/beta-backup belongs to Company/beta",
        ),
    ],
)
def test_an_agreement_or_contact_of_another_company_is_an_error(
    estate: Estate, kind: str, spec: str, message: str
) -> None:
    found = estate.write("beta.yaml", BETA).add(kind, "new", spec).error()
    assert found.message == f"{message}, not to Company/acme"
    assert found.suggestion == "use one that belongs to Company/acme, or correct the company"


def test_lookups_are_not_checked_for_their_company(estate: Estate) -> None:
    estate.write("beta.yaml", BETA)
    estate.add("CustomerMapping", "a", mapping(agreement="{name: Backup}"))
    estate.add("CustomerMapping", "b", mapping(company="{id: 5}", customer='{source: cove, id: "3"}'))
    assert estate.load().warnings == ()


@pytest.mark.parametrize(
    ("fields", "message", "advice"),
    [
        (
            {"solution": "managed backup"},
            "this company has no management solution named exactly managed backup in the manifests",
            "Managed Backup",
        ),
        (
            {"managedId": '"8"'},
            "this company has no management solution Managed Backup with the Managed ID 8 in the manifests",
            "7",
        ),
        (
            {"solution": "Other", "managedId": '"8"'},
            "this company has no management solution Other with the Managed ID 8 in the manifests",
            "Managed Backup 7",
        ),
    ],
)
def test_a_mapping_with_an_undeclared_solution_is_a_warning(
    estate: Estate, fields: dict[str, str], message: str, advice: str
) -> None:
    (found,) = estate.add("CustomerMapping", "new", mapping(**fields)).load().warnings
    assert (found.severity, found.message) == ("warning", message)
    assert found.suggestion == f"did you mean {advice}? Otherwise it must exist in ConnectWise"


def test_a_company_without_declared_solutions_is_not_warned_about(estate: Estate) -> None:
    estate.write("beta.yaml", BETA)
    estate.add("CustomerMapping", "new", mapping(company="beta", agreement="beta-backup"))
    assert estate.load().warnings == ()


def test_the_rules_skip_missing_attributes_of_documents_with_errors(estate: Estate) -> None:
    wrong = mapping(customer="5", company="5", agreement="beta-backup", solution="5")
    estate.write("beta.yaml", BETA).add("CustomerMapping", "new", wrong)
    estate.add("ManagementSolution", "new", "company: 5\nsolution: S\nmanagedId: '1'")
    estate.add("Exclusion", "new", "customer: 5\nreason: x")
    assert {item.file for item in estate.errors()} == {
        "customermapping-new.yaml",
        "managementsolution-new.yaml",
        "exclusion-new.yaml",
    }


def test_a_device_of_a_mapped_customer_may_be_excluded_once(estate: Estate) -> None:
    estate.add("CustomerMapping", "new", mapping())
    customer = 'customer: {source: cove, id: "2"}\nreason: ours'
    estate.add("Exclusion", "one", f'{customer}\ndevice: "71"').load()
    estate.add("Exclusion", "other", f'{customer}\ndevice: "72"').load()
    found = estate.add("Exclusion", "again", f'{customer}\ndevice: "71"').error()
    assert "has the same customer as Exclusion/again" in found.message


def test_a_unit_price_has_at_most_six_decimals(estate: Estate) -> None:
    ranges = "[{upTo: 5, product: gb, price: 0.1234560}, {product: gb, price: 0.1234567}]"
    spec = mapping(ranges=ranges).replace("product: gb\n", "", 1)
    assert "at most six decimals, and 0.1234567 has 7" in estate.add("CustomerMapping", "new", spec).error().message


BUNDLE = """\
identifier: SET
description: Set
customerDescription: Set
subcategory: S
type: T
price: 1
productClass: Bundle"""


def test_a_mapping_with_a_bundle_product_is_an_error(estate: Estate) -> None:
    estate.add("Product", "set", BUNDLE)
    found = estate.add("CustomerMapping", "new", mapping(product="set")).error()
    assert "Product/set has productClass Bundle, at " in found.message
    assert found.message.endswith(":11:17: ConnectWise does not accept it as an addition")
    assert found.suggestion == "use a product of another class"
    assert (found.line, found.column) == (10, 12)


@pytest.mark.parametrize("reference", ["set", "{identifier: SET}"])
def test_a_range_with_a_bundle_product_is_an_error(estate: Estate, reference: str) -> None:
    estate.add("Product", "set", BUNDLE)
    spec = mapping(product="gb").replace("product: gb", f"ranges: [{{upTo: 5, product: gb}}, {{product: {reference}}}]")
    found = estate.add("CustomerMapping", "new", spec).error()
    assert "Product/set has productClass Bundle" in found.message


def test_a_default_bundle_product_is_an_error(estate: Estate) -> None:
    estate.add("Product", "set", BUNDLE)
    estate.add("Defaults", "d", "CustomerMapping: {product: set}", file="north/d.yaml")
    spec = mapping().replace("\nproduct: gb", "")
    found = estate.add("CustomerMapping", "new", spec, file="north/new.yaml").error()
    assert "Product/set (from north/d.yaml) has productClass Bundle" in found.message


def test_a_bundle_product_without_a_mapping_is_accepted(estate: Estate) -> None:
    assert "Product/set" in estate.add("Product", "set", BUNDLE).load().by_address


@pytest.mark.parametrize(
    ("kind", "spec", "field", "what"),
    [
        ("Company", 'identifier: "A\\nB"\nname: N\ncity: C', "identifier", "a line break"),
        ("Company", 'identifier: "A\\tB"\nname: N\ncity: C', "identifier", "a control character"),
        ("Company", 'identifier: "A\\u2028B"\nname: N\ncity: C', "identifier", "a line break"),
        (
            "Agreement",
            'name: "A\\r\\nB"\ncompany: acme\ncontact: acme-office\ntype: T\nstartDate: "2026-01-01"',
            "name",
            "a line break",
        ),
    ],
)
def test_a_control_character_in_a_key_is_an_error(estate: Estate, kind: str, spec: str, field: str, what: str) -> None:
    found = estate.add(kind, "new", spec).error()
    assert found.message.startswith(f"{field} contains {what}: ConnectWise stores a space instead")
    assert found.suggestion == "write it on one line"


def test_line_breaks_outside_and_at_the_end_of_a_key_are_accepted(estate: Estate) -> None:
    spec = 'identifier: "AB\\n"\nname: N\ncity: C\naddressLine1: "A\\nB"'
    assert estate.add("Company", "new", spec).load().by_address["Company/new"]


def in_arrears(estate: Estate) -> Estate:
    text = (estate.root / "acme.yaml").read_text()
    started = '  startDate: "2026-01-01"\n'
    return estate.write("acme.yaml", text.replace(started, f"{started}  invoiced: arrears\n"))


def test_lines_rolling_on_an_agreement_in_arrears_is_an_error_with_both_places(estate: Estate) -> None:
    found = in_arrears(estate).add("CustomerMapping", "new", mapping(lines="rolling")).error()
    assert found.message.startswith(
        "lines: rolling does not fit Agreement/acme-backup, which is invoiced in arrears, at"
    )
    assert found.suggestion == "write lines: perPeriod, or leave it out"


def test_lines_that_are_left_out_or_per_period_fit_an_agreement_in_arrears(estate: Estate) -> None:
    mappings = in_arrears(estate).add("CustomerMapping", "new", mapping(lines="perPeriod"))
    assert mappings.load()
    assert mappings.add("CustomerMapping", "new", mapping()).load()


def test_lines_per_period_in_advance_adopt_nothing(estate: Estate) -> None:
    assert estate.add("CustomerMapping", "new", mapping(lines="perPeriod")).load()
    found = estate.add("CustomerMapping", "new", mapping(lines="perPeriod", adopt="true")).error()
    assert found.message.startswith(
        "adopt: true does not fit lines: perPeriod on an agreement that is invoiced in advance"
    )
