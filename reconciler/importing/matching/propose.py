"""Propose a company, an agreement and an addition for each customer that has no mapping yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.importing.matching.billing import billing_of
from reconciler.importing.matching.certain import Pointer, pointers_of
from reconciler.importing.matching.decide import FAR_BUT_TELLING, Claims, Verdict, decide
from reconciler.importing.matching.explain import candidate_of, evidence_of
from reconciler.importing.matching.judge import Judge, Judged
from reconciler.importing.matching.model import (
    CandidateCompany,
    Customer,
    CustomerKey,
    Estate,
    Proposal,
)
from reconciler.importing.matching.usage import StorageProducts, storage_products
from reconciler.ledger.records import IN_RECYCLE_BIN

SHOWN = 5
"""The number of candidates that a proposal lists."""

_SUPPORTED = 7.0
_UNRELATED = 9.0


def propose(estate: Estate) -> list[Proposal]:
    """Return a proposal for each customer that is neither mapped nor excluded, in the order of source and id."""
    return _Proposer(estate).proposals()


class _Proposer:
    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._companies = sorted(estate.companies, key=lambda company: company.id)
        self._places = {company.id: place for place, company in enumerate(self._companies)}
        everyone = sorted(estate.customers, key=lambda customer: customer.key)
        self._judge = Judge(everyone, self._companies)
        self._customers = [each for each in everyone if each.key not in {*estate.mapped, *estate.excluded}]
        self._eligible = [each for each in self._customers if _why_not(each) is None]
        self._candidates: dict[CustomerKey, list[Judged]] = {}
        self._storage = StorageProducts()

    def proposals(self) -> list[Proposal]:
        pointers = pointers_of(self._estate, self._eligible, self._supports)
        for customer in self._eligible:
            self._candidates[customer.key] = self._judge.candidates(customer)
        nearest = ((each, best) for each in self._eligible for best in self._candidates[each.key][:1])
        self._storage = storage_products((each, best.company) for each, best in nearest if best.name.is_same)
        claims = Claims({key: found[0] for key, found in self._candidates.items() if found})
        claims.take(each for each in self._estate.mapped.values() if each is not None)
        found: dict[CustomerKey, Proposal] = {}
        for customer in self._eligible:
            if customer.key in pointers:
                found[customer.key] = self._certain(customer, pointers[customer.key])
        claims.take(each.company.id for each in found.values() if each.company)
        for customer in self._eligible:
            if customer.key not in found:
                verdict = decide(customer.key, self._candidates[customer.key], claims, self._judge.bits)
                found[customer.key] = self._by_name(customer, verdict)
        found |= self._contested(found)
        for customer in self._customers:
            if (reason := _why_not(customer)) is not None:
                found[customer.key] = Proposal(customer, "open", reasons=(reason,))
        return self._without_shared_additions([found[customer.key] for customer in self._customers])

    def _supports(self, customer: Customer, company: CandidateCompany) -> bool:
        judged = self._judge.of(customer, self._places[company.id])
        return judged.distance <= _SUPPORTED

    def _certain(self, customer: Customer, pointers: Sequence[Pointer]) -> Proposal:
        companies = {each.company.id: each.company for each in pointers}
        texts = tuple(dict.fromkeys(each.text for each in pointers))
        judged = [self._judge.of(customer, self._places[company_id]) for company_id in companies]
        candidates = tuple(candidate_of(each, _texts(pointers, each.company)) for each in judged)
        if len(companies) > 1:
            names = " and ".join(f"{each.name!r} ({each.identifier})" for each in companies.values())
            reason = f"certain evidence names {len(companies)} companies: {names}"
            return Proposal(customer, "open", evidence=texts, reasons=(reason,), candidates=candidates)
        company = next(iter(companies.values()))
        if not company.active:
            reason = f"certain evidence names {company.name!r} ({company.identifier}), which is inactive or deleted"
            return Proposal(customer, "open", evidence=texts, reasons=(reason,), candidates=candidates)
        if all(each.source != "tag" for each in pointers) and (
            other := self._other_of_the_same_name(customer, judged[0])
        ):
            reason = (
                f"certain evidence names {company.name!r} ({company.identifier}), but the customer has the name of "
                f"{other.company.name!r} ({other.company.identifier})"
            )
            both = (*candidates, candidate_of(other))
            return Proposal(customer, "open", evidence=texts, reasons=(reason,), candidates=both)
        named = [each.agreement_id for each in pointers if each.agreement_id is not None]
        evidence = (*texts, *evidence_of(judged[0]))
        proposal = Proposal(customer, "certain", company, evidence=evidence, candidates=candidates)
        return _with_billing(proposal, company, named, self._storage)

    def _other_of_the_same_name(self, customer: Customer, judged: Judged) -> Judged | None:
        """Return a company with a similar name, if the company that an id names has a quite different one."""
        if judged.distance < _UNRELATED:
            return None
        others = [
            each
            for each in self._candidates[customer.key]
            if each.place != judged.place and each.name_cost <= FAR_BUT_TELLING and len(each.name.pairs) > 0
        ]
        return others[0] if others else None

    def _by_name(self, customer: Customer, verdict: Verdict) -> Proposal:
        candidates = tuple(candidate_of(each) for each in self._candidates[customer.key][:SHOWN])
        if verdict.chosen is None:
            return Proposal(customer, "open", reasons=verdict.reasons, candidates=candidates)
        company = verdict.chosen.company
        evidence = evidence_of(verdict.chosen)
        proposal = Proposal(customer, "likely", company, evidence=evidence, candidates=candidates)
        return _with_billing(proposal, company, [], self._storage)

    def _contested(self, found: Mapping[CustomerKey, Proposal]) -> dict[CustomerKey, Proposal]:
        """Return the proposals that two customers of one source, or two of different names, have for one company."""
        wanting: dict[int, list[Proposal]] = defaultdict(list)
        for each in found.values():
            if each.company is not None:
                wanting[each.company.id].append(each)
        mapped = _mapped(self._estate)
        changed: dict[CustomerKey, Proposal] = {}
        for company_id, proposals in wanting.items():
            for each in proposals:
                others = [other.customer for other in proposals if other is not each] + mapped.get(company_id, [])
                rivals = [other for other in others if not self._may_share(each.customer, other)]
                if rivals and not _is_linked(each):
                    changed[each.customer.key] = _opened(each, each.company, rivals)
        return changed

    def _may_share(self, one: Customer, other: Customer) -> bool:
        """Return whether two customers are the same one, at two sources."""
        return one.source != other.source and self._judge.same_words(one, other)

    def _without_shared_additions(self, proposals: Sequence[Proposal]) -> list[Proposal]:
        """Return the proposals, none with an addition that another one would adopt too."""
        wanted: dict[int, int] = defaultdict(int)
        for each in proposals:
            if each.addition is not None:
                wanted[each.addition.id] += 1
        return [
            each
            if each.addition is None or wanted[each.addition.id] == 1
            else replace(
                each,
                addition=None,
                evidence=(*each.evidence, f"addition: {each.addition.id} fits another customer of the company too"),
            )
            for each in proposals
        ]


def _with_billing(
    proposal: Proposal, company: CandidateCompany, named: Sequence[int], storage: StorageProducts
) -> Proposal:
    """Return a proposal with its agreement and its addition. It is open if the agreement is not decided."""
    billing = billing_of(proposal.customer, company, named, storage.sure)
    return replace(
        proposal,
        confidence=proposal.confidence if billing.agreement else "open",
        company_confidence=proposal.confidence,
        agreement=billing.agreement,
        addition=billing.addition,
        evidence=tuple(dict.fromkeys((*proposal.evidence, *billing.evidence))),
        reasons=billing.reasons,
        agreements=billing.agreements,
        storage=storage.likely,
    )


def _why_not(customer: Customer) -> str | None:
    if not customer.attributed:
        return "its devices belong to no end customer in the console; move them there"
    if customer.state == IN_RECYCLE_BIN:
        return "it is in a recycle bin of the console"
    return None


def _texts(pointers: Iterable[Pointer], company: CandidateCompany) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.text for each in pointers if each.company is company))


def _mapped(estate: Estate) -> dict[int, list[Customer]]:
    by_key = {customer.key: customer for customer in estate.customers}
    found: dict[int, list[Customer]] = defaultdict(list)
    for key, company_id in estate.mapped.items():
        if company_id is not None:
            found[company_id].append(by_key.get(key, Customer(*key, name=key[1])))
    return found


def _is_linked(proposal: Proposal) -> bool:
    """Return whether a tag or a Managed ID of ours links the company: then it may have several customers."""
    return proposal.confidence == "certain" and not all(
        text.startswith("exact id:") for text in proposal.evidence if text.split(":")[0] in _LINKS
    )


_LINKS = ("tag", "Managed ID", "exact id")


def _opened(proposal: Proposal, company: CandidateCompany | None, rivals: Sequence[Customer]) -> Proposal:
    names = ", ".join(f"{each.name!r} ({each.source} {each.id})" for each in rivals[:4])
    reason = f"company {company.name if company else ''!r} is also wanted by {names}"
    return replace(
        proposal,
        confidence="open",
        company=None,
        company_confidence="open",
        agreement=None,
        addition=None,
        reasons=(reason,),
        agreements=(),
    )
