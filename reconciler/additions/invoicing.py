"""What the dates of lines do to the period's invoice: what an invoiced period lacks, months billed in part, and what
else bills the period."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal

from reconciler.additions.actions import PlannedAddition
from reconciler.additions.live import AgreementProduct, LiveAddition
from reconciler.additions.match import Duplicate, Pair
from reconciler.additions.money import amount_text
from reconciler.additions.ownership import Ownership
from reconciler.planning.plan import Note


def uninvoiced_usage(
    pairs: Iterable[Pair], written: Sequence[PlannedAddition], period: str, last_day: str, currency: str | None
) -> dict[str, str]:
    """By mapping, a sentence for each whose lines begin after the period: nothing bills its usage of the period.

    Usage that moved to another product of its ranges after the invoice is billed: an invoice bills the level of the day
    on which it is made.
    """
    by_address = {each.address: each for each in written}
    invoiced = {each.owner for each in written if _was_invoiced(each, last_day)}
    worth: dict[str, Decimal] = {}
    why: dict[str, str] = {}
    for pair in pairs:
        line, made = pair.line, by_address[pair.line.address]
        begins = _first_day(pair, made)
        if not line.quantity or begins is None or begins <= last_day:
            continue
        if line.late_start_reason and line.owner in invoiced:
            continue
        mapping = line.mapping
        worth[mapping] = worth.get(mapping, Decimal(0)) + made.monthly
        because = f": {line.late_start_reason}" if line.late_start_reason else ""
        why[mapping] = f"its line begins on {begins}{because}"
    return {
        mapping: f"{why[mapping]}; no invoice of {period} bills its {amount_text(worth[mapping], currency)}"
        for mapping in why
    }


def _first_day(pair: Pair, made: PlannedAddition) -> str | None:
    """The first day of a line once the plan is done."""
    if pair.live is None:
        return pair.line.effective_date
    changes = made.action.changes if made.action is not None else ()
    return next((each.after for each in changes if each.path == "effectiveDate"), pair.live.effective)


def _was_invoiced(each: PlannedAddition, last_day: str) -> bool:
    """Whether this is a line of the period that is empty now: what it held when the period was invoiced was billed."""
    first = None if each.live is None else each.live.effective
    return first is not None and first <= last_day and not each.quantity


def mid_month_notes(pairs: Iterable[Pair], last_day: str) -> Iterator[Note]:
    """New lines that begin inside the period: usage is billed in full all the same, unless the agreement prorates."""
    for pair in pairs:
        line = pair.line
        if pair.live is None and line.effective_date <= last_day and not line.effective_date.endswith("-01"):
            because = f" ({line.late_start_reason})" if line.late_start_reason else ""
            yield Note(
                address=line.address,
                message=f"begins on {line.effective_date}{because} and bills the whole month: quantities are never "
                "prorated here",
            )


def ending_duplicate_notes(ending_duplicates: Iterable[Duplicate], currency: str | None) -> Iterator[Note]:
    """Copies that somebody has cancelled: they bill the period beside the line of their charge."""
    for each in ending_duplicates:
        if each.live.monthly:
            worth = amount_text(each.live.monthly, currency)
            yield Note(
                address=f"CustomerMapping/{each.owner.mapping}",
                message=f"addition id {each.live.id}, a copy of its line, bills {worth} more until its last day, "
                f"{each.live.cancelled}",
            )


def waiting_notes(waiting: Collection[str], ownership: Ownership, currency: str | None) -> Iterator[Note]:
    """Mappings that wait for their first day though lines of theirs bill: `start` was moved after the first bill."""
    for owner, owned in ownership.by_owner.items():
        worth = sum((each.addition.monthly for each in owned), Decimal(0))
        if owner.mapping in waiting and worth:
            yield Note(
                address=f"CustomerMapping/{owner.mapping}",
                message=f"waits for its start, and its lines bill on: {amount_text(worth, currency)} a month",
            )


def double_billing_notes(
    pairs: Iterable[Pair], others: Iterable[LiveAddition], last_day: str, currency: str | None
) -> Iterator[Note]:
    """Additions of somebody else at the place of a line that is made: the customer may be billed twice."""
    by_place: dict[AgreementProduct, list[LiveAddition]] = {}
    for each in others:
        if each.monthly and not each.ends_by(last_day):
            by_place.setdefault(each.agreement_product, []).append(each)
    for pair in pairs:
        for each in by_place.get(pair.line.agreement_product, ()) if pair.live is None else ():
            yield Note(
                address=pair.line.address,
                message=f"addition id {each.id} of that agreement and product is not ours, and bills "
                f"{amount_text(each.monthly, currency)} a month beside it; `adopt: true` takes it over",
            )
