"""What every mapping bills now, and the table that accounts for everything: the end of the metering side.

Pure: the moment, the rules and the facts come in; bills, coverage and warnings go out. The same input gives the
same result on another day, so that any billed quantity can be computed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reconciler.usage import judgement
from reconciler.usage.bills import Account, Bill, Moment, bill_of
from reconciler.usage.coverage import Coverage, Row, in_order
from reconciler.usage.errors import UsageError
from reconciler.usage.facts import SourceFacts
from reconciler.usage.history import History
from reconciler.usage.moves import billed_twice
from reconciler.usage.naming import devices_to_name
from reconciler.usage.period import Period, day_start, local_date, period_of
from reconciler.usage.rules import BillingSettings, Exclusion, Rule
from reconciler.usage.suggest import with_suggestions
from reconciler.usage.unbilled import excluded_row, unmapped_rows

_Keyed = dict[tuple[str, str], Exclusion]
_TOLD = ("vanished", "never seen", "refused", "unknown", "stale")
"""States that a warning tells of, whether a line changes or not."""


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
    default_rule: Rule | None = None,
) -> UsageResult:
    """Bill every rule from what is known, and account for every customer.

    `default_rule` prices what is unmapped. Raises UsageError when two mappings bill one customer.
    """
    at = Moment(now, settings, period_of(now, settings.timezone))
    by_customer = _by_customer(rules)
    active, expired = _exclusions(exclusions, at)
    devices = [each for each in exclusions if each.device_id is not None]
    ended = [each for each in devices if _is_over(each, at)]
    trouble = {name: judgement.trouble(source, now, settings.max_age) for name, source in facts.items()}
    failed = {name: what for name, what in trouble.items() if what is not None}
    histories = {name: History(source, at.span, _exempt(name, devices, at)) for name, source in facts.items()}
    rows: list[Row] = []
    accounts: list[Account] = []
    for rule in rules:
        key = (rule.source, rule.customer_id)
        if key in active:
            continue
        problem = trouble.get(rule.source, f"there is no usage source {rule.source} in this workspace")
        since = _end_of(expired[key], at) if key in expired else None
        account = bill_of(rule, histories.get(rule.source), problem, since, at)
        accounts.append(account)
        rows.append(_telling_of(account, ended, at))
    troubles = {
        name: f"{what}; {_held(sum(row.source == name and row.state == 'unknown' for row in rows))}"
        for name, what in failed.items()
    }
    rows += [excluded_row(each, by_customer, histories.get(each.source)) for each in active.values()]
    rows += [excluded_row(each, by_customer, histories.get(each.source)) for each in devices if each not in ended]
    for history in histories.values():
        rows += unmapped_rows(history, by_customer, active, expired, default_rule, at)
    rows = with_suggestions(rows)
    bills = tuple(account.bill for account in accounts)
    warnings = [
        *(f"{name}: {what}" for name, what in troubles.items()),
        *(f"{name}: {note}" for name, source in facts.items() if source.whole for note in source.whole.record.notes),
        *(f"{row.mapping}: {row.detail}" for row in rows if row.state in _TOLD and row.source not in failed),
        *devices_to_name(accounts),
        *billed_twice(accounts, facts, at.period),
    ]
    coverage = Coverage(in_order(rows), troubles)
    return UsageResult(at.period, bills, coverage, tuple(dict.fromkeys(warnings)))


def _telling_of(account: Account, ended: Sequence[Exclusion], at: Moment) -> Row:
    """A mapping's row that says which devices count again, because their exclusion has ended. It is a gap: an exclusion
    that ended counts as unmapped, until a person takes it away or gives it another end."""
    row, standing = account.row, account.standing
    devices = () if standing is None else [each.device_id for each in standing.devices]
    said = [
        f"the exclusion of device {each.device_id} ({each.reason}) ended on {each.until}: it counts again"
        for each in ended
        if (each.source, each.customer_id) == (row.source, row.customer_id) and each.device_id in devices
    ]
    if not said:
        return row
    detail = "; ".join(filter(None, (row.detail, *said)))
    return replace(row, detail=detail, accounted=row.accounted and at.settings.unmapped == "warn")


def _held(customers: int) -> str:
    """How much one source holds, in words."""
    if customers == 1:
        return "1 mapped customer is held at its last quantity"
    return f"{customers} mapped customers are held at their last quantity"


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
    """Exclusions of whole customers: (in force, expired), by customer."""
    active: _Keyed = {}
    expired: _Keyed = {}
    for each in exclusions:
        if each.device_id is None:
            (expired if _is_over(each, at) else active)[each.source, each.customer_id] = each
    return active, expired


def _is_over(exclusion: Exclusion, at: Moment) -> bool:
    """`until` is the last day, in the billing zone."""
    return exclusion.until is not None and exclusion.until < local_date(at.now, at.settings.timezone)


def _end_of(exclusion: Exclusion, at: Moment) -> datetime | None:
    """The first moment that an exclusion does not cover; None where it has no end."""
    until = exclusion.until
    return None if until is None else day_start(until + timedelta(days=1), at.settings.timezone)


def _exempt(source: str, devices: Sequence[Exclusion], at: Moment) -> dict[tuple[str, str], datetime | None]:
    """Excluded devices of a source, each with the end of its exclusion."""
    return {(each.customer_id, each.device_id or ""): _end_of(each, at) for each in devices if each.source == source}
