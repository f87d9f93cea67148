"""What the ledger has to record about additions: which ones are ours, and their fields after an apply."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.additions.charge import Charge
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.ownership import Owner, Ownership
from reconciler.additions.planned import HandEdit, PlannedAddition, recorded_fields
from reconciler.additions.tag import parse
from reconciler.ledger.snapshot import (
    BilledAddition,
    LineAmount,
    MonthRating,
    ObservedAddition,
    RecordedAddition,
    RecordedTerms,
    SeenEdit,
    Snapshot,
)
from reconciler.planning.action import Action
from reconciler.planning.outcome import Outcome, Result

LinkedObject = tuple[int | None, str | None]
"""An agreement or a product by its id, or by its address if the same plan creates it."""


@dataclass(frozen=True, slots=True)
class AdditionRecord:
    """An addition as it is once its action is done, or as it is now if it has no action."""

    address: str
    addition_id: int | None
    """None if the action creates it."""
    agreement: LinkedObject
    product: LinkedObject
    changes: bool
    """Whether it has an action, which must be done before the record is kept."""
    tag: str
    customer: tuple[str, str]
    """Source and customer id."""
    fields: Mapping[str, Any]
    """The recorded fields, by the names of ConnectWise."""
    rule: str
    """The digest of the rule of its charge."""


@dataclass(frozen=True, slots=True)
class LedgerRecords:
    """What the ledger has to record about additions in one run."""

    observed_additions: tuple[ObservedAddition, ...] = ()
    """Additions of ours that differ from what the ledger has. Recorded by `plan` and `apply`."""
    billed: tuple[AdditionRecord, ...] = ()
    """Recorded at the end of an apply."""
    terms: tuple[RecordedTerms, ...] = ()
    """The terms of the running month. Recorded at the end of an apply."""
    hand_edits: tuple[SeenEdit, ...] = ()
    """Edits by someone else that no earlier run saw. Recorded by `plan` and `apply`."""
    charges: tuple[Charge, ...] = ()
    """The charges of the running month that are billed as their rules give them. Recorded at the end of an apply."""
    amounts: tuple[LineAmount, ...] = ()
    """What additions of single months billed, where the ledger has something else. Recorded by `plan` and `apply`."""
    ratings: tuple[MonthRating, ...] = ()
    """What settled months were rated with, where the ledger has something else. Recorded by `plan` and `apply`."""


def ledger_records(
    planned: Iterable[PlannedAddition],
    ownership: Ownership,
    digests: Mapping[Owner, str],
    snapshot: Snapshot,
    held: Collection[str],
    period: str,
    recorded_owners: Collection[Owner],
) -> LedgerRecords:
    """Return the records of a run.

    `held` has the addresses of mappings whose actions wait. `recorded_owners` has the owners for which the ledger has
    recorded an addition. `period` is that of the run, as `2026-11`.
    """
    planned = tuple(planned)
    edits = {each.edit.addition_id: each.edit for each in planned if each.edit is not None}
    observed = [
        *(
            _observed(each.addition, owner, digests[owner], snapshot, edits, new=owner not in recorded_owners)
            for owner, owned in ownership.by_owner.items()
            for each in owned
        ),
        *(
            _observed(each, None, None, snapshot, edits, new=True)
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
        for each in planned
        if each.owner.mapping_address not in held
        and not each.owner.adjustment  # no rule gives it
        and not _is_recorded(each, digests, snapshot, period)
    )
    return LedgerRecords(tuple(each for each in observed if each is not None), billed)


def billed_additions(records: Iterable[AdditionRecord], outcome: Outcome | None) -> list[BilledAddition]:
    """Return the additions as an apply left them. A charge is billed as a whole or not at all.

    `outcome` is None if the plan had no actions.
    """
    results = {} if outcome is None else {each.address: each for each in outcome.results}
    additions = [(each.tag, _billed(each, results)) for each in records]
    unfinished = {tag for tag, addition in additions if addition is None}
    return [addition for tag, addition in additions if addition is not None and tag not in unfinished]


def _billed(record: AdditionRecord, results: Mapping[str, Result]) -> BilledAddition | None:
    """Return an addition as the apply left it. None if the plan's action for it was not done."""
    addition_id = record.addition_id
    if record.changes:
        result = results.get(record.address)
        if result is None or result.status not in ("done", "already"):
            return None
        addition_id = result.id or addition_id
    if addition_id is None:
        return None

    def id_of(link: LinkedObject) -> int | None:
        known_id, address = link
        created = results.get(address or "")
        return known_id if known_id is not None or created is None else created.id

    return BilledAddition(
        addition_id,
        id_of(record.agreement),
        id_of(record.product),
        record.tag,
        record.customer,
        record.fields,
        record.rule,
    )


