"""Where each value of a rule comes from: the mapping, a `Defaults` document, a product, or the default of the field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from reconciler.closing.json_values import Json
from reconciler.closing.rule_version import RuleVersion
from reconciler.kinds.billing_rules import Range, product_label
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.product import ProductSpec
from reconciler.kinds.values import Link
from reconciler.kinds.workspace import WorkspaceSpec
from reconciler.manifests.documents import Document, DocumentOf, Manifests

_HOUR = timedelta(hours=1)
PlaceOf = Callable[[Document, tuple[str | int, ...]], str]
"""Returns the file and the line of a value by its path in a document, such as `customers/acme.yaml:12`."""

DEFAULT = "the default"
"""The origin of a value that no document gives."""

_NOT_OF_THE_RULE = {"company", "agreement", "solution", "managedId", "adopt"}
"""Fields of a mapping that say where it bills, not what."""
_SETTINGS = ("timezone", "currency", "graceHours", "maxAge", "vanished", "unmapped")
"""The billing settings of the workspace that are part of a rule's version."""


@dataclass(frozen=True, slots=True)
class RuleValue:
    """A value of a rule and its origin."""

    name: str
    """The name of the field, such as `measure`."""
    value: Any
    """As in YAML."""
    origin: str
    """A file with a line, `Defaults in FILE`, ConnectWise, or `the default`."""

    def to_json(self) -> Json:
        """Return the value as JSON."""
        return {"name": self.name, "value": self.value, "origin": self.origin}


def rule_values(
    document: DocumentOf[CustomerMappingSpec],
    manifests: Manifests,
    live_state: LiveState,
    first_day: date,
    place_of: PlaceOf,
) -> Iterator[RuleValue]:
    """Yield the values of a mapping's rule, then its prices, then the settings of its source and of the workspace.

    Prices are those of the period that has this first day.
    """
    for name, value in _fields(document):
        if name not in _NOT_OF_THE_RULE and value is not None:
            yield RuleValue(name, value, _origin(document, name, ("spec", name), place_of))
    for link in _own_products(document, live_state):
        yield _price_of(link, manifests, live_state, first_day, place_of)
    workspace = manifests.workspace
    names = {source.name: index for index, source in enumerate(workspace.spec.usage)}
    index = names.get(document.spec.customer.source)
    if index is not None:
        place = place_of(workspace, ("spec", "usage", index, "unit"))
        yield RuleValue("unit", workspace.spec.usage[index].unit, place)
    yield from _settings(workspace, place_of)


def version_values(version: RuleVersion, charge: str, origin: str) -> Iterator[RuleValue]:
    """Yield the values of the rule of a charge as the ledger has it: no document gives them any more.

    `origin` says what recorded them.
    """
    (rule,) = (each for each in version.rules if each.charge == charge)
    allowance, rounding = rule.allowance, rule.rounding
    one = rule.ranges[0] if len(rule.ranges) == 1 else None
    found: dict[str, Any] = {
        "customer": {"source": rule.source, "id": rule.customer_id, "name": rule.customer_name},
        "meter": rule.meter.name,
        "product": None if one is None else product_label(one.product),
        "ranges": None if one is not None else [_range(each) for each in rule.ranges],
        "tiering": rule.tiering,
        "measure": rule.measure,
        "included": None if allowance is None else {"amount": str(allowance.amount), "per": allowance.per},
        "rounding": {"mode": rounding.mode, "step": str(rounding.step)},
        "minimum": None if rule.minimum is None else str(rule.minimum),
        "lines": rule.lines,
        "start": None if rule.start is None else rule.start.isoformat(),
        "end": None if rule.end is None else rule.end.isoformat(),
        "invoiceText": rule.invoice_text,
    }
    prices = {f"price of {product_label(each.product)}": each.price for each in rule.ranges}
    found |= {name: None if price is None else str(price) for name, price in prices.items()}
    settings = version.settings
    found |= {
        "unit": rule.unit,
        "billing.timezone": settings.timezone,
        "billing.currency": settings.currency,
        "billing.graceHours": settings.grace // _HOUR,
        "billing.maxAge": settings.max_age // _HOUR,
    }
    for name, value in found.items():
        if value is not None or name in prices:
            yield RuleValue(name, value, origin)


def _range(each: Range) -> Json:
    limit = {} if each.up_to is None else {"upTo": str(each.up_to)}
    return {**limit, "product": product_label(each.product), "price": None if each.price is None else str(each.price)}


def _settings(workspace: DocumentOf[WorkspaceSpec], place_of: PlaceOf) -> Iterator[RuleValue]:
    billing = workspace.spec.billing
    set_here = billing.model_dump(mode="json", by_alias=True, exclude_unset=True)
    for name, value in billing.model_dump(mode="json", by_alias=True).items():
        if name in _SETTINGS and value is not None:
            origin = place_of(workspace, ("spec", "billing", name)) if name in set_here else DEFAULT
            yield RuleValue(f"billing.{name}", value, origin)


def _fields(document: DocumentOf[CustomerMappingSpec]) -> Iterator[tuple[str, Any]]:
    yield from document.spec.model_dump(mode="json", by_alias=True, exclude_none=True).items()


def _origin(document: Document, name: str, path: tuple[str | int, ...], place_of: PlaceOf) -> str:
    if name in document.defaulted:
        return f"Defaults in {document.defaulted[name]}"
    return place_of(document, path) if name in document.declared else DEFAULT


def _own_products(document: DocumentOf[CustomerMappingSpec], live_state: LiveState) -> Iterable[Link]:
    """Return the products whose own price counts, because the mapping gives none, each once."""
    links = live_state.links.get(document.address, {})
    places: list[tuple[str | int, ...]] = []
    for path, charge in document.spec.each_charge():
        if charge.ranges is not None:
            own = (index for index, each in enumerate(charge.ranges) if each.price is None and each.prices is None)
            places += [(*path, "ranges", index, "product") for index in own]
        elif charge.price is None and charge.prices is None:
            places.append((*path, "product"))
    return {link.name: link for place in places if (link := links.get(place)) is not None}.values()


def _price_of(link: Link, manifests: Manifests, live_state: LiveState, first_day: date, place_of: PlaceOf) -> RuleValue:
    addresses = {live.id: address for address, live in live_state.matches.items() if live.kind == "Product"}
    product = manifests.find(ProductSpec, link.address or addresses.get(link.id or 0))
    if product is not None and product.declared & {"price", "prices"}:
        price = product.spec.in_force(first_day).price
        field = "prices" if price != product.spec.price else "price"
        origin = _origin(product, field, ("spec", field), place_of)
        return RuleValue(f"price of {link.name}", None if price is None else str(price), origin)
    live = live_state.objects.get(("Product", link.id or 0))
    live_price = None if live is None else live.raw.get("price")
    value = None if live_price is None else str(live_price)
    return RuleValue(f"price of {link.name}", value, "the product in ConnectWise")
