"""Mappings → rules with prices: what the manifests declare, else what the products have in ConnectWise. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from reconciler.kinds.customer_mapping import CustomerMappingSpec, ProductReference
from reconciler.kinds.estate import Estate
from reconciler.kinds.values import Link
from reconciler.manifests.documents import Document, Manifests
from reconciler.usage.errors import UsageError
from reconciler.usage.rules import Rule, Unit, rule_of

Units = Mapping[str, Unit]
"""By usage source."""

_NOBODY = {"company": "nobody", "agreement": "nobody", "solution": "none", "managedId": "0"}


def rules(manifests: Manifests, units: Units, estate: Estate) -> list[Rule]:
    """The rule of every mapping. Raises UsageError where ranges contradict each other once their prices are known."""
    prices = _Prices(manifests, estate)
    return [_rule(document, units, estate, prices) for document in manifests.of_kind("CustomerMapping")]


def default_rule(manifests: Manifests, units: Units) -> Rule | None:
    """How a customer that nothing maps would be billed, where the root's `Defaults` say so much; None where not."""
    given = manifests.fallback.get("CustomerMapping", {})
    if not units or given.keys().isdisjoint({"product", "ranges"}):
        return None
    source, unit = next(iter(units.items()))
    try:
        spec = CustomerMappingSpec.model_validate({**_NOBODY, **given, "customer": {"source": source, "id": "nobody"}})
        return rule_of("default", spec, unit, lambda product: _declared(manifests.by_address.get(f"Product/{product}")))
    except (ValidationError, UsageError):
        return None  # they need not be whole: what they fill in is checked where a document takes it


def _rule(document: Document, units: Units, estate: Estate, prices: _Prices) -> Rule:
    spec: Any = document.spec
    links = estate.links.get(document.address, {})
    by_reference: dict[ProductReference, Link | None] = {spec.product: links.get(("product",))}
    for index, each in enumerate(spec.ranges or ()):
        by_reference[each.product] = links.get(("ranges", index, "product"))
    return rule_of(
        document.name, spec, units[spec.customer.source], lambda product: prices.of(by_reference.get(product))
    )


class _Prices:
    """Unit prices of products: as declared, else as they live. None where neither has one."""

    def __init__(self, manifests: Manifests, estate: Estate) -> None:
        self._manifests = manifests
        self._estate = estate
        self._addresses = {live.id: address for address, live in estate.matches.items() if live.kind == "Product"}

    def of(self, link: Link | None) -> Decimal | None:
        """A live 0 says nothing: it is what a product whose price nobody set has, too. A declared 0 is meant."""
        if link is None:
            return None
        document = self._manifests.by_address.get(link.address or self._addresses.get(link.id or 0, ""))
        if document is not None and "price" in document.declared:
            return _declared(document)
        live = self._estate.objects.get(("Product", link.id or 0))
        price = None if live is None else live.raw.get("price")
        return Decimal(price) if price else None


def _declared(document: Document | None) -> Decimal | None:
    spec: Any = None if document is None else document.spec
    return None if spec is None or spec.price is None else Decimal(spec.price)
