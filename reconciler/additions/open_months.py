"""Find the ended months whose additions can still change (BILLING, Additions).

An ended month is open until an invoice covers its addition. Its terms are those that the ledger has of its last day.
Without them, those of now count, for the months in which the mapping had begun.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.additions.agreements import next_invoice_of
from reconciler.additions.coverage import MappingCharge
from reconciler.additions.live_additions import LiveAddition, all_additions
from reconciler.additions.month_terms import MonthTerms, terms_from_json, terms_of
from reconciler.additions.ownership import Owner, assign_owners, owner_of_rule
from reconciler.additions.period_lines import day_after, invoiced_lines
from reconciler.additions.tag import identity_of, parse
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.values import Link
from reconciler.ledger.snapshot import Snapshot, TermsKey
from reconciler.manifests.documents import Manifests
from reconciler.metering.period import Period, month_before

MONTHS = 12
"""How many ended months are looked at."""

Recorded = Mapping[TermsKey, Mapping[str, Any]]
"""The terms that the ledger has."""

IsClosed = Callable[[Rule, str], bool]
"""Returns whether a month, as `2026-10`, is closed for the customer of a rule."""

RulesOf = Callable[[Period], Sequence[Rule]]
"""Returns the rules of now with the prices of a month."""


@dataclass(frozen=True, slots=True)
class OpenMonth:
    """An ended month, and the terms of the charges whose additions can still change."""

    period: Period
    terms: tuple[MonthTerms, ...]
    expected: frozenset[MappingCharge]
    """The charges that must have a figure: an addition or the ledger says that the month is billed."""


def ended_months(running: Period, timezone: str) -> list[Period]:
    """Return the ended months that are looked at, the newest first."""
    found = [month_before(running, timezone)]
    while len(found) < MONTHS:
        found.append(month_before(found[-1], timezone))
    return found


def open_months(
    rules: Sequence[Rule],
    rules_of: RulesOf,
    manifests: Manifests,
    live_state: LiveState,
    snapshot: Snapshot,
    recorded: Recorded,
    months: Sequence[Period],
    *,
    closed: IsClosed = lambda _rule, _month: False,
) -> list[OpenMonth]:
    """Return the ended months that are open, the newest first. `months` has all months that are looked at."""
    finder = _Finder(rules, rules_of, manifests, live_state, snapshot, recorded)
    found = []
    for period in months:
        terms: list[MonthTerms] = []
        expected: set[MappingCharge] = set()
        for rule in rules:
            each = None if rule.proposed or closed(rule, str(period)) else finder.terms(rule, period)
            if each is not None:
                terms.append(each.terms)
                expected |= {(rule.name, rule.charge)} if each.expected else set()
        if terms:
            found.append(OpenMonth(period, tuple(terms), frozenset(expected)))
    return found


@dataclass(frozen=True, slots=True)
class _Found:
    terms: MonthTerms
    expected: bool


class _Finder:
    """Finds the terms of one charge in one month, if the month is open for it."""

    def __init__(
        self,
        rules: Sequence[Rule],
        rules_of: RulesOf,
        manifests: Manifests,
        live_state: LiveState,
        snapshot: Snapshot,
        recorded: Recorded,
    ) -> None:
        self._rules_of = rules_of
        self._priced: dict[str, Mapping[Owner, Rule]] = {}
        self._manifests, self._live_state, self._recorded = manifests, live_state, recorded
        workspace = manifests.workspace.spec
        owners = [owner_of_rule(rule) for rule in rules]
        sources = frozenset(source.name for source in workspace.usage)
        additions = all_additions(live_state, workspace.billing.currency)
        self._lines = assign_owners(additions, owners, sources, snapshot).by_owner
        self._unread = frozenset(_unread(snapshot, live_state))
        self._since: dict[tuple[str, ...], str] = {}
        for *charge, period in recorded:
            key = tuple(charge)
            self._since[key] = min(period, self._since.get(key, period))
        self._over = self._covered()

    def _covered(self) -> dict[Owner, str]:
        """Return by charge the first day that no addition of all months covers."""
        over: dict[Owner, str] = defaultdict(str)
        for owner, owned in self._lines.items():
            for line in (each.addition for each in owned if owner.period is None and not each.addition.is_left):
                over[owner] = max(over[owner], "9999" if line.cancelled is None else day_after(line.cancelled))
        return over

    def terms(self, rule: Rule, period: Period) -> _Found | None:
        """Return the terms of a charge in an ended month. None if nothing of it can change."""
        owner, first, last = owner_of_rule(rule), period.first_day, period.last_day
        month = str(period)
        record = self._recorded.get((owner.source, owner.customer_id, owner.charge, month))
        lines = [each.addition for each in self._lines.get(owner.of_period(month), ())]
        found = terms_from_json(record, rule.name) if record is not None else self._of_now(rule, owner, period, lines)
        if found is None or found.rule.lines == "rolling":
            return None
        if (found.rule.start or last) > last or (found.rule.end or first) < first:
            return None
        if lines:
            # A mapping that moved inside the month has an empty addition on the agreement that it left.
            billing = [each for each in lines if each.quantity] or lines
            if invoiced_lines(billing, self._live_state):
                return None
            agreements = [each.agreement_id for each in billing]
            if found.agreement.id not in agreements:
                found = replace(found, agreement=self._link(agreements[0]))
            return _Found(found, expected=True)
        expected = record is not None or self._is_known_before(owner, period)
        return _Found(found, expected=expected) if self._can_be_made(found, owner, period) else None

    def _of_now(self, rule: Rule, owner: Owner, period: Period, lines: Sequence[LiveAddition]) -> MonthTerms | None:
        """Return the terms of now, if they hold for an ended month of which the ledger has none."""
        begun = rule.start is not None and rule.start <= period.last_day
        if rule.lines == "rolling" or not (lines or begun or self._is_known_before(owner, period)):
            return None
        if str(period) not in self._priced:
            self._priced[str(period)] = {owner_of_rule(each): each for each in self._rules_of(period)}
        mapping = self._manifests.get(CustomerMappingSpec, owner.mapping_address)
        return terms_of(mapping, self._priced[str(period)][owner], self._live_state)

    def _is_known_before(self, owner: Owner, period: Period) -> bool:
        """Return whether the ledger has terms of an earlier month."""
        return self._since.get((owner.source, owner.customer_id, owner.charge), "9999") < str(period)

    def _can_be_made(self, terms: MonthTerms, owner: Owner, period: Period) -> bool:
        """Return whether an ended month without an addition of its own gets one."""
        if self._over.get(owner, "") > period.first_day.isoformat():
            return False  # an addition of all months has billed it
        if (_identity(owner), str(period)) in self._unread:
            return False  # its addition is on an agreement that was not read
        if terms.rule.invoiced == "advance":
            return True
        invoiced = next_invoice_of(terms.agreement.id or 0, self._live_state)
        return invoiced is not None and invoiced <= period.last_day.isoformat()

    def _link(self, agreement_id: int) -> Link:
        live = self._live_state.objects.get(("Agreement", agreement_id))
        return Link(str(agreement_id if live is None else live.raw.get("name") or agreement_id), agreement_id)


def _identity(owner: Owner) -> str:
    return identity_of(owner.source, owner.customer_id, owner.mapping, owner.charge)


def _unread(snapshot: Snapshot, live_state: LiveState) -> Iterator[tuple[str, str]]:
    """Yield (identity, month) of the additions that the ledger has on agreements that were not read."""
    for each in snapshot.additions.values():
        tag = parse(each.tag)
        if tag is not None and tag.period is not None and each.agreement_id not in live_state.additions:
            yield tag.identity, tag.period
