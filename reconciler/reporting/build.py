"""Build the report of a period from its usage, its additions and the additions of the month before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from reconciler.additions.charge import Charge
from reconciler.additions.charges import ChargedUsage
from reconciler.additions.ownership import Owner, owner_of, owner_of_rule
from reconciler.kinds.billing_rules import Rule, product_label
from reconciler.metering.coverage import CoverageRow
from reconciler.reporting.billed import Billed
from reconciler.reporting.exceptions import exceptions_of
from reconciler.reporting.report import (
    Border,
    Hours,
    RatedLine,
    Rating,
    Report,
    ReportCharge,
    ReportCustomer,
    ReportException,
    ReportLine,
    ReportPeriod,
    SourceHours,
    Totals,
    known_sum,
)

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Party:
    """Who pays for a mapping, as the manifests say it."""

    name: str | None = None
    """The name of the company."""
    identifier: str | None = None
    """Its identifier in ConnectWise."""
    company: str | None = None
    """The address of its document, as `Company/acme`."""
    agreement: str | None = None
    """The name of the agreement."""


@dataclass(frozen=True, slots=True)
class ReportInputs:
    """Everything that a report is made from."""

    workspace: str
    currency: str | None
    timezone: str
    made_at: datetime
    until: datetime
    """The moment up to which usage counts."""
    usage: ChargedUsage
    """The usage of the period, at that moment."""
    rules: Sequence[Rule]
    billed: Billed
    previous: Billed | None
    """The additions of the month before. None if the ledger has no write from before its end."""
    sources: Sequence[SourceHours] = ()
    parties: Mapping[str, Party] = field(default_factory=dict)
    """By the name of the mapping."""
    hours: Mapping[Owner, Hours] = field(default_factory=dict)
    """For the charges that get a plot."""


def build_report(inputs: ReportInputs, only: frozenset[str] | None = None, of: str | None = None) -> Report:
    """Return the report. `only` are the addresses of the customers that it is limited to, and `of` names them."""
    period = inputs.usage.period
    customers = _customers(inputs)
    if only is not None:
        customers = [_without_costs(each) for each in customers if each.address in only]
    exceptions = exceptions_of(customers, inputs.usage.coverage, inputs.sources, inputs.currency)
    if only is not None:
        exceptions = tuple(each for each in exceptions if each.customer in only)
    return Report(
        workspace=inputs.workspace,
        currency=inputs.currency,
        period=ReportPeriod(
            name=str(period),
            first_day=period.first_day,
            last_day=period.last_day,
            start=period.start,
            end=period.end,
            timezone=inputs.timezone,
            complete=inputs.made_at >= period.end,
        ),
        made_at=inputs.made_at,
        usage_until=inputs.until,
        of=of,
        totals=_totals(customers, exceptions, known=inputs.previous is not None, costs=only is None),
        sources=tuple(inputs.sources),
        exceptions=exceptions,
        customers=tuple(customers),
    )


def _without_costs(customer: ReportCustomer) -> ReportCustomer:
    """Return a customer for a reader who must not see what it costs us."""

    def hidden(lines: Iterable[ReportLine]) -> tuple[ReportLine, ...]:
        return tuple(line.model_copy(update={"cost": None}) for line in lines)

    charges = tuple(each.model_copy(update={"billed": hidden(each.billed)}) for each in customer.charges)
    return customer.model_copy(update={"charges": charges, "other": hidden(customer.other)})


def _lines(customer: ReportCustomer) -> list[ReportLine]:
    return [*(line for charge in customer.charges for line in charge.billed), *customer.other]


def _totals(
    customers: Sequence[ReportCustomer], exceptions: Iterable[ReportException], *, known: bool, costs: bool
) -> Totals:
    lines = [line for each in customers for line in _lines(each)]
    margins = [None if line.cost is None else line.amount - line.cost for line in lines]
    charges = [charge for each in customers for charge in each.charges]
    at_risk = [each.amount or _ZERO for each in exceptions if each.state in ("unmapped", "unattributed")]
    return Totals(
        customers=len(customers),
        billed=sum((each.billed for each in customers), _ZERO),
        by_usage=known_sum([each.rating.amount for each in charges if each.rating is not None]),
        previous=sum((each.previous or _ZERO for each in customers), _ZERO) if known else None,
        at_risk=sum(at_risk, _ZERO),
        cost=known_sum([line.cost for line in lines]),
        margin=known_sum(margins),
        unknown_costs=margins.count(None) if costs else 0,
    )


def _customers(inputs: ReportInputs) -> list[ReportCustomer]:
    rules = {owner_of_rule(rule): rule for rule in inputs.rules}
    rows: dict[str, CoverageRow] = {}
    for row in inputs.usage.coverage.rows:
        if row.mapping and row.device_id is None and (row.mapping not in rows or rows[row.mapping].accounted):
            rows[row.mapping] = row  # of several charges, one that is not accounted for
    by_mapping: dict[str, list[tuple[Rule, Charge]]] = defaultdict(list)
    for charge in inputs.usage.charges:
        by_mapping[charge.mapping].append((rules[owner_of(charge).of_all_months], charge))
    strays = _Strays(inputs)
    found = [_customer(inputs, charges, rows.get(mapping), strays) for mapping, charges in by_mapping.items()]
    return sorted([*found, *strays.rest()], key=lambda each: (each.name.casefold(), each.address))


def _customer(
    inputs: ReportInputs, charges: Sequence[tuple[Rule, Charge]], row: CoverageRow | None, strays: _Strays
) -> ReportCustomer:
    rule, charge = charges[0]
    party = inputs.parties.get(rule.name, Party())
    shown = tuple(_charge(inputs, *each) for each in charges)
    earlier = [each.previous_amount for each in shown if each.previous_amount is not None]
    address = f"{rule.source}/{rule.customer_id}"
    other, before = strays.take(address)
    return ReportCustomer(
        address=address,
        name=party.name or (row.name if row is not None else "") or rule.customer_name or rule.name,
        identifier=party.identifier,
        mapping=f"CustomerMapping/{rule.name}",
        agreement=party.agreement,
        state=charge.state if row is None else row.state,
        detail="" if row is None else row.detail,
        accounted=row is None or row.accounted,
        billed=sum((each.billed_amount for each in shown), _ZERO) + _sum(other),
        previous=sum(earlier, _ZERO) + _sum(before) if len(earlier) == len(shown) else None,
        charges=shown,
        other=other,
    )


def _charge(inputs: ReportInputs, rule: Rule, charge: Charge) -> ReportCharge:
    owner = owner_of_rule(rule)
    lines = tuple(inputs.billed.by_owner.get(owner, ()))
    if any(each.unit_cost == 0 for each in charge.lines):  # ConnectWise shows 0 also for an unknown cost
        lines = tuple(each if each.cost is not None else each.model_copy(update={"cost": _ZERO}) for each in lines)
    return ReportCharge(
        name=owner.charge,
        measure=rule.measure,
        unit=rule.unit or "units",
        state=charge.state,
        tiering=rule.tiering,
        borders=tuple(
            Border(up_to=each.up_to, product=product_label(each.product))
            for each in rule.ranges
            if each.up_to is not None
        ),
        rating=_rating(rule, charge),
        billed=lines,
        billed_amount=_sum(lines),
        corrections=inputs.billed.corrections.get(owner, _ZERO),
        previous_amount=None if inputs.previous is None else _sum(inputs.previous.by_owner.get(owner, ())),
        hours=inputs.hours.get(owner),
    )


def _rating(rule: Rule, charge: Charge) -> Rating | None:
    trace = charge.trace
    if trace is None:
        return None
    return Rating(
        used=trace.in_unit,
        included=trace.in_unit - trace.after_allowance,
        rounded=trace.rounded,
        minimum=rule.minimum,
        quantity=trace.quantity,
        amount=charge.amount,
        lines=tuple(
            RatedLine(
                product=product_label(each.product),
                quantity=each.quantity,
                unit_price=each.unit_price,
                amount=each.amount,
            )
            for each in charge.lines
        ),
    )


class _Strays:
    """The additions without a charge, of this month and of the month before, by customer."""

    def __init__(self, inputs: ReportInputs) -> None:
        self._knows_before = inputs.previous is not None
        self._names = {f"{row.source}/{row.customer_id}": row.name for row in inputs.usage.coverage.rows}
        self._now = _by_customer(inputs.billed)
        self._before = _by_customer(inputs.previous or Billed())

    def take(self, address: str) -> tuple[tuple[ReportLine, ...], tuple[ReportLine, ...]]:
        """Return the additions of a customer in both months, and remove them."""
        return tuple(self._now.pop(address, ())), tuple(self._before.pop(address, ()))

    def rest(self) -> list[ReportCustomer]:
        """Return a customer for the additions of each customer that no mapping has."""
        return [self._without_mapping(address, *self.take(address)) for address in sorted({*self._now, *self._before})]

    def _without_mapping(
        self, address: str, now: tuple[ReportLine, ...], before: tuple[ReportLine, ...]
    ) -> ReportCustomer:
        return ReportCustomer(
            address=address,
            name=self._names.get(address) or address,
            identifier=None,
            mapping=None,
            agreement=None,
            state="orphan",
            detail="no mapping has these additions",
            accounted=False,
            billed=_sum(now),
            previous=_sum(before) if self._knows_before else None,
            charges=(),
            other=now,
        )


def _by_customer(billed: Billed) -> dict[str, list[ReportLine]]:
    found: dict[str, list[ReportLine]] = {}
    for customer, line in billed.stray:
        found.setdefault(customer or line.address, []).append(line)
    return found


def _sum(lines: Iterable[ReportLine]) -> Decimal:
    return sum((each.amount for each in lines), _ZERO)
