"""What a run asks the ledger to keep of additions: which are ours, and how an apply left them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.additions.actions import HandEdit, PlannedAddition, recorded_fields
from reconciler.additions.live import LiveAddition
from reconciler.additions.ownership import OwnedAddition, Owner, Ownership
from reconciler.additions.tag import parse
from reconciler.ledger.snapshot import ObservedAddition, RecordedAddition, Snapshot
from reconciler.planning.plan import Action

LinkedObject = tuple[int | None, str | None]
"""An object by its id, or by its address where the same plan makes it."""


@dataclass(frozen=True, slots=True)
class AdditionRecord:
    """How an addition stands once its action is done, or now where it has none."""

    address: str
    addition_id: int | None
    """None where the action makes it."""
    agreement: LinkedObject
    product: LinkedObject
    changes: bool
    """Whether an action has to be done first."""
    tag: str
    customer: tuple[str, str]
    fields: Mapping[str, Any]
    rule: str


@dataclass(frozen=True, slots=True)
class LedgerRecords:
    observed_additions: tuple[ObservedAddition, ...] = ()
    """Additions of ours that the ledger does not hold as they were read."""
    billed: tuple[AdditionRecord, ...] = ()
    """For the end of an apply."""


def ledger_records(
    written: Iterable[PlannedAddition],
    ownership: Ownership,
    digests: Mapping[Owner, str],
    snapshot: Snapshot,
    held: frozenset[str],
    period: str,
    known: Collection[Owner],
) -> LedgerRecords:
    """`held` are the mappings, by address, whose actions wait; `known` the charges of which the ledger knows a line."""
    every = tuple(written)
    edits = {each.edit.addition_id: each.edit for each in every if each.edit is not None}
    seen = [
        *(
            _sighting(each.addition, owner, digests[owner], snapshot, edits, new=owner not in known)
            for owner, each in _owned(ownership)
        ),
        *(
            _sighting(each, None, None, snapshot, edits, new=True)
            for each in (*ownership.orphans, *ownership.period_additions)
        ),
    ]
    billed = tuple(
        AdditionRecord(
            address=each.address,
            addition_id=None if each.live is None else each.live.id,
            agreement=_link_of(each.action, "agreement", None if each.live is None else each.live.agreement_id),
            product=_link_of(each.action, "product", None if each.live is None else each.live.product_id),
            changes=each.action is not None,
            tag=each.owner.tag,
            customer=(each.owner.source, each.owner.customer_id),
            fields=each.fields,
            rule=digests[each.owner],
        )
        for each in every
        if f"CustomerMapping/{each.owner.mapping}" not in held and not _is_noted(each, digests, snapshot, period)
    )
    return LedgerRecords(tuple(each for each in seen if each is not None), billed)


def _link_of(action: Action | None, field: str, known: int | None) -> LinkedObject:
    """Where an addition is: by what stands, else by what its action says."""
    if known is not None or action is None:
        return (known, None)
    after: Any = next((change.after for change in action.changes if change.path == field), None) or {}
    return (after.get("id"), after.get("address"))


def _id_of(link: Any) -> int | None:
    return link.get("id") if isinstance(link, Mapping) else None


def _is_noted(each: PlannedAddition, digests: Mapping[Owner, str], snapshot: Snapshot, period: str) -> bool:
    """Whether the ledger holds all of it already: most lines stay as they are from hour to hour."""
    known = None if each.live is None else snapshot.additions.get(each.live.id)
    if known is None or each.action is not None:
        return False
    same = all(known.last_applied.get(name) == value for name, value in each.fields.items())
    return same and (known.billed_period, known.rule_digest) == (period, digests[each.owner])


def _owned(ownership: Ownership) -> Iterator[tuple[Owner, OwnedAddition]]:
    for owner, owned in ownership.by_owner.items():
        for each in owned:
            yield owner, each


def _sighting(
    live: LiveAddition,
    owner: Owner | None,
    digest: str | None,
    snapshot: Snapshot,
    edits: Mapping[int, HandEdit],
    *,
    new: bool,
) -> ObservedAddition | None:
    """None where the ledger holds the same already. `new`: it knows no line of the charge."""
    known = snapshot.additions.get(live.id)
    tag = live.serial if live.tag is not None else (known.tag if known else "")
    told = (live.tag.customer if live.tag else None) or (known.customer if known else None)
    customer = (owner.source, owner.customer_id) if owner is not None else told
    edit = edits.get(live.id)
    found = ObservedAddition(
        addition_id=live.id,
        agreement_id=live.agreement_id,
        product_id=live.product_id,
        tag=tag,
        customer=customer,
        first_quantity=live.quantity if known is None and new else None,
        first_rule_digest=digest,
        hand_edit={} if edit is None else edit.seen,
        hand_edit_period=None if edit is None else edit.period,
    )
    return None if known is not None and _same(found, known) else found


def _same(found: ObservedAddition, known: RecordedAddition) -> bool:
    if known.first_seen_at is None:  # only a write of ours is known of it so far
        return False
    return (
        found.agreement_id,
        found.product_id,
        found.tag,
        found.customer,
        dict(found.hand_edit),
        found.hand_edit_period,
    ) == (
        known.agreement_id,
        known.product_id,
        known.tag,
        known.customer,
        dict(known.hand_edit),
        known.hand_edit_period,
    )


def records_of_actions(actions: Iterable[Action]) -> Iterator[AdditionRecord]:
    """The same of a plan file, which knows its actions and not the additions that stay as they are."""
    for action in actions:
        if action.rule is None:
            continue
        before = dict(action.precondition.fields) if action.precondition else {}
        fields = {**before, **{change.path: change.after for change in action.changes}}
        tag = str(fields.get("serialNumber") or "")
        parsed = parse(tag)
        yield AdditionRecord(
            address=action.address,
            addition_id=action.id,
            agreement=_link_of(action, "agreement", _id_of(before.get("agreement"))),
            product=_link_of(action, "product", _id_of(before.get("product"))),
            changes=True,
            tag=tag,
            customer=(parsed.customer if parsed else None) or ("", ""),
            fields=recorded_fields(fields),
            rule=action.rule,
        )
