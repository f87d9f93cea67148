"""Find the ended months whose bills can still change (BILLING, Additions and Closed months).

An ended month is open until an invoice covers its addition, or until it is closed. Then it is settled: its additions
stand, and what its usage asks for beside them becomes an adjustment. The terms of a closed month are those that the
close froze. The terms of another month are those that the ledger has of its last day. Without them, those of now count,
for the months in which the mapping had begun.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.additions.agreements import next_invoice_of
from reconciler.additions.closed_months import NO_CLOSES, ClosedMonths
from reconciler.additions.coverage import MappingCharge
from reconciler.additions.line_amounts import NO_AMOUNTS, LineAmounts
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.month_terms import MonthTerms, terms_from_json, terms_of
from reconciler.additions.ownership import Owner, Ownership, owner_of_rule
from reconciler.additions.period_lines import day_after, invoiced_lines
from reconciler.additions.repricing import repriced
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

RulesOf = Callable[[Period], Sequence[Rule]]
"""Returns the rules of now with the prices of a month."""


@dataclass(frozen=True, slots=True)
class OpenMonth:
    """An ended month, and the terms of the charges whose bills can still change."""

    period: Period
    terms: tuple[MonthTerms, ...]
    expected: frozenset[MappingCharge]
    """The charges that must have a figure: an addition or the ledger says that the month is billed."""
    settled: frozenset[MappingCharge] = frozenset()
    """The charges whose additions stand: the month is closed, or its invoice is made."""
    new: frozenset[MappingCharge] = frozenset()
    """The charges of mappings that had none when the month was closed."""


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
    ownership: Ownership,
    amounts: LineAmounts = NO_AMOUNTS,
    closed: ClosedMonths = NO_CLOSES,
) -> list[OpenMonth]:
    """Return the ended months that are open or settled, the newest first.

    `months` has all months that are looked at, `ownership` all additions, and `amounts` what is invoiced of them.
    """
    finder = _Finder(
        rules_of, manifests, live_state, snapshot, recorded, ownership=ownership, amounts=amounts, closed=closed
    )
    found = []
    for period in months:
        terms: list[MonthTerms] = []
        expected: set[MappingCharge] = set()
        settled: set[MappingCharge] = set()
        new: set[MappingCharge] = set()
        for rule in rules:
            each = None if rule.proposed else finder.terms(rule, period)
            if each is not None:
                terms.append(each.terms)
                expected |= {(rule.name, rule.charge)} if each.expected else set()
                settled |= {(rule.name, rule.charge)} if each.settled else set()
                new |= {(rule.name, rule.charge)} if each.new else set()
        if terms:
            found.append(OpenMonth(period, tuple(terms), *map(frozenset, (expected, settled, new))))
    return found


@dataclass(frozen=True, slots=True)
class _Found:
    terms: MonthTerms
    expected: bool = False
    settled: bool = False
    new: bool = False


class _Finder:
    """Finds the terms of one charge in one month, if its bill can still change."""

    def __init__(
        self,
        rules_of: RulesOf,
        manifests: Manifests,
        live_state: LiveState,
        snapshot: Snapshot,
        recorded: Recorded,
        *,
        ownership: Ownership,
        amounts: LineAmounts,
        closed: ClosedMonths,
    ) -> None:
        self._closed = closed
        self._amounts = amounts
        self._rules_of = rules_of
        self._priced: dict[str, Mapping[Owner, Rule]] = {}
        self._manifests, self._live_state, self._recorded = manifests, live_state, recorded
        self._products = {live.id: address for address, live in live_state.matches.items() if live.kind == "Product"}
        self._lines = ownership.by_owner
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
        is_closed = self._closed.covers(rule, month)
        record = (
            self._closed.terms(rule, month)
            if is_closed
            else self._recorded.get((owner.source, owner.customer_id, owner.charge, month))
        )
        lines = [each.addition for each in self._lines.get(owner.of_period(month), ())]
        new = is_closed and record is None
        if new and self._closed.may_begin_in(rule, period):
            # Its first month that has ended fixes its rules, so that a later change does not reach back.
            charge = (owner.source, owner.customer_id, owner.charge)
            record = self._recorded.get((*charge, self._since.get(charge, "")))
        elif new:
            return None
        if record is not None:
            found = terms_from_json(record, rule.name)
            found = replace(found, rule=replace(found.rule, charge=rule.charge))  # it may have been renamed since
            found = repriced(found, rule, self._manifests, self._products, period.first_day)
        else:
            now = self._of_now(rule, owner, period, lines)
            if now is None:
                return None
            found = now
        if found.rule.lines == "rolling":
            return None
        if (found.rule.start or last) > last or (found.rule.end or first) < first:
            return None
        if lines:
            # A mapping that moved inside the month has an empty addition on the agreement that it left.
            billing = [each for each in lines if each.quantity] or lines
            agreements = [each.agreement_id for each in billing]
            if found.agreement.id not in agreements:
                found = replace(found, agreement=self._link(agreements[0]))
            settled = is_closed or bool(invoiced_lines(billing, self._live_state)) or self._is_invoiced(owner, month)
            return _Found(found, expected=not settled, settled=settled)
        if self._is_invoiced(owner, month):
            return _Found(found, settled=True)
        if is_closed:
            return None if self._is_elsewhere(owner, period) else _Found(found, settled=True, new=new)
        expected = record is not None or self._is_known_before(owner, period)
        return self._without_lines(_Found(found, expected=expected), owner, period)

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

    def _without_lines(self, found: _Found, owner: Owner, period: Period) -> _Found | None:
        """Return the terms of an ended month without an addition of its own: it gets one, or an adjustment.

        In arrears, an invoice of the month that is made already leaves the usage to an adjustment.
        """
        if self._is_elsewhere(owner, period):
            return None
        if found.terms.rule.invoiced == "advance":
            return found
        invoiced = next_invoice_of(found.terms.agreement.id or 0, self._live_state)
        if invoiced is None:
            return None
        return found if invoiced <= period.last_day.isoformat() else _Found(found.terms, settled=True)

    def _is_elsewhere(self, owner: Owner, period: Period) -> bool:
        """Return whether an addition of all months has billed a month, or one on an agreement that was not read."""
        over = self._over.get(owner, "") > period.first_day.isoformat()
        return over or (_identity(owner), str(period)) in self._unread

    def _is_invoiced(self, owner: Owner, month: str) -> bool:
        """Return whether an invoice has an addition of a month that is no longer in ConnectWise, or that was moved."""
        key = (owner.source, owner.customer_id, owner.charge, month)
        lines = self._lines.get(owner.of_period(month), ())
        return (key, False) in self._amounts.removed or any(
            each.addition.id in self._amounts.invoiced for each in lines
        )

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
