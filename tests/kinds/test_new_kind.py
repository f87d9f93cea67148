"""A kind is one new file. The one that CONTRIBUTING shows goes over real HTTP through all that kinds go through."""

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
from tests.applying.test_settle import dies_at
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
    """The module that CONTRIBUTING shows."""
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    return textwrap.dedent(block)


def forget_kinds() -> None:
    """Drops all that was derived from the kinds that there were."""
    for name, module in list(sys.modules.items()):
        if name.startswith("reconciler.") and not name.startswith("reconciler.sandbox"):
            for value in list(vars(module).values()):
                if callable(clear := getattr(value, "cache_clear", None)):
                    clear()


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The kind, in a file of the kinds' folder; on request with its parent as any reference to another kind."""
    source = shown()
    if getattr(request, "param", "parent") == "reference":
        source = source.replace("flag, parent, text", "flag, reference, text")
        source = source.replace('parent("Company", "company"', 'reference("company", "Company"')
    folder = tmp_path / "kinds"
    folder.mkdir()
    (folder / "site.py").write_text(source, encoding="utf-8")
    monkeypatch.setattr(reconciler.kinds, "__path__", [*reconciler.kinds.__path__, str(folder)])
    importlib.invalidate_caches()
    forget_kinds()
    yield
    sys.modules.pop("reconciler.kinds.site", None)
    if hasattr(reconciler.kinds, "site"):
        del reconciler.kinds.site
    forget_kinds()


@pytest.fixture
def small(site: None, shop: Shop) -> Shop:
    shop.only(ALDER)
    shop.write("sites.yaml", LAB)
    return shop


def sites(shop: Shop, company: str = "AlderDental") -> dict[str, Any]:
    """The sites of a company by name, as (id, city)."""
    found = shop.one("/company/companies", identifier=company)
    rows = shop.get(SITES.format(id=found["id"]))
    assert len({row["name"] for row in rows}) == len(rows), rows
    return {row["name"]: (row["id"], row.get("city")) for row in rows}


def listed(shop: Shop) -> int:
    """How often sites were listed."""
    entries = shop.sandbox.log.entries
    return sum(entry.method == "GET" and entry.path.endswith("/sites") for entry in entries)


@pytest.mark.parametrize("site", ["parent", "reference"], indirect=True)
def test_it_is_made_with_its_company_in_one_plan(small: Shop) -> None:
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


def test_one_that_is_there_already_is_taken_as_it_is(small: Shop) -> None:
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


def test_one_that_is_renamed_stays_the_same_object(small: Shop) -> None:
    small.apply()
    number = sites(small)["Lab"][0]
    small.edit("sites.yaml", "metadata: {name: alder-lab}", "metadata: {name: alder-lab, previously: [Lab]}")
    small.edit("sites.yaml", "name: Lab", "name: Laboratory")

    small.apply("--only", "setup")

    assert sites(small)["Laboratory"] == (number, "Tampa")
    assert "Lab" not in sites(small)


def test_a_plan_file_is_done_once_and_refused_when_somebody_else_was_faster(small: Shop, tmp_path: Path) -> None:
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


def test_a_plan_file_that_makes_one_is_refused_where_another_was_made_meanwhile(small: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    (small.folder / "sites.yaml").unlink()
    small.apply()
    small.write("sites.yaml", LAB)
    assert small("plan", "--only", "setup", "--out", str(file)).code == 0
    company = small.one("/company/companies", identifier="AlderDental")["id"]
    small.tenant.create("companySite", {"name": "Lab", "city": "Ocala"}, company)

    assert small("apply", str(file)).code == 3

    assert sites(small)["Lab"][1] == "Ocala"


def test_a_plan_file_that_was_done_already_is_done_again_without_a_write(small: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    assert small("plan", "--out", str(file)).code == 0
    assert small("apply", str(file)).code == 0
    before = small.journal()

    assert small("apply", str(file)).code == 0

    assert small.journal() == before


@pytest.mark.parametrize("taken", [True, False])
def test_a_create_that_was_killed_is_looked_up_below_its_company_and_made_once(small: Shop, taken: bool) -> None:
    with small.meddled(dies_at("/sites", asyncio.CancelledError, taken=taken)), pytest.raises(asyncio.CancelledError):
        small("apply", "--auto-approve")
    assert ("Site/alder-lab", "POST", "open") in small.journal()

    small.apply()

    assert sites(small)["Lab"][1] == "Tampa"
    assert small("plan", "--detailed-exitcode").code == 0


def test_a_create_whose_answer_was_lost_is_looked_up_and_made_once(small: Shop) -> None:
    small.fault("drop:1@/sites")

    small.apply()

    assert sites(small)["Lab"][1] == "Tampa"


def test_two_companies_may_have_sites_of_one_name(site: None, shop: Shop) -> None:
    shop.only(ALDER, BIRCHWOOD)
    shop.write(
        "sites.yaml", LAB + "---" + LAB.replace("alder-lab", "birchwood-lab").replace("alder-dental", "birchwood-legal")
    )

    shop.apply()

    assert sites(shop)["Lab"][0] != sites(shop, "BirchwoodLegal")["Lab"][0]
    assert shop("plan", "--detailed-exitcode").code == 0


def test_two_documents_of_one_site_are_an_error_with_both_places(small: Shop) -> None:
    small.write("more.yaml", LAB.replace("alder-lab", "other"))

    said = small("validate")

    assert said.code == 1
    assert "is the same Site (by company + name) as" in said.out + said.err


def test_its_schema_is_made_from_it(small: Shop) -> None:
    schema = json.loads(small("schema", "Site").out)

    assert schema["properties"]["spec"]["required"] == ["company", "name"]
