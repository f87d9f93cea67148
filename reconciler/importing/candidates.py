"""Give what was read to matching: companies with their contacts, agreements and additions, tags, and Managed IDs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from reconciler.additions.tag import parse
from reconciler.importing.estate import Estate
from reconciler.importing.existing import Existing
from reconciler.importing.kinds_in_files import COMPANY, SOLUTION
from reconciler.importing.matching import model
from reconciler.importing.reading import ADDITION, AGREEMENT, company_of, is_live
from reconciler.importing.selection import CONTACT
from reconciler.importing.usage import Usage
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.exclusion import ExclusionSpec
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.registry import kind
from reconciler.metering.period import Period

_ACTIVE: Final = "Active"
_INACTIVE: Final = "inactive"
"""The name of the company status that ConnectWise delivers for companies that are no longer customers."""


@dataclass(frozen=True, slots=True)
class Days:
    """The first and the last day of the running billing period, as `2026-11-01`."""

    first: str
    last: str

    @classmethod
    def of(cls, period: Period) -> Days:
        """Return the days of a period."""
        return cls(period.first_day.isoformat(), period.last_day.isoformat())

    def bills(self, addition: LiveObject) -> bool:
        """Return whether an addition bills in the period and after it: such an addition can be adopted."""
        effective = date_text(addition.raw.get("effectiveDate"))
        cancelled = date_text(addition.raw.get("cancelledDate"))
        return (effective is None or effective <= self.last) and (cancelled is None or cancelled > self.last)

    def has_ended(self, addition: LiveObject) -> bool:
        """Return whether an addition ended before the period."""
        cancelled = date_text(addition.raw.get("cancelledDate"))
        return cancelled is not None and cancelled < self.first


def candidates(estate: Estate, existing: Existing, usage: Usage, days: Days) -> model.Estate:
    """Return the companies and customers for matching."""
    return model.Estate(
        usage.customers,
        tuple(_companies(estate, days)),
        tuple(_managed_ids(estate)),
        tuple(_tagged(estate)),
        _mapped(existing),
        frozenset(
            (each.spec.customer.source, each.spec.customer.id)
            for each in existing.manifests.of(ExclusionSpec)
            if each.spec.device is None
        ),
    )


def _companies(estate: Estate, days: Days) -> Iterator[model.CandidateCompany]:
    emails: dict[int, list[str]] = defaultdict(list)
    for contact in estate.of(CONTACT):
        number = company_of(contact)
        if number is not None:
            emails[number] += _emails(contact)
    agreements: dict[int, list[model.CandidateAgreement]] = defaultdict(list)
    for agreement in estate.of(AGREEMENT):
        number = company_of(agreement)
        if number is not None:
            agreements[number].append(_agreement(agreement, estate, days))
    retired = _retired_statuses(estate)
    for each in (*estate.of(COMPANY), *estate.deleted):
        raw = each.raw
        active = not raw.get("deletedFlag") and (raw.get("status") or {}).get("id") not in retired
        address = model.Address(
            _text(raw, "addressLine1") or _text(raw, "addressLine2"), _text(raw, "zip"), _text(raw, "city")
        )
        own = [_text(raw, "invoiceToEmailAddress"), _text(raw, "invoiceCCEmailAddress")]
        yield model.CandidateCompany(
            each.id,
            _text(raw, "identifier"),
            _text(raw, "name"),
            active,
            tuple(filter(None, [*own, *emails[each.id]])),
            tuple(filter(None, [_text(raw, "website")])),
            (address,) if address != model.Address() else (),
            tuple(filter(None, [_text(raw, "accountNumber"), _text(raw, "vendorIdentifier")])),
            tuple(agreements[each.id]),
        )


def _retired_statuses(estate: Estate) -> frozenset[int]:
    """Return the ids of the company statuses that mean that a company is no longer a customer."""
    rows = estate.tables.get("company/companies/statuses", [])
    return frozenset(
        int(row["id"])
        for row in rows
        if row.get("inactiveFlag") or str(row.get("name") or "").strip().casefold() == _INACTIVE
    )


def _agreement(agreement: LiveObject, estate: Estate, days: Days) -> model.CandidateAgreement:
    raw = agreement.raw
    start = date_text(raw.get("startDate"))
    status = raw.get("agreementStatus")
    active = is_live(agreement) and status in (None, _ACTIVE) and (start is None or start <= days.last)
    additions = estate.children.get(ADDITION, {}).get(agreement.id, ())
    return model.CandidateAgreement(
        agreement.id,
        _text(raw, "name"),
        active,
        tuple(_addition(each, days) for each in additions),
        _text(raw.get("type") or {}, "name"),
    )


def _addition(addition: LiveObject, days: Days) -> model.CandidateAddition:
    raw = addition.raw
    product = raw.get("product") or {}
    quantity = raw.get("quantity")
    return model.CandidateAddition(
        addition.id,
        int(product.get("id") or 0),
        None if quantity is None else Decimal(quantity),
        Decimal(raw.get("lessIncluded") or 0),
        parse(raw.get("serialNumber")) is not None,
        days.bills(addition),
        f"{_text(product, 'identifier')} {_text(raw, 'description')}".strip(),
    )


def _managed_ids(estate: Estate) -> Iterator[model.ManagedId]:
    for company, objects in estate.children.get(SOLUTION, {}).items():
        for each in objects:
            solution, managed_id = solution_of(each)
            if managed_id:
                agreement = (each.raw.get("agreement") or {}).get("id")
                yield model.ManagedId(company, None if agreement is None else int(agreement), solution, managed_id)


def solution_of(obj: LiveObject) -> tuple[str, str]:
    """Return the name and the Managed ID of a management solution. A part that ConnectWise does not give is empty."""
    fields = kind(SOLUTION).by_name
    found = (fields[name].mapping.decode(obj.raw) for name in ("solution", "managedId"))
    solution, managed_id = (str(each or "") for each in found)
    return solution, managed_id


def _tagged(estate: Estate) -> Iterator[model.TaggedAddition]:
    companies = {each.id: company_of(each) for each in estate.of(AGREEMENT)}
    for agreement, additions in estate.children.get(ADDITION, {}).items():
        for each in additions:
            tag = parse(each.raw.get("serialNumber"))
            company = companies.get(agreement)
            if tag is not None and tag.customer is not None and company is not None:
                yield model.TaggedAddition(tag.customer, company, agreement, each.id)


def _mapped(existing: Existing) -> Mapping[model.CustomerKey, int | None]:
    found: dict[model.CustomerKey, int | None] = {}
    for document in existing.manifests.of(CustomerMappingSpec):
        link = existing.matcher.links(document).get(("company",))
        customer = document.spec.customer
        found[customer.source, customer.id] = None if link is None else link.id
    return found


def _emails(contact: LiveObject) -> Iterable[str]:
    items = contact.raw.get("communicationItems") or ()
    return [str(each.get("value") or "") for each in items if each.get("communicationType") == "Email"]


def _text(raw: Mapping[str, Any], name: str) -> str:
    return str(raw.get(name) or "").strip()
