"""Random estates and random changes of them.

An estate has its documents by the address that each had at first. So a document keeps its place when it is renamed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
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
    document("Company", "c", identifier="C", name="Firm C", city="Tampa"),
    document("Company", "d", identifier="D", name="Firm D", state="FL", accountNumber="4"),
    document("Contact", "a", company="a", firstName="Ann", email="ann@a.example", phone="1", types=["Billing"]),
    document("Contact", "b", company="b", firstName="Bo", email="bo@b.example", title="CEO"),
    document("Agreement", "a", name="Backup A", company="a", contact="a", internalNotes="first", **MONTHLY),
    document("Agreement", "b", name="Backup B", company="b", contact="b", **MONTHLY),
    document("Product", "p", identifier="P", **PRODUCT),
    document("Product", "q", identifier="Q", **PRODUCT),
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
FIRST: Estate = {f"{each['kind']}/{each['metadata']['name']}": each for each in BASE}

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
DEFAULTS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "Company": {name: FIELDS["Company"][name] for name in ("accountNumber", "status", "types")},
    "Contact": {name: FIELDS["Contact"][name] for name in ("title", "lastName")},
}
RENAMED = {"Company": "identifier", "Contact": "email", "Agreement": "name", "Product": "identifier"}
"""The field of each kind that `metadata.previously` has the old value of."""
REFERS = {"company": "Company", "contact": "Contact", "agreement": "Agreement", "product": "Product"} | {
    "integratorLogin": "IntegratorLogin"
}
"""The kind that a field refers to by the name of a document."""
NEW: Estate = {
    "Company/n": document("Company", "n", identifier="N", name="New", city="Miami"),
    "Contact/n": document("Contact", "n", company="n", firstName="Ned", email="ned@n.example", phone="9"),
    "Agreement/n": document("Agreement", "n", name="Backup N", company="n", contact="n", **MONTHLY),
    "Product/n": document("Product", "n", identifier="N", **PRODUCT),
}
CHANGEABLE = sorted(address for address, each in FIRST.items() if each["kind"] in FIELDS)


# ── one move each ────────────────────────────────────────────────────────────────────────────────────────


def _set(draw: st.DrawFn, made: Estate) -> None:
    address = draw(st.sampled_from(_there(made, lambda each: each["kind"] in FIELDS)))
    fields = FIELDS[made[address]["kind"]]
    name = draw(st.sampled_from(sorted(fields)))
    made[address]["spec"][name] = draw(fields[name])


def _default(draw: st.DrawFn, made: Estate) -> None:
    of = draw(st.sampled_from(sorted(DEFAULTS)))
    name = draw(st.sampled_from(sorted(DEFAULTS[of])))
    made["Defaults/d"]["spec"][of][name] = draw(DEFAULTS[of][name])


def _rename_object(draw: st.DrawFn, made: Estate) -> None:
    """Rename an object in ConnectWise."""
    found = made[draw(st.sampled_from(_there(made, lambda each: each["kind"] in RENAMED)))]
    field = RENAMED[found["kind"]]
    old = found["spec"][field]
    found["spec"][field] = f"new-{old}"
    found["metadata"]["previously"] = [*found["metadata"].get("previously", ()), old]


def _rename_document(draw: st.DrawFn, made: Estate) -> None:
    """Rename a document, also where others refer to it. Nothing changes in ConnectWise."""
    found = made[draw(st.sampled_from(_there(made, lambda each: each["kind"] != "Defaults")))]
    old = found["metadata"]["name"]
    found["metadata"]["name"] = f"{old}-2"
    for each in made.values():
        for spec, field in _references(each, found["kind"]):
            if spec[field] == old:
                spec[field] = f"{old}-2"


def _create(draw: st.DrawFn, made: Estate) -> None:
    for address, each in NEW.items():
        made.setdefault(address, copy.deepcopy(each))


def _retire(draw: st.DrawFn, made: Estate) -> None:
    """Retire an object, and those that refer to it."""
    address = draw(st.sampled_from(_there(made, lambda each: each["kind"] in FIELDS)))
    for each in (address, *dependents(made, address)):
        made[each]["metadata"] |= {"ensure": "retired", "reason": "left", "protect": False}


def _live_again(draw: st.DrawFn, made: Estate) -> None:
    for each in made.values():
        each["metadata"].pop("ensure", None)
        each["metadata"].pop("reason", None)


def _remove(draw: st.DrawFn, made: Estate) -> None:
    """Remove a document, and those that refer to it."""
    address = draw(st.sampled_from(_there(made, lambda each: each["kind"] in FIELDS)))
    for each in (address, *dependents(made, address)):
        del made[each]


def _protect(draw: st.DrawFn, made: Estate) -> None:
    found = made[draw(st.sampled_from(_there(made, lambda each: each["kind"] in FIELDS)))]
    if "ensure" not in found["metadata"]:
        found["metadata"]["protect"] = not found["metadata"].get("protect")


WRITING = [_set] * 5 + [_default] * 2 + [_rename_object, _create, _retire, _live_again, _remove]
MOVES = [*WRITING, _rename_document, _protect]


def _there(made: Estate, chosen: Callable[[dict[str, Any]], bool]) -> list[str]:
    return sorted(address for address, each in made.items() if chosen(each))


def _references(found: dict[str, Any], kind: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each field of a document that refers to a kind, with the object that has the field."""
    for spec in (found["spec"], *found["spec"].get("crossReferences", ())):
        yield from ((spec, field) for field in spec if REFERS.get(field) == kind and found["kind"] != "Defaults")


def dependents(estate: Estate, address: str) -> list[str]:
    """Return the addresses of the documents that refer to one, directly or not."""
    kind, name = estate[address]["kind"], estate[address]["metadata"]["name"]
    found = [
        other
        for other, each in estate.items()
        if any(spec[field] == name for spec, field in _references(each, kind))
        # A solution is named by the name of its integration.
        or (kind == "ManagedDevicesIntegration" and each["kind"] == "ManagementSolution")
    ]
    return [*dict.fromkeys(each for one in found for each in (one, *dependents(estate, one)))]


@st.composite
def changed(draw: st.DrawFn, estate: Estate) -> Estate:
    """Return an estate in which a few things are changed."""
    made = copy.deepcopy(estate)
    draw(st.sampled_from(WRITING))(draw, made)
    for move in draw(st.lists(st.sampled_from(MOVES), max_size=4)):
        move(draw, made)
    for address, found in made.items():
        if "ensure" in found["metadata"] and address in estate:  # a run that retires an object changes nothing else
            names = {name: value for name, value in found["spec"].items() if name in {*REFERS, "crossReferences"}}
            found["spec"] = copy.deepcopy(estate[address]["spec"]) | names
            found["metadata"].pop("previously", None)
    return made
