"""Random changes of an estate are applied and undone: then the manifests of before have nothing to change.

The patch that the undo offers, applied to the manifests of after, leads there as well. `UNDO_HISTORIES=1000` tries as
many histories; by default there are a few.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.sandbox.server.running import RunningSandbox
from tests.shop import Shop, open_shop

SETUP = ("--only", "setup")
HISTORIES = int(os.environ.get("UNDO_HISTORIES", "10"))
Estate = dict[str, dict[str, Any]]


def document(kind: str, document_name: str, /, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": document_name}, "spec": spec}


MONTHLY = {"type": "Managed Service", "startDate": "2026-01-01", "endDate": None, "billingCycle": "Monthly"}
PRODUCT = {
    "description": "P",
    "customerDescription": "P",
    "subcategory": "Backup",
    "category": "Managed Services",
    "type": "Agreement",
    "unitOfMeasure": "Each",
    "price": 1.5,
}


BASE = [
    document("Company", "a", identifier="A", name="Firm A", city="Tampa", status="Active", website="https://a.example"),
    document(
        "Company", "b", identifier="B", name="Firm B", city="Ocala", types=["Customer"], customFields={"Tier": "x"}
    ),
    document("Contact", "a", company="a", firstName="Ann", email="ann@a.example", phone="1", types=["Billing"]),
    document("Contact", "b", company="b", firstName="Bo", email="bo@b.example", title="CEO"),
    document("Agreement", "a", name="Backup A", company="a", contact="a", internalNotes="first", **MONTHLY),
    document("Product", "p", identifier="P", **PRODUCT),
    document(
        "IntegratorLogin", "l", username="l", password={"env": "COVE_PASSWORD"}, accessAllRecords=True, apis=["Product"]
    ),
    document(
        "ManagedDevicesIntegration",
        "m",
        name="M",
        solution="M",
        loginBy="Global",
        defaultBillingLevel="Detail",
        integratorLogin="l",
        crossReferences=[{"vendorType": "Server", "vendorLevel": "Full", "product": "p"}],
    ),
    document("ManagementSolution", "a", company="a", solution="M", managedId="1", agreement="a"),
]

words = st.text(st.sampled_from("abc XYZ'\"#:,-[é"), min_size=1, max_size=12).map(str.strip).filter(bool)
maybe = st.none() | words
numbers = st.decimals("0.01", 99, places=2).map(float)


def subset(*names: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True, max_size=3)


FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "Company": {
        "name": words,
        "city": words,
        "website": maybe,
        "phoneNumber": maybe,
        "accountNumber": maybe,
        "status": st.sampled_from(["Active", "Inactive", "Credit Hold"]),
        "types": subset("Customer", "Vendor", "Partner"),
        "customFields": st.dictionaries(st.sampled_from(["Tier", "Region"]), maybe, max_size=2),
    },
    "Contact": {
        "firstName": words,
        "lastName": maybe,
        "phone": st.none() | st.sampled_from(["1", "22", "333"]),
        "title": maybe,
        "types": subset("Billing", "Technical", "Approver"),
        "inactive": st.booleans(),
    },
    "Agreement": {
        "internalNotes": maybe,
        "endDate": st.none() | st.sampled_from(["2027-01-31", "2028-12-31"]),
        "prorate": st.booleans(),
        "customerPO": maybe,
    },
    "Product": {"description": words, "customerDescription": words, "price": numbers, "cost": numbers},
    "IntegratorLogin": {"apis": subset("Product", "Company", "Agreement"), "accessAllRecords": st.booleans()},
    "ManagedDevicesIntegration": {
        "matchOnSerialNumber": st.booleans(),
        "portalUrl": st.none() | st.just("https://portal.example"),
        "crossReferences": st.lists(
            st.builds(
                lambda kind, product, inactive: {
                    "vendorType": kind,
                    "vendorLevel": "Full",
                    **({"product": "p"} if product else {}),
                    **({"inactive": True} if inactive else {}),
                },
                st.sampled_from(["Server", "Laptop"]),
                st.booleans(),
                st.booleans(),
            ),
            max_size=2,
            unique_by=lambda each: each["vendorType"],
        ),
    },
    "ManagementSolution": {"deviceType": st.sampled_from(["Servers", "BackupStats"])},
}
RENAMED = {"Company": "identifier", "Contact": "email", "Agreement": "name", "Product": "identifier"}
NEW = [
    document("Company", "n", identifier="N", name="New", city="Miami"),
    document("Contact", "n", company="n", firstName="Ned", email="ned@n.example", phone="9"),
    document("Product", "n", identifier="N", **PRODUCT),
]


@st.composite
def changed(draw: st.DrawFn, estate: Estate) -> Estate:
    """Return an estate in which a few things are changed."""
    made = copy.deepcopy(estate)
    for _ in range(draw(st.integers(1, 5))):
        address = draw(st.sampled_from(sorted(estate)))
        found = made[address]
        kind, spec = found["kind"], found["spec"]
        what = draw(st.sampled_from(["set", "set", "set", "set", "rename", "retire", "create"]))
        if what == "rename" and kind in RENAMED and "previously" not in found["metadata"]:
            old = spec[RENAMED[kind]]
            spec[RENAMED[kind]] = f"new-{old}"
            found["metadata"]["previously"] = [old]
        elif what == "retire" and address in {"Contact/b", "Company/b"}:
            for each in ("Contact/b", *(["Company/b"] if address == "Company/b" else [])):
                made[each]["metadata"] |= {"ensure": "retired", "reason": "left"}
        elif what == "create":
            made |= {f"{each['kind']}/n": copy.deepcopy(each) for each in NEW}
        elif what == "set":
            name = draw(st.sampled_from(sorted(FIELDS[kind])))
            spec[name] = draw(FIELDS[kind][name])
    for address, found in made.items():
        if "ensure" in found["metadata"]:  # a run that retires an object changes nothing else of it
            found["spec"] = copy.deepcopy(estate[address]["spec"])
            found["metadata"].pop("previously", None)
    return made


@st.composite
def histories(draw: st.DrawFn) -> tuple[Estate, Estate]:
    """Return an estate, and the estate after a change."""
    base = {f"{each['kind']}/{each['metadata']['name']}": each for each in BASE}
    return base, draw(changed(base))


def write(shop: Shop, estate: Estate) -> None:
    shop.write("estate.yaml", "\n---\n".join(json.dumps(each, ensure_ascii=False) for each in estate.values()) + "\n")


def named(plan: Any) -> set[str]:
    return {note["address"] for note in plan["warnings"]}


@settings(
    max_examples=HISTORIES,
    phases=[Phase.explicit, Phase.generate],  # shrinking a history takes minutes
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(history=histories())
def test_a_run_and_its_undo_leave_nothing_to_do_for_the_manifests_of_before(
    history: tuple[Estate, Estate],
    served: RunningSandbox,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before, after = history
    folder: Path = tmp_path_factory.mktemp("history")
    with pytest.MonkeyPatch.context() as patch:
        for shop in open_shop(served, folder, patch, capsys):
            for caption in ("Tier", "Region"):
                field = {"podId": 1, "caption": caption, "sequenceNumber": 1, "fieldTypeIdentifier": "Text"}
                shop.tenant.create("userDefinedField", field)
            for path in (
                *shop.folder.glob("customers/*.yaml"),
                *shop.folder.glob("*s.yaml"),
                shop.folder / "setup.yaml",
            ):
                path.unlink()
            write(shop, before)
            shop.apply(*SETUP)
            write(shop, after)
            shop.apply(*SETUP, "--approve", "updates", "--approve", "retirements")
            runs = shop("--json", "history").json["runs"]
            if len(runs) == 1:
                return  # nothing was different
            path = str(folder / "undo.json")
            undo = shop("--json", "plan", "--undo", "2", "--out", path)
            assert undo.code == 0, undo.err
            applied = shop("apply", path, "--approve", "updates", "--approve", "retirements")
            assert applied.code == 0, applied.out + applied.err
            again = shop.plan(*SETUP)
            patch_text, lines = undo.json["undo"]["patch"], undo.json["undo"]["lines"]
            write(shop, before)
            plan = shop.plan(*SETUP)
            left = {action["address"]: action["changes"] for action in plan["actions"]}
            assert left.keys() <= named(undo.json), left
            brought_back = {action["address"] for action in again["actions"]}
            assert brought_back <= {line["address"] for line in lines} | named(undo.json)
            if patch_text:
                write(shop, after)
                subprocess.run(["git", "apply"], input=patch_text, text=True, check=True, cwd=folder)
                patched = shop.plan(*SETUP)
                by_hand = {line["address"] for line in lines if "crossReferences" in line["path"]}
                found = {action["address"]: action["changes"] for action in patched["actions"]}
                assert found.keys() <= named(undo.json) | by_hand, found
