"""Turn a case into the values that a plan of usage is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.additions.charges import ChargeInputs, charge_usage
from reconciler.additions.desired import BillingContext
from reconciler.additions.plan import UsageInputs
from reconciler.cases.errors import CaseError
from reconciler.cases.estate import Estate
from reconciler.cases.history import Source, When, snapshot_of
from reconciler.cases.live import Terms, live_state_of
from reconciler.cases.model import Case
from reconciler.cases.moments import last_hour, period_in
from reconciler.cases.standing import Lines, Scene, lines_of
from reconciler.cases.subject import Subject, part_of, subject_of
from reconciler.errors import ReconcilerError
from reconciler.kinds.agreement import AgreementSpec, months_of
from reconciler.kinds.billing_rules import Rule, exclusion_of, settings_of
from reconciler.kinds.exclusion import ExclusionSpec
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.meters import Unit
from reconciler.ledger.snapshot import Snapshot
from reconciler.manifests.documents import Manifests
from reconciler.metering.loading import is_measured_by_hour
from reconciler.metering.monthly_report import report_of
from reconciler.metering.period import Period, local_date, period_of
from reconciler.metering.snapshot import SourceSnapshot
from reconciler.planning.approvals import Approved, parse_approvals
from reconciler.rating import pricing
from reconciler.rating.meters import columns_of


@dataclass(frozen=True, slots=True)
class Prepared:
    """The inputs of the plan of a case, and what it is about."""

    inputs: UsageInputs
    subject: Subject
    rules: tuple[Rule, ...]
    """The rule of each charge of its mapping. Empty for a customer without one."""
    unit: Unit | None
    """The unit of its charges, or of its source without a mapping. None for a count, and if charges differ in it."""

    @property
    def period(self) -> Period:
        """Return the billed month."""
        return self.inputs.context.period


def prepare(case: Case, estate: Estate) -> Prepared:
    """Return the values of a case by these manifests. Raises `CaseError` if it does not fit them."""
    period, now = _time(case, estate)
    approvals = _approvals(case)
    subject = subject_of(case, estate)
    manifests = part_of(case, estate, subject)
    billing = estate.workspace.billing
    try:
        live_state = live_state_of(manifests, estate, Terms(billing.currency, case.invoiced_through))
        rules = pricing.rules(manifests, estate.units, live_state, period.first_day)
        own = tuple(each for each in rules if subject.mapping and each.name == subject.mapping.name)
        lines = _lines(case, own, manifests, live_state, period, now)
        usage = charge_usage(
            ChargeInputs(
                now=now,
                settings=settings_of(billing),
                rules=rules,
                exclusions=[exclusion_of(each.name, each.spec) for each in manifests.of(ExclusionSpec)],
                snapshots=_snapshots(subject, rules, estate, When(period, now, estate.timezone)),
                default_rules=estate.default_rules(period.first_day),
            )
        )
    except ReconcilerError as error:  # the mapping and its documents do not fit together
        what = f"{error.where}: {error.what}" if error.where else error.what
        raise CaseError(("mapping",), what, error.advice) from None
    context = BillingContext(
        manifests=manifests,
        live_state=replace(live_state, additions=lines.additions),
        period=period,
        today=local_date(now, estate.timezone),
        currency=billing.currency,
        setup=True,
        cycles=_cycles(manifests),
    )
    inputs = UsageInputs(usage, rules, lines.snapshot, context, estate.workspace, approvals)
    units = {rule.unit for rule in own} or {estate.units[subject.customer[0]]}
    return Prepared(inputs, subject, own, units.pop() if len(units) == 1 else None)


def _time(case: Case, estate: Estate) -> tuple[Period, datetime]:
    """Return the billed month and the moment of the run."""
    if case.now is None:
        assert case.period is not None  # noqa: S101 - the model has checked that one of the two is given
        period = period_in(case.period, estate.timezone)
        return period, last_hour(period)
    try:
        now = case.now.begins(estate.timezone)
    except ValueError as error:
        raise CaseError(("now",), str(error), "write another time, or give it with its zone") from None
    period = period_of(now, estate.timezone)
    if case.period is not None and period.first_day != case.period:
        what = f"{case.now.text} is in {period} in {estate.timezone}, and not in {case.period:%Y-%m}"
        raise CaseError(("now",), what, "correct one of the two, or leave period out")
    return period, now


def _approvals(case: Case) -> tuple[Approved, ...]:
    found: list[Approved] = []
    for index, text in enumerate(case.approve):
        try:
            found += parse_approvals([text])
        except ReconcilerError as error:
            raise CaseError(("approve", index), error.what, error.advice) from None
    return tuple(found)


def _lines(
    case: Case,
    rules: tuple[Rule, ...],
    manifests: Manifests,
    live_state: LiveState,
    period: Period,
    now: datetime,
) -> Lines:
    if not case.standing:
        return Lines({}, Snapshot())
    if not rules:
        raise CaseError(("standing",), "a customer without a mapping has no lines", "give a mapping")
    return lines_of(case.standing, Scene(rules, manifests, live_state, period, now))


def _snapshots(subject: Subject, rules: Sequence[Rule], estate: Estate, when: When) -> Mapping[str, SourceSnapshot]:
    """Return the snapshots of all sources that the case is about."""
    used = (*(entry.source for entry in subject.entries), *(rule.source for rule in rules))
    today = local_date(when.now, when.timezone)
    found = {}
    for source in dict.fromkeys((subject.customer[0], *used)):
        of_source = [rule for rule in rules if rule.source == source]
        meters = frozenset(meter for rule in of_source for meter in rule.meters)
        by_hour = any(is_measured_by_hour(rule, when.period, today) for rule in of_source)
        entries = [entry for entry in subject.entries if entry.source == source]
        names = {rule.customer_id: rule.customer_name or rule.customer_id for rule in of_source}

        reported = frozenset(meter for meter in meters if meter.reported)
        unit, of_type = estate.units[source], estate.types[source]
        read = Source(source, unit, of_type, tuple(sorted(columns_of(meters - reported))))
        found[source] = snapshot_of(read, entries, names, when, by_hour=by_hour)
        if reported:
            read = Source(report_of(source), unit, of_type, tuple(sorted(columns_of(reported))))
            report = snapshot_of(read, entries, names, when, by_hour=by_hour)
            found[source] = replace(found[source], report=report)
    return found


def _cycles(manifests: Manifests) -> dict[str | int, str]:
    """Return the billing option of each cycle that is not one month by its name. Others count as monthly."""
    names = {each.spec.billing_cycle for each in manifests.of(AgreementSpec)}
    return {name: name for name in names if name is not None and months_of(name) not in {None, 1}}
