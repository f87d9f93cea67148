"""Makes the action that retires an object, and the values with which a retired object lives again. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text
from reconciler.kinds.base import Kind
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.retirement import NOT_BILLED, Billed, Retirement
from reconciler.kinds.values import Link, Value, to_json
from reconciler.planning.action import Action, Change, Money
from reconciler.planning.diff import changes_to_update
from reconciler.planning.equality import same
from reconciler.planning.objects import object_path, precondition
from reconciler.planning.setup_tables import SetupTables, UnknownEntryError

Children = Mapping[str, Mapping[int, Sequence[LiveObject]]]
"""Nested objects by kind and by the id of their parent."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The settings that all retirements of a plan share."""

    last_day: str
    """The last day of the running billing month, as `2026-11-30`. A retired agreement bills up to it."""
    currency: str | None = None
    """The currency of the workspace."""
    entries: Mapping[str, str] = field(default_factory=dict)
    """`retiredAs` of the workspace: by kind, the name of the setup-table entry of a retired object."""


def is_retired(of: Kind, live: LiveObject) -> bool:
    """Return whether the values of a live object say that it is retired. Setup-table entries do not count."""
    values = {} if of.retirement is None else of.retirement.retired
    return bool(values) and all(
        same(of.by_name[name].mapping, value, of.by_name[name].mapping.decode(live.raw))
        for name, value in values.items()
    )


def ends(of: Kind, live: LiveObject, changes: Collection[Change], entry_name: str) -> bool:
    """Return whether these changes retire a live object. `entry_name` is the setup-table entry of a retired object."""
    if of.retirement is None or not changes:
        return False
    after = {change.path: change.after for change in changes}
    if of.retirement.entry is not None:
        return _is_entry(after.get(of.retirement.entry), entry_name)
    retired = of.retirement.retired
    return any(name in after for name in retired) and all(
        same(of.by_name[name].mapping, value, after.get(name, of.by_name[name].mapping.decode(live.raw)))
        for name, value in retired.items()
    )


def was_ended(of: Kind, before: Mapping[str, Any], entry_name: str) -> bool:
    """Return whether an object was retired before some of its fields changed. `before` are the values from before."""
    if of.retirement is None:
        return False
    if of.retirement.entry is not None:
        return _is_entry(before.get(of.retirement.entry), entry_name)
    retired = of.retirement.retired
    return bool(retired) and all(
        name in before and same(of.by_name[name].mapping, value, before[name]) for name, value in retired.items()
    )


def _is_entry(value: Any, name: str) -> bool:
    """Return whether a value in JSON is the setup-table entry with this name."""
    return isinstance(value, Mapping) and str(value.get("name")).strip().casefold() == name.casefold()


def values_to_live_again(of: Kind, live: LiveObject) -> Mapping[str, Value]:
    """Return the values with which a retired object lives again. Empty if the object is not retired."""
    return of.retirement.alive if of.retirement is not None and is_retired(of, live) else {}


