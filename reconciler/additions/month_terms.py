"""The terms of a charge in one month: its rule, its agreement and its products.

The ledger keeps the terms of each month in which a charge has an addition of its own. An ended month is rated by the
terms that were in force on its last day, whatever Git says now (BILLING, Closed months).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.customer_mapping import CustomerMappingSpec, ProductReference
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.values import Link
from reconciler.ledger.snapshot import RecordedTerms, TermsKey
from reconciler.manifests.documents import DocumentOf, Manifests
from reconciler.metering.period import Period

_RULE: TypeAdapter[Rule] = TypeAdapter(Rule)
_PRODUCT: TypeAdapter[Any] = TypeAdapter(ProductReference)


@dataclass(frozen=True, slots=True)
class MonthTerms:
    """The terms of a charge in one month."""

    rule: Rule
    agreement: Link
    products: Mapping[ProductReference | None, Link]

    def to_json(self) -> dict[str, Any]:
        """Return the terms as the ledger keeps them."""
        return {
            "rule": _RULE.dump_python(self.rule, mode="json"),
            "agreement": [self.agreement.name, self.agreement.id],
            "products": [
                [_PRODUCT.dump_python(reference, mode="json"), link.name, link.id]
                for reference, link in self.products.items()
            ],
        }


def terms_from_json(found: Mapping[str, Any], name: str) -> MonthTerms:
    """Return the terms that the ledger has. `name` is the mapping's name of now."""
    agreement, number = found["agreement"]
    products = {_PRODUCT.validate_python(each): Link(label, of) for each, label, of in found["products"]}
    return MonthTerms(replace(_RULE.validate_python(found["rule"]), name=name), Link(agreement, number), products)


def terms_of(mapping: DocumentOf[CustomerMappingSpec], rule: Rule, live_state: LiveState) -> MonthTerms | None:
    """Return the terms of now. None if the agreement or a product is not in ConnectWise yet."""
    links = live_state.links.get(mapping.address, {})
    agreement, products = links.get(("agreement",)), product_links(mapping.spec, rule.charge, links)
    if agreement is None or agreement.id is None or any(each.id is None for each in products.values()):
        return None
    return MonthTerms(rule, agreement, products)


def product_links(
    spec: CustomerMappingSpec, name: str, links: Mapping[Any, Link]
) -> dict[ProductReference | None, Link]:
    """Return the link of each product that a charge of the mapping refers to."""
    path, charge = next((path, each) for path, each in spec.each_charge() if each.charge_name == name)
    if charge.ranges is None:
        return {charge.product: links[(*path, "product")]}
    return {each.product: links[(*path, "ranges", index, "product")] for index, each in enumerate(charge.ranges)}


def new_terms(
    rules: Iterable[Rule],
    manifests: Manifests,
    live_state: LiveState,
    period: Period,
    known: Mapping[TermsKey, Mapping[str, Any]],
) -> Iterator[RecordedTerms]:
    """Yield the terms of a month that the ledger does not have yet, of charges with additions of months.

    `known` are those that it has.
    """
    for rule in rules:
        key = (rule.source, rule.customer_id, rule.charge, str(period))
        if rule.proposed or (rule.lines == "rolling" and key not in known):
            continue
        mapping = manifests.get(CustomerMappingSpec, f"CustomerMapping/{rule.name}")
        terms = terms_of(mapping, rule, live_state)
        if terms is not None and (found := terms.to_json()) != known.get(key):
            yield RecordedTerms(key, found)
