"""The usage half of a plan: wanted lines against the additions that live. Pure.

Ours are those with our mark in `serialNumber`; nothing unmarked is touched, but for the one that a mapping adopts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from reconciler.kinds.estate import Estate, LiveObject
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link, Value, plain_decimal
from reconciler.planning.diff import as_it_stands, changed, created
from reconciler.planning.drift import edited, told
from reconciler.planning.plan import Action, Change, Money, Note, Precondition
from reconciler.planning.setup import object_path
from reconciler.planning.standing import Period, Standing, mark_of, monthly, quantity_of, worth

OnDrift = Literal["restore", "accept", "fail"]

_ZERO = Decimal(0)


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
    claims: frozenset[int] = frozenset()
    """Live additions that are this line's though they do not carry its mark: taken over rather than doubled."""

    @property
    def address(self) -> str:
        return f"Addition/{self.mapping}:{self.product.name}"


@dataclass(slots=True)
class AdditionsPlan:
    """What `plan_additions` found; filled while it runs, read afterwards."""

    actions: list[Action] = field(default_factory=list)
    after: dict[str, frozenset[str]] = field(default_factory=dict)
    unchanged: int = 0
    money_before: Decimal = _ZERO
    money_after: Decimal = _ZERO
    quantities: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    """By mapping: the quantity of all its lines, before and after. What is held is not among them."""
    problems: list[str] = field(default_factory=list)
    refused: dict[str, list[str]] = field(default_factory=dict)
    """The same problems, by mapping."""
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
    wanted = tuple(lines)
    planner = _Planner(Standing(estate, period), currency, last_written, on_drift)
    planner.claimants = {number: line.mapping for line in wanted for number in line.claims}
    for line in wanted:
        planner.line(line)
    planner.the_rest()
    return planner.plan


