"""Add prices to the rules of mappings: the declared price, else the product's price in ConnectWise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from pydantic import ValidationError

from reconciler.kinds.billing_rules import Rule, RuleError, Unit, rule_of
from reconciler.kinds.customer_mapping import CustomerMappingSpec, ProductReference
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.product import ProductSpec
from reconciler.kinds.values import Link
from reconciler.manifests.documents import DocumentOf, Manifests

Units = Mapping[str, Unit]
"""The unit of each usage source, by the source's name."""

_PLACEHOLDERS = {"company": "any", "agreement": "any", "solution": "any", "managedId": "0"}
"""Values of the required fields that do not change the price."""


def rules(manifests: Manifests, units: Units, live_state: LiveState) -> list[Rule]:
    """Return the rule of every mapping, with prices. Raises `RuleError` if ranges with known prices conflict."""
    prices = _Prices(manifests, live_state)
    return [_rule(document, units, live_state, prices) for document in manifests.of(CustomerMappingSpec)]


def default_rule(manifests: Manifests, units: Units) -> Rule | None:
    """Return the rule that prices an unmapped customer, from the `Defaults` of the root folder.

    None if these defaults name no product, or are not complete enough for a rule.
    """
    defaults = manifests.fallback.get("CustomerMapping", {})
    if not units or defaults.keys().isdisjoint({"product", "ranges"}):
        return None
    source, unit = next(iter(units.items()))
    customer = {"source": source, "id": "any"}

    def price_of(product: ProductReference) -> Decimal | None:
        return _declared(manifests.find(ProductSpec, f"Product/{product}"))

    try:
        spec = CustomerMappingSpec.model_validate({**_PLACEHOLDERS, **defaults, "customer": customer})
        return rule_of("default", spec, unit, price_of)
    except (ValidationError, RuleError):
        return None  # incomplete defaults are no error: each document that uses them is validated


def _rule(document: DocumentOf[CustomerMappingSpec], units: Units, live_state: LiveState, prices: _Prices) -> Rule:
    spec = document.spec
    links = live_state.links.get(document.address, {})
    by_reference: dict[ProductReference | None, Link | None] = {spec.product: links.get(("product",))}
    for index, each in enumerate(spec.ranges or ()):
        by_reference[each.product] = links.get(("ranges", index, "product"))
    rule = rule_of(
        document.name, spec, units[spec.customer.source], lambda product: prices.of(by_reference.get(product))
    )
    return replace(rule, proposed=document.metadata.proposed)


class _Prices:
    """Unit prices of products: the declared one, else the live one. None if neither exists."""

    def __init__(self, manifests: Manifests, live_state: LiveState) -> None:
        self._manifests = manifests
        self._live_state = live_state
        self._addresses = {live.id: address for address, live in live_state.matches.items() if live.kind == "Product"}

    def of(self, link: Link | None) -> Decimal | None:
        """Return a product's unit price.

        A live price of 0 counts as unknown, because ConnectWise also shows 0 for a product without a price. A declared
        0 is a price.
        """
        if link is None:
            return None
        address = link.address or self._addresses.get(link.id or 0)
        document = self._manifests.find(ProductSpec, address)
        if document is not None and "price" in document.declared:
            return _declared(document)
        live = self._live_state.objects.get(("Product", link.id or 0))
        price = None if live is None else live.raw.get("price")
        return Decimal(price) if price else None


def _declared(document: DocumentOf[ProductSpec] | None) -> Decimal | None:
    return None if document is None else document.spec.price
