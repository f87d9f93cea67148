"""Bills → the additions that they ask for: where the lines of usage meet agreements and products.

What cannot be billed is refused with its reason, one mapping at a time: the others are billed all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from reconciler.additions.agreements import BillingCycles, agreement_of, check_billable, first_day_of
from reconciler.additions.charge import Charge
from reconciler.additions.live import AgreementProduct
from reconciler.additions.ownership import Owner
from reconciler.additions.reasons import why
from reconciler.additions.refusal import RefusalError
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.customer_mapping import CustomerMappingSpec, ProductReference
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.management_solution import ManagementSolutionSpec
from reconciler.kinds.values import Link
from reconciler.manifests.documents import DocumentOf, Manifests
from reconciler.metering.period import Period
from reconciler.rating.rate import ChargeLine


@dataclass(frozen=True, slots=True)
class DesiredAddition:
    """One addition as usage asks for it."""

    owner: Owner
    agreement: Link
    product: Link
    quantity: Decimal
    """In the source's unit."""
    unit_price: Decimal | None
    """None leaves the price of a live line as it is."""
    effective_date: str
    """First day of a line that is made now."""
    why: str
    """The reason in words: what was used, and what is billed of it."""
    late_start_reason: str = ""
    """Why it begins later than usage does; empty where it does not."""
    adopt: bool = False
    emptied: bool = False
    """A product of the ranges that holds nothing now: its line goes to 0 where there is one, and is never made."""
    after: frozenset[str] = frozenset()
    """Addresses that must be done first though no field links to them."""

    @property
    def address(self) -> str:
        return f"Addition/{self.owner.mapping}.{self.owner.charge}:{self.product.name}"

    @property
    def mapping(self) -> str:
        return self.owner.mapping

    @property
    def agreement_product(self) -> AgreementProduct:
        return (self.agreement.id, self.product.id)


@dataclass(frozen=True, slots=True)
class DesiredAdditions:
    lines: tuple[DesiredAddition, ...]
    refused: Mapping[str, str]
    """Mapping → why nothing of it is billed."""


@dataclass(frozen=True, slots=True)
class BillingContext:
    """What every bill of a run is looked at in."""

    manifests: Manifests
    live_state: LiveState
    period: Period
    today: date
    """In the billing zone."""
    currency: str | None
    setup: bool
    """Whether the same plan makes what is declared and missing."""
    cycles: BillingCycles
    """Empty where the names of all cycles say it."""


def desired_additions(charges: Iterable[Charge], rules: Mapping[str, Rule], at: BillingContext) -> DesiredAdditions:
    """One line for each product of each bill; none for a bill that is held. `rules` is by mapping."""
    billing = _Billing(at)
    lines: list[DesiredAddition] = []
    refused: dict[str, str] = {}
    for charge in charges:
        if charge.state == "held":
            continue
        try:
            document = at.manifests.get(CustomerMappingSpec, f"CustomerMapping/{charge.mapping}")
            lines += billing.lines(charge, rules[charge.mapping], document)
        except RefusalError as reason:
            refused[charge.mapping] = str(reason)
    return DesiredAdditions(tuple(lines), refused)


class _Billing:
    def __init__(self, at: BillingContext) -> None:
        self._at = at
        solutions = at.manifests.of(ManagementSolutionSpec)
        self._declared = {key: each.address for each in solutions for key in self._solution_keys(each)}

    def lines(self, charge: Charge, rule: Rule, mapping: DocumentOf[CustomerMappingSpec]) -> list[DesiredAddition]:
        """The lines that hold usage, and after them those that usage leaves.

        A line goes to 0 only after the one that takes its place is there: while the new line cannot be made, the old
        one bills on.
        """
        at = self._at
        if reasons := at.live_state.refused.get(mapping.address):
            raise RefusalError("; ".join(reasons))
        spec = mapping.spec
        links = at.live_state.links[mapping.address]
        company = links[("company",)]
        link = self._there(links[("agreement",)], "agreement")
        after = self._solution(mapping, company)
        agreement = agreement_of(link, at.manifests, at.live_state, at.cycles)
        check_billable(agreement, company, at.today.isoformat(), at.currency)
        begins = first_day_of(agreement, at.period, spec.start)
        products = _products(spec, links)
        owner = Owner(charge.mapping, charge.source, charge.customer_id)

        def line(product: ProductReference, quantity: Decimal, price: Decimal | None) -> DesiredAddition:
            return DesiredAddition(
                owner=owner,
                agreement=link,
                product=self._there(products[product], "product"),
                quantity=quantity,
                unit_price=price,
                effective_date=begins.day,
                why=why(charge, rule.unit),
                late_start_reason=begins.because,
                after=after,
            )

        filled = [line(each.product, each.quantity, _price(products[each.product], each)) for each in charge.lines]
        before = after | {each.address for each in filled}
        prices = {each.product: each.price for each in rule.ranges}
        left = (line(product, Decimal(0), prices.get(product)) for product in charge.other_products)
        return [
            *(replace(each, adopt=spec.adopt) for each in filled),
            *(replace(each, emptied=True, after=before) for each in left),
        ]

    def _there(self, link: Link, what: str) -> Link:
        """A link that can be billed on: what does not exist yet must be made by this very plan."""
        if link.id is None and not self._at.setup:
            raise RefusalError(f"its {what} {link.name} is not in ConnectWise yet: apply the setup first")
        return link

    def _solution(self, mapping: DocumentOf[CustomerMappingSpec], company: Link) -> frozenset[str]:
        """The management solution that the mapping names, declared or live; a declared one is made first."""
        declared = frozenset(self._declared[key] for key in self._solution_keys(mapping) if key in self._declared)
        if declared:
            return declared
        spec = mapping.spec
        others = [_named(obj) for obj in self._at.live_state.solutions.get(company.id or 0, ())]
        if mapping.address in self._at.live_state.named or (spec.solution, spec.managed_id) in others:
            return frozenset()
        has = " and ".join(f"{name} with {number}" for name, number in others) or "none"
        raise RefusalError(
            f"company {company.name} has no management solution {spec.solution} with Managed ID {spec.managed_id}, "
            f"declared or live; it has {has}. The name is compared with case"
        )

    def _solution_keys(
        self, document: DocumentOf[CustomerMappingSpec] | DocumentOf[ManagementSolutionSpec]
    ) -> list[tuple[Any, str, str]]:
        """By the company as it is written and as what it is: a run for usage alone looks up no solution's company."""
        spec = document.spec
        companies = (spec.company, self._at.live_state.links.get(document.address, {}).get(("company",)))
        return [(company, spec.solution, spec.managed_id) for company in companies if company is not None]


def _price(product: Link, line: ChargeLine) -> Decimal:
    if line.unit_price is None:
        raise RefusalError(f"product {product.name} has no price: declare one, `price: 0` where it is free")
    return line.unit_price


def _named(obj: LiveObject) -> tuple[str, str]:
    name = str((obj.raw.get("managementSolution") or {}).get("name") or "").strip()
    return (name, str(obj.raw.get("groupIdentifier") or "").strip())


def _products(spec: CustomerMappingSpec, links: Mapping[Any, Link]) -> dict[ProductReference | None, Link]:
    if spec.ranges is None:
        return {spec.product: links[("product",)]}
    return {each.product: links[("ranges", index, "product")] for index, each in enumerate(spec.ranges)}
