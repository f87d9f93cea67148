"""The live state of a case: ConnectWise as it is once all declared objects exist.

References are resolved by the same `Matcher` as in a run. What a document only looks up counts as found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from reconciler.cases.estate import Estate
from reconciler.kinds.agreement import AgreementSpec
from reconciler.kinds.base import Kind
from reconciler.kinds.company import CompanySpec
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.field_mapping import wire_date
from reconciler.kinds.fields import ById, LookUp
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.product import ProductSpec
from reconciler.kinds.references import references_of
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link
from reconciler.live.keys import lookup_text
from reconciler.live.match import Matcher
from reconciler.live.problems import MatchError
from reconciler.manifests.documents import Document, Manifests, has_spec
from reconciler.manifests.references import folded, lookup_keys, lookup_of

_KINDS = ("Company", "Agreement", "Product")
"""The kinds whose objects billing reads. An agreement needs its company."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the agreements of a case have in common beside their documents."""

    currency: str | None
    invoiced_through: date | None


def live_state_of(manifests: Manifests, estate: Estate, terms: Terms) -> LiveState:
    """Return the live state of a case without additions. `manifests` has the documents that the case needs.

    A proposed document has no object yet, as in ConnectWise. Raises `MatchError` if documents contradict each other.
    """
    matcher = Matcher(manifests)
    for name in _KINDS:
        of = kind(name)
        matcher.add(
            of, [*_declared(of, manifests, estate, matcher, terms), *_looked_up(of, manifests, estate, matcher, terms)]
        )
    matches = matcher.matches(document for document in manifests.documents if document.kind.name in _KINDS)
    links = {document.address: matcher.links(document) for document in manifests.documents}
    if matcher.problems:
        raise MatchError(matcher.problems)
    mappings = manifests.of(CustomerMappingSpec)
    return LiveState(
        matches=matches,
        links=links,
        refused=matcher.refused,
        objects={(name, number): obj for name, found in matcher.objects() for number, obj in found.items()},
        named={
            each.address: LiveObject("ManagementSolution", 0, {}) for each in mappings if not estate.has_solution(each)
        },
    )


def _declared(of: Kind, manifests: Manifests, estate: Estate, matcher: Matcher, terms: Terms) -> Iterator[LiveObject]:
    """Yield the object of each document of a kind."""
    for document in manifests.of_kind(of.name):
        if not document.metadata.proposed:
            number = document.metadata.id or estate.number(of.name, document.name)
            yield LiveObject(of.name, number, _raw(document, matcher, terms))


def _raw(document: Document, matcher: Matcher, terms: Terms) -> dict[str, Any]:
    """Return the fields that billing reads, as ConnectWise gives them."""
    if has_spec(document, CompanySpec):
        return {"identifier": document.spec.identifier}
    if has_spec(document, ProductSpec):
        product = document.spec
        return {"identifier": product.identifier, "price": product.price, "productClass": product.product_class}
    spec = matcher.manifests.get(AgreementSpec, document.address).spec
    return {
        **_agreement(spec.name, matcher.links(document).get(("company",)), terms),
        "agreementStatus": "Cancelled" if document.retired else "Active",
        "startDate": wire_date(spec.start_date.isoformat()),
        "endDate": None if spec.end_date is None else wire_date(spec.end_date.isoformat()),
        "noEndingDateFlag": spec.end_date is None,
        "prorateFlag": bool(spec.prorate),
        "billingCycle": {"name": spec.billing_cycle} if spec.billing_cycle else None,
    }


def _agreement(name: str, company: Link | None, terms: Terms) -> dict[str, Any]:
    through = terms.invoiced_through
    return {
        "name": name,
        "company": None if company is None or company.id is None else {"id": company.id, "identifier": company.name},
        "agreementStatus": "Active",
        "noEndingDateFlag": True,
        "currency": {"currencyCode": terms.currency} if terms.currency else None,
        "nextInvoiceDate": None if through is None else wire_date((through + timedelta(days=1)).isoformat()),
    }


def _looked_up(of: Kind, manifests: Manifests, estate: Estate, matcher: Matcher, terms: Terms) -> Iterator[LiveObject]:
    """Yield an object for each look-up of a kind for which there is no document."""
    by_address = estate.manifests.by_address
    own = [each for each in manifests.of_kind(of.name) if by_address.get(each.address) is not each]
    for document, given in _look_ups(of, manifests.documents):
        field, value = lookup_of(given)
        keys = (key for each in (*estate.references(document), *own) for key in lookup_keys(each))
        if (of.name, field, folded(value)) in keys:
            continue
        text = lookup_text(given)
        number = given.id if isinstance(given, ById) else estate.number(of.name, text)
        raw: dict[str, Any] = {"identifier": text}
        if of.owner is not None:
            raw = _agreement(text, matcher.references.resolve_field(of, of.owner, document), terms)
        yield LiveObject(of.name, number, raw)


def _look_ups(of: Kind, documents: Iterable[Document]) -> Iterator[tuple[Document, LookUp]]:
    """Yield the look-ups of objects of a kind, each with the document that has it."""
    for document in documents:
        for reference in references_of(document.spec):
            if reference.kind == of.name and not isinstance(reference.value, str):
                yield document, reference.value
