"""Small documents, live objects and plans for tests. Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from reconciler.kinds.base import Kind, Metadata
from reconciler.kinds.custom_fields import TABLE as CUSTOM_FIELDS
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Value
from reconciler.manifests.documents import Document, Manifests, Origin
from reconciler.planning.action import Action, Change, Money
from reconciler.planning.plan import Plan, Summary, Tenant, digest_of

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)

ACME = {"identifier": "ACME", "name": "Acme Dental", "city": "Boston"}
JOHN = {"company": "acme", "firstName": "John", "email": "john@acme.test"}
BACKUP = {"name": "Backup", "company": "acme", "contact": "john", "type": "Managed Service", "startDate": "2026-11-01"}
SOLUTION = {"company": "acme", "solution": "Cove", "managedId": "1001"}
GIGABYTE = {
    "identifier": "BACKUP-GB",
    "description": "Backup, per GB",
    "customerDescription": "Backup storage",
    "subcategory": "Backup",
    "type": "Agreement",
    "price": Decimal("0.25"),
}
MAPPING = {
    "customer": {"source": "cove", "id": "77"},
    "company": "acme",
    "agreement": "backup",
    "solution": "Cove",
    "managedId": "1001",
    "product": "gb",
}
LOGIN = {
    "username": "billing",
    "password": {"env": "LOGIN_PASSWORD"},
    "accessAllRecords": True,
    "apis": ["Company", "Product"],
}
INTEGRATION = {"name": "Cove link", "solution": "Cove", "loginBy": "Global", "defaultBillingLevel": "Summary"}


def document(of: str, name: str, spec: Mapping[str, Any], **metadata: Any) -> Document:
    """Return a document that declares the fields of `spec`."""
    found = kind(of)
    return Document(
        kind=found,
        metadata=Metadata.model_validate({"name": name, **metadata}),
        spec=found.spec.model_validate(spec),
        declared=frozenset(spec),
        origin=Origin("test.yaml", 0),
        defaulted={},
    )


def company(name: str = "acme", /, *, metadata: Mapping[str, Any] | None = None, **spec: Any) -> Document:
    return document("Company", name, {**ACME, **spec}, **(metadata or {}))


def contact(name: str = "john", /, *, metadata: Mapping[str, Any] | None = None, **spec: Any) -> Document:
    return document("Contact", name, {**JOHN, **spec}, **(metadata or {}))


def agreement(name: str = "backup", /, *, metadata: Mapping[str, Any] | None = None, **spec: Any) -> Document:
    return document("Agreement", name, {**BACKUP, **spec}, **(metadata or {}))


def solution(name: str = "acme-cove", /, *, metadata: Mapping[str, Any] | None = None, **spec: Any) -> Document:
    return document("ManagementSolution", name, {**SOLUTION, **spec}, **(metadata or {}))


def product(name: str = "gb", /, *, metadata: Mapping[str, Any] | None = None, **spec: Any) -> Document:
    return document("Product", name, {**GIGABYTE, **spec}, **(metadata or {}))


def mapping(name: str = "acme", /, *, metadata: Mapping[str, Any] | None = None, **spec: Any) -> Document:
    return document("CustomerMapping", name, {**MAPPING, **spec}, **(metadata or {}))


def login(name: str = "billing", /, *, metadata: Mapping[str, Any] | None = None, **spec: Any) -> Document:
    return document("IntegratorLogin", name, {**LOGIN, **spec}, **(metadata or {}))


def integration(name: str = "cove", /, *, metadata: Mapping[str, Any] | None = None, **spec: Any) -> Document:
    return document("ManagedDevicesIntegration", name, {**INTEGRATION, **spec}, **(metadata or {}))


def manifests(*documents: Document) -> Manifests:
    secret = {"env": "X"}
    connectwise = {"site": "x", "company": "x", "clientId": "x", "publicKey": "x", "privateKey": secret}
    workspace = document("Workspace", "test", {"connectwise": connectwise, "billing": {"timezone": "Europe/Berlin"}})
    return Manifests(Path("manifests"), workspace, documents, "sha256:manifests", {})


def live(of: str, number: int, raw: Mapping[str, Any], parent_id: int | None = None) -> LiveObject:
    return LiveObject(of, number, {"id": number, **raw}, parent_id)


def live_company(number: int = 5, **raw: Any) -> LiveObject:
    return live("Company", number, {"identifier": "ACME", "name": "Acme Dental", "city": "Boston", **raw})


def live_contact(number: int = 7, company_id: int = 5, email: str = "john@acme.test", **raw: Any) -> LiveObject:
    item = {"id": 1, "communicationType": "Email", "value": email, "defaultFlag": True}
    return live(
        "Contact",
        number,
        {"firstName": "John", "company": {"id": company_id, "name": "Acme"}, "communicationItems": [item], **raw},
    )


def live_agreement(number: int = 9, company_id: int = 5, **raw: Any) -> LiveObject:
    return live(
        "Agreement",
        number,
        {
            "name": "Backup",
            "company": {"id": company_id, "identifier": "ACME"},
            "contact": {"id": 7, "name": "John"},
            "type": {"id": 3, "name": "Managed Service"},
            "startDate": "2026-11-01T00:00:00Z",
            "noEndingDateFlag": True,
            **raw,
        },
    )


def addition(number: int = 99, **raw: Any) -> LiveObject:
    """Return our addition on agreement 9: 120 units of product 4 at 0.25."""
    before = {
        "agreementId": 9,
        "product": {"id": 4, "identifier": "BACKUP-GB"},
        "serialNumber": "rc:cove/77/acme/storage",
        "quantity": Decimal(120),
        "unitPrice": Decimal("0.25"),
        "lessIncluded": Decimal(0),
        "billCustomer": "Billable",
        "effectiveDate": "2026-11-01T00:00:00Z",
        "_info": {"lastUpdated": "2026-11-09T10:00:00Z"},
    }
    return live("Addition", number, {**before, **raw}, 9)


def live_state_with(*additions: LiveObject) -> LiveState:
    return LiveState(additions={9: additions})


def action(address: str = "Product/gb", **more: Any) -> Action:
    values: dict[str, Any] = {
        "kind": address.partition("/")[0],
        "action": "create",
        "endpoint": "procurement/catalog",
        "reason": "not in ConnectWise",
        "changes": (Change(path="identifier", after="BACKUP-GB"),),
    }
    return Action(address=address, **{**values, **more})


def plan_of(*actions: Action, **more: Any) -> Plan:
    money = Money(before=Decimal(0), after=Decimal(0), currency="USD")
    values: dict[str, Any] = {
        "workspace": "test",
        "tenant": Tenant(site="https://api-na.myconnectwise.net", company="acme"),
        "created_at": NOW,
        "manifest_digest": "sha256:manifests",
        "summary": Summary(create=len(actions), money=money),
        "actions": actions,
        "digest": digest_of(actions),
    }
    return Plan(**{**values, **more})


TABLES: dict[str, list[dict[str, Any]]] = {
    "finance/agreements/types": [{"id": 3, "name": "Managed Service"}, {"id": 4, "name": "Block Time"}],
    "procurement/subcategories/": [
        {"id": 31, "name": "Backup ", "category": {"id": 1, "name": "Managed Services"}},
        {"id": 32, "name": "Subscription", "category": {"id": 1, "name": "Managed Services"}},
        {"id": 33, "name": "Subscription", "category": {"id": 2, "name": "Software"}},
    ],
    "procurement/types": [{"id": 41, "name": "Agreement"}],
    "company/companies/types": [{"id": 51, "name": "Customer"}, {"id": 52, "name": "Partner"}],
    "company/companies/statuses": [{"id": 1, "name": "Active"}],
    CUSTOM_FIELDS: [
        {"id": 61, "caption": "Region", "fieldTypeIdentifier": "Text"},
        {"id": 62, "caption": "Score", "fieldTypeIdentifier": "Number"},
        {"id": 63, "caption": "Key account", "fieldTypeIdentifier": "Checkbox"},
    ],
}


def sent(of: Kind, values: Mapping[str, Value], names: Iterable[str] | None = None) -> dict[str, Any]:
    """Return the ConnectWise JSON of some values, as a server stores them unchanged."""
    body: dict[str, Any] = {}
    for item in of.fields:
        if item.name in values and (names is None or item.name in names):
            body |= item.mapping.encode(values[item.name], TABLES)
    return body


def stored(of: Kind, before: Mapping[str, Any], body: Mapping[str, Any]) -> LiveObject:
    """Return an object after a write. Custom fields are merged one by one, and all other fields are replaced."""
    raw = {**before, **body}
    if "customFields" in body:
        captions = {row["id"]: row["caption"] for row in TABLES[CUSTOM_FIELDS]}
        held = {entry["id"]: entry for entry in before.get("customFields", ())}
        held |= {entry["id"]: {**entry, "caption": captions[entry["id"]]} for entry in body["customFields"]}
        raw["customFields"] = list(held.values())
    return live(of.name, 1, raw)
