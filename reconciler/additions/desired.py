"""Turn charges into desired additions: each line of a charge, with its agreement, product and first day.

A mapping that cannot be billed is refused with a reason. The other mappings are billed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from reconciler.additions.agreements import (
    Agreement,
    BillingCycles,
    agreement_of,
    check_billable,
    day_before,
    first_day_of,
    last_day_of,
)
from reconciler.additions.charge import Charge
from reconciler.additions.desired_addition import DesiredAddition
from reconciler.additions.ended_months import ChargedMonth
from reconciler.additions.invoice_text import invoice_text
from reconciler.additions.month_terms import MonthTerms, product_links
from reconciler.additions.ownership import OwnedAddition, Owner, owner_of, owner_of_rule
from reconciler.additions.period_lines import NotInvoicedError, days_of, difference_text, has_billed, invoiced_lines
from reconciler.additions.reasons import quantity_reason
from reconciler.additions.refusal import RefusalError
from reconciler.additions.solutions import Solutions, only_proposed
from reconciler.amounts import amount_text
from reconciler.kinds.agreement import goes_on
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.customer_mapping import CustomerMappingSpec, ProductReference
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.values import Link
from reconciler.manifests.documents import DocumentOf, Manifests
from reconciler.metering.period import Period
from reconciler.rating.rate import ChargeLine


@dataclass(frozen=True, slots=True)
class DesiredAdditions:
    """The desired additions of a run, and the mappings that cannot be billed."""

    additions: tuple[DesiredAddition, ...]
    refused: Mapping[str, str]
    """By mapping: why nothing of it is billed."""
    uninvoiced: Mapping[str, str] = field(default_factory=dict)
    """By mapping: the usage of the running month that no invoice bills, if its additions bill one month each."""


@dataclass(frozen=True, slots=True)
class BillingContext:
    """What all charges of a run share: manifests, live state, period and currency."""

    manifests: Manifests
    live_state: LiveState
    period: Period
    today: date
    """In the billing time zone."""
    currency: str | None
    setup: bool
    """Whether the same plan also creates the declared objects that do not exist yet."""
    cycles: BillingCycles
    """Empty if every agreement has the default cycle `Monthly`, so that no look-up is needed."""


def desired_additions(
    charges: Iterable[Charge],
    rules: Mapping[Owner, Rule],
    context: BillingContext,
    lines: Mapping[Owner, Sequence[OwnedAddition]] = MappingProxyType({}),
) -> DesiredAdditions:
    """Return one addition for each product of each charge, except charges that are held.

    `lines` has the live additions of each charge. If one charge of a mapping is refused, nothing of the mapping is
    billed.
    """
    return _desired(charges, rules, _Builder(context, lines))


def desired_of_month(
    month: ChargedMonth, context: BillingContext, lines: Mapping[Owner, Sequence[OwnedAddition]]
) -> DesiredAdditions:
    """Return the additions of an ended month, by the terms that were in force in it."""
    rules = {owner_of_rule(terms.rule): terms.rule for terms in month.terms.values()}
    return _desired(month.charges, rules, _Builder(replace(context, period=month.period), lines, month))


def _desired(charges: Iterable[Charge], rules: Mapping[Owner, Rule], builder: _Builder) -> DesiredAdditions:
    additions: list[DesiredAddition] = []
    refused: dict[str, str] = {}
    uninvoiced: dict[str, str] = {}
    for charge in charges:
        if charge.state == "held":
            continue
        try:
            document = builder.manifests.get(CustomerMappingSpec, f"CustomerMapping/{charge.mapping}")
            additions += builder.additions(charge, rules[owner_of(charge).of_all_months], document)
        except RefusalError as reason:
            refused[charge.mapping] = str(reason)
        except NotInvoicedError as reason:
            uninvoiced[charge.mapping] = "; ".join(filter(None, (uninvoiced.get(charge.mapping), str(reason))))
    billed = tuple(each for each in additions if each.mapping not in refused)
    return DesiredAdditions(billed, refused, uninvoiced)


@dataclass(frozen=True, slots=True)
class _Dates:
    """The first and the last day of the additions of a charge, with the reasons."""

    first: str
    last: str | None
    late_reason: str = ""
    end_reason: str = ""
    billed_elsewhere: bool = False


class _Builder:
    """Builds the desired additions of charges."""

    def __init__(
        self,
        context: BillingContext,
        lines: Mapping[Owner, Sequence[OwnedAddition]],
        month: ChargedMonth | None = None,
    ) -> None:
        self._context = context
        self._lines = lines
        self._month = month
        self.manifests = context.manifests
        self._solutions = Solutions(context.manifests, context.live_state)

    def additions(self, charge: Charge, rule: Rule, mapping: DocumentOf[CustomerMappingSpec]) -> list[DesiredAddition]:
        """Return the additions with usage, then those of products without usage.

        An addition goes to 0 only after the new one exists. If the new one cannot be created, the old one keeps
        billing. Raises `RefusalError` if the mapping cannot be billed, and `NotInvoicedError` if no invoice bills the
        month of its additions.
        """
        context = self._context
        if reasons := context.live_state.refused.get(mapping.address):
            raise RefusalError("; ".join(reasons))
        spec = mapping.spec
        links = context.live_state.links[mapping.address]
        company = links[("company",)]
        if not rule.proposed:
            self._check_not_proposed(links.values())
        owner = owner_of(charge)
        terms = None if self._month is None else self._month.terms[charge.mapping, charge.name]
        link = self._checked(links[("agreement",)], "agreement")
        if terms is not None:
            link = self._agreement_of_month(terms, owner, link)
        depends_on = self._solutions.needed(mapping, company) if terms is None else frozenset()
        agreement = agreement_of(link, context.manifests, context.live_state, context.cycles)
        self._check(agreement, company, rule)
        dates = self._dates(charge, owner, rule, agreement)
        if dates is None:
            return []
        products = product_links(spec, rule.charge, links) if terms is None else terms.products

        own_prices = {each.product for each in rule.ranges if each.own_price}

        def addition(
            product: ProductReference, quantity: Decimal, price: Decimal | None, cost: Decimal | None
        ) -> DesiredAddition:
            return DesiredAddition(
                owner=owner,
                agreement=link,
                product=self._checked(products[product], "product"),
                quantity=quantity,
                unit_price=price,
                unit_cost=cost,
                own_price=product in own_prices,
                effective_date=dates.first,
                reason=quantity_reason(charge, rule.unit),
                late_start_reason=dates.late_reason,
                last_day=dates.last,
                end_reason=dates.end_reason,
                billed_elsewhere=dates.billed_elsewhere,
                depends_on=depends_on,
            )

        month = owner.period or str(context.period)
        filled = [
            replace(
                addition(each.product, each.quantity, _price(products[each.product], each), each.unit_cost),
                invoice_text=invoice_text(rule, charge, each, month),
            )
            for each in charge.lines
        ]
        filled_first = depends_on | {each.address for each in filled}
        prices = {each.product: (each.price, each.cost) for each in rule.ranges}
        empty = (addition(each, Decimal(0), *prices.get(each, (None, None))) for each in charge.other_products)
        return [
            *(replace(each, adopt=rule.adopt and self._month is None) for each in filled),
            *(replace(each, emptied=True, depends_on=filled_first) for each in empty),
        ]

    def _agreement_of_month(self, terms: MonthTerms, owner: Owner, now: Link) -> Link:
        """Return the agreement that bills an ended month: that of its last day, or that of `now` if it has ended.

        An agreement that has ended bills no month in advance any more.
        """
        if terms.rule.invoiced == "arrears" or self._lines.get(owner) or now.id is None:
            return terms.agreement
        live = self._context.live_state.objects.get(("Agreement", terms.agreement.id or 0))
        goes = live is not None and goes_on(live.raw, day_before(self._context.today.isoformat()))
        return terms.agreement if goes else now

    def _check(self, agreement: Agreement, company: Link, rule: Rule) -> None:
        """Raise `RefusalError` if the agreement cannot be billed.

        One that is invoiced in arrears is billed for an ended month also after its own end. It may be the agreement of
        another company, if the mapping has moved since.
        """
        today = self._context.today.isoformat()
        if self._month is None:
            check_billable(agreement, company, today, self._context.currency)
            return
        agreement = replace(agreement, company_id=None)
        if rule.invoiced == "advance":
            check_billable(agreement, company, today, self._context.currency)
        else:
            last = self._month.period.last_day.isoformat()
            ended = replace(agreement, end=None) if (agreement.end or last) >= f"{last[:7]}-01" else agreement
            check_billable(ended, company, last, self._context.currency, may_be=("Active", "Expired"))

    def _dates(self, charge: Charge, owner: Owner, rule: Rule, agreement: Agreement) -> _Dates | None:
        """Return the dates of the additions of a charge. None if an invoice has billed its month already."""
        context = self._context
        running = context.period.first_day.isoformat()
        if owner.period is None:
            if rule.invoiced == "arrears":
                raise RefusalError(
                    f"agreement {agreement.name} is invoiced in arrears, which does not fit `lines: rolling`: write "
                    "`lines: perPeriod`"
                )
            begins = first_day_of(agreement, context.period, rule.start)
            last = None if rule.end is None else last_day_of(rule.end, agreement.next_invoice)
            of_month = (each.addition for each in self._lines.get(owner.of_period(str(context.period)), ()))
            return _Dates(
                begins.day,
                last,
                begins.late_reason,
                "" if rule.end is None else end_reason(rule),
                billed_elsewhere=bool(invoiced_lines(of_month, context.live_state)),
            )
        lines = [each.addition for each in self._lines.get(owner, ())]
        if invoiced := invoiced_lines(lines, context.live_state):
            if (text := difference_text(invoiced, charge.amount, context.period, context.currency)) is not None:
                raise NotInvoicedError(text)
            return None
        others = (each.addition for each in self._lines.get(owner.of_all_months, ()))
        if any(has_billed(each, running, context.live_state) for each in others):
            return None
        try:
            days = days_of(rule, agreement, context.period, lines, over=self._month is not None)
        except NotInvoicedError as reason:
            if not charge.amount:
                return None
            amount = amount_text(charge.amount, context.currency)
            raise NotInvoicedError(f"{reason}; no invoice of {owner.period} bills its {amount}") from None
        if days is None:
            return None
        return _Dates(days.first, days.last, end_reason=f"it bills {owner.period} only")

    def _checked(self, link: Link, what: str) -> Link:
        """Return the link. Raise `RefusalError` if its object does not exist and this plan does not create it."""
        if link.id is None and not self._context.setup:
            raise RefusalError(f"its {what} {link.name} is not in ConnectWise yet: apply the setup first")
        return link

    def _check_not_proposed(self, links: Iterable[Link]) -> None:
        """Raise `RefusalError` if a link is to a document that is only proposed and has no object in ConnectWise."""
        for link in links:
            document = None if link.id is not None else self._context.manifests.by_address.get(str(link.address))
            if document is not None and document.metadata.proposed:
                raise RefusalError(only_proposed(document.address))


def end_reason(rule: Rule) -> str:
    """Return why the additions of a mapping that ends get a last day."""
    return f"CustomerMapping/{rule.name} ends on {rule.end}"


def _price(product: Link, line: ChargeLine) -> Decimal:
    """Return the unit price of a line. Raise `RefusalError` if it has none."""
    if line.unit_price is None:
        raise RefusalError(f"product {product.name} has no price: declare one, `price: 0` if it is free")
    return line.unit_price
