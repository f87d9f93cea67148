"""Bills → the additions that they want: the last step of usage, where its lines meet the estate. Pure.

What cannot be billed is refused with its reason, one mapping at a time: the others are billed all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
) -> Wanted:
    """One line for each product of each bill. `setup`: what is declared and missing is made by the same plan."""
    billing = _Billing(manifests, estate, period, today, currency, setup)
    lines: list[WantedLine] = []
    refused: dict[str, str] = {}
    for bill in bills:
        mapping = manifests.by_address[f"CustomerMapping/{bill.mapping}"]
        try:
            lines += billing.lines(bill, mapping)
        except RefusalError as reason:
            refused[bill.mapping] = str(reason)
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
        self._declared = {_solution(each.spec): each.address for each in manifests.of_kind("ManagementSolution")}

    def lines(self, bill: Bill, mapping: Document) -> list[WantedLine]:
        spec: Any = mapping.spec
        links = self._estate.links[mapping.address]
        agreement = self._there(links[("agreement",)], "agreement")
        after = self._solution(spec, links[("company",)])
        start = self._agreement(agreement)
        products = _products(spec, links)
        first = max(filter(None, (self._period.first_day.isoformat(), spec.start and spec.start.isoformat(), start)))
        if bill.state == "held":
            return []
        made = [(line.product, line.quantity, line.unit_price, False) for line in bill.lines]
        made += [(product, Decimal(0), None, True) for product in bill.other_products]
        return [
            WantedLine(
                mapping=bill.mapping,
                agreement=agreement,
                product=self._there(products[product], "product"),
                quantity=quantity,
                unit_price=self._price(products[product], price, standing),
                mark=bill.mark,
                effective_date=first,
                why=why(bill),
                adopt=spec.adopt and not standing,
                standing_only=standing,
                after=after,
            )
            for product, quantity, price, standing in made
        ]

    def _there(self, link: Link, what: str) -> Link:
        """A link that can be billed on: what does not exist yet must be made by this very plan."""
        if link.id is None and not self._setup:
            raise RefusalError(f"its {what} {link.name} is not in ConnectWise yet: apply the setup first")
        return link

    def _price(self, product: Link, price: Decimal | None, standing: bool) -> Decimal | None:
        if price is None and not standing:
            raise RefusalError(f"product {product.name} has no price: set one, an explicit 0 is fine")
        return price

    def _solution(self, spec: CustomerMappingSpec, company: Link) -> frozenset[str]:
        """The management solution that the mapping names, declared or live; a declared one is made first."""
        declared = self._declared.get(_solution(spec))
        if declared is not None:
            return frozenset({declared})
        named = f"{spec.solution!r} with Managed ID {spec.managed_id}"
        others = [_named(obj) for obj in self._estate.solutions.get(company.id or 0, ())]
        if (spec.solution, spec.managed_id) in others:
            return frozenset()
        has = ", ".join(f"{name!r} with {number}" for name, number in others) or "none"
        raise RefusalError(
            f"company {company.name} has no management solution {named}, declared or live; it has {has}. "
            "The name is compared with case"
        )

    def _agreement(self, link: Link) -> str | None:
        """The agreement's first day, once it is certain that it can be billed."""
        if link.id is None:
            spec: Any = self._manifests.by_address[str(link.address)].spec
            start, end = spec.start_date.isoformat(), None if spec.end_date is None else spec.end_date.isoformat()
            self._dates(link, start, end)
            return str(start)
        live = self._estate.objects["Agreement", link.id].raw
        status = live.get("agreementStatus")
        start = date_text(live.get("startDate"))
        end = None if live.get("noEndingDateFlag") else date_text(live.get("endDate"))
        self._dates(link, start, end)
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


def _solution(spec: Any) -> tuple[Any, str, str]:
    return (spec.company, spec.solution, spec.managed_id)


def _named(obj: LiveObject) -> tuple[str, str]:
    name = str((obj.raw.get("managementSolution") or {}).get("name") or "").strip()
    return (name, str(obj.raw.get("groupIdentifier") or "").strip())


def _products(spec: CustomerMappingSpec, links: Mapping[Any, Link]) -> dict[ProductReference, Link]:
    if spec.ranges is None:
        return {spec.product: links[("product",)]} if spec.product is not None else {}
    return {each.product: links[("ranges", index, "product")] for index, each in enumerate(spec.ranges)}


def why(bill: Bill) -> str:
    """The reason of a line in words: what was used, and what became of it."""
    if bill.trail is None:
        return f"usage: {bill.detail}" if bill.detail else "usage"
    used = plain_decimal(bill.trail.in_unit.quantize(Decimal("0.01")))
    billed = plain_decimal(bill.trail.quantity)
    return f"usage: {used} used, {billed} billed" + (f" ({bill.detail})" if bill.detail not in ("", "billed") else "")
