"""Read a messy estate of the sandbox as an import would. It was made by other hands, with rules of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from reconciler.importing.matching.model import (
    Address,
    CandidateAddition,
    CandidateAgreement,
    CandidateCompany,
    Customer,
    Estate,
    ManagedId,
)
from reconciler.ledger.records import IN_RECYCLE_BIN
from reconciler.sandbox.messy.estate import make
from reconciler.sandbox.messy.truth import Truth
from reconciler.sandbox.shared.clock import Clock

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
TODAY = f"{NOW:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Messy:
    """A messy estate, as matching takes it, and its truth."""

    estate: Estate
    truth: Truth


def messy(seed: int, customers: int) -> Messy:
    """Return the estate of a seed."""
    tenant, world, truth = make(seed, customers, Clock(NOW))
    rows: dict[str, list[Any]] = {
        name: list(tenant.tables[name].rows.values())
        for name in ("company", "contact", "agreement", "addition", "managementSummary")
    }
    emails: dict[int, list[str]] = {}
    for contact in rows["contact"]:
        for item in contact.data.get("communicationItems", ()):
            if item.get("communicationType") == "Email":
                emails.setdefault(contact.data["company"]["id"], []).append(item["value"])
    additions: dict[int, list[CandidateAddition]] = {}
    for row in rows["addition"]:
        additions.setdefault(row.parent, []).append(_addition(row.data))
    agreements: dict[int, list[CandidateAgreement]] = {}
    for row in rows["agreement"]:
        made = _agreement(row.data, additions.get(row.id, []))
        agreements.setdefault(row.data["company"]["id"], []).append(made)
    companies = tuple(_company(row.data, emails.get(row.id, []), agreements.get(row.id, [])) for row in rows["company"])
    managed = tuple(_managed(row) for row in rows["managementSummary"])
    partners = {partner.id: partner for partner in world.partners.values()}
    customers_ = tuple(_customer(each, partners[each.customer]) for each in truth.customers)
    return Messy(Estate(customers_, companies, managed), truth)


def _addition(data: dict[str, Any]) -> CandidateAddition:
    live = data.get("cancelledDate", "9999") > TODAY and data.get("effectiveDate", "") <= f"{TODAY}T99"
    product = f"{data['product']['identifier']} {data.get('description', '')}"
    return CandidateAddition(
        data["id"], data["product"]["id"], data.get("quantity"), data["lessIncluded"], live=live, product=product
    )


def _agreement(data: dict[str, Any], additions: list[CandidateAddition]) -> CandidateAgreement:
    active = data.get("agreementStatus") == "Active"
    return CandidateAgreement(data["id"], data["name"], active, tuple(additions), data["type"]["name"])


def _company(data: dict[str, Any], emails: list[str], agreements: list[CandidateAgreement]) -> CandidateCompany:
    address = Address(data.get("addressLine1", ""), data.get("zip", ""), data.get("city", ""))
    active = data["status"]["name"] == "Active" and not data["deletedFlag"]
    codes = tuple(code for code in [data.get("accountNumber")] if code)
    sites = tuple(site for site in [data.get("website")] if site)
    return CandidateCompany(
        data["id"],
        data["identifier"],
        data["name"],
        active,
        tuple(emails),
        sites,
        (address,),
        codes,
        tuple(agreements),
    )


def _managed(row: Any) -> ManagedId:
    data = row.data
    agreement = data.get("agreement") or {}
    solution = data["managementSolution"]["name"]
    return ManagedId(data["company"]["id"], agreement.get("id"), solution, data["groupIdentifier"])


def _customer(truth: Any, partner: Any) -> Customer:
    profile = partner.profile
    emails = (profile.mail_from,) if profile and profile.mail_from else ()
    sites = (profile.website,) if profile and profile.website else ()
    address = Address(profile.street, profile.zip_code, profile.city) if profile else Address()
    return Customer(
        "cove",
        str(truth.customer),
        partner.name,
        emails,
        sites,
        address,
        (partner.external_code,) if partner.external_code else (),
        Decimal(truth.used_bytes) / 10**9 if truth.devices else None,
        state=IN_RECYCLE_BIN if truth.recycled else str(partner.state.value),
    )
