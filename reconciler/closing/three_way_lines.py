"""Find which additions bill a month for the three-way check, whom they belong to, and what was edited by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.additions.drift import value_text
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.ownership import Owner, assign_owners
from reconciler.additions.tag import is_of_source
from reconciler.closing.three_way_model import (
    Standing,
)
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.registry import kind
from reconciler.kinds.values import to_json
from reconciler.ledger.snapshot import Snapshot
from reconciler.metering.period import Period
from reconciler.planning.equality import same

_EDITED = ("quantity", "unitPrice", "unitCost", "lessIncluded", "billCustomer", "effectiveDate", "serialNumber")
"""The fields of a line in which an edit by hand shows, if we have written them. The last day comes apart."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The additions that count for a month, by what they are."""

    by_owner: Mapping[Owner, Sequence[Standing]]
    """Ours, by the charge that they belong to, without its period."""
    orphans: Sequence[Standing] = ()
    """Ours, and no mapping has them. Only those that the invoice of the month has."""
    foreign: Sequence[Standing] = ()
    """Not ours. Only those that the invoice of the month has."""
    strange: Sequence[Standing] = ()
    """With our tag of another month, and not written by us. Only those that the invoice of the month has."""
    adjustments: Mapping[Owner, Sequence[Standing]] = field(default_factory=dict)
    """The adjustments of the month, by charge, on whichever invoice they are."""


def lines_of(
    standing: Iterable[Standing],
    owners: Sequence[Owner],
    sources: Collection[str],
    snapshot: Snapshot,
    period: Period,
) -> Lines:
    """Return the additions of a month, sorted by whom they belong to. `sources` are the usage sources.

    An addition with the tag of another source, which the ledger does not know, is one of another workspace. It is left
    out: it is no orphan, and no double of ours.
    """
    by_id = {each.addition.id: each for each in standing}
    found = assign_owners((each.addition for each in by_id.values()), owners, sources, snapshot)
    by_owner: dict[Owner, list[Standing]] = defaultdict(list)
    for owner, owned in found.by_owner.items():
        by_owner[owner.of_all_months] += [by_id[each.addition.id] for each in owned]
    strange = [each for some in by_owner.values() if any(one.sent for one in some) for each in some]
    strange = [each for each in strange if not each.sent and _is_of_another_month(each, period)]
    adjustments = {
        owner.of_all_months: [by_id[each.id] for each in some]
        for owner, some in found.adjustments.items()
        if owner.period == str(period)
    }

    def is_ours(each: LiveAddition) -> bool:
        return each.id in snapshot.additions or any(is_of_source(each.serial, source) for source in sources)

    return Lines(
        by_owner,
        [by_id[each.id] for each in found.orphans if is_dated_in(each, period) and is_ours(each)],
        [by_id[each.id] for each in found.foreign if is_dated_in(each, period)],
        strange,
        adjustments,
    )


def _is_of_another_month(each: Standing, period: Period) -> bool:
    """Return whether an addition has the tag of another month, and the invoice of this one has it, by its days."""
    tag = each.addition.tag
    is_tagged = tag is not None and tag.period not in (None, str(period))
    return is_tagged and is_dated_in(each.addition, period)


def is_copy(each: Standing, others: Iterable[Standing]) -> bool:
    """Return whether somebody made an addition with the tag of one that we have written."""
    return not each.sent and any(other.sent and other.addition.serial == each.addition.serial for other in others)


def bills(each: Standing, period: Period) -> bool:
    """Return whether an addition counts for a month, at the moment at which it stood."""
    return not each.late and covers(each.addition, period)


def covers(addition: LiveAddition, period: Period) -> bool:
    """Return whether an addition bills a month: by its tag if it is of one month, else by its days."""
    tag = addition.tag
    if addition.is_left:
        return False
    if tag is not None and tag.period is not None:
        return tag.period == str(period)
    return is_dated_in(addition, period)


def is_dated_in(addition: LiveAddition, period: Period) -> bool:
    """Return whether the invoice of a month has an addition, by its days."""
    begins = (addition.effective or "") <= period.last_day.isoformat()
    return begins and not addition.ended_before(period.first_day.isoformat())


def invoice_moved_from(each: Standing) -> str | None:
    """Return the month whose invoice a line of one month was written for, if its days now are on another invoice."""
    month, tag = (date_text(each.sent.get("effectiveDate")) or "")[:7], each.addition.tag
    if not month or tag is None or tag.period is None:
        return None
    begins, ends = (each.addition.effective or "")[:7], (each.addition.cancelled or month)[:7]
    return None if begins <= month <= ends else month


def edits_of(each: Standing) -> Iterator[str]:
    """Yield the fields of a line that somebody changed after our last write, such as `quantity 120 → 99`."""
    fields, raw = each.sent, each.addition.obj.raw
    if not fields:
        return
    for path in (*(path for path in _EDITED if path in fields), "cancelledDate"):
        mapping = kind("Addition").by_name[path].mapping
        wrote, live = to_json(mapping.decode(dict(fields))), to_json(mapping.decode(raw))
        if not same(mapping, wrote, live):
            yield f"{path} {value_text(wrote)} → {value_text(live)}"
