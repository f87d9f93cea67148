"""The lines that stand before a case's run: additions of ConnectWise, and what the ledger knows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from reconciler.additions.ownership import owner_of_rule
from reconciler.additions.planned import recorded_fields
from reconciler.cases.errors import CaseError
from reconciler.cases.model import Standing
from reconciler.kinds.agreement import KIND as AGREEMENT
from reconciler.kinds.billing_rules import Rule, product_label
from reconciler.kinds.dated_prices import UNKNOWN, UnitPrice
from reconciler.kinds.field_mapping import wire_date
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.product import KIND as PRODUCT
from reconciler.kinds.product import ProductSpec
from reconciler.kinds.values import Link
from reconciler.ledger.snapshot import RecordedAddition, Snapshot
from reconciler.manifests.documents import Manifests
from reconciler.manifests.positions import Path
from reconciler.manifests.suggestions import did_you_mean, listed, near
from reconciler.metering.period import Period

_WRITTEN = {
    "quantity": "quantity",
    "unit_price": "unitPrice",
    "unit_cost": "unitCost",
    "first_day": "effectiveDate",
    "last_day": "cancelledDate",
}
"""The fields of `written`, with their names in ConnectWise."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The standing lines of a case."""

    additions: Mapping[int, Sequence[LiveObject]]
    """By agreement id."""
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Scene:
    """What all lines of a case share."""

    rules: tuple[Rule, ...]
    """The rule of each charge of the mapping."""
    manifests: Manifests
    live_state: LiveState
    period: Period
    now: datetime

    def rule_of(self, index: int, line: Standing) -> Rule:
        """Return the rule of the charge that a line belongs to. Raises `CaseError` if it is not clear which one."""
        names = [each.charge for each in self.rules]
        if line.charge is not None:
            found = [each for each in self.rules if each.charge == line.charge]
            if not found:
                advice = did_you_mean(near(line.charge, names)) or f"the charges are {listed(names, 'and')}"
                raise CaseError(("standing", index, "charge"), f"the mapping has no charge {line.charge}", advice)
            return found[0]
        billing = [each for each in self.rules if line.product in {product_label(part.product) for part in each.ranges}]
        found = billing or list(self.rules)
        if len(found) > 1:
            what = f"several charges can bill {line.product}: {listed(names, 'and')}"
            raise CaseError(("standing", index), what, "add charge: …")
        return found[0]

    @property
    def links(self) -> Mapping[Path, Link]:
        """Return the links of the mapping."""
        return self.live_state.links[f"CustomerMapping/{self.rules[0].name}"]


def lines_of(standing: Sequence[Standing], scene: Scene) -> Lines:
    """Return the lines as ConnectWise and the ledger have them.

    Raises `CaseError` for a line whose product or agreement does not exist, and for one without a price.
    """
    additions: dict[int, list[LiveObject]] = {}
    recorded: dict[int, RecordedAddition] = {}
    for index, line in enumerate(standing):
        number = index + 1
        agreement, product = _agreement(index, line, scene), _product(index, line, scene)
        rule = scene.rule_of(index, line)
        raw = _raw(index, line, product, rule, scene)
        additions.setdefault(agreement, []).append(LiveObject("Addition", number, raw, agreement))
        if line.recorded and line.tag != "none":
            recorded[number] = _recorded(number, line, agreement, raw, rule, scene)
    return Lines(additions, Snapshot(recorded))


def _agreement(index: int, line: Standing, scene: Scene) -> int:
    """Return the id of the agreement of a line."""
    if line.agreement is None:
        link = scene.links.get(("agreement",))
        if link is None:
            raise CaseError(("standing", index), "the agreement of the mapping is not found", "add agreement: …")
        return _id_of(link, ("standing", index))
    return _named(AGREEMENT.name, line.agreement, ("standing", index, "agreement"), scene)


def _product(index: int, line: Standing, scene: Scene) -> int:
    """Return the id of the product of a line, which the mapping may no longer have."""
    path: Path = ("standing", index, "product")
    for place, link in scene.links.items():
        if place[-1] == "product" and link.name == line.product:
            return _id_of(link, path)
    return _named(PRODUCT.name, line.product, path, scene)


def _named(kind: str, name: str, path: Path, scene: Scene) -> int:
    """Return the id of the object of a document."""
    address = f"{kind}/{name}"
    document = scene.manifests.by_address.get(address)
    if document is None:
        known = [link.name for place, link in scene.links.items() if place[-1] == kind.lower()]
        advice = did_you_mean(near(name, known)) or f"give the manifest name of the {kind.lower()}"
        raise CaseError(path, f"there is no {address}", advice)
    live = scene.live_state.matches.get(address)
    return _id_of(Link(name, None if live is None else live.id, address), path)


def _id_of(link: Link, path: Path) -> int:
    if link.id is None:
        what = f"{link.address or link.name} is only proposed, so no line can stand there"
        raise CaseError(path, what, "remove `proposed: true` from its document, or leave the line out")
    return link.id


def _raw(index: int, line: Standing, product: int, rule: Rule, scene: Scene) -> dict[str, Any]:
    """Return the line as ConnectWise gives it."""
    given = _given(line, rule, scene)
    price = given.price if line.unit_price is None else line.unit_price
    cost = given.cost if line.unit_cost is None else line.unit_cost
    if price is None:
        raise CaseError(("standing", index), f"the manifests give {line.product} no price", "add unitPrice: …")
    first = line.first_day or line.billed or scene.period.first_day
    live = scene.live_state.objects.get((PRODUCT.name, product))
    return {
        "product": {"id": product, "identifier": line.product if live is None else live.raw["identifier"]},
        "serialNumber": owner_of_rule(rule).tag if line.tag == "ours" else "",
        "quantity": line.quantity,
        "unitPrice": price,
        **({} if cost is None else {"unitCost": cost}),
        "lessIncluded": Decimal(0),
        "billCustomer": "Billable",
        "effectiveDate": wire_date(first.isoformat()),
        "cancelledDate": None if line.last_day is None else wire_date(line.last_day.isoformat()),
    }


def _given(line: Standing, rule: Rule, scene: Scene) -> UnitPrice:
    """Return the price and the cost that the manifests give a line: those of its range, else those of its product."""
    for each in rule.ranges:
        if product_label(each.product) == line.product:
            return UnitPrice(each.price, each.cost)
    document = scene.manifests.find(ProductSpec, f"{PRODUCT.name}/{line.product}")
    return UNKNOWN if document is None else document.spec.in_force(scene.period.first_day)


def _recorded(
    number: int, line: Standing, agreement: int, raw: Mapping[str, Any], rule: Rule, scene: Scene
) -> RecordedAddition:
    """Return the line as the ledger has it, after an apply of ours billed it."""
    owner = owner_of_rule(rule)
    left = {**raw, "serialNumber": owner.tag}
    for name in () if line.written is None else line.written.model_fields_set:
        value = getattr(line.written, name)
        left[_WRITTEN[name]] = wire_date(value.isoformat()) if isinstance(value, date) else value
    return RecordedAddition(
        number,
        agreement_id=agreement,
        product_id=raw["product"]["id"],
        tag=owner.tag,
        customer=(owner.source, owner.customer_id),
        last_applied=recorded_fields(left, with_cost=True),
        created_by_us=True,
        first_seen_at=scene.now,
        billed_period=f"{line.billed or scene.period.first_day:%Y-%m}",
        rule_digest=rule.quantity_digest,
    )
