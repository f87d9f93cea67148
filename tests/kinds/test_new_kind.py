"""The new kind in CONTRIBUTING.md goes through plan, apply and recovery over real HTTP."""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import reconciler.kinds
from tests.applying.test_recover import dies_at
from tests.shop import ALDER, BIRCHWOOD, Shop

SITES = "/company/companies/{id}/sites"
TEXT = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
LAB = """
apiVersion: reconciler/v1
kind: Site
metadata: {name: alder-lab}
spec: {company: alder-dental, name: Lab, city: Tampa}
"""


def shown() -> str:
    """Return the module in CONTRIBUTING.md."""
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    return textwrap.dedent(block)


def forget_kinds() -> None:
    """Clear all caches that depend on the list of kinds."""
    for name, module in list(sys.modules.items()):
        if name.startswith("reconciler.") and not name.startswith("reconciler.sandbox"):
            for value in list(vars(module).values()):
                if callable(clear := getattr(value, "cache_clear", None)):
                    clear()


VISITOR = """
from typing import Annotated
from pydantic import StringConstraints
from reconciler.kinds.base import Kind, Spec
from reconciler.kinds.fields import ById, ByIdentifier, ByName, Name
from reconciler.kinds.field_mapping import reference, text

class VisitorSpec(Spec):
    company: Annotated[Name | ByIdentifier | ById, reference("company", "Company", label="identifier")]
    first_name: Annotated[str, StringConstraints(min_length=1, strict=True), text("firstName")]
    site: Annotated[Name | ByName | ById | None, reference("site", "Site")] = None

KIND = Kind(
    name="Visitor", spec=VisitorSpec, describes="A visitor of a site.", key=("company", "firstName"),
    collection="company/contacts", rename_key="firstName", %s
)
"""
"""A kind in a top-level list, with a reference to a site below a company."""


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Add the module of the new kind. With the parameter `reference`, its company is an ordinary reference."""
    source = shown()
    if getattr(request, "param", "parent") == "reference":
        source = source.replace("flag, parent, text", "flag, reference, text")
        source = source.replace('parent("Company", "company"', 'reference("company", "Company"')
    folder = tmp_path / "kinds"
    folder.mkdir()
    (folder / "site.py").write_text(source, encoding="utf-8")
    for lookup_path in filter(None, [getattr(request, "param", "").partition(":")[2]]):
        (folder / "visitor.py").write_text(VISITOR % lookup_path, encoding="utf-8")
    monkeypatch.setattr(reconciler.kinds, "__path__", [*reconciler.kinds.__path__, str(folder)])
    importlib.invalidate_caches()
    forget_kinds()
    yield
    for name in ("site", "visitor"):
        sys.modules.pop(f"reconciler.kinds.{name}", None)
        if hasattr(reconciler.kinds, name):
            delattr(reconciler.kinds, name)
    forget_kinds()


@pytest.fixture
def small(site: None, shop: Shop) -> Shop:
    shop.only(ALDER)
    shop.write("sites.yaml", LAB)
    return shop


def sites(shop: Shop, company: str = "AlderDental") -> dict[str, Any]:
    """Return the sites of a company: name → (id, city)."""
    found = shop.one("/company/companies", identifier=company)
    rows = shop.get(SITES.format(id=found["id"]))
    assert len({row["name"] for row in rows}) == len(rows), rows
    return {row["name"]: (row["id"], row.get("city")) for row in rows}


def listed(shop: Shop) -> int:
    """Return how often the lists of sites were read."""
    entries = shop.sandbox.log.entries
    return sum(entry.method == "GET" and entry.path.endswith("/sites") for entry in entries)


@pytest.mark.parametrize("site", ["parent", "reference"], indirect=True)
def test_a_site_is_created_with_its_company_in_one_plan(small: Shop) -> None:
    plan = small.plan()
    (action,) = [each for each in plan["actions"] if each["kind"] == "Site"]
    assert action["action"] == "create"
    assert action["depends_on"] == ["Company/alder-dental"]
    assert listed(small) == 0  # what is below a company that is not there needs no request

    small.apply()

    assert sites(small)["Lab"][1] == "Tampa"


def test_a_second_plan_is_empty_and_reads_one_list_for_each_company(small: Shop) -> None:
    small.apply()
    before = listed(small)

    assert small("plan", "--only", "setup", "--detailed-exitcode").code == 0

    assert listed(small) - before == 1


def test_an_existing_site_is_matched_without_a_write(small: Shop) -> None:
    small.apply("--only", "setup")
    small.ledger.unlink()
    small.edit("sites.yaml", "name: Lab", 'name: "lab"')

    plan = small.plan("--only", "setup")

    assert [(each["address"], each["action"]) for each in plan["actions"]] == [("Site/alder-lab", "update")]
    assert plan["actions"][0]["changes"] == [{"path": "name", "before": "Lab", "after": "lab"}]


@pytest.mark.parametrize("site", ["parent", "reference"], indirect=True)
def test_a_change_is_one_patch(small: Shop) -> None:
    small.apply()
    number = sites(small)["Lab"][0]
    small.edit("sites.yaml", "city: Tampa", "city: Miami")

    small.apply("--only", "setup")

    assert sites(small)["Lab"] == (number, "Miami")
    assert small("plan", "--only", "setup", "--detailed-exitcode").code == 0


def test_a_renamed_site_stays_the_same_object(small: Shop) -> None:
    small.apply()
    number = sites(small)["Lab"][0]
    small.edit("sites.yaml", "metadata: {name: alder-lab}", "metadata: {name: alder-lab, previously: [Lab]}")
    small.edit("sites.yaml", "name: Lab", "name: Laboratory")

    small.apply("--only", "setup")

    assert sites(small)["Laboratory"] == (number, "Tampa")
    assert "Lab" not in sites(small)


def test_a_plan_file_is_refused_if_the_site_was_changed_after_it(small: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    small.apply()
    small.edit("sites.yaml", "city: Tampa", "city: Miami")
    assert small("plan", "--only", "setup", "--out", str(file)).code == 0
    company = small.one("/company/companies", identifier="AlderDental")["id"]
    small.patch_live(f"{SITES.format(id=company)}/{sites(small)['Lab'][0]}", city="Ocala")

    said = small("apply", str(file))

    assert said.code == 3
    assert 'Site/alder-lab: city: "Tampa" → "Ocala"' in said.err
    assert sites(small)["Lab"][1] == "Ocala"


def test_a_plan_file_with_a_create_is_refused_if_the_site_was_created_after_it(small: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    (small.folder / "sites.yaml").unlink()
    small.apply()
    small.write("sites.yaml", LAB)
    assert small("plan", "--only", "setup", "--out", str(file)).code == 0
    company = small.one("/company/companies", identifier="AlderDental")["id"]
    small.tenant.create("companySite", {"name": "Lab", "city": "Ocala"}, company)

    assert small("apply", str(file)).code == 3

    assert sites(small)["Lab"][1] == "Ocala"


def test_applying_a_plan_file_again_writes_nothing(small: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    assert small("plan", "--out", str(file)).code == 0
    assert small("apply", str(file)).code == 0
    before = small.journal()

    assert small("apply", str(file)).code == 0

    assert small.journal() == before


@pytest.mark.parametrize("taken", [True, False])
def test_a_create_that_was_killed_is_recovered_and_made_once(small: Shop, taken: bool) -> None:
    with small.meddled(dies_at("/sites", asyncio.CancelledError, taken=taken)), pytest.raises(asyncio.CancelledError):
        small("apply", "--auto-approve")
    assert ("Site/alder-lab", "POST", "open") in small.journal()

    small.apply()

    assert sites(small)["Lab"][1] == "Tampa"
    assert small("plan", "--detailed-exitcode").code == 0


def test_a_create_with_a_lost_response_is_recovered_and_made_once(small: Shop) -> None:
    small.fault("drop:1@/sites")

    small.apply()

    assert sites(small)["Lab"][1] == "Tampa"


def test_two_companies_may_have_sites_with_the_same_name(site: None, shop: Shop) -> None:
    shop.only(ALDER, BIRCHWOOD)
    shop.write(
        "sites.yaml", LAB + "---" + LAB.replace("alder-lab", "birchwood-lab").replace("alder-dental", "birchwood-legal")
    )

    shop.apply()

    assert sites(shop)["Lab"][0] != sites(shop, "BirchwoodLegal")["Lab"][0]
    assert shop("plan", "--detailed-exitcode").code == 0


def test_two_documents_for_one_site_are_an_error_with_both_places(small: Shop) -> None:
    small.write("more.yaml", LAB.replace("alder-lab", "other"))

    said = small("validate")

    assert said.code == 1
    assert "has the same company and name as" in said.out + said.err


def test_the_schema_of_a_new_kind_is_generated(small: Shop) -> None:
    schema = json.loads(small("schema", "Site").out)

    assert {"company", "name"} <= schema["properties"]["spec"]["properties"].keys()
    assert "required" not in schema["properties"]["spec"]  # defaults may give both


VISITORS = ["with:lookup_path='company/identifier'", "without:lookup_path=None"]
"""The other kind with a lookup path, and without one, so that its list is read whole."""
VISIT = """
apiVersion: reconciler/v1
kind: Visitor
metadata: {name: vera}
spec: {company: alder-dental, firstName: Vera, site: SITE}
"""


@pytest.mark.parametrize("site", VISITORS, indirect=True)
def test_another_kind_can_refer_to_a_site_that_is_not_created_yet(small: Shop) -> None:
    small.write("visitors.yaml", VISIT.replace("SITE", "alder-lab"))

    plan = small.plan("--only", "setup")
    (action,) = [each for each in plan["actions"] if each["kind"] == "Visitor"]
    assert "Site/alder-lab" in action["depends_on"]

    small.apply("--only", "setup")

    assert small.one("/company/contacts", firstName="Vera")["site"]["id"] == sites(small)["Lab"][0]
    assert small("plan", "--only", "setup", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("site", VISITORS, indirect=True)
@pytest.mark.parametrize("manner", ["name", "id"])
def test_another_kind_looks_up_a_site_of_its_own_company(small: Shop, manner: str) -> None:
    small.apply("--only", "setup")
    (small.folder / "sites.yaml").unlink()
    number = sites(small)["Lab"][0]
    small.write("visitors.yaml", VISIT.replace("SITE", "{name: LAB}" if manner == "name" else f"{{id: {number}}}"))

    small.apply("--only", "setup")

    assert small.one("/company/contacts", firstName="Vera")["site"]["id"] == number
    assert small("plan", "--only", "setup", "--detailed-exitcode").code == 0


def test_the_parent_may_be_the_last_part_of_the_natural_key(small: Shop, tmp_path: Path) -> None:
    module = tmp_path / "kinds" / "site.py"
    module.write_text(shown().replace('key=("company", "name")', 'key=("name", "company")'), encoding="utf-8")
    sys.modules.pop("reconciler.kinds.site", None)
    importlib.invalidate_caches()
    forget_kinds()
    (tmp_path / "kinds" / "visitor.py").write_text(VISITOR % "lookup_path='company/identifier'", encoding="utf-8")
    small.apply("--only", "setup")
    (small.folder / "sites.yaml").unlink()
    small.write("visitors.yaml", VISIT.replace("SITE", "{name: Lab}"))

    small.apply("--only", "setup")

    assert small.one("/company/contacts", firstName="Vera")["site"]["name"] == "Lab"


def test_show_prints_a_site_with_its_live_values(small: Shop) -> None:
    small.apply("--only", "setup")

    said = small("show", "Site/alder-lab")

    assert said.code == 0
    assert f"id {sites(small)['Lab'][0]}" in said.out


@pytest.mark.parametrize("site", VISITORS[:1], indirect=True)
def test_a_lookup_that_finds_no_site_of_the_company_is_an_error(small: Shop) -> None:
    small.apply("--only", "setup")
    small.write("visitors.yaml", VISIT.replace("SITE", "{name: Attic}"))

    said = small("plan", "--only", "setup")

    assert said.code == 1
    assert "Visitor/vera: site: ConnectWise has no Site 'Attic' at that company" in said.err


@pytest.mark.parametrize("site", VISITORS, indirect=True)
def test_a_killed_create_in_a_list_without_conditions_is_recovered(small: Shop) -> None:
    small.apply("--only", "setup")
    small.write("visitors.yaml", VISIT.replace("SITE", "alder-lab"))
    with small.meddled(dies_at("/contacts", asyncio.CancelledError, taken=True)), pytest.raises(asyncio.CancelledError):
        small("apply", "--auto-approve", "--only", "setup")

    small.apply("--only", "setup")

    assert small.one("/company/contacts", firstName="Vera")["site"]["name"] == "Lab"


BRANCH = """
from typing import Annotated
from reconciler.kinds.base import Kind, Spec
from reconciler.kinds.fields import ById, Name
from reconciler.kinds.field_mapping import parent, reference

