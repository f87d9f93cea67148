"""Charge one mapping: measure its customer, rate the measure, and write its coverage row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Literal

from reconciler.additions.tag import DEFAULT_CHARGE
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.customer_mapping import ProductReference
from reconciler.kinds.meters import Unit
from reconciler.metering.context import MeteringContext
from reconciler.metering.coverage import CoverageRow
from reconciler.metering.customer_measure import measure, no_usage
from reconciler.metering.customer_now import CustomerNow
from reconciler.metering.customer_status import CustomerStatus, ended_status, names, status_of, unmeasured
from reconciler.metering.history import History
from reconciler.metering.measures import RANKED_MEASURES, Measured
from reconciler.metering.period import day_start, local_date
from reconciler.metering.wording import figures, hours
from reconciler.rating.errors import RatingError
from reconciler.rating.rate import ChargeLine, Rated, RatingTrace, rate, sum_of

_HOUR = timedelta(hours=1)
_SHOWN = Decimal("0.001")
_NO_DEVICES = "meter {} counts devices, but {} reports the customer without devices; give its rows a device_id"


@dataclass(frozen=True, slots=True)
class Charge:
    """What one charge of a mapping bills, as lines for its additions.

    `billed` and `zero`: write `lines`, and set our additions of `other_products` to 0. `zero` means that the customer
    has vanished or was never seen; its lines bill a minimum, or the peak of earlier hours. `held`: leave every
    addition of the charge as it is; there are no lines.
    """

    mapping: str
    source: str
    customer_id: str
    state: Literal["billed", "held", "zero"]
    detail: str
    name: str = DEFAULT_CHARGE
    """The name of the charge, unique in its mapping."""
    customer_name: str = ""
    """The name of the customer in its source. Empty if it is unknown."""
    unit: Unit | None = "GB"
    """The unit of its quantities. None for a count or a plain number."""
    lines: tuple[ChargeLine, ...] = ()
    other_products: tuple[ProductReference, ...] = ()
    trace: RatingTrace | None = None
    period: str | None = None
    """`2026-10` if its additions bill this month alone. None if they bill all months."""
    measured: Measured | None = None
    """The chosen hours, with their pulls and devices."""
    covers_period: bool = True
    """Whether the ledger has samples from the start of the period, or from the mapping's start.

    False after a lost ledger, and for a source that is read for the first time: an earlier peak, percentile or mean
    may have been higher.
    """
    may_lower: bool = True
    """False: additions may be created and raised, but not lowered, because the ledger may lack earlier usage.

    That is so in three cases: the ledger does not cover the period of a `peak`, `mean` or `p95`; it has no figure of a
    device that may have had one earlier; or it is younger than the grace and has no sample of the customer.
    """

    @property
    def amount(self) -> Decimal | None:
        """Return the amount per month, the sum of rounded lines. None if the charge is held or a price is unknown."""
        return sum_of(self.lines) if self.lines else None


@dataclass(frozen=True, slots=True)
class ChargedCustomer:
    """A mapping's charge and coverage row, and how the newest pull shows the customer (None if not needed)."""

    row: CoverageRow
    charge: Charge
    current: CustomerNow | None
    measured: Measured | None = None
    """The usage behind the charge. For a vanished customer that is held: the usage behind its existing additions."""
    proposed: Charge | None = None
    """For a proposed mapping: the charge that it would have. Its `charge` is held."""


def charge_of(
    rule: Rule,
    history: History | None,
    other: History | None,
    problem: str | None,
    since: datetime | None,
    at: MeteringContext,
) -> ChargedCustomer:
    """Return one charge of a mapping.

    `problem` says why the source cannot be used; None if it can. `since` is the moment at which an exclusion of the
    customer ended; None without one. `other` is the history of the allowance's meter.
    """
    status: CustomerStatus
    current: CustomerNow | None = None
    measured: Measured | None = None
    rated: Rated | None = None
    in_trial: Rated | None = None
    kept: Measured | None = None
    start, until = _start(rule, since, at), _until(rule, at)
    usable = None if problem is not None else history
    if at.now < start:
        status = CustomerStatus("waiting", "held", f"billing starts on {rule.start}")
    elif until is not None and until <= at.period.start:
        return _ended_earlier(rule, usable, at)
    elif usable is None:
        status = CustomerStatus("unknown", "held", problem or "", accounted=False)
    else:
        current = usable.customer_now(rule.customer_id)
        ended = until is not None and until <= at.now
        status = (
            ended_status(rule, current, at.period, _today(at))
            if ended
            else _with_other(status_of(usable, rule, current, at.settings), rule, other, at)
        )
        if rule.meter.how == "count" and any(each.device_id is None for each in current.devices):
            status = CustomerStatus(
                "refused", "held", _NO_DEVICES.format(rule.meter.name, rule.source), accounted=False
            )
        if status.state == "billed" and usable.in_trial(rule.customer_id):
            text = f"in trial in {rule.source}, so nothing is billed: its line begins in the month in which it ends"
            now = partial(measure, replace(rule, measure="last"), usable, current, start, None, other)
            _, _, in_trial = _rate(rule, usable, current, status, start, now, at)
            status = CustomerStatus("trial", "held", text)
        if status.effect != "held":
            before = status
            measures = partial(measure, rule, usable, current, start, until, other)
            status, measured, rated = _rate(rule, usable, current, status, start, measures, at)
            if ended and status.state == "unknown":
                status = replace(before, effect="held").adding(
                    "no figure until then is known, so its additions keep their quantities until their last day"
                )
        elif status.state == "vanished" and rule.measure in RANKED_MEASURES:
            kept = measure(rule, usable, current, start, None, other)
    name, renamed_from = names(None if history is None else history.source, rule, at.period)
    row = CoverageRow(
        source=rule.source,
        customer_id=rule.customer_id,
        name=name,
        state=status.state,
        effect=status.effect,
        detail=status.detail,
        mapping=rule.name,
        charge=rule.charge,
        quantity=None if (shown := rated or in_trial) is None else shown.trace.quantity,
        unit=rule.unit,
        money=None if shown is None else shown.amount,
        renamed_from=renamed_from,
        accounted=status.accounted,
    )
    first = None if history is None or rated is None else history.source.first_whole_at
    covers_period = rated is None or (first is not None and first < start + _HOUR)
    charge = Charge(
        mapping=rule.name,
        source=rule.source,
        customer_id=rule.customer_id,
        state="held" if status.effect == "none" else status.effect,
        detail=status.detail,
        name=rule.charge,
        customer_name=name,
        unit=rule.unit,
        lines=() if rated is None else rated.lines,
        other_products=() if rated is None else rated.other_products,
        trace=None if rated is None else rated.trace,
        period=str(at.period) if rule.lines == "perPeriod" else None,
        measured=measured,
        covers_period=covers_period,
        may_lower=rated is None or _may_lower(rule, measured, first, covers_period, at),
    )
    if rule.proposed:
        return _proposed(row, charge, current)
    return ChargedCustomer(row, charge, current, measured if kept is None else kept)