class Retirements:
    """Makes the actions that retire objects. Collects all problems instead of stopping at the first."""

    def __init__(self, tables: SetupTables, terms: Terms) -> None:
        self._tables = tables
        self._terms = terms
        self._entries: dict[str, Link | str] = {}
        self.problems: list[str] = []

    @property
    def last_day(self) -> str:
        """Return the last day of the running billing month."""
        return self._terms.last_day

    def entry_name(self, of: Kind) -> str:
        """Return the name of the setup-table entry of a retired object. Empty if its kind has none."""
        usual = "" if of.retirement is None or of.retirement.entry is None else of.retirement.entry_name
        return self._terms.entries.get(of.name, usual).strip()

    def action(
        self, of: Kind, address: str, live: LiveObject, why: str, names: Collection[str], children: Children
    ) -> Action | None:
        """Return the action that retires a live object. None if it is retired already.

        `why` is the reason that the plan shows. `names` are the fields that must stay as they are until the apply.
        `children` are the nested objects that were read, by kind and by the id of their parent.
        """
        retirement = of.retirement
        if retirement is None or is_retired(of, live):
            return None
        last_day = _last_day(of, retirement, live, self._terms.last_day)
        if retirement.deletes:
            changes = tuple(_deleted(of, live))
        else:
            values = self._values(of, retirement, address, why, last_day)
            changes = () if values is None else changes_to_update(of, values, live)
            if not changes:
                return None  # The object has the entry already, or `_values` has recorded a problem.
        billed = billed_after(of, live, children, last_day)
        return Action(
            address=address,
            kind=of.name,
            action="retire",
            id=live.id,
            endpoint=object_path(of.collection, live),
            reason=why + _ending(billed, last_day if retirement.last_day else None, deletes=retirement.deletes),
            changes=changes,
            precondition=precondition(of, {*names, *(change.path for change in changes)}, live),
            money=Money(before=billed.amount, after=Decimal(0), currency=billed.currency) if billed.amount else None,
        )

    def amounts(self, actions: Iterable[Action]) -> tuple[Decimal, Decimal]:
        """Return what the objects of these actions bill from next month on, before and after, a month.

        Amounts in another currency than that of the workspace are left out.
        """
        found = [action.money for action in actions if action.money is not None]
        ours = [each for each in found if each.currency in (None, self._terms.currency)]
        return sum((each.before for each in ours), Decimal(0)), sum((each.after for each in ours), Decimal(0))

    def _values(
        self, of: Kind, retirement: Retirement, address: str, why: str, last_day: str
    ) -> dict[str, Value] | None:
        """Return the values of a retired object. None if its setup-table entry cannot be found."""
        values: dict[str, Value] = dict(retirement.retired)
        if retirement.last_day is not None:
            values[retirement.last_day] = last_day
        if retirement.reason is not None:
            values[retirement.reason] = _cut(why, retirement.reason_length)
        if retirement.entry is not None:
            entry = self._entry(of, retirement)
            if isinstance(entry, str):
                self.problems.append(f"{address}: {entry}")
                return None
            values[retirement.entry] = entry
        return values

    def _entry(self, of: Kind, retirement: Retirement) -> Link | str:
        """Return the setup-table entry of a retired object, or the reason why there is no single one."""
        if of.name not in self._entries:
            self._entries[of.name] = self._find_entry(of, retirement, self._terms.entries.get(of.name))
        return self._entries[of.name]

    def _find_entry(self, of: Kind, retirement: Retirement, wanted: str | None) -> Link | str:
        target = of.by_name[str(retirement.entry)].mapping.target
        if target is None:
            raise ValueError(f"{of.name}: {retirement.entry} has no setup table")
        usual = retirement.entry_name
        candidates = [] if wanted else self._tables.names_with(target, usual)
        name = wanted or (candidates[0] if len(candidates) == 1 else usual)
        try:
            return self._tables.entry(target, name)
        except UnknownEntryError as unknown:
            several = f"; several entries could mean it: {', '.join(candidates)}" if len(candidates) > 1 else ""
            return (
                f"{unknown}{several}. Name the {retirement.entry} of a retired {of.name} in the Workspace: "
                f"retiredAs: {{{of.name}: …}}"
            )


def billed_after(of: Kind, live: LiveObject, children: Children, day: str) -> Billed:
    """Return what a live object and its nested objects bill a month after `day`."""
    if of.bills is None:
        return NOT_BILLED
    nested = children.get(of.nested_reads[0].kind, {}).get(live.id, ())
    return of.bills(live.raw, [each.raw for each in nested], day)


def billing_change(
    of: Kind, live: LiveObject, changes: Collection[Change], children: Children, day: str
) -> Money | None:
    """Return what a live object and its nested objects bill a month after `day`, before and after these changes.

    None if these changes do not alter it, or if the amount per month is unknown.
    """
    deciding = frozenset[str]() if of.retirement is None else of.retirement.decide_billing
    found = [change for change in changes if change.path in deciding]
    if of.bills is None or of.retirement is None or not found:
        return None
    raw = {name: value for name, value in live.raw.items() if name not in of.retirement.computed}
    for change in found:
        raw |= of.by_name[change.path].mapping.encode(change.after, {})
    before = billed_after(of, live, children, day)
    after = billed_after(of, replace(live, raw=raw), children, day)
    if before.amount is None or after.amount is None or before.amount == after.amount:
        return None
    return Money(before=before.amount, after=after.amount, currency=before.currency or after.currency)


def _last_day(of: Kind, retirement: Retirement, live: LiveObject, last_day: str) -> str:
    """Return the last day of a retired object. An object that begins later ends on its first day."""
    first = None if retirement.first_day is None else of.by_name[retirement.first_day].mapping.decode(live.raw)
    return max(last_day, first or "")


def _deleted(of: Kind, live: LiveObject) -> Iterator[Change]:
    """Yield a change for each field of an object that the plan deletes, with its value before."""
    for item in of.all_fields:
        if item.mapping.compared and item.name != of.parent and (before := item.mapping.decode(live.raw)):
            yield Change(path=item.name, before=to_json(before), after=None, number=item.mapping.sort == "number")


def _ending(billed: Billed, last_day: str | None, *, deletes: bool) -> str:
    """Return the end of the reason: what the object bills, and its last day or that it is deleted."""
    on = "" if last_day is None else f" ends on {last_day}"
    if billed.amount == 0:
        return "; deleted, because ConnectWise cannot make it inactive" if deletes else (f";{on}" if on else "")
    return f"; {billed_text(billed)}, and{on}"


def billed_text(billed: Billed, still: str = "") -> str:
    """Return what an object bills a month, as `it bills 120.00 USD a month (its own 100.00 and 2 additions)`."""
    if billed.amount is None:
        return f"it {still}bills {billed.detail}"
    return f"it {still}bills {amount_text(billed.amount, billed.currency)} a month ({billed.detail})"


def _cut(text: str, length: int | None) -> str:
    return text if length is None or len(text) <= length else text[: length - 1].rstrip() + "…"
