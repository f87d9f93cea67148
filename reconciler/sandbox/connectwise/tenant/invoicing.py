"""Invoices that are made as time passes: a person's routine of making the invoices of a period before or after it.

ConnectWise has no field that says whether an agreement bills in advance or in arrears [spec]. It shows only in the
periods that its invoices cover. So the routine is a setting of the sandbox, and no answer of the API shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

from reconciler.sandbox.connectwise.rules.cycles import Cycle, next_cycle, wire
from reconciler.sandbox.connectwise.rules.invoices import no_more_invoices
from reconciler.sandbox.connectwise.store.tables import Row
from reconciler.sandbox.connectwise.tenant.tenant import Tenant

Timing = Literal["advance", "arrears"]
BILLER: Final = "Biller"
"""The login that makes the invoices."""


@dataclass(frozen=True, slots=True)
class Routine:
    """When an invoice is made: `days` before the first day of its period (advance), or after its end (arrears).

    An invoice is made at 00:00 UTC. In arrears with 0 days, that is on the day after the last day of the period.
    """

    timing: Timing
    days: int = 0

    def day_of(self, cycle: Cycle) -> date:
        """Return the day on which the invoice of a cycle is made."""
        if self.timing == "advance":
            return cycle.first - timedelta(days=self.days)
        return cycle.following + timedelta(days=self.days)


@dataclass(slots=True)
class Invoicing:
    """The routine of each agreement by id, and `usual` for all others. Without one, no invoice is made by itself."""

    usual: Routine | None = None
    of_agreement: dict[int, Routine | None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.usual is not None or bool(self.of_agreement)

    def set(self, routine: Routine | None, agreement_id: int | None) -> None:
        """Set the routine of one agreement, or the usual one, which then applies to all agreements."""
        if agreement_id is None:
            self.usual, self.of_agreement = routine, {}
        else:
            self.of_agreement[agreement_id] = routine

    def routine_of(self, agreement: Row) -> Routine | None:
        """Return the routine of an agreement."""
        return self.of_agreement.get(agreement.id, self.usual)

    def due_at(self, tenant: Tenant, agreement: Row) -> datetime | None:
        """Return when the next invoice of an agreement is made, or None if there is no next one."""
        routine = self.routine_of(agreement)
        if routine is None or no_more_invoices(tenant, agreement) is not None:
            return None
        return datetime.combine(routine.day_of(next_cycle(tenant, agreement)), time(), UTC)

    def next_due(self, tenant: Tenant) -> datetime | None:
        """Return when the next invoice of any agreement is made. It is in the past if one is overdue."""
        moments = (self.due_at(tenant, each) for each in tenant.tables["agreement"].rows.values())
        return min((each for each in moments if each is not None), default=None)

    def make_due(self, tenant: Tenant) -> list[Row]:
        """Make every invoice that is due by now, each dated on its day, and return them in the order of these days."""
        made: list[Row] = []
        if not self:
            return made
        now = tenant.clock.now()
        while (moment := self.next_due(tenant)) is not None and moment <= now:
            agreements = list(tenant.tables["agreement"].rows.values())
            due = [each for each in agreements if self.due_at(tenant, each) == moment]
            made += [make_invoice(tenant, each, moment.date()) for each in due]
        return made

    def pass_time(self, tenant: Tenant, until: datetime) -> None:
        """Move the clock to `until`. Stop at each moment at which an invoice is due, and make it then."""
        clock = tenant.clock
        while self and (moment := self.next_due(tenant)) is not None and clock.now() < moment <= until:
            clock.set(moment)
            self.make_due(tenant)
        clock.set(until)
        self.make_due(tenant)


def make_invoice(tenant: Tenant, agreement: Row, dated: date | None = None) -> Row:
    """Make the next invoice of an agreement, dated today or on another day.

    Raises:
        Refusal: the agreement has no next invoice, or its period begins in more than 90 days.
    """
    company, on = agreement.data["company"]["id"], tenant.today if dated is None else wire(dated)
    body = {"type": "Agreement", "company": {"id": company}, "agreement": {"id": agreement.id}, "date": on}
    with tenant.acting_as(BILLER):
        return tenant.insert("invoice", body)