class _Planner:
    """One run over the wanted lines; remembers which live additions they have found."""

    def __init__(
        self,
        live: Standing,
        currency: str | None,
        last_written: Mapping[str, Mapping[str, Any]],
        on_drift: OnDrift,
    ) -> None:
        self.plan = AdditionsPlan()
        self._of = kind("Addition")
        self._live = live
        self._currency = currency
        self._last_written = last_written
        self._on_drift = on_drift
        self.claimants: dict[int, str] = {}
        """By id: the mapping that an addition was written for, whatever its mark says now."""
        self._takers: dict[int, WantedLine] = {}
        self._by_place: dict[tuple[Link, Link, str], WantedLine] = {}
        self._by_mark: dict[str, list[WantedLine]] = defaultdict(list)

    def line(self, line: WantedLine) -> None:
        """Plans one line: it is created, rewritten, adopted, left alone, or refused with its reason."""
        refusals = [*self._refusals(line)]
        if refusals:
            self.plan.problems += refusals
            self.plan.refused.setdefault(line.mapping, []).extend(refusals)
            return
        self._by_mark[line.mark].append(line)
        if found := self._live.ours(line.agreement, line.product, line.mark):
            self._takers[found[0].id] = line
            self._update(line, found[0])
        elif claimed := self._live.claimed(line.agreement, line.product, line.claims):
            self._take_over(line, claimed[0])
        elif line.standing_only:
            return
        elif line.adopt and (candidates := self._candidates(line)):
            self._adopt(line, candidates[0], line.why)
        elif line.quantity > 0:
            self._create(line)

    def the_rest(self) -> None:
        """Marked additions that no line has found: of another product or agreement than the mapping names now, held,
        or orphans. The first would bill what is billed elsewhere now, and go to zero; all the others stay."""
        for obj in self._live.all:
            mark = mark_of(obj)
            if not mark or obj.id in self._takers:
                continue
            if mark in self._by_mark and not obj.raw.get("cancelledDate") and quantity_of(obj):
                self._superseded(self._by_mark[mark], obj)
            else:
                self.plan.money_before += monthly(obj, self._currency)
                self.plan.money_after += monthly(obj, self._currency)

    def _refusals(self, line: WantedLine) -> Iterator[str]:
        first = self._by_place.setdefault((line.agreement, line.product, line.mark), line)
        if first is not line:
            yield f"{line.address} and {first.address} are the same product under two names: use one of them"
        if line.quantity < 0 or (line.unit_price or _ZERO) < 0:
            price = "" if line.unit_price is None else f" at {plain_decimal(line.unit_price)}"
            yield f"{line.address}: a quantity of {plain_decimal(line.quantity)}{price} is negative"
        found = self._live.ours(line.agreement, line.product, line.mark)
        if len(found) > 1:
            yield (
                f"{line.address}: {len(found)} additions carry the mark '{line.mark}': ids {_ids(found)}. "
                "Cancel all but one"
            )
        claimed = [] if found else self._live.claimed(line.agreement, line.product, line.claims)
        if len(claimed) > 1:
            yield (
                f"{line.address}: {len(claimed)} additions were this mapping's under other names: ids {_ids(claimed)}. "
                "Cancel all but one"
            )
        if line.adopt and not found and not claimed:
            yield from self._refused_adoption(line, self._candidates(line))

    def _candidates(self, line: WantedLine) -> list[LiveObject]:
        """What can be adopted: unmarked, and not another mapping's that has lost its mark."""
        unmarked = self._live.unmarked(line.agreement, line.product)
        return [obj for obj in unmarked if self.claimants.get(obj.id, line.mapping) == line.mapping]

    def _refused_adoption(self, line: WantedLine, candidates: list[LiveObject]) -> Iterator[str]:
        if len(candidates) > 1:
            yield (
                f"{line.address}: adopt: {len(candidates)} unmarked additions of that agreement and product: "
                f"ids {_ids(candidates)}. Cancel the one that must not be taken over"
            )
        elif candidates and (other := self._takers.get(candidates[0].id)):
            yield f"{line.address}: adopt: id {candidates[0].id} is adopted by {other.address} already"

    def _create(self, line: WantedLine) -> None:
        values = _values(line)
        money = Money(before=_ZERO, after=worth(values, self._currency), currency=self._currency)
        self._add(
            money,
            Action(
                address=line.address,
                kind=self._of.name,
                action="create",
                endpoint=str(self._of.collection),
                reason=line.why,
                changes=created(self._of, values),
                money=money,
            ),
            line.mapping,
            (_ZERO, line.quantity),
            line.after,
        )

    def _take_over(self, line: WantedLine, obj: LiveObject) -> None:
        """Makes one that was ours under another mark, or lost its mark to somebody's hand, this line's again."""
        if mark := mark_of(obj):
            self._adopt(line, obj, f"renamed: it carries the mark {mark}; {line.why}")
            return
        note = Note(address=line.address, message=f"edited by hand: addition id {obj.id} has lost its mark")
        (self.plan.drifted if self._on_drift == "fail" else self.plan.notes).append(note)
        self._adopt(line, obj, "drift: its mark was removed by hand")

    def _adopt(self, line: WantedLine, obj: LiveObject, reason: str) -> None:
        self._takers[obj.id] = line
        marked = Change(path="serialNumber", before=obj.raw.get("serialNumber") or None, after=line.mark)
        self._rewrite(line, obj, "adopt", reason, (marked, *changed(self._of, _values(line), obj)))

    def _update(self, line: WantedLine, obj: LiveObject) -> None:
        changes = changed(self._of, _values(line), obj)
        reason = f"price; {line.why}" if {change.path for change in changes} == {"unitPrice"} else line.why
        written = self._last_written.get(line.address, {})
        if edits := edited(changes, written):
            changes, reason = self._drift(line, changes, edits, written)
        if changes:
            self._rewrite(line, obj, "update", reason, changes)
            return
        self.plan.unchanged += 1
        self.plan.money_before += monthly(obj, self._currency)
        self.plan.money_after += monthly(obj, self._currency)
        self._count(line.mapping, quantity_of(obj), quantity_of(obj))

    def _drift(
        self, line: WantedLine, changes: tuple[Change, ...], edits: tuple[Change, ...], written: Mapping[str, Any]
    ) -> tuple[tuple[Change, ...], str]:
        """What is left to do about hand edits, and the reason for it."""
        if self._on_drift == "accept":
            self.plan.notes.append(Note(address=line.address, message=f"hand edit accepted: {told(edits, written)}"))
            return tuple(change for change in changes if change not in edits), line.why
        note = Note(address=line.address, message=f"edited by hand: {told(edits, written)}")
        (self.plan.drifted if self._on_drift == "fail" else self.plan.notes).append(note)
        return changes, f"drift: edited by hand ({', '.join(change.path for change in edits)})"

    def _superseded(self, lines: Sequence[WantedLine], obj: LiveObject) -> None:
        mapping = lines[0].mapping
        product = obj.raw.get("product") or {}
        change = Change(path="quantity", before=plain_decimal(quantity_of(obj)), after="0")
        money = Money(before=monthly(obj, self._currency), after=_ZERO, currency=self._currency)
        self._add(
            money,
            Action(
                address=f"Addition/{mapping}:{product.get('identifier') or product.get('id')}:{obj.id}",
                kind=self._of.name,
                action="update",
                id=obj.id,
                endpoint=object_path(self._of.collection, obj),
                reason=f"CustomerMapping/{mapping} bills by another product or agreement now",
                changes=(change,),
                precondition=self._precondition(obj),
                money=money,
            ),
            mapping,
            (quantity_of(obj), _ZERO),
            frozenset(line.address for line in lines),
        )

    def _rewrite(
        self,
        line: WantedLine,
        obj: LiveObject,
        verb: Literal["adopt", "update"],
        reason: str,
        changes: tuple[Change, ...],
    ) -> None:
        left = {**obj.raw, **{change.path: change.after for change in changes}}
        money = Money(before=monthly(obj, self._currency), after=worth(left, self._currency), currency=self._currency)
        self._add(
            money,
            Action(
                address=line.address,
                kind=self._of.name,
                action=verb,
                id=obj.id,
                endpoint=object_path(self._of.collection, obj),
                reason=reason,
                changes=changes,
                precondition=self._precondition(obj),
                money=money,
            ),
            line.mapping,
            (quantity_of(obj), Decimal(left.get("quantity") or 0)),
            line.after,
        )

    def _precondition(self, obj: LiveObject) -> Precondition:
        fields = as_it_stands(self._of, self._of.by_name, obj)
        return Precondition(id=obj.id, last_updated=obj.last_updated, fields=fields)

    def _add(
        self, money: Money, action: Action, mapping: str, quantities: tuple[Decimal, Decimal], after: frozenset[str]
    ) -> None:
        self.plan.actions.append(action)
        self.plan.after[action.address] = after
        self.plan.money_before += money.before
        self.plan.money_after += money.after
        self._count(mapping, *quantities)

    def _count(self, mapping: str, before: Decimal, after: Decimal) -> None:
        total_before, total_after = self.plan.quantities.get(mapping, (_ZERO, _ZERO))
        self.plan.quantities[mapping] = (total_before + before, total_after + after)


def _values(line: WantedLine) -> dict[str, Value]:
    price = {} if line.unit_price is None else {"unitPrice": line.unit_price}
    return {
        "agreement": line.agreement,
        "product": line.product,
        "serialNumber": line.mark,
        "quantity": line.quantity,
        **price,
        "lessIncluded": _ZERO,
        "billCustomer": "Billable",
        "effectiveDate": line.effective_date,
        "cancelledDate": None,
    }


def _ids(objects: Iterable[LiveObject]) -> str:
    return " and ".join(str(obj.id) for obj in objects)
