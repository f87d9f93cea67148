"""Plan the additions that a change of `lines` leaves behind.

From `rolling` to `perPeriod`, the addition of all months ends before the first month that an addition of one month
bills. From `perPeriod` to `rolling`, the addition of the running month goes to 0 if no invoice has billed it. Months
are never split: an invoiced month stays with the addition that has billed it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from reconciler.additions.actions import ActionBuilder
from reconciler.additions.agreements import day_before, next_invoice_of
from reconciler.additions.desired_addition import DesiredAddition
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.ownership import OwnedAddition, Owner, Ownership
from reconciler.additions.period_lines import has_billed, invoiced_lines
from reconciler.additions.planned import PlannedAddition
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Value
from reconciler.planning.diff import changes_to_update

_ZERO = Decimal(0)


def switched_additions(
    rules: Mapping[Owner, Rule],
    billed: Collection[str],
    desired: Iterable[DesiredAddition],
    ownership: Ownership,
    live_state: LiveState,
    builder: ActionBuilder,
) -> Iterator[PlannedAddition]:
    """Yield the plan for each addition that its mapping bills by another kind of addition now.

    `rules` is by mapping. `billed` has the mappings that this plan bills: the additions of all others stay. `desired`
    has the additions that the plan writes.
    """
    addresses: dict[Owner, list[str]] = {}
    for each in desired:
        addresses.setdefault(each.owner, []).append(each.address)
    switch = _Switch(live_state, builder)
    for owner, owned in ownership.by_owner.items():
        if owner.mapping not in billed:
            continue
        per_period = rules[owner].lines == "perPeriod"
        if owner.period is None and per_period:
            first = frozenset(addresses.get(owner.of_period(builder.period), ()))
            yield from switch.ended(owner, owned, first)
        elif owner.period == builder.period and not per_period:
            yield from switch.emptied(owner, owned, frozenset(addresses.get(owner.of_all_months, ())))


class _Switch:
    def __init__(self, live_state: LiveState, builder: ActionBuilder) -> None:
        self._live_state = live_state
        self._builder = builder

    def ended(self, owner: Owner, owned: Sequence[OwnedAddition], first: frozenset[str]) -> Iterator[PlannedAddition]:
        """Yield the plan that ends the additions of all months before the first month that they have not billed."""
        running = self._builder.first_day
        for live in (each.addition for each in owned):
            over = running
            if has_billed(live, running, self._live_state):
                over = next_invoice_of(live.agreement_id, self._live_state) or running
            last = day_before(over)
            values: dict[str, Value] = {} if live.ends_by(last) or live.is_left else {"cancelledDate": last}
            if values and (live.effective or "") > last:
                values = {"quantity": _ZERO, "cancelledDate": live.effective}
            reason = f"{owner.mapping_address} has lines: perPeriod now: each month from {over} on has its own addition"
            yield self._planned(owner, live, values, reason, first)

    def emptied(self, owner: Owner, owned: Sequence[OwnedAddition], first: frozenset[str]) -> Iterator[PlannedAddition]:
        """Yield the plan that sets the additions of the running month to 0, if no invoice has billed them."""
        for live in (each.addition for each in owned):
            if invoiced_lines([live], self._live_state):
                continue
            reason = f"{owner.mapping_address} has lines: rolling now; the addition of all months bills {owner.period}"
            yield self._planned(owner, live, {"quantity": _ZERO}, reason, first)

    def _planned(
        self, owner: Owner, live: LiveAddition, values: Mapping[str, Value], reason: str, first: frozenset[str]
    ) -> PlannedAddition:
        changes = changes_to_update(kind("Addition"), values, live.obj)
        address = self._builder.unique_address(owner.address_of(live.product), live.id)
        return self._builder.planned(owner, address, live, "retire", reason, changes, first, reason=reason)