class BranchSpec(Spec):
    agreement: Annotated[Name | ById, parent("Agreement", "agreement")]
    company: Annotated[Name | ById, reference("company", "Company", label="identifier")]
    site: Annotated[Name | ById, reference("site", "Site")]

KIND = Kind(
    name="Branch", spec=BranchSpec, describes="A branch below an agreement.", key=("agreement", "site"),
    collection="finance/agreements/{agreement}/sites",
)
"""
BRANCH_DOCUMENT = """
apiVersion: reconciler/v1
kind: Branch
metadata: {name: b}
spec: {agreement: alder-dental, company: alder-dental, site: alder-lab}
"""


def test_a_kind_below_an_agreement_may_have_a_reference_to_a_site_in_its_key(small: Shop, tmp_path: Path) -> None:
    (tmp_path / "kinds" / "visitor.py").write_text(BRANCH, encoding="utf-8")
    forget_kinds()
    small.write("branches.yaml", BRANCH_DOCUMENT)

    small.apply("--only", "setup")

    agreement = small.one("/finance/agreements")["id"]
    (made,) = small.get(f"/finance/agreements/{agreement}/sites")
    assert made["site"]["id"] == sites(small)["Lab"][0]
    assert small("plan", "--only", "setup", "--detailed-exitcode").code == 0


DESK = """
from typing import Annotated
from pydantic import StringConstraints
from reconciler.kinds.base import Kind, Spec
from reconciler.kinds.fields import ByEmail, ById, ByName, Name
from reconciler.kinds.field_mapping import reference, text

class DeskSpec(Spec):
    first_name: Annotated[str, StringConstraints(min_length=1, strict=True), text("firstName")]
    site: Annotated[Name | ByName | ById | None, reference("site", "Site")] = None
    manager: Annotated[Name | ByEmail | ById | None, reference("managerContact", "Contact")] = None

KIND = Kind(
    name="Desk", spec=DeskSpec, describes="Of what names no company.", key=("firstName",),
    collection="company/contacts", lookup_path="firstName",
)
"""


@pytest.mark.parametrize("field", ["site: {name: Lab}", "manager: {email: office@alder-dental.example}"])
def test_a_lookup_in_a_document_without_a_company_asks_for_an_id(small: Shop, tmp_path: Path, field: str) -> None:
    (tmp_path / "kinds" / "visitor.py").write_text(DESK, encoding="utf-8")
    forget_kinds()
    small.write(
        "desk.yaml",
        f"apiVersion: reconciler/v1\nkind: Desk\nmetadata: {{name: d}}\nspec: {{firstName: Dee, {field}}}\n",
    )

    said = small("plan", "--only", "setup")

    assert said.code == 1
    name = field.partition(":")[0]
    assert f"Desk/d: {name}: this document does not say which company it belongs to. Give its id instead" in said.err
