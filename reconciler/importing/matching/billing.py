"""Which agreement of a company bills a customer's backup, and which addition is to be adopted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.importing.matching.model import (
    CandidateAddition,
    CandidateAgreement,
    CandidateCompany,
    Customer,
)
from reconciler.importing.matching.usage import (
    fit_text,
    fits,
    for_backup,
    for_backup_alone,
    live_agreements,
    may_be_storage,
    open_additions,
)


@dataclass(frozen=True, slots=True)
class Billing:
    """The agreement and the addition, if each is decided, with the evidence, or with the reason why not."""

    agreement: CandidateAgreement | None = None
    addition: CandidateAddition | None = None
    evidence: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    agreements: tuple[CandidateAgreement, ...] = ()


def billing_of(
    customer: Customer, company: CandidateCompany, named: Sequence[int], storage: frozenset[int] = frozenset()
) -> Billing:
    """Return the agreement and the addition. `named` are the agreements that tags and management solutions name.

    `storage` are the products that bill storage in this estate, whatever their names (`storage_products`).
    """
    live = live_agreements(company)
    if not live:
        return Billing(reasons=(f"company {company.name!r} has no agreement that bills now",))
    agreement, evidence = _agreement_of(customer, live, named, storage)
    if agreement is None:
        names = ", ".join(f"{each.name!r} ({each.id})" for each in live)
        reason = f"company {company.name!r} has {len(live)} agreements that come into question: {names}"
        return Billing(reasons=(reason,), agreements=live)
    addition, text = _addition_of(customer, agreement, storage)
    return Billing(agreement, addition, (evidence, *text))


def _agreement_of(
    customer: Customer, live: Sequence[CandidateAgreement], named: Sequence[int], storage: frozenset[int]
) -> tuple[CandidateAgreement | None, str]:
    pointed = [each for each in live if each.id in named]
    if len(pointed) == 1:
        return pointed[0], f"agreement: {pointed[0].name!r} is named by a tag or a management solution"
    if len(live) == 1:
        return live[0], f"agreement: {live[0].name!r} is the only one that bills now"
    among = pointed or live
    fitting = [each for each in among if _fitting(each, customer, storage)]
    if len(fitting) == 1:
        return fitting[0], f"agreement: {fitting[0].name!r} is the only one with an addition that fits the usage"
    billing = [each for each in among if _bills_storage(each, storage)]
    named_so = [each for each in among if for_backup(each.name, each.type)]
    if len(billing) == 1 and (billing == named_so or not named_so):
        return billing[0], f"agreement: {billing[0].name!r} is the only one with an addition for backup"
    if not billing and len(named_so) == 1:
        return named_so[0], f"agreement: {named_so[0].name!r} is the only one for backup, by its name"
    alone = [each for each in named_so if for_backup_alone(each.name)]
    if not billing and len(alone) == 1:
        return alone[0], f"agreement: {alone[0].name!r} is the only one for backup alone, by its name"
    if len(billing) == 1 and billing[0] in named_so:
        return billing[0], f"agreement: {billing[0].name!r} is the only one for backup with an addition for it"
    return None, ""


def _is_storage(addition: CandidateAddition, storage: frozenset[int]) -> bool:
    return addition.product_id in storage or for_backup(addition.product)


def _bills_storage(agreement: CandidateAgreement, storage: frozenset[int]) -> bool:
    return any(each.live and _is_storage(each, storage) for each in agreement.additions)


def _fitting(agreement: CandidateAgreement, customer: Customer, storage: frozenset[int]) -> list[CandidateAddition]:
    return [
        each
        for each in open_additions(agreement)
        if fits(each, customer.quantity) and (may_be_storage(each) or each.product_id in storage)
    ]


def _addition_of(
    customer: Customer, agreement: CandidateAgreement, storage: frozenset[int]
) -> tuple[CandidateAddition | None, tuple[str, ...]]:
    """Return the addition to adopt: the only one of its product without a tag, and the only one that fits."""
    fitting = _fitting(agreement, customer, storage)
    chosen = [each for each in fitting if _is_storage(each, storage)] or fitting
    if len(chosen) > 1:
        return None, (f"addition: {_ids(chosen)} fit the usage; none is chosen",)
    if not chosen:
        beside = [each for each in open_additions(agreement) if _is_storage(each, storage) and each.quantity]
        if not beside or not customer.quantity:
            return None, ()
        texts = "; ".join(fit_text(each, customer) for each in beside[:3])
        return None, (f"addition: none fits, but one may bill the same thing: {texts}",)
    same = [each for each in open_additions(agreement) if each.product_id == chosen[0].product_id]
    if len(same) > 1:
        return None, (f"addition: {chosen[0].id} fits, but {_ids(same)} have the same product; end all but one",)
    return chosen[0], (fit_text(chosen[0], customer),)


def _ids(additions: Sequence[CandidateAddition]) -> str:
    return ", ".join(str(each.id) for each in additions)
