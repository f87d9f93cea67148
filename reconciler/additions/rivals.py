"""Find additions with a rival writer: someone else, often the console's own integration, keeps changing them.

An addition that someone else changes twice within 24 hours is held, with its customer (BILLING, Additions). It is
released 24 hours after the last change, or by an approval of `rival`, which forgets all changes before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from reconciler.additions.actions import OnDrift
from reconciler.additions.changes import ChargeChange
from reconciler.additions.drift import value_text
from reconciler.additions.planned import PlannedAddition
from reconciler.ledger.snapshot import SeenEdit, Snapshot
from reconciler.metering.wording import when
from reconciler.planning.plan import Tripped

GUARDRAIL = "rival"
WINDOW = timedelta(hours=24)
"""Two changes within this time make a rival writer."""
REMEMBERED = 2 * WINDOW
"""How far back changes are read: the last one within 24 hours, and the one before it."""
LAST_UPDATED = "lastUpdated"


def new_edits(
    planned: Iterable[PlannedAddition], snapshot: Snapshot, now: datetime, on_drift: OnDrift
) -> tuple[SeenEdit, ...]:
    """Return the edits by someone else that no earlier run has seen."""
    found = []
    for each in planned:
        if each.live is None or not each.edited:
            continue
        edit = SeenEdit(each.live.id, now, {**each.edited, LAST_UPDATED: each.live.obj.last_updated})
        before = snapshot.hand_edits.get(each.live.id, ())
        if not before or not _is_same(edit, before[-1], on_drift):
            found.append(edit)
    return tuple(found)


def _is_same(edit: SeenEdit, before: SeenEdit, on_drift: OnDrift) -> bool:
    """Return whether two runs saw the same edit.

    If an apply has undone an edit, the same values with another `lastUpdated` are a new edit. With `accept`, the edit
    stands, and `lastUpdated` does not count, because our own writes change it.
    """
    ignored = {LAST_UPDATED} if on_drift == "accept" else set()
    return all(edit.fields.get(name) == before.fields.get(name) for name in {*edit.fields, *before.fields} - ignored)


def rival_trips(
    planned: Iterable[PlannedAddition],
    new: Iterable[SeenEdit],
    changes: Iterable[ChargeChange],
    snapshot: Snapshot,
    now: datetime,
) -> Iterator[Tripped]:
    """Yield the guardrail `rival` for each addition that someone else has changed twice within 24 hours.

    `new` has the edits that this run found.
    """
    by_id = {each.addition_id: each for each in new}
    also = {each.owner: each.addresses for each in changes}
    for each in planned:
        if each.live is None:
            continue
        known = snapshot.hand_edits.get(each.live.id, ())
        latest = (by_id[each.live.id],) if each.live.id in by_id else ()
        addresses = {each.owner.mapping_address, each.owner.customer, *also.get(each.owner, ())}
        approved = [each.given_at for each in snapshot.approvals if _covers(each.guardrail, each.address, addresses)]
        edits = [edit for edit in (*known, *latest) if edit.seen_at > max(approved, default=now - REMEMBERED)]
        if len(edits) > 1 and now - edits[-1].seen_at < WINDOW and edits[-1].seen_at - edits[-2].seen_at < WINDOW:
            yield Tripped(
                name=GUARDRAIL,
                address=each.owner.mapping_address,
                message=f"someone else changed addition id {each.live.id} twice within 24 hours "
                f"({'; '.join(map(_text, edits[-2:]))}): switch off the other writer, often the integration of the "
                f"backup console; without another change, it is released at {when(edits[-1].seen_at + WINDOW)}",
                holds=True,
                also=tuple(sorted(addresses - {each.owner.mapping_address})),
            )


def _covers(guardrail: str, address: str | None, addresses: Iterable[str]) -> bool:
    return guardrail == GUARDRAIL and (address is None or address in addresses)


def _text(edit: SeenEdit) -> str:
    values: Mapping[str, object] = {name: value for name, value in edit.fields.items() if name != LAST_UPDATED}
    fields = ", ".join(f"{name} {value_text(value)}" for name, value in values.items())
    return f"{fields} seen at {when(edit.seen_at)}"
