"""Add the prices of a period to the rules of mappings: the declared price, else the product's one in ConnectWise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial

from pydantic import ValidationError

from reconciler.kinds.billing_rules import Rule, RuleError, rule_of
from reconciler.kinds.customer_mapping import CustomerMappingSpec, ProductReference
from reconciler.kinds.dated_prices import UNKNOWN, UnitPrice, days_after
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.meters import Unit
from reconciler.kinds.product import ProductSpec
from reconciler.kinds.values import Link
from reconciler.manifests.documents import DocumentOf, Manifests
from reconciler.rating.line_kinds import LineKinds
from reconciler.rating.meters import meter_named

Units = Mapping[str, Unit]
"""The unit of each usage source, by the source's name."""

_PLACEHOLDERS = {"company": "any", "agreement": "any", "solution": "any", "managedId": "0"}
"""Values of the required fields that do not change the price."""


def rules(manifests: Manifests, units: Units, live_state: LiveState, first_day: date) -> list[Rule]:
    """Return a rule for each charge of every mapping, with the prices of the period that has this first day.

    Raises `RuleError` if ranges with known prices conflict, and for a meter that does not exist.
    """
    prices, line_kinds = _Prices(manifests, live_state, first_day), LineKinds(manifests, live_state)
    documents = manifests.of(CustomerMappingSpec)
    return [rule for each in documents for rule in _rules(each, manifests, units, live_state, prices, line_kinds)]


def days_of_new_prices(manifests: Manifests, first_day: date) -> list[date]:
    """Return the first days of the later months in which a price of the manifests begins to work."""
    mappings = [charge for each in manifests.of(CustomerMappingSpec) for _, charge in each.spec.each_charge()]
    ranges = (each for charge in mappings for each in charge.ranges or ())
    products = (each.spec for each in manifests.of(ProductSpec))
    lists = (
        *(each.prices for each in products),
        *(each.prices for each in mappings),
        *(each.prices for each in ranges),
    )
    return days_after(lists, first_day)


def default_rules(manifests: Manifests, units: Units, first_day: date) -> tuple[Rule, ...]:
    """Return the rules that price an unmapped customer in a period, from the `Defaults` of the root folder.

    There is one for each charge of these defaults. There are none if they name no product, or are not complete enough.
    """
    defaults = manifests.fallback.get("CustomerMapping", {})
    if not units or defaults.keys().isdisjoint({"product", "ranges", "charges"}):
        return ()
    source, unit = next(iter(units.items()))
    customer = {"source": source, "id": "any"}
    meter_of = partial(meter_named, manifests, source)

    def price_of(product: ProductReference) -> UnitPrice:
        return _declared(manifests.find(ProductSpec, f"Product/{product}"), first_day)

    try:
        spec = CustomerMappingSpec.model_validate({**_PLACEHOLDERS, **defaults, "customer": customer})
        return tuple(
            rule_of("default", spec, unit, price_of, charge, meter_of, first_day=first_day)
            for _, charge in spec.each_charge()
        )
    except (ValidationError, RuleError):
        return ()  # incomplete defaults are no error: each document that uses them is validated


def _rules(
    document: DocumentOf[CustomerMappingSpec],
    manifests: Manifests,
    units: Units,
    live_state: LiveState,
    prices: _Prices,
    line_kinds: LineKinds,
) -> Iterator[Rule]:
    """Yield the rule of each charge of a mapping."""
    spec = document.spec
    links = live_state.links.get(document.address, {})
    source = spec.customer.source
    invoiced = line_kinds.invoiced(links.get(("agreement",)))
    meter_of = partial(meter_named, manifests, source)
    for path, charge in spec.each_charge():
        by_reference: dict[ProductReference | None, Link | None] = {charge.product: links.get((*path, "product"))}
        for index, each in enumerate(charge.ranges or ()):
            by_reference[each.product] = links.get((*path, "ranges", index, "product"))
        price_of = partial(prices.of_reference, by_reference)
        rule = rule_of(document.name, spec, units[source], price_of, charge, meter_of, first_day=prices.first_day)
        lines = line_kinds.lines(charge.lines, invoiced)
        yield replace(rule, proposed=document.metadata.proposed, lines=lines, invoiced=invoiced, place=path)


class _Prices:
    """Unit prices of products in a period: the declared one, else the live one. Costs are those that are declared."""

    def __init__(self, manifests: Manifests, live_state: LiveState, first_day: date) -> None:
        self.first_day = first_day
        self._manifests = manifests
        self._live_state = live_state
        self._addresses = {live.id: address for address, live in live_state.matches.items() if live.kind == "Product"}

    def of_reference(
        self, links: Mapping[ProductReference | None, Link | None], product: ProductReference
    ) -> UnitPrice:
        """Return the unit price of the product that a mapping refers to. `links` are those of its references."""
        return self.of(links.get(product))

    def of(self, link: Link | None) -> UnitPrice:
        """Return a product's unit price, and its cost if it is declared.

        A live price of 0 counts as unknown, because ConnectWise also shows 0 for a product without a price. A declared
        0 is a price.
        """
        if link is None:
            return UNKNOWN
        address = link.address or self._addresses.get(link.id or 0)
        document = self._manifests.find(ProductSpec, address)
        declared = _declared(document, self.first_day)
        if document is not None and document.declared & {"price", "prices"}:
            return declared
        live = self._live_state.objects.get(("Product", link.id or 0))
        price = None if live is None else live.raw.get("price")
        return replace(declared, price=Decimal(price) if price else None)


def _declared(document: DocumentOf[ProductSpec] | None, first_day: date) -> UnitPrice:
    return UNKNOWN if document is None else document.spec.in_force(first_day)
