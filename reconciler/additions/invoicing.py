"""Check what the invoice of the period bills: too little, or a part of a month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from reconciler.additions.agreements import next_invoice_of
from reconciler.additions.desired_addition import DesiredAddition
from reconciler.additions.live_additions import all_additions
from reconciler.additions.match import Duplicate, Pair
from reconciler.additions.ownership import Ownership
from reconciler.additions.planned import PlannedAddition
from reconciler.amounts import amount_text
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.money import monthly_amount
from reconciler.ledger.snapshot import RecordedAddition, Snapshot
from reconciler.metering.period import Period
from reconciler.planning.plan import Note


def uninvoiced_usage(
    pairs: Iterable[Pair],
    planned: Sequence[PlannedAddition],
    period: Period,
    currency: str | None,
    snapshot: Snapshot,
    live_state: LiveState,
) -> dict[str, str]:
    """Return, by mapping, a sentence on the usage of the period that no invoice of the period bills.

    That is so if an addition begins after the period. It is not so if usage moved to another product of the ranges
    after the period was invoiced, because the invoice billed the quantity of its own date. If an addition was deleted
    or moved by hand, the invoice may have billed it before. The sentence names that addition.
    """
    last_day = period.last_day.isoformat()
    by_address = {each.address: each for each in planned}
    invoiced = {each.owner for each in planned if _was_invoiced(each, last_day)}
    amounts: dict[str, Decimal] = {}
    reasons: dict[str, str] = {}
    late: dict[str, list[DesiredAddition]] = defaultdict(list)
    for pair in pairs:
        desired, addition = pair.desired, by_address[pair.desired.address]
        if desired.owner.period is not None:  # `desired` has found those already
            continue
        first_day = _first_day(pair, addition)
        if not desired.quantity or desired.billed_elsewhere or first_day is None or first_day <= last_day:
            continue
        if desired.late_start_reason and desired.owner in invoiced:
            continue
        mapping = desired.mapping
        amounts[mapping] = amounts.get(mapping, Decimal(0)) + addition.monthly
        cause = f": {desired.late_start_reason}" if desired.late_start_reason else ""
        reasons[mapping] = f"its addition begins on {first_day}{cause}"
        late[mapping].append(desired)
    gone = _gone(snapshot, live_state, period) if late else {}
    return {
        mapping: f"{reason}; {_bill(_billed_before(late[mapping], gone), amounts[mapping], period, currency)}"
        for mapping, reason in reasons.items()
    }


_Billed = tuple[int | None, tuple[str, str] | None]
"""The id of an agreement, and the customer that it bills: source and customer id."""


def _gone(snapshot: Snapshot, live_state: LiveState, period: Period) -> Mapping[_Billed, Sequence[RecordedAddition]]:
    """Return the additions that an invoice of the period may have billed, and that someone deleted or moved since.

    The ledger knows that we billed them. If its agreement has no invoice of the period, an addition is left out.
    """
    first_day, last_day = period.first_day.isoformat(), period.last_day.isoformat()
    running = {
        each.id for each in all_additions(live_state, None) if each.effective is None or each.effective <= last_day
    }
    found: dict[_Billed, list[RecordedAddition]] = defaultdict(list)
    for each in snapshot.additions.values():
        begins = max(first_day, date_text(each.last_applied.get("effectiveDate")) or "")
        if (
            each.addition_id not in running
            and each.billed_period is not None
            and begins <= last_day
            and not each.ended_before(first_day)
            and each.agreement_id is not None
            and (next_invoice_of(each.agreement_id, live_state) or "") > begins
            and monthly_amount(each.last_applied, None)
        ):
            found[each.agreement_id, each.customer].append(each)
    return found


def _billed_before(
    late: Iterable[DesiredAddition], gone: Mapping[_Billed, Sequence[RecordedAddition]]
) -> Sequence[RecordedAddition]:
    """Return the additions in `gone` of the same charges and agreements as these additions, which begin too late."""
    keys = dict.fromkeys((each.agreement.id, (each.owner.source, each.owner.customer_id)) for each in late)
    return [each for key in keys for each in gone.get(key, ())]


def _bill(earlier: Sequence[RecordedAddition], amount: Decimal, period: Period, currency: str | None) -> str:
    """Return what the invoice of the period bills of an amount."""
    if not earlier:
        return f"no invoice of {period} bills its {amount_text(amount, currency)}"
    ids = " and ".join(str(each.addition_id) for each in earlier)
    were = "was" if len(earlier) == 1 else "were"
    billed = sum((monthly_amount(each.last_applied, currency) for each in earlier), Decimal(0))
    return (
        f"addition id {ids} {were} deleted or moved by hand, and the invoice of {period} may have billed "
        f"{amount_text(billed, currency)} for it: look at that invoice; without it, no invoice of {period} bills "
        f"{amount_text(amount, currency)}"
    )


def _first_day(pair: Pair, addition: PlannedAddition) -> str | None:
    """Return the first day of an addition after the plan."""
    if pair.live is None:
        return pair.desired.effective_date
    changes = addition.action.changes if addition.action is not None else ()
    return next((each.after for each in changes if each.path == "effectiveDate"), pair.live.effective)


def _was_invoiced(each: PlannedAddition, last_day: str) -> bool:
    """Return whether an addition began by the last day of the period and is empty now.

    The quantity that it had when the period was invoiced has been billed.
    """
    first = None if each.live is None else each.live.effective
    return first is not None and first <= last_day and not each.quantity


def mid_month_notes(pairs: Iterable[Pair], last_day: str) -> Iterator[Note]:
    """Yield a note for each new addition that begins inside the period. Its quantity is billed in full."""
    for pair in pairs:
        desired = pair.desired
        if pair.live is None and desired.effective_date <= last_day and not desired.effective_date.endswith("-01"):
            cause = f" ({desired.late_start_reason})" if desired.late_start_reason else ""
            yield Note(
                address=desired.address,
                message=f"begins on {desired.effective_date}{cause} and bills the whole month: quantities are never "
                "prorated here",
            )


def ending_duplicate_notes(ending: Iterable[Duplicate], currency: str | None) -> Iterator[Note]:
    """Yield a note for each duplicate with a last day in the period that still bills an amount."""
    for each in ending:
        if each.live.monthly:
            amount = amount_text(each.live.monthly, currency)
            yield Note(
                address=each.owner.mapping_address,
                message=f"addition id {each.live.id} is a duplicate, and bills {amount} more until its last day, "
                f"{each.live.cancelled}",
            )


def waiting_notes(waiting: Collection[str], ownership: Ownership, currency: str | None) -> Iterator[Note]:
    """Yield a note for each waiting mapping with additions that bill: its `start` was moved after the first bill.

    `waiting` has the names of the mappings.
    """
    for owner, owned in ownership.by_owner.items():
        amount = sum((each.addition.monthly for each in owned), Decimal(0))
        if owner.mapping in waiting and amount:
            yield Note(
                address=owner.mapping_address,
                message=f"waits for its start, and its additions keep billing {amount_text(amount, currency)} a month",
            )
