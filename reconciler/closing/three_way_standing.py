"""Find how additions stood at an earlier moment, such as when an invoice was made.

ConnectWise shows an addition as it stands now. What has not changed since that moment stood so then. For our own
additions, the journal has what our writes left, and the ledger has the edits that runs have seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from typing import Any

from reconciler.additions.live_additions import LiveAddition, addition_of
from reconciler.closing.invoice import share_of_days
from reconciler.closing.three_way_lines import edits_of, is_dated_in
from reconciler.closing.three_way_model import AgreementFacts, Standing, billed
from reconciler.ledger.snapshot import Snapshot
from reconciler.metering.period import Period

_FEW = 4
"""The most deleted additions of one agreement that together may explain the total of an invoice."""


def standing_now(live: Iterable[LiveAddition], snapshot: Snapshot) -> list[Standing]:
    """Return additions as they stand, with what our last write left of those that are ours."""
    return [Standing(each, _sent(each, snapshot)) for each in live]


def standing_at(
    moment: datetime,
    live: Iterable[LiveAddition],
    written: Mapping[int, LiveAddition],
    snapshot: Snapshot,
    currency: str | None,
) -> list[Standing]:
    """Return additions as they stood at a moment. `written` has ours by id, as our writes had left them by then.

    An addition that was created later is marked as `late`, and one of ours that is no longer in ConnectWise as `gone`.
    Nothing says how an addition of somebody else stood before it was changed: it counts as it stands now.
    """
    every = list(live)
    found = [_at(moment, each, written.get(each.id), snapshot, currency) for each in every]
    known = {each.id for each in every}
    return [*found, *(Standing(was, was.obj.raw, gone=True) for number, was in written.items() if number not in known)]


def with_shares(
    standing: Iterable[Standing], agreements: Mapping[int, AgreementFacts], period: Period
) -> list[Standing]:
    """Return additions with the part of a month that their days bill, on agreements that prorate."""
    prorating = {number for number, facts in agreements.items() if facts.prorates}
    return [
        replace(each, share=_share(each.addition, period)) if each.addition.agreement_id in prorating else each
        for each in standing
    ]


def on_next_invoice(
    standing: Iterable[Standing], agreements: Mapping[int, AgreementFacts], period: Period
) -> tuple[list[Standing], list[Standing]]:
    """Return additions of a month that is invoiced as the next invoice has them, and those that end before it.

    A line of all months that was created after the invoice begins on the next invoice date, because ConnectWise accepts
    no earlier day. It bills the level of the running month, so it counts as one of this month. A line that we have
    ended, because its mapping ends or has moved, is on no invoice any more.
    """
    last_day = period.last_day.isoformat()
    found, ending = [], []
    for each in standing:
        addition, facts = each.addition, agreements.get(each.addition.agreement_id)
        next_invoice = (None if facts is None else facts.next_invoice) or ""
        if addition.tag is not None and addition.tag.period is not None:
            found.append(each)
        elif last_day < (addition.effective or "") <= next_invoice:
            found.append(replace(each, addition=replace(addition, effective=last_day)))
        elif each.sent and addition.ended_before(next_invoice) and not any(edits_of(each)):
            ending.append(each)
        else:
            found.append(each)
    return found, ending


def deleted_before(
    standing: Iterable[Standing], missing: Decimal, period: Period, currency: str | None
) -> Sequence[Standing] | None:
    """Return the additions that were deleted before an invoice that lacks `missing`. None if none explain it.

    Nothing says when an addition was deleted. The fewest deleted ones that have exactly this amount are taken.
    """
    gone = [each for each in standing if each.gone and is_dated_in(each.addition, period) and billed(each, currency)]
    for number in range(min(len(gone), _FEW) + 1):
        for some in combinations(gone, number):
            if sum((billed(each, currency) for each in some), Decimal(0)) == missing:
                return some
    return None


def _share(addition: LiveAddition, period: Period) -> Fraction:
    """Return the part of the days of a month, from 0 to 1. An addition that is not dated in it bills another month."""
    if not is_dated_in(addition, period):
        return Fraction(1)
    return share_of_days(period.first_day, period.last_day, addition.effective, addition.cancelled)


def _at(
    moment: datetime, live: LiveAddition, was: LiveAddition | None, snapshot: Snapshot, currency: str | None
) -> Standing:
    updated = _moment(live.obj.last_updated)
    if updated is not None and updated <= moment:
        return Standing(live, _sent(live, snapshot) if was is None else was.obj.raw)
    if was is not None:
        edits = _edits_at(moment, live.id, snapshot)
        stood = addition_of(replace(was.obj, raw={**was.obj.raw, **edits}), currency) if edits else was
        return Standing(stood, was.obj.raw)
    recorded = snapshot.additions.get(live.id)
    late = (recorded is not None and recorded.created_by_us) or _was_created_after(moment, live)
    return Standing(live, _sent(live, snapshot), late=late)


def _sent(live: LiveAddition, snapshot: Snapshot) -> Mapping[str, Any]:
    recorded = snapshot.additions.get(live.id)
    return {} if recorded is None or recorded.agreement_id not in (None, live.agreement_id) else recorded.last_applied


def _edits_at(moment: datetime, addition_id: int, snapshot: Snapshot) -> Mapping[str, Any]:
    """Return the fields of an edit by hand that was made before a moment, and that a run has seen only after it."""
    for edit in snapshot.hand_edits.get(addition_id, ()):
        edited = _moment(edit.fields.get("lastUpdated"))
        if edited is not None and edited <= moment < edit.seen_at:
            return {path: value for path, value in edit.fields.items() if path != "lastUpdated"}
    return {}


def _was_created_after(moment: datetime, live: LiveAddition) -> bool:
    entered = _moment((live.obj.raw.get("_info") or {}).get("dateEntered"))
    return entered is not None and entered > moment


def _moment(text: Any) -> datetime | None:
    """Return a time of ConnectWise. None if it is missing or no time."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
