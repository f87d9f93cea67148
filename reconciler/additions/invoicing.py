"""Check what the invoice of the period bills: too little, a part of a month, or the same usage twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal

from reconciler.additions.live_additions import AgreementProduct, LiveAddition
from reconciler.additions.match import Duplicate, Pair
from reconciler.additions.ownership import Ownership
from reconciler.additions.planned import PlannedAddition
from reconciler.amounts import amount_text
from reconciler.planning.plan import Note


def uninvoiced_usage(
    pairs: Iterable[Pair], planned: Sequence[PlannedAddition], period: str, last_day: str, currency: str | None
) -> dict[str, str]:
    """Return, by mapping, a sentence on the usage of the period that no invoice of the period bills.

    That is so if an addition begins after the period. It is not so if usage moved to another product of the ranges
    after the period was invoiced, because the invoice billed the quantity of its own date. `period` is `2026-11`,
    `last_day` is `2026-11-30`.
    """
    by_address = {each.address: each for each in planned}
    invoiced = {each.owner for each in planned if _was_invoiced(each, last_day)}
    amounts: dict[str, Decimal] = {}
    reasons: dict[str, str] = {}
    for pair in pairs:
        desired, addition = pair.desired, by_address[pair.desired.address]
        first_day = _first_day(pair, addition)
        if not desired.quantity or desired.billed_elsewhere or first_day is None or first_day <= last_day:
            continue
        if desired.late_start_reason and desired.owner in invoiced:
            continue
        mapping = desired.mapping
        amounts[mapping] = amounts.get(mapping, Decimal(0)) + addition.monthly
        cause = f": {desired.late_start_reason}" if desired.late_start_reason else ""
        reasons[mapping] = f"its addition begins on {first_day}{cause}"
    return {
        mapping: f"{reason}; no invoice of {period} bills its {amount_text(amounts[mapping], currency)}"
        for mapping, reason in reasons.items()
    }


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


def double_billing_notes(
    pairs: Iterable[Pair], foreign: Iterable[LiveAddition], last_day: str, currency: str | None
) -> Iterator[Note]:
    """Yield a note for each new addition if an addition that is not ours bills the same agreement and product."""
    billing: dict[AgreementProduct, list[LiveAddition]] = {}
    for each in foreign:
        if each.monthly and not each.ends_by(last_day):
            billing.setdefault(each.agreement_product, []).append(each)
    for pair in pairs:
        for each in billing.get(pair.desired.agreement_product, ()) if pair.live is None else ():
            yield Note(
                address=pair.desired.address,
                message=f"addition id {each.id} of the same agreement and product is not ours, and bills "
                f"{amount_text(each.monthly, currency)} a month as well; take it over with `adopt: true`",
            )
