"""The usage half of a plan: wanted lines against the additions that live. Pure.

Ours are those with our mark in `serialNumber`; nothing unmarked is touched, but for the one that a mapping adopts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from reconciler.kinds.estate import Estate, LiveObject
from reconciler.kinds.forms import date_text
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link, Value, to_json
from reconciler.planning.diff import as_it_stands, changed, created
from reconciler.planning.plan import Action, Change, Money, Note, Precondition
from reconciler.planning.setup import object_path

MARK = "rc:"
"""How the serial number of an addition of ours begins."""

OnDrift = Literal["restore", "accept", "fail"]


@dataclass(frozen=True, slots=True)
class WantedLine:
    """One addition as usage wants it."""

    mapping: str
    agreement: Link
    product: Link
    quantity: Decimal
    unit_price: Decimal | None
    """None leaves the price of a standing line as it is."""
    mark: str
    effective_date: str
    why: str
    adopt: bool = False
    standing_only: bool = False
    """Rewritten where it exists, never made: a product of the ranges that holds nothing now."""
    after: frozenset[str] = frozenset()
    """Addresses that must be done first though no field links to them."""

    @property
    def address(self) -> str:
        return f"Addition/{self.mapping}:{self.product.name}"


@dataclass(frozen=True, slots=True)
class Period:
    """The month that is billed, as ConnectWise dates: first day and last day."""

    first: str
    last: str


@dataclass(slots=True)
class AdditionsPlan:
    """What `plan_additions` found; filled while it runs, read afterwards."""

    actions: list[Action] = field(default_factory=list)
    after: dict[str, frozenset[str]] = field(default_factory=dict)
    unchanged: int = 0
    money_before: Decimal = Decimal(0)
    money_after: Decimal = Decimal(0)
    quantities: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    """By mapping: the quantity of all its lines, before and after. What is held is not among them."""
    problems: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    drifted: list[Note] = field(default_factory=list)


def plan_additions(
    lines: Iterable[WantedLine],
    estate: Estate,
    period: Period,
    *,
    currency: str | None,
    last_written: Mapping[str, Mapping[str, Any]],
    on_drift: OnDrift,
) -> AdditionsPlan:
    """Wanted lines against live additions.

    `last_written` tells a hand edit from a change of usage: by address, the fields as we last sent them.
    """
    plan = AdditionsPlan()
    live = _Additions(estate, period)
    taken: set[int] = set()
    for line in lines:
        found = live.ours(line)
        if len(found) > 1:
            ids = " and ".join(str(obj.id) for obj in found)
            plan.problems.append(f"{line.address}: two additions carry the mark {line.mark!r}: ids {ids}")
            continue
        if found:
            taken.add(found[0].id)
            _update(plan, line, found[0], currency, last_written.get(line.address, {}), on_drift)
        elif line.standing_only or (line.quantity == 0 and not line.adopt):
            continue
        elif line.adopt and (candidates := live.unmarked(line)):
            _adopt(plan, line, candidates, currency)
        elif line.quantity > 0:
            _create(plan, line, currency)
    _the_rest(plan, live, taken)
    return plan


class _Additions:
    """Live additions of the period, by agreement, product and mark."""

    def __init__(self, estate: Estate, period: Period) -> None:
        self._by_key: dict[tuple[int, int | None, str], list[LiveObject]] = defaultdict(list)
        self.all = [obj for objects in estate.additions.values() for obj in objects if overlaps(obj, period)]
        for obj in self.all:
            self._by_key[int(obj.parent_id or 0), product_id(obj), mark_of(obj)].append(obj)

    def ours(self, line: WantedLine) -> list[LiveObject]:
        return self._at(line, line.mark)

    def unmarked(self, line: WantedLine) -> list[LiveObject]:
        return self._at(line, "")

    def _at(self, line: WantedLine, mark: str) -> list[LiveObject]:
        if line.agreement.id is None or line.product.id is None:
            return []
        return self._by_key.get((line.agreement.id, line.product.id, mark), [])


def overlaps(obj: LiveObject, period: Period) -> bool:
    """Dates are compared here, never by the server: one was seen to compare them wrongly [seen]."""
    effective = date_text(obj.raw.get("effectiveDate"))
    cancelled = date_text(obj.raw.get("cancelledDate"))
    return (effective is None or effective <= period.last) and (cancelled is None or cancelled >= period.first)


def product_id(obj: LiveObject) -> int | None:
    return (obj.raw.get("product") or {}).get("id")


def mark_of(obj: LiveObject) -> str:
    """The mark of an addition, empty where it is not ours."""
    serial = str(obj.raw.get("serialNumber") or "").strip()
    return serial if serial.startswith(MARK) else ""


def monthly(obj: LiveObject) -> Decimal:
    """What a live addition bills a month."""
    return quantity_of(obj) * Decimal(obj.raw.get("unitPrice") or 0)


def quantity_of(obj: LiveObject) -> Decimal:
    return Decimal(obj.raw.get("quantity") or 0)


def _count(plan: AdditionsPlan, line: WantedLine, before: Decimal, after: Decimal) -> None:
    total_before, total_after = plan.quantities.get(line.mapping, (Decimal(0), Decimal(0)))
    plan.quantities[line.mapping] = (total_before + before, total_after + after)


def _values(line: WantedLine) -> dict[str, Value]:
    price = {} if line.unit_price is None else {"unitPrice": line.unit_price}
    return {
        "agreement": line.agreement,
        "product": line.product,
        "serialNumber": line.mark,
        "quantity": line.quantity,
        **price,
        "lessIncluded": Decimal(0),
        "billCustomer": "Billable",
        "effectiveDate": line.effective_date,
        "cancelledDate": None,
    }


def _create(plan: AdditionsPlan, line: WantedLine, currency: str | None) -> None:
    of = kind("Addition")
    amount = line.quantity * (line.unit_price or Decimal(0))
    plan.money_after += amount
    _count(plan, line, Decimal(0), line.quantity)
    plan.after[line.address] = line.after
    plan.actions.append(
        Action(
            address=line.address,
            kind=of.name,
            action="create",
            endpoint=str(of.collection),
            reason=line.why,
            changes=created(of, _values(line)),
            money=Money(before=Decimal(0), after=amount, currency=currency),
        )
    )


def _adopt(plan: AdditionsPlan, line: WantedLine, candidates: Sequence[LiveObject], currency: str | None) -> None:
    if len(candidates) > 1:
        ids = " and ".join(str(obj.id) for obj in candidates)
        plan.problems.append(
            f"{line.address}: adopt: {len(candidates)} unmarked additions of that agreement and product: ids {ids}. "
            "Cancel the one that must not be taken over"
        )
        return
    obj = candidates[0]
    values = _values(line)
    marked = Change(path="serialNumber", before=obj.raw.get("serialNumber") or None, after=line.mark)
    plan.actions.append(_action(plan, line, obj, "adopt", line.why, (marked, *_changes(values, obj)), currency))


def _changes(values: Mapping[str, Value], obj: LiveObject) -> tuple[Change, ...]:
    return changed(kind("Addition"), values, obj)


def _update(
    plan: AdditionsPlan,
    line: WantedLine,
    obj: LiveObject,
    currency: str | None,
    written: Mapping[str, Any],
    on_drift: OnDrift,
) -> None:
    changes = _changes(_values(line), obj)
    edited = [change for change in changes if _edited(change, written)]
    if edited and on_drift == "accept":
        changes = tuple(change for change in changes if change not in edited)
        plan.notes.append(Note(address=line.address, message=f"hand edit accepted: {_told(edited, written)}"))
    elif edited:
        note = Note(address=line.address, message=f"edited by hand: {_told(edited, written)}")
        (plan.drifted if on_drift == "fail" else plan.notes).append(note)
    if not changes:
        plan.unchanged += 1
        _count(plan, line, quantity_of(obj), quantity_of(obj))
        plan.money_before += monthly(obj)
        plan.money_after += monthly(obj)
        return
    reason = f"drift: edited by hand ({', '.join(change.path for change in edited)})" if edited else line.why
    plan.actions.append(_action(plan, line, obj, "update", reason, changes, currency))


def _told(edited: Iterable[Change], written: Mapping[str, Any]) -> str:
    return ", ".join(f"{change.path} {_as_written(change, written)} → {change.before}" for change in edited)


def _edited(change: Change, written: Mapping[str, Any]) -> bool:
    """Whether a field stands neither as we wrote it nor as we want it. What we never wrote, nobody can have edited;
    the last day alone is ours though never sent: we leave it empty."""
    if not written or not (change.path in written or change.path == "cancelledDate"):
        return False
    return bool(_as_written(change, written) != change.before)


def _as_written(change: Change, written: Mapping[str, Any]) -> Any:
    return to_json(kind("Addition").by_name[change.path].form.decode(written))


def _action(
    plan: AdditionsPlan,
    line: WantedLine,
    obj: LiveObject,
    verb: Literal["adopt", "update"],
    reason: str,
    changes: tuple[Change, ...],
    currency: str | None,
) -> Action:
    of = kind("Addition")
    after = {change.path: Decimal(change.after) for change in changes if change.path in ("quantity", "unitPrice")}
    quantity = after.get("quantity", quantity_of(obj))
    price = after.get("unitPrice", Decimal(obj.raw.get("unitPrice") or 0))
    money = Money(before=monthly(obj), after=quantity * price, currency=currency)
    plan.money_before += money.before
    plan.money_after += money.after
    _count(plan, line, quantity_of(obj), quantity)
    plan.after[line.address] = line.after
    return Action(
        address=line.address,
        kind=of.name,
        action=verb,
        id=obj.id,
        endpoint=object_path(of.collection, obj),
        reason=reason,
        changes=changes,
        precondition=Precondition(id=obj.id, last_updated=obj.last_updated, fields=as_it_stands(of, of.by_name, obj)),
        money=money,
    )


def _the_rest(plan: AdditionsPlan, live: _Additions, taken: set[int]) -> None:
    """Held additions stay as they are, and so do marked ones that nobody stands behind. Both still bill."""
    for obj in live.all:
        if mark_of(obj) and obj.id not in taken:
            plan.money_before += monthly(obj)
            plan.money_after += monthly(obj)
