"""Find what an invoice billed of each addition of one month: what stood when it was made (BILLING, Closed months).

ConnectWise gives no lines of an invoice. A run sees by `nextInvoiceDate` that an invoice was made since the run before,
and compares the addition with what stood then. An edit by hand that a run has seen before the invoice is billed. One
that came later bills nothing. Where both happened between two runs, the edit is assumed to be the later one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from reconciler.additions.agreements import next_invoice_of
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.ownership import Owner, Ownership
from reconciler.amounts import amount_text
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.money import monthly_amount
from reconciler.ledger.snapshot import LineAmount, RecordedAddition, Snapshot, TermsKey
from reconciler.planning.plan import Note

_MONEY = ("quantity", "unitPrice", "lessIncluded", "billCustomer")


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """What the additions of single months billed."""

    invoiced: Mapping[int, Decimal] = field(default_factory=dict)
    """What their invoices have of additions whose invoice is made, by their ids."""
    assumed: frozenset[int] = frozenset()
    """The additions of which no run knows whether an edit or the invoice came first."""
    removed: Mapping[tuple[TermsKey, bool], Decimal] = field(default_factory=dict)
    """What invoices have of additions that are no longer in ConnectWise: by charge and month, and whether they are
    adjustments."""
    new: tuple[LineAmount, ...] = ()
    """What the ledger does not have yet."""

    def of(self, line: LiveAddition) -> Decimal:
        """Return what an addition bills: what its invoice has of it, or what stands."""
        return self.invoiced.get(line.id, line.monthly)


NO_AMOUNTS = LineAmounts()


def line_amounts(
    ownership: Ownership,
    live_state: LiveState,
    snapshot: Snapshot,
    known: Mapping[int, LineAmount],
    currency: str | None,
) -> LineAmounts:
    """Return what the additions of single months billed, by what the ledger has and what stands now.

    `ownership` has the additions of all months, and `known` the last amount of each that the ledger has.
    """
    rows: list[LineAmount] = []
    new: list[LineAmount] = []
    for owner, line in ownership.of_single_months():
        last = known.get(line.id)
        if last is not None and (last.key[-1], last.adjustment) != (owner.period, owner.adjustment):
            last = None  # another addition had this id, as in a tenant that was restored
        found = _found(owner, line, last, snapshot.additions.get(line.id), live_state, currency)
        if found is not None and found != last:
            new.append(found)
        if found is not None and found.invoiced:
            rows.append(found)
    removed: dict[tuple[TermsKey, bool], Decimal] = defaultdict(Decimal)
    here = {each.id for lines in live_state.additions.values() for each in lines}
    for last in known.values():
        if last.addition_id in here or not last.invoiced or last.amount is None:
            continue
        if _covers(last.agreement_id, last.effective, live_state, unread=True):
            removed[last.key, bool(last.adjustment)] += last.amount
        else:
            new.append(replace(last, amount=Decimal(0), invoiced=False, assumed=False))
    return LineAmounts(
        {each.addition_id: each.amount for each in rows if each.amount is not None},
        frozenset(each.addition_id for each in rows if each.assumed),
        removed,
        tuple(new),
    )


def _found(
    owner: Owner,
    line: LiveAddition,
    last: LineAmount | None,
    recorded: RecordedAddition | None,
    live_state: LiveState,
    currency: str | None,
) -> LineAmount | None:
    """Return what the ledger should have of an addition. None if our last write says it all."""
    effective = last.effective if last is not None and last.invoiced else line.effective
    if effective is None:
        return last
    if not line.is_left and _covers(line.agreement_id, effective, live_state):
        return last if last is not None and last.invoiced else _billed(owner, line, last, recorded, currency)
    amount = None if line.monthly == _written(line, recorded, currency) else line.monthly
    if amount is None if last is None else (not last.invoiced and last.amount == amount):
        return last
    return _row(owner, line, amount)


def _billed(
    owner: Owner, line: LiveAddition, last: LineAmount | None, recorded: RecordedAddition | None, currency: str | None
) -> LineAmount:
    """Return what an invoice that no earlier run has seen has of an addition: what stood before, if it is known."""
    written = _written(line, recorded, currency)
    seen = written if last is None or last.amount is None else last.amount
    amount = line.monthly if seen is None or line.monthly == written else seen
    return replace(_row(owner, line, amount), invoiced=True, assumed=amount != line.monthly)


def _row(owner: Owner, line: LiveAddition, amount: Decimal | None) -> LineAmount:
    key = (owner.source, owner.customer_id, owner.charge, str(owner.period))
    return LineAmount(line.id, line.agreement_id, key, owner.adjustment, str(line.effective), amount)


def _written(line: LiveAddition, recorded: RecordedAddition | None, currency: str | None) -> Decimal | None:
    """Return what an addition bills as our last write left it. None if we have not written it."""
    if recorded is None or "quantity" not in recorded.last_applied:
        return None
    ours = {name: recorded.last_applied[name] for name in _MONEY if name in recorded.last_applied}
    return monthly_amount({**line.obj.raw, **ours}, currency)


def _covers(agreement_id: int, effective: str, live_state: LiveState, *, unread: bool = False) -> bool:
    """Return whether an invoice of an agreement covers a day. `unread` is the answer if the agreement was not read."""
    if ("Agreement", agreement_id) not in live_state.objects:
        return unread
    return (next_invoice_of(agreement_id, live_state) or "") > effective


def edited_after_invoice(amounts: LineAmounts, ownership: Ownership, currency: str | None) -> Iterator[Note]:
    """Yield a note for each addition that was edited by hand after its invoice."""
    for owner, line in ownership.of_single_months():
        billed = amounts.of(line)
        if billed == line.monthly:
            continue
        when = (
            "and no run says whether the edit or the invoice came first: the edit is assumed to be the later one"
            if line.id in amounts.assumed
            else "because it came after the invoice"
        )
        message = (
            f"edited by hand: it stands with {amount_text(line.monthly, currency)}, and was invoiced with "
            f"{amount_text(billed, currency)}; the edit bills nothing, {when}"
        )
        yield Note(address=owner.address_of(line.product), message=message, drift=True)
