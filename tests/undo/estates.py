"""Random estates, random changes of them, and what may happen to the runs that apply them."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

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
    document("Defaults", "d", Company={"accountNumber": "1", "status": "Active"}, Contact={"title": "Clerk"}),
    document("Company", "a", identifier="A", name="Firm A", city="Tampa", website="https://a.example"),
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


DEFAULTS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "Company": {name: FIELDS["Company"][name] for name in ("accountNumber", "status", "types")},
    "Contact": {name: FIELDS["Contact"][name] for name in ("title", "lastName")},
}


@st.composite
def changed(draw: st.DrawFn, estate: Estate) -> Estate:
    """Return an estate in which a few things are changed."""
    made = copy.deepcopy(estate)
    for _ in range(draw(st.integers(1, 5))):
        address = draw(st.sampled_from(sorted(estate)))
        found = made[address]
        kind, spec = found["kind"], found["spec"]
        what = draw(
            st.sampled_from(["set", "set", "set", "set", "rename", "retire", "live again", "create", "default"])
        )
        if what == "rename" and kind in RENAMED and "previously" not in found["metadata"]:
            old = spec[RENAMED[kind]]
            spec[RENAMED[kind]] = f"new-{old}"
            found["metadata"]["previously"] = [old]
        elif what == "retire" and address in {"Contact/b", "Company/b"}:
            for each in ("Contact/b", *(["Company/b"] if address == "Company/b" else [])):
                made[each]["metadata"] |= {"ensure": "retired", "reason": "left"}
        elif what == "live again":
            for each in made.values():
                each["metadata"].pop("ensure", None)
                each["metadata"].pop("reason", None)
        elif what == "create":
            made |= {f"{each['kind']}/n": copy.deepcopy(each) for each in NEW if f"{each['kind']}/n" not in made}
        elif what == "default":
            of = draw(st.sampled_from(sorted(DEFAULTS)))
            name = draw(st.sampled_from(sorted(DEFAULTS[of])))
            made["Defaults/d"]["spec"][of][name] = draw(DEFAULTS[of][name])
        elif what == "set" and kind in FIELDS:
            name = draw(st.sampled_from(sorted(FIELDS[kind])))
            spec[name] = draw(FIELDS[kind][name])
    for address, found in made.items():
        if "ensure" in found["metadata"]:  # a run that retires an object changes nothing else of it
            found["spec"] = copy.deepcopy(estate[address]["spec"])
            found["metadata"].pop("previously", None)
    return made


FAULTS = [
    "forgets:2",
    "drop:1",
    "drop:3",
    "500:40@typeAssociations",
    "500:40@communications",
    "500:40@company/contacts/",
    "500:40@finance/agreements/",
    "500:40@procurement",
]
"""The disturbances of a run. Each hits a part of its requests."""
CUTS = st.integers(0, 6)
"""The connection is lost after so many writes."""


@dataclass(frozen=True)
class History:
    """The estates that are applied one after the other, and what happens to the run that is undone."""

    before: Estate
    after: Estate
    later: Estate | None
    """The estate that a run between the run and its undo applies."""
    fault: str | None
    cut: int | None
    undoes_later: bool
    """Whether the later run is undone first."""
    undoes_undo: bool


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Return a history. Half of them are plain: a run, and its undo."""
    before = {f"{each['kind']}/{each['metadata']['name']}": each for each in BASE}
    after = draw(changed(before))
    if draw(st.booleans()):
        return History(before, after, None, None, None, undoes_later=False, undoes_undo=draw(st.booleans()))
    trouble = draw(st.sampled_from(["none", "fault", "cut"]))
    return History(
        before,
        after,
        draw(st.none() | changed(after)),
        draw(st.sampled_from(FAULTS)) if trouble == "fault" else None,
        draw(CUTS) if trouble == "cut" else None,
        undoes_later=draw(st.booleans()),
        undoes_undo=draw(st.booleans()),
    )