def _ended_earlier(rule: Rule, history: History | None, at: MeteringContext) -> ChargedCustomer:
    """Return the customer of a mapping that ended before this period. `history` is None if its source has no data."""
    current = CustomerNow() if history is None else history.customer_now(rule.customer_id)
    status = ended_status(rule, current, at.period, _today(at))
    name, renamed_from = names(None if history is None else history.source, rule, at.period)
    row = CoverageRow(
        source=rule.source,
        customer_id=rule.customer_id,
        name=name,
        state="proposed" if rule.proposed else status.state,
        effect=status.effect,
        detail=status.detail,
        mapping=rule.name,
        charge=rule.charge,
        quantity=None if not current.bytes else (Decimal(current.bytes) / rule.divisor).quantize(_SHOWN),
        unit=rule.unit,
        renamed_from=renamed_from,
        accounted=status.accounted and not rule.proposed,
    )
    charge = Charge(rule.name, rule.source, rule.customer_id, "held", status.detail, rule.charge, name, rule.unit)
    return ChargedCustomer(row, charge, None, proposed=charge if rule.proposed else None)


def _with_other(status: CustomerStatus, rule: Rule, other: History | None, at: MeteringContext) -> CustomerStatus:
    """Return the status, or that of a held customer if a device of the allowance's meter has an old value."""
    old = () if other is None else other.customer_now(rule.customer_id).of("stale")
    if status.effect == "held" or not old or rule.allowance is None:
        return status
    limit = hours(at.settings.max_age)
    text = f"the last values for the allowance per {rule.allowance.per} are older than maxAge ({limit})"
    return CustomerStatus("stale", "held", f"{text}: {figures(old, None)}", accounted=False)


def _today(at: MeteringContext) -> date:
    return local_date(at.now, at.settings.timezone)


def _proposed(row: CoverageRow, charge: Charge, current: CustomerNow | None) -> ChargedCustomer:
    """Return the customer of a proposed mapping. Its additions stay unchanged, and coverage shows a gap."""
    reason = "" if row.state == "billed" else f"{row.state}: "
    return ChargedCustomer(
        replace(row, state="proposed", effect="held", detail=f"{reason}{row.detail}", accounted=False),
        replace(charge, state="held", lines=(), other_products=(), may_lower=True),
        current,
        proposed=charge,
    )


def _start(rule: Rule, since: datetime | None, at: MeteringContext) -> datetime:
    """Return the first moment from which usage is billed."""
    begins = at.period.start if rule.start is None else day_start(rule.start, at.settings.timezone)
    return max(each for each in (at.period.start, begins, since) if each is not None)


def _until(rule: Rule, at: MeteringContext) -> datetime | None:
    """Return the first moment after the mapping's `end`. None without one."""
    return None if rule.end is None else day_start(rule.end + timedelta(days=1), at.settings.timezone)


def _may_lower(
    rule: Rule, measured: Measured | None, first: datetime | None, covers_period: bool, at: MeteringContext
) -> bool:
    if measured is not None and not measured.known_hours:
        old_enough = first is not None and at.now - first >= at.settings.grace
        return old_enough and (covers_period or rule.measure == "last")
    unread = measured is not None and bool(measured.missing)
    return covers_period or not (unread or rule.measure != "last")


def _rate(
    rule: Rule,
    history: History,
    current: CustomerNow,
    status: CustomerStatus,
    start: datetime,
    measures: Callable[[], Measured | None],
    at: MeteringContext,
) -> tuple[CustomerStatus, Measured | None, Rated | None]:
    """Measure, by `measures`, and rate. A charge that cannot be measured or rated is held, with the reason."""
    if not current.listed and history.last_sample(rule.customer_id) is None:
        measured: Measured | None = no_usage(history, start)
    else:
        measured = measures()
    if measured is None:
        reason = unmeasured(current, start)
        return CustomerStatus("unknown", "held", reason, accounted=False).adding(status.detail), None, None
    try:
        rated = rate(rule, measured, at.settings.currency)
    except RatingError as error:
        reason = f"{error.what}; {error.advice}".rstrip("; ")
        return CustomerStatus("refused", "held", reason, accounted=False), None, None
    return status, measured, rated
