"""Count the additions of one month in the amounts of a plan (A16 in docs/explanation/billing.md).

The amounts of a plan are what is billed per month from the next month on. An addition of one month ends with it, and
the next month gets another one like it. So of each charge the additions of its newest month count, with their full
amount, as long as its mapping and its agreement go on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.additions.actions import ActionBuilder
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.ownership import Owner, Ownership
from reconciler.additions.planned import PlannedAddition
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.money import monthly_cost
from reconciler.ledger.snapshot import Snapshot
from reconciler.planning.action import NOTHING, Money, Side


@dataclass(frozen=True, slots=True)
class PeriodMoney:
    """What each addition of one month counts, before the plan and after it."""

    before: Mapping[int, Side] = field(default_factory=dict)
    """By id of a live addition."""
    newest: Mapping[Owner, str] = field(default_factory=dict)
    """By charge: its newest month after the plan. A charge that does not go on is left out."""
    not_counted: Collection[int] = ()
    """The ids of agreements that bill nothing after the running month."""
    currency: str | None = None

    def of(self, planned: PlannedAddition) -> PlannedAddition:
        """Return an addition of the plan with its amounts. One of all months is returned as it is."""
        if planned.owner.period is None:
            return planned
        fields = {**({} if planned.live is None else planned.live.obj.raw), **planned.fields}
        cost = monthly_cost(fields, self.currency, zero_is_known=planned.costs_nothing)
        after = Side(planned.monthly, cost) if self._counts(planned.owner, _agreement_of(planned)) else NOTHING
        before = NOTHING if planned.live is None else self.before.get(planned.live.id, NOTHING)
        action = planned.action
        if action is not None and action.money is not None:
            money = Money.with_costs(before, after, action.money.currency)
            action = action.model_copy(update={"money": money})
        return replace(planned, action=action, from_next_month=after.amount, cost_from_next_month=after.cost)

    def after(self, live: LiveAddition, owner: Owner) -> Side:
        """Return what an addition of one month counts after a plan that does not write it."""
        return _side(live, self.currency) if self._counts(owner, live.agreement_id) else NOTHING

    def _counts(self, owner: Owner, agreement_id: int | None) -> bool:
        return self.newest.get(owner.of_all_months) == owner.period and agreement_id not in self.not_counted


def period_money(
    ownership: Ownership,
    planned: Iterable[PlannedAddition],
    held: Collection[str],
    rules: Mapping[Owner, Rule],
    builder: ActionBuilder,
) -> PeriodMoney:
    """Return what each addition of one month counts. `held` has the addresses of mappings whose actions wait."""
    last_day = builder.last_day
    by_charge: dict[Owner, dict[str, list[LiveAddition]]] = defaultdict(dict)
    for owner, owned in ownership.by_owner.items():
        if owner.period is not None:
            by_charge[owner.of_all_months][owner.period] = [each.addition for each in owned]
    before: dict[int, Side] = {}
    newest: dict[Owner, str] = {}
    for charge, months in by_charge.items():
        rule, lines = rules[charge], months[max(months)]
        goes_on = rule.lines == "perPeriod" and not _ends(rule, last_day)
        if goes_on:
            newest[charge] = max(months)
        for each in lines:
            billed_so = goes_on or _was_billed_by_another_rule(each, builder.rule_digests.get(charge), builder.snapshot)
            if billed_so and each.agreement_id not in builder.not_counted:
                before[each.id] = _side(each, builder.currency)
    for line in planned:
        month, charge = line.owner.period, line.owner.of_all_months
        if month is None or line.owner.mapping_address in held or not line.quantity:
            continue
        if rules[charge].lines == "perPeriod" and not _ends(rules[charge], last_day):
            newest[charge] = max(month, newest.get(charge, ""))
    return PeriodMoney(before, newest, builder.not_counted, builder.currency)


def _side(live: LiveAddition, currency: str | None) -> Side:
    return Side(live.monthly, monthly_cost(live.obj.raw, currency))


def _agreement_of(planned: PlannedAddition) -> int | None:
    """Return the id of the agreement of an addition. None if the same plan creates it."""
    if planned.live is not None:
        return planned.live.agreement_id
    changes = () if planned.action is None else planned.action.changes
    after = next((each.after for each in changes if each.path == "agreement"), None) or {}
    number: int | None = after.get("id")
    return number


def _ends(rule: Rule, last_day: str) -> bool:
    return rule.end is not None and rule.end.isoformat() <= last_day


def _was_billed_by_another_rule(line: LiveAddition, digest: str | None, snapshot: Snapshot) -> bool:
    """Return whether the rule has changed since the last apply: then this plan takes its amount away."""
    recorded = snapshot.additions.get(line.id)
    return recorded is not None and recorded.rule_digest not in (None, digest)


class EarlierLines:
    """The additions that billed a charge before it had one of its newest month."""

    def __init__(self, ownership: Ownership) -> None:
        self._by_owner = ownership.by_owner
        self._months: dict[Owner, list[str]] = defaultdict(list)
        for owner in ownership.by_owner:
            if owner.period is not None:
                self._months[owner.of_all_months].append(owner.period)

    def of(self, owner: Owner) -> Sequence[LiveAddition]:
        """Return those of the last month before, else those of all months. Empty for an addition of all months."""
        if owner.period is None:
            return ()
        months = [each for each in self._months.get(owner.of_all_months, ()) if each < owner.period]
        before = owner.of_period(max(months)) if months else owner.of_all_months
        return [each.addition for each in self._by_owner.get(before, ())]
