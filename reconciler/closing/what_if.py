"""Rules of other manifests for a past month: their products are found without ConnectWise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from reconciler.kinds.billing_rules import Range, Rule, product_label
from reconciler.kinds.customer_mapping import CustomerMappingSpec, ProductReference
from reconciler.kinds.fields import ByIdentifier
from reconciler.kinds.product import ProductSpec
from reconciler.kinds.values import Link
from reconciler.manifests.documents import Manifests

_Place = tuple[str | int, ...]


def links_of(manifests: Manifests) -> Mapping[str, Mapping[_Place, Link]]:
    """Return the products that each mapping refers to, by its address and the place of the reference.

    A look-up such as `{identifier: GB}` is the declared product with that identifier, if there is one.
    """
    identifiers = {each.spec.identifier: each.address for each in manifests.of(ProductSpec)}
    found: dict[str, dict[_Place, Link]] = {}
    for mapping in manifests.of(CustomerMappingSpec):
        products: dict[_Place, Link] = {}
        for path, charge in mapping.spec.each_charge():
            if charge.product is not None:
                products[*path, "product"] = _link(charge.product, identifiers)
            for index, each in enumerate(charge.ranges or ()):
                products[*path, "ranges", index, "product"] = _link(each.product, identifiers)
        found[mapping.address] = products
    return found


def _link(product: ProductReference, identifiers: Mapping[str, str]) -> Link:
    if isinstance(product, str):
        return Link(product, None, f"Product/{product}")
    address = identifiers.get(product.identifier) if isinstance(product, ByIdentifier) else None
    return Link(product_label(product), None, address)


def with_known_prices(rules: Iterable[Rule], known: Iterable[Rule]) -> Sequence[Rule]:
    """Return rules in which a price that no document declares is the one that the month billed for that product."""
    prices = {
        product_label(each.product): each.price for rule in known for each in rule.ranges if each.price is not None
    }
    return [replace(rule, ranges=tuple(_known_price(each, prices) for each in rule.ranges)) for rule in rules]


def _known_price(found: Range, prices: Mapping[str, Decimal]) -> Range:
    return replace(found, price=prices.get(product_label(found.product))) if found.price is None else found
