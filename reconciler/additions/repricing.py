"""Take the dated prices of the manifests into the terms of an ended month (BILLING, Closed months).

Of all rules, only a price with a `from` can change a month that has ended: the entry that is in force on its first day.
A plain `price` has no day, and works from the running month on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from reconciler.additions.month_terms import MonthTerms
from reconciler.kinds.billing_rules import Range, Rule
from reconciler.kinds.customer_mapping import ChargeFields, CustomerMappingSpec, ProductReference
from reconciler.kinds.customer_mapping import Range as PriceRange
from reconciler.kinds.dated_prices import UnitPrice, entry_in_force
from reconciler.kinds.product import ProductSpec
from reconciler.kinds.values import Link
from reconciler.manifests.documents import Manifests


def repriced(
    terms: MonthTerms, rule: Rule, manifests: Manifests, addresses: Mapping[int, str], first_day: date
) -> MonthTerms:
    """Return the terms of a month with the dated prices that are in force on its first day.

    `rule` is the rule of now, whose charge may have prices of its own. A product or a range that the charge no longer
    has keeps the price of the month, unless the product itself has a dated one. `addresses` has the document of each
    live product, by id.
    """
    prices = _Prices(terms.products, rule, manifests, addresses, first_day)
    ranges = tuple(map(prices.of, terms.rule.ranges))
    return terms if ranges == terms.rule.ranges else replace(terms, rule=replace(terms.rule, ranges=ranges))


@dataclass(frozen=True, slots=True)
class _Prices:
    products: Mapping[ProductReference | None, Link]
    rule: Rule
    manifests: Manifests
    addresses: Mapping[int, str]
    first_day: date

    def of(self, old: Range) -> Range:
        """Return a range of the month with its price of now, if that has a day."""
        own = self._own(old)
        if own is not None and own.prices is not None:
            entry = entry_in_force(own.prices, self.first_day)
            if entry is None:
                return old
            return replace(old, price=entry.price, cost=entry.cost, own_price=True, since=entry.from_)
        if old.own_price:
            return old
        found = self._of_product(old.product)
        return old if found is None else replace(old, price=found.price, cost=found.cost, since=found.since)

    def _own(self, old: Range) -> ChargeFields | PriceRange | None:
        """Return the range of the present charge with the same product and limit. None if there is none."""
        spec = self.manifests.get(CustomerMappingSpec, f"CustomerMapping/{self.rule.name}").spec
        charge = next(each for _, each in spec.each_charge() if each.charge_name == self.rule.charge)
        if charge.ranges is None:
            return charge if charge.product == old.product and old.up_to is None else None
        same = (each for each in charge.ranges if (each.product, each.up_to) == (old.product, old.up_to))
        return next(same, None)

    def _of_product(self, reference: ProductReference) -> UnitPrice | None:
        """Return the dated price of a product. None if it has none that is in force."""
        link = self.products.get(reference)
        found = None if link is None else self.manifests.find(ProductSpec, self.addresses.get(link.id or 0))
        if found is None or entry_in_force(found.spec.prices or (), self.first_day) is None:
            return None
        return found.spec.in_force(self.first_day)
