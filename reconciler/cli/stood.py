"""Find in the ledger how the additions stood when the invoices of a month were made."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from reconciler.additions.live_additions import LiveAddition, addition_of
from reconciler.closing.three_way_invoices import Invoices
from reconciler.closing.three_way_lines import is_dated_in
from reconciler.closing.three_way_model import AgreementFacts, Standing
from reconciler.closing.three_way_standing import deleted_before, standing_at, standing_now, with_shares
from reconciler.closing.three_way_totals import expected_total
from reconciler.kinds.workspace import Billing
from reconciler.ledger.line_amounts import load_line_amounts
from reconciler.ledger.snapshot import LineAmount, Snapshot
from reconciler.ledger.store import Ledger
from reconciler.ledger.written_additions import additions_at, write_times
from reconciler.metering.period import Period, day_start
from reconciler.reporting.billed import from_journal

TOLERANCE = timedelta(minutes=5)
"""How much this machine's clock may differ from the tenant's: the journal has the one, an invoice the other."""
_TICK = timedelta.resolution


@dataclass(frozen=True, slots=True)
class Stood:
    """Finds how additions stood. `now` is the moment of the command."""

    ledger: Ledger
    workspace: str
    tenant: str
    snapshot: Snapshot
    agreements: Mapping[int, AgreementFacts]
    invoices: Mapping[int, Invoices]
    period: Period
    billing: Billing
    now: datetime
    _journal: dict[int, Sequence[LiveAddition]] = field(default_factory=dict)
    """Our additions by the journal, by the number of writes that had been sent."""
    _writes: list[datetime] = field(default_factory=list)

    def of(self, live: Iterable[LiveAddition]) -> list[Standing]:
        """Return additions as they stood when the invoice of the month was made.

        Without an invoice, an addition of all months counts as it stood at the end of the month, or as it stands if
        the month is not over. A deleted one does not count, because no invoice can have it. One of a single month
        follows late samples until it is invoiced: it counts as it stands. If it is on the invoice of another month, it
        counts as that invoice has it.
        """
        every = list(live)
        amounts = load_line_amounts(self.ledger, self.workspace, self.tenant, str(self.period))
        known = {each.id for each in every}
        self._load_write_times()
        at_end: list[LiveAddition] = []
        by_agreement: dict[int, list[LiveAddition]] = defaultdict(list)
        found: list[Standing] = []
        for each in every:
            tag = each.tag
            of_month = tag is not None and tag.period is not None
            invoiced = self.made_at(each.agreement_id) is not None
            if invoiced and (not of_month or is_dated_in(each, self.period)):
                by_agreement[each.agreement_id].append(each)
            elif of_month or self.now < self.period.end:
                found += standing_now([self._as_billed(each, amounts.get(each.id))], self.snapshot)
            else:
                at_end.append(each)
        end = min(self.now, self.period.end - _TICK)
        if self.now >= self.period.end:
            found += self._standing(end, end, at_end, ())
        for number in self.agreements:
            if self.made_at(number) is not None:
                found += self._as_invoiced(number, by_agreement[number], known)
        return with_shares(found, self.agreements, self.period)

    def _as_billed(self, line: LiveAddition, billed: LineAmount | None) -> LiveAddition:
        """Return an addition as its invoice has it, if it was edited by hand after that invoice."""
        recorded = self.snapshot.additions.get(line.id)
        if billed is None or recorded is None or not billed.invoiced or billed.amount == line.monthly:
            return line
        raw = {**line.obj.raw, **recorded.last_applied}
        written = addition_of(replace(line.obj, raw=raw), self.billing.currency)
        return written if written.monthly == billed.amount else line

    def made_at(self, agreement_id: int) -> datetime | None:
        """Return when the invoice of an agreement was made. If ConnectWise does not say it, its day ends then."""
        found = self.invoices.get(agreement_id)
        if found is None or not found.valid:
            return None
        day_ends = day_start(found.valid[0].day + timedelta(days=1), self.billing.timezone) - _TICK
        return min(found.made_at or day_ends, self.now)

    def _as_invoiced(self, number: int, live: Sequence[LiveAddition], known: set[int]) -> list[Standing]:
        """Return the additions of an agreement as its invoice found them.

        What was changed at the very moment of the invoice was changed before or after it, and nothing says when an
        addition was deleted. The order that gives the total of the invoice counts. Without one, a change counts as made
        before, and a deletion as made after the invoice.
        """
        made = self.made_at(number) or self.now
        (invoice, *_) = self.invoices[number].valid
        first: list[Standing] | None = None
        for shown, journal in (
            (made, made + TOLERANCE),
            (made - _TICK, made + TOLERANCE),
            (made - _TICK, made - _TICK),
        ):
            written = self._written(journal)
            gone = [each for each in written if each.id not in known and each.agreement_id == number]
            found = with_shares(self._standing(shown, journal, live, gone), self.agreements, self.period)
            first = found if first is None else first
            missing = expected_total(self.agreements[number], found, self.period, self.billing.currency)
            if (
                deleted := deleted_before(found, missing - invoice.amount, self.period, self.billing.currency)
            ) is not None:
                return [each for each in found if each not in deleted]
        return first or []

    def _standing(
        self, moment: datetime, journal: datetime, live: Sequence[LiveAddition], gone: Iterable[LiveAddition]
    ) -> list[Standing]:
        here = {each.id for each in live}
        ours = {each.id: each for each in self._written(journal) if each.id in here}
        written = {**ours, **{each.id: each for each in gone}}
        return standing_at(moment, live, written, self.snapshot, self.billing.currency)

    def _written(self, moment: datetime) -> Sequence[LiveAddition]:
        """Return our additions as our writes had left them. Between two writes, they are the same."""
        number = bisect_right(self._writes, moment)
        if number not in self._journal:
            written = additions_at(self.ledger, self.workspace, self.snapshot, moment)
            self._journal[number] = from_journal(written, self.snapshot, self.billing.currency)
        return self._journal[number]

    def _load_write_times(self) -> None:
        moments = [made for made in map(self.made_at, self.agreements) if made is not None]
        first = min([*moments, self.period.end], default=self.now) - _TICK
        self._writes[:] = write_times(self.ledger, self.workspace, first - _TICK)
