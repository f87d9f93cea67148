"""Our additions of a period, by the charge that they belong to: as ConnectWise has them, or as the journal has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from reconciler.additions.live_additions import LiveAddition, addition_of
from reconciler.additions.ownership import Owner, assign_owners
from reconciler.additions.tag import Tag, identity_of
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.money import monthly_cost
from reconciler.ledger.snapshot import Snapshot
from reconciler.ledger.written_additions import WrittenAddition
from reconciler.metering.period import Period
from reconciler.reporting.report import ReportLine


class ProductName(NamedTuple):
    """How a report names a product."""

    label: str
    """Its manifest name, or its identifier."""
    description: str | None = None
    """Its description for the customer."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of what additions refer to, by id in ConnectWise."""

    agreements: Mapping[int, str] = field(default_factory=dict)
    products: Mapping[int, ProductName] = field(default_factory=dict)
    currency: str | None = None
    """The currency whose minor unit a cost is rounded to."""


class StrayLine(NamedTuple):
    """An addition of ours that no mapping has."""

    customer: str
    """What its tag or the ledger says, as `cove/1001006`. Empty if unknown."""
    line: ReportLine


@dataclass(frozen=True, slots=True)
class Billed:
    """Our additions that bill in a period."""

    by_owner: Mapping[Owner, Sequence[ReportLine]] = field(default_factory=dict)
    """By the owner of the charge, which has no period."""
    stray: Sequence[StrayLine] = ()
    corrections: Mapping[Owner, Decimal] = field(default_factory=dict)
    """What adjustments of the period bill, in whichever period they begin."""


def from_journal(written: Iterable[WrittenAddition], snapshot: Snapshot, currency: str | None) -> list[LiveAddition]:
    """Return additions as the journal has them, in the shape of live ones."""
    found = []
    for each in written:
        product = {
            "id": snapshot.additions[each.addition_id].product_id,
            "identifier": each.address.partition(":")[2].partition("@")[0],
        }
        raw = {**each.fields, "id": each.addition_id, "product": product, "serialNumber": each.tag}
        found.append(addition_of(LiveObject("Addition", each.addition_id, raw, each.agreement_id), currency))
    return found


def billed_in(
    period: Period,
    additions: Iterable[LiveAddition],
    owners: Sequence[Owner],
    sources: Collection[str],
    snapshot: Snapshot,
    names: Names,
) -> Billed:
    """Return our additions that bill something in a period, with the charge of each.

    An addition of one period counts in that period. An adjustment counts in the period in which it begins, because the
    invoice of that period has it. Every other addition counts in each period that its dates cover.
    """
    additions = list(additions)
    owned = assign_owners((each for each in additions if _bills(each, period)), owners, sources, snapshot)
    found: dict[Owner, list[ReportLine]] = defaultdict(list)
    stray: list[StrayLine] = []
    for owner, lines in owned.by_owner.items():
        found[owner.of_all_months] += [_line(each.addition, owner.of_all_months, names) for each in lines]
    by_identity = {identity_of(each.source, each.customer_id, each.mapping, each.charge): each for each in owners}
    for addition in owned.period_additions:
        charge = None if addition.tag is None else by_identity.get(addition.tag.identity)
        if charge is None:
            stray.append(_stray(addition, snapshot, names))
        else:
            found[charge].append(_line(addition, charge, names))
    stray += [_stray(each, snapshot, names) for each in owned.orphans]
    return Billed(found, stray, _corrections(period, additions, by_identity))


def _corrections(
    period: Period, additions: Iterable[LiveAddition], by_identity: Mapping[str, Owner]
) -> dict[Owner, Decimal]:
    found: dict[Owner, Decimal] = defaultdict(Decimal)
    for addition in additions:
        tag = addition.tag
        if tag is not None and tag.adjustment and tag.period == str(period) and tag.identity in by_identity:
            found[by_identity[tag.identity]] += addition.monthly
    return found


def _bills(addition: LiveAddition, period: Period) -> bool:
    if not addition.quantity or addition.is_left:
        return False
    tag = addition.tag
    if tag is not None and tag.period is not None:
        return str(period) == ((addition.effective or "")[:7] if tag.adjustment else tag.period)
    begins = (addition.effective or "") <= period.last_day.isoformat()
    return begins and not addition.ended_before(period.first_day.isoformat())


def _line(addition: LiveAddition, owner: Owner | None, names: Names) -> ReportLine:
    product = names.products.get(addition.product_id or 0) or ProductName(addition.product)
    address = f"Addition/id {addition.id}" if owner is None else owner.address_of(product.label)
    return ReportLine(
        address=address + _suffix(addition.tag),
        addition_id=addition.id,
        agreement=names.agreements.get(addition.agreement_id) or f"id {addition.agreement_id}",
        product=product.label,
        description=product.description,
        quantity=addition.quantity,
        unit_price=addition.price,
        amount=addition.monthly,
        cost=monthly_cost(addition.obj.raw, names.currency),
        first_day=_day(addition.effective),
        last_day=_day(addition.cancelled),
        corrects=addition.tag.period if addition.tag is not None and addition.tag.adjustment else None,
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _suffix(tag: Tag | None) -> str:
    if tag is None or tag.period is None:
        return ""
    return f"@{tag.period}" + (f"+{tag.adjustment}" if tag.adjustment else "")


def _stray(addition: LiveAddition, snapshot: Snapshot, names: Names) -> StrayLine:
    recorded = snapshot.additions.get(addition.id)
    customer = (addition.tag.customer if addition.tag else None) or (recorded.customer if recorded else None)
    return StrayLine("" if customer is None else "/".join(customer), _line(addition, None, names))