def _link_of(action: Action | None, field: str, live_id: int | None) -> LinkedObject:
    """Return the agreement or the product of an addition, from the live id, else from its action."""
    if live_id is not None or action is None:
        return (live_id, None)
    after: Any = next((change.after for change in action.changes if change.path == field), None) or {}
    return (after.get("id"), after.get("address"))


def _id_of(link: Any) -> int | None:
    return link.get("id") if isinstance(link, Mapping) else None


def _is_recorded(each: PlannedAddition, digests: Mapping[Owner, str], snapshot: Snapshot, period: str) -> bool:
    """Return whether the ledger has the same record already. That is so for most additions in most hours."""
    recorded = None if each.live is None else snapshot.additions.get(each.live.id)
    if recorded is None or each.action is not None:
        return False
    same = all(recorded.last_applied.get(name) == value for name, value in each.fields.items())
    return same and (recorded.billed_period, recorded.rule_digest) == (period, digests[each.owner])


def _observed(
    live: LiveAddition,
    owner: Owner | None,
    digest: str | None,
    snapshot: Snapshot,
    edits: Mapping[int, HandEdit],
    *,
    new: bool,
) -> ObservedAddition | None:
    """Return the record of a live addition. None if the ledger has it already.

    `new` says that the ledger has recorded no addition of the charge.
    """
    recorded = snapshot.additions.get(live.id)
    tag = live.serial if live.tag is not None else (recorded.tag if recorded else "")
    in_tag = (live.tag.customer if live.tag else None) or (recorded.customer if recorded else None)
    customer = (owner.source, owner.customer_id) if owner is not None else in_tag
    edit = edits.get(live.id)
    observed = ObservedAddition(
        addition_id=live.id,
        agreement_id=live.agreement_id,
        product_id=live.product_id,
        tag=tag,
        customer=customer,
        first_quantity=live.quantity if recorded is None and new else None,
        first_rule_digest=digest,
        hand_edit={} if edit is None else edit.seen,
        hand_edit_period=None if edit is None else edit.period,
    )
    return None if recorded is not None and _same(observed, recorded) else observed


def _same(observed: ObservedAddition, recorded: RecordedAddition) -> bool:
    if recorded.first_seen_at is None:  # the ledger has only a write of ours, and never saw the addition
        return False
    return _compared(observed) == _compared(recorded)


def _compared(record: ObservedAddition | RecordedAddition) -> tuple[object, ...]:
    return (
        record.agreement_id,
        record.product_id,
        record.tag,
        record.customer,
        dict(record.hand_edit),
        record.hand_edit_period,
    )


def records_of_actions(actions: Iterable[Action]) -> tuple[AdditionRecord, ...]:
    """Return the records of a plan file. It has the additions with an action, and no others."""
    return tuple(_record_of(action, action.rule) for action in actions if action.rule is not None)


def _record_of(action: Action, rule: str) -> AdditionRecord:
    before = dict(action.precondition.fields) if action.precondition else {}
    changed = {change.path: change.after for change in action.changes}
    fields = {**before, **changed}
    tag = str(fields.get("serialNumber") or "")
    parsed = parse(tag)
    return AdditionRecord(
        address=action.address,
        addition_id=action.id,
        agreement=_link_of(action, "agreement", _id_of(before.get("agreement"))),
        product=_link_of(action, "product", _id_of(before.get("product"))),
        changes=True,
        tag=tag,
        customer=(parsed.customer if parsed else None) or ("", ""),
        fields=recorded_fields(fields, with_cost="unitCost" in changed, with_text="invoiceDescription" in changed),
        rule=rule,
    )
