"""What every mapping bills now, and the table that accounts for everything: the end of the metering side.

Pure: the moment, the rules and the facts come in; bills, coverage and warnings go out. The same input gives the
same result on another day, so that any billed quantity can be computed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.usage import judgement
from reconciler.usage.bills import Bill, Moment, bill_of
from reconciler.usage.coverage import Coverage, MarkedAddition, Row, in_order, orphans
from reconciler.usage.errors import UsageError
from reconciler.usage.facts import SourceFacts
from reconciler.usage.mark import mark_of
from reconciler.usage.period import Period, local_date, period_of
from reconciler.usage.rules import BillingSettings, Exclusion, Rule
from reconciler.usage.suggest import with_suggestions
from reconciler.usage.unbilled import excluded_row, unmapped_rows

_Keyed = dict[tuple[str, str], Exclusion]


@dataclass(frozen=True, slots=True)
class UsageResult:
    period: Period
    bills: tuple[Bill, ...]
    coverage: Coverage
    warnings: tuple[str, ...]


def desired(
    now: datetime,
    settings: BillingSettings,
    rules: Sequence[Rule],
    exclusions: Sequence[Exclusion],
    facts: Mapping[str, SourceFacts],
    *,
    additions: Iterable[MarkedAddition] = (),
    default_rule: Rule | None = None,
) -> UsageResult:
    """Bill every rule from what is known, and account for every customer.

    `additions` are the live additions with a mark of ours; `default_rule` prices what is unmapped. Raises
    UsageError when two mappings bill one customer.
    """
    at = Moment(now, settings, period_of(now, settings.timezone))
    by_customer = _by_customer(rules)
    active, expired = _exclusions(exclusions, at)
    trouble = {name: judgement.trouble(source, now, settings.max_age) for name, source in facts.items()}
    warnings = [f"{name}: {what}; what it bills is held as it is" for name, what in trouble.items() if what is not None]
    warnings += [
        f"{name}: {note}"
        for name, source in facts.items()
        if source.whole is not None
        for note in source.whole.record.notes
    ]
    rows: list[Row] = []
    bills: list[Bill] = []
    for rule in rules:
        if (rule.source, rule.customer_id) in active:
            continue
        problem = trouble.get(rule.source, f"there is no usage source {rule.source} in this workspace")
        row, bill = bill_of(rule, facts.get(rule.source), problem, at)
        rows.append(row)
        bills.append(bill)
    rows += [excluded_row(each, by_customer, facts.get(each.source)) for each in active.values()]
    for source in facts.values():
        rows += unmapped_rows(source, by_customer, active, expired, default_rule, at)
    rows = with_suggestions(rows)
    rows += orphans(additions, _marks(bills, rules, active))
    failed = tuple(name for name, what in trouble.items() if what is not None)
    warnings += [
        f"{row.mapping}: {row.detail}"
        for row in rows
        if row.state in ("vanished", "unknown") and row.source not in failed  # of a source that failed all is said
    ]
    return UsageResult(at.period, tuple(bills), Coverage(in_order(rows), failed), tuple(dict.fromkeys(warnings)))


def _marks(bills: Sequence[Bill], rules: Sequence[Rule], active: _Keyed) -> frozenset[str]:
    """The marks of all mappings, of those that an exclusion keeps from billing too."""
    resting = (
        mark_of(rule.source, rule.customer_id, rule.name) for rule in rules if (rule.source, rule.customer_id) in active
    )
    return frozenset((*(bill.mark for bill in bills), *resting))


def _by_customer(rules: Sequence[Rule]) -> dict[tuple[str, str], Rule]:
    found: dict[tuple[str, str], Rule] = {}
    for rule in rules:
        other = found.setdefault((rule.source, rule.customer_id), rule)
        if other is not rule:
            raise UsageError(
                f"customer {rule.customer_id} of {rule.source} is billed twice, "
                f"by CustomerMapping/{other.name} and CustomerMapping/{rule.name}",
                where="usage",
                advice="remove one of them",
            )
    return found


def _exclusions(exclusions: Sequence[Exclusion], at: Moment) -> tuple[_Keyed, _Keyed]:
    """(in force, expired), by customer. `until` is the last day, in the billing zone."""
    today = local_date(at.now, at.settings.timezone)
    active: _Keyed = {}
    expired: _Keyed = {}
    for each in exclusions:
        over = each.until is not None and each.until < today
        (expired if over else active)[each.source, each.customer_id] = each
    return active, expired
