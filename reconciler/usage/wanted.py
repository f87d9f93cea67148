"""Bills → the additions that they want: the last step of usage, where its lines meet the estate. Pure.

What cannot be billed is refused with its reason, one mapping at a time: the others are billed all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from reconciler.kinds.customer_mapping import CustomerMappingSpec, ProductReference
from reconciler.kinds.estate import Estate, LiveObject
from reconciler.kinds.forms import date_text
from reconciler.kinds.values import Link, plain_decimal
from reconciler.manifests.documents import Document, Manifests
from reconciler.planning.additions import WantedLine
from reconciler.usage.bills import Bill
from reconciler.usage.period import Period
from reconciler.usage.rating import Line

_SHOWN = Decimal("0.01")
"""To what a quantity is rounded for a reader; never for a bill."""


@dataclass(frozen=True, slots=True)
class Wanted:
    lines: tuple[WantedLine, ...]
    refused: Mapping[str, str]
    """Mapping → why nothing of it is billed."""


class RefusalError(Exception):
    """Why one mapping cannot be billed; caught here, told in the plan."""


def wanted(
    bills: Iterable[Bill],
    manifests: Manifests,
    estate: Estate,
    period: Period,
    *,
    today: date,
    currency: str | None,
    setup: bool,
    claims: Mapping[str, frozenset[int]] | None = None,
) -> Wanted:
    """One line for each product of each bill; none of a bill that is held, whatever else is wrong with it.

    `setup`: what is declared and missing is made by the same plan. `claims`: by mapping, live additions that are its.
    """
    billing = _Billing(manifests, estate, period, today, currency, setup)
    lines: list[WantedLine] = []
    refused: dict[str, str] = {}
    for bill in bills:
        if bill.state == "held":
            continue
        try:
            found = billing.lines(bill, manifests.by_address[f"CustomerMapping/{bill.mapping}"])
        except RefusalError as reason:
            refused[bill.mapping] = str(reason)
            continue
        theirs = (claims or {}).get(bill.mapping)
        lines += [replace(line, claims=theirs) for line in found] if theirs else found
    return Wanted(tuple(lines), refused)


class _Billing:
    def __init__(
        self, manifests: Manifests, estate: Estate, period: Period, today: date, currency: str | None, setup: bool
    ) -> None:
        self._manifests = manifests
        self._estate = estate
        self._period = period
        self._today = today.isoformat()
        self._currency = currency
        self._setup = setup
        solutions = manifests.of_kind("ManagementSolution")
        self._declared = {key: each.address for each in solutions for key in self._solution_keys(each)}

    def lines(self, bill: Bill, mapping: Document) -> list[WantedLine]:
        """Those that usage fills, and after them the standing ones that it leaves.

        A line goes to zero only after the one that takes its place is there: a customer whose new line cannot be
        made goes on being billed by the old one.
        """
        if reasons := self._estate.refused.get(mapping.address):
            raise RefusalError("; ".join(reasons))
        spec: Any = mapping.spec
        links = self._estate.links[mapping.address]
        company = links[("company",)]
        agreement = self._there(links[("agreement",)], "agreement")
        after = self._solution(mapping, company)
        start = self._agreement(agreement, company)
        products = _products(spec, links)
        first = max(filter(None, (self._period.first_day.isoformat(), spec.start and spec.start.isoformat(), start)))

        def line(product: ProductReference, quantity: Decimal, price: Decimal | None) -> WantedLine:
            return WantedLine(
                mapping=bill.mapping,
                agreement=agreement,
                product=self._there(products[product], "product"),
                quantity=quantity,
                unit_price=price,
                mark=bill.mark,
                effective_date=first,
                why=why(bill),
                after=after,
            )

        filled = [line(each.product, each.quantity, _price(products[each.product], each)) for each in bill.lines]
        before = after | {each.address for each in filled}
        left = (line(product, Decimal(0), None) for product in bill.other_products)
        return [
            *(replace(each, adopt=spec.adopt) for each in filled),
            *(replace(each, standing_only=True, after=before) for each in left),
        ]

    def _there(self, link: Link, what: str) -> Link:
        """A link that can be billed on: what does not exist yet must be made by this very plan."""
        if link.id is None and not self._setup:
            raise RefusalError(f"its {what} {link.name} is not in ConnectWise yet: apply the setup first")
        return link

    def _solution(self, mapping: Document, company: Link) -> frozenset[str]:
        """The management solution that the mapping names, declared or live; a declared one is made first."""
        declared = frozenset(self._declared[key] for key in self._solution_keys(mapping) if key in self._declared)
        if declared:
            return declared
        spec: Any = mapping.spec
        others = [_named(obj) for obj in self._estate.solutions.get(company.id or 0, ())]
        if mapping.address in self._estate.named or (spec.solution, spec.managed_id) in others:
            return frozenset()
        has = " and ".join(f"'{name}' with {number}" for name, number in others) or "none"
        raise RefusalError(
            f"company {company.name} has no management solution '{spec.solution}' with Managed ID {spec.managed_id}, "
            f"declared or live; it has {has}. The name is compared with case"
        )

    def _solution_keys(self, document: Document) -> list[tuple[Any, str, str]]:
        """By the company as it is written and as what it is: a run for usage alone looks up no solution's company."""
        spec: Any = document.spec
        companies = (spec.company, self._estate.links.get(document.address, {}).get(("company",)))
        return [(company, spec.solution, spec.managed_id) for company in companies if company is not None]

    def _agreement(self, link: Link, company: Link) -> str | None:
        """The agreement's first day, once it is certain that it can be billed."""
        if link.id is None:
            spec: Any = self._manifests.by_address[str(link.address)].spec
            start, end = spec.start_date.isoformat(), None if spec.end_date is None else spec.end_date.isoformat()
            self._dates(link, start, end)
            return str(start)
        live = self._estate.objects["Agreement", link.id].raw
        owner = live.get("company") or {}
        if owner.get("id") not in (None, company.id):
            told = owner.get("identifier") or owner["id"]
            raise RefusalError(f"agreement {link.name} belongs to company {told}, not to {company.name}")
        start = date_text(live.get("startDate"))
        self._dates(link, start, None if live.get("noEndingDateFlag") else date_text(live.get("endDate")))
        status = live.get("agreementStatus")
        if status not in (None, "Active"):
            raise RefusalError(f"agreement {link.name} is {status}, not Active")
        has = (live.get("currency") or {}).get("currencyCode")
        if self._currency is not None and has is not None and has != self._currency:
            raise RefusalError(f"agreement {link.name} is in {has}, the workspace bills in {self._currency}")
        return start

    def _dates(self, link: Link, start: str | None, end: str | None) -> None:
        if start is not None and start > self._today:
            raise RefusalError(f"agreement {link.name} starts on {start}")
        if end is not None and end < self._today:
            raise RefusalError(f"agreement {link.name} ended on {end}")


def _price(product: Link, line: Line) -> Decimal:
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


def why(bill: Bill) -> str:
    """The reason of a line in words: what was used, and what became of it."""
    trail, measured = bill.trail, bill.measured
    if trail is None or measured is None:
        return "usage"
    how = "" if measured.measure == "last" else f", {measured.measure} of {measured.of_hours} hours"
    parts = [f"usage{how}: {_shown(trail.in_unit)} used"]
    if trail.after_allowance != trail.in_unit:
        parts.append(f"{_shown(trail.after_allowance)} above the allowance")
    minimum = " (the minimum)" if trail.quantity != trail.rounded else ""
    parts.append(f"{plain_decimal(trail.quantity)} billed{minimum}")
    return ", ".join(parts) + (f"; {bill.detail}" if bill.detail else "")


def _shown(quantity: Decimal) -> str:
    """`0` is said of nothing alone."""
    return plain_decimal(quantity.quantize(_SHOWN)) if quantity >= _SHOWN or not quantity else f"less than {_SHOWN}"
