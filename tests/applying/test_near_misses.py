"""A name that looks the same as an existing one is refused with both spellings. No second object is created."""

from __future__ import annotations

import pytest

from tests.shop import ALDER, Shop

FILE = "customers/alder-dental.yaml"


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


COMPANIES = ("/company/companies", "identifier")
PRODUCTS = ("/procurement/catalog", "identifier")
LOGINS = ("/system/integratorlogins", "username")


@pytest.mark.parametrize(
    ("place", "live", "edit", "message"),
    [
        (COMPANIES, "B &amp; C", (FILE, "identifier: AlderDental", "identifier: B & C"), '"B & C"'),
        (COMPANIES, "B\u00a0C", (FILE, "identifier: AlderDental", "identifier: B C"), '"B\\u00a0C"'),
        (COMPANIES, "ALDERDENTAL", (FILE, "", ""), '"ALDERDENTAL"'),
        (PRODUCTS, "BACKUP\u2011GB", ("products.yaml", "", ""), '"BACKUP\\u2011GB"'),
        (LOGINS, "Backup-Billing", ("setup.yaml", "", ""), '"Backup-Billing"'),
    ],
)
def test_a_similar_name_is_refused_with_both_spellings_although_no_condition_finds_it(
    small: Shop, place: tuple[str, str], live: str, edit: tuple[str, str, str], message: str
) -> None:
    path, field = place
    file, old, new = edit
    small.edit(file, old, new)
    small.apply("--only", "setup")
    number = min(row["id"] for row in small.get(path))
    small.patch_live(f"{path}/{number}", **{field: live})
    before = dict(small.counts())

    said = small("apply", "--auto-approve", "--only", "setup")

    assert said.code == 1
    assert message in said.err
    assert "No second one is created" in said.err
    assert dict(small.counts()) == before


@pytest.mark.parametrize("name", ["Alder Dental  - Managed Backup", "Alder Dental \u2013 Managed Backup"])
def test_an_agreement_with_a_similar_name_is_refused(small: Shop, name: str) -> None:
    small.apply("--only", "setup")
    number = small.one("/finance/agreements")["id"]
    small.patch_live(f"/finance/agreements/{number}", name=name)

    said = small("plan", "--only", "setup")

    assert said.code == 1
    assert "Agreement/alder-dental: ConnectWise has this Agreement in another spelling" in said.err


def test_a_company_in_another_unicode_form_is_found_with_its_contacts_and_agreements(small: Shop) -> None:
    small.edit(FILE, "identifier: AlderDental", "identifier: Caf\u00e9")
    small.apply("--only", "setup")
    number = small.one("/company/companies")["id"]
    small.patch_live(f"/company/companies/{number}", identifier="Cafe\u0301")
    assert small.get("/company/companies", conditions='identifier="Caf\u00e9"') == []

    assert small.plan("--only", "setup")["actions"] == []


def test_if_nothing_is_created_no_collection_is_read_whole(small: Shop) -> None:
    small.apply()
    small.sandbox.log.clear()

    assert small("plan").code == 0

    paths = [each.path.rpartition("3.0")[2] for each in small.sandbox.log.entries]
    assert paths.count("/company/companies") == 1
    assert paths.count("/procurement/catalog") == 1


@pytest.mark.parametrize("only", [["--only", "setup"], []])
def test_an_old_name_in_another_spelling_creates_no_second_company(small: Shop, only: list[str]) -> None:
    small.apply(*only)
    small.edit(
        FILE, "metadata: {name: alder-dental}\nspec: {identifier: AlderDental",
        'metadata: {name: alder-dental, previously: ["Alder\\u200bDental"]}\nspec: {identifier: NewKey',
    )  # fmt: skip
    before = dict(small.counts())

    said = small("apply", "--auto-approve", *only)

    assert said.code == 1
    assert 'identifier "AlderDental" (id ' in said.err
    assert 'the manifest has "Alder\\u200bDental". No second one is created' in said.err
    assert dict(small.counts()) == before


def test_an_old_name_that_is_similar_to_another_declared_company_does_not_match_it(small: Shop) -> None:
    text = (small.folder / FILE).read_text(encoding="utf-8").split("---\n")[0]
    small.apply("--only", "setup")
    new = text.replace("{name: alder-dental}", '{name: new, previously: ["Alder\\u200bDental"]}')
    small.write("customers/new.yaml", new.replace("identifier: AlderDental", "identifier: NewKey"))

    small.apply("--only", "setup")

    assert sorted(row["identifier"] for row in small.get("/company/companies")) == ["AlderDental", "NewKey"]


def looked_up(small: Shop, spelled: str) -> None:
    """Remove the company from the manifests, so that its contacts and agreements look it up."""
    path = small.folder / FILE
    rest = path.read_text(encoding="utf-8").split("---\n", 1)[1]
    path.write_text(rest.replace("company: alder-dental", f'company: {{identifier: "{spelled}"}}'), encoding="utf-8")


@pytest.mark.parametrize("spelled", ["Alder\\u200bDental", "\\uff21lderDental"])
def test_a_look_up_in_another_spelling_is_refused_with_the_existing_one(small: Shop, spelled: str) -> None:
    small.apply()
    looked_up(small, spelled)

    said = small("plan", "--only", "setup")

    assert said.code == 1
    assert 'and no manifest declares it; did you mean "AlderDental" (id ' in said.err
    said = small("plan", "--only", "usage")
    assert said.code == 5
    assert 'did you mean "AlderDental"' in " ".join(said.out.split())


def test_a_look_up_in_another_unicode_form_finds_the_company_with_its_contacts_and_agreements(small: Shop) -> None:
    small.edit(FILE, "identifier: AlderDental", "identifier: Caf\u00e9")
    small.apply()
    number = small.one("/company/companies")["id"]
    small.patch_live(f"/company/companies/{number}", identifier="Cafe\u0301")
    looked_up(small, "Caf\u00e9")

    assert small.plan()["actions"] == []


@pytest.mark.parametrize(
    ("path", "field", "live"),
    [
        ("/finance/agreements", "name", "Alder Dental \u2013 Managed Backup"),
        ("/company/companies", "identifier", "Alder\u200bDental"),
    ],
)
def test_a_usage_run_shows_the_existing_spelling(small: Shop, path: str, field: str, live: str) -> None:
    small.apply()
    small.patch_live(f"{path}/{small.one(path)['id']}", **{field: live})
    before = small.quantities()

    said = small("apply", "--auto-approve", "--only", "usage")

    assert said.code == 5
    assert "in another spelling" in " ".join(said.out.split())
    assert small.quantities() == before
