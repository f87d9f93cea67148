"""What the dates of lines do to the period's invoice: what an invoiced period lacks, months billed in part, and copies
that bill the period once more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from reconciler.additions.actions import Written
from reconciler.additions.match import Ending, Pair
from reconciler.kinds.values import plain_decimal
from reconciler.planning.plan import Note


def lacking(
    pairs: Iterable[Pair], written: Sequence[Written], period: str, last_day: str, currency: str | None
) -> dict[str, str]:
    """By mapping, a sentence for each whose lines begin after the period: nothing bills its usage of the period."""
    by_address = {each.address: each for each in written}
    worth: dict[str, Decimal] = {}
    why: dict[str, str] = {}
    for pair in pairs:
        line, live = pair.line, pair.live
        begins = line.effective_date if live is None else live.effective
        if not line.quantity or begins is None or begins <= last_day:
            continue
        mapping = line.mapping
        worth[mapping] = worth.get(mapping, Decimal(0)) + by_address[line.address].monthly
        because = f": {line.begins_later}" if line.begins_later else ""
        why[mapping] = f"its line begins on {begins}{because}"
    unit = f" {currency}" if currency else ""
    return {
        mapping: f"{why[mapping]}; no invoice of {period} bills its {plain_decimal(worth[mapping])}{unit}"
        for mapping in why
    }


def part_months(pairs: Iterable[Pair], last_day: str) -> Iterator[Note]:
    """New lines that begin inside the period: usage is billed in full all the same, unless the agreement prorates."""
    for pair in pairs:
        line = pair.line
        if pair.live is None and line.effective_date <= last_day and not line.effective_date.endswith("-01"):
            because = f" ({line.begins_later})" if line.begins_later else ""
            yield Note(
                address=line.address,
                message=f"begins on {line.effective_date}{because} and bills the whole month: quantities are never "
                "prorated here",
            )


def ending_copies(ending: Iterable[Ending], currency: str | None) -> Iterator[Note]:
    """Copies that somebody has cancelled: they bill the period beside the line of their charge."""
    unit = f" {currency}" if currency else ""
    for each in ending:
        if each.live.monthly:
            worth = f"{plain_decimal(each.live.monthly)}{unit}"
            yield Note(
                address=f"CustomerMapping/{each.owner.mapping}",
                message=f"addition id {each.live.id}, a copy of its line, bills {worth} more until its last day, "
                f"{each.live.cancelled}",
            )
