"""Store what runs read and billed of our additions, the searches for our tags, and approvals of guardrails.

A run loads a `Snapshot` before it plans and records what is new when it ends. Additions are stored by their id in
ConnectWise, so that an addition stays ours after a person clears its tag.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.chain import append
from reconciler.ledger.covered import APPROVALS
from reconciler.ledger.snapshot import Approval, BilledAddition, ObservedAddition, RecordedAddition, SeenEdit, Snapshot
from reconciler.ledger.store import Ledger, inserted_id

_additions, _tag_searches, _approvals = schema.additions, schema.tag_searches, schema.approvals
_objects, _writes = schema.objects, schema.writes

_CHUNK = 500
_TICK = timedelta.resolution


@dataclass(frozen=True, slots=True)
class Some:
    """The additions that a plan of a few mappings needs."""

    customers: Collection[tuple[str, str]]
    """(source, customer id)."""
    mappings: Collection[str]
    agreements: Collection[int]
    """Agreements that were read. Additions of other mappings on them are loaded too, to recognise them as ours."""


def load_snapshot(
    ledger: Ledger,
    workspace: str,
    tenant: str,
    period: str,
    some: Some | None = None,
    *,
    edits_since: datetime | None = None,
) -> Snapshot:
    """Return the additions and approvals in the ledger, for planning. `period` is the run's, as `2026-11`.

    `some` limits the additions. `edits_since` is the moment after which edits by someone else are loaded. None loads
    all.
    """
    here = [_additions.c.workspace == workspace, _additions.c.tenant == tenant]
    if some is not None:
        of_customer = sa.tuple_(_additions.c.source, _additions.c.customer_id).in_([*some.customers])
        unknown = _additions.c.source.is_(None)  # of a shortened tag
        here.append(of_customer | unknown | _additions.c.agreement_id.in_([*some.agreements]))
    with ledger.read() as connection:
        rows = connection.execute(sa.select(_additions).where(*here)).all()
        written = _written(connection, workspace, some, [row.addition_id for row in rows])
        found = {number: addition for number, (addition, _) in written.items()}
        for row in rows:
            found[row.addition_id] = _recorded(row, written.get(row.addition_id))
        unplaced = [number for number, addition in found.items() if addition.agreement_id is None]
        for number, agreement_id in _agreements(connection, workspace, unplaced):
            found[number] = replace(found[number], agreement_id=agreement_id)
        approvals = _approvals_of(connection, workspace, period)
        searched_at = connection.execute(
            sa.select(_tag_searches.c.searched_at).where(
                _tag_searches.c.workspace == workspace, _tag_searches.c.tenant == tenant
            )
        ).scalar()
        hand_edits = _hand_edits(connection, workspace, tenant, edits_since)
    return Snapshot(found, approvals, searched_at, hand_edits)


def hand_edits_of(
    ledger: Ledger,
    workspace: str,
    tenant: str | None,
    addition_ids: Collection[int],
    start: datetime | None = None,
    end: datetime | None = None,
) -> list[SeenEdit]:
    """Return the edits of these additions by someone else that runs first read in [start, end), oldest first.

    Without a tenant, those of every tenant that the workspace had.
    """
    with ledger.read() as connection:
        found = _hand_edits(connection, workspace, tenant, None if start is None else start - _TICK)
    edits = (each for number in addition_ids for each in found.get(number, ()))
    return sorted(
        (each for each in edits if end is None or each.seen_at < end), key=lambda each: (each.seen_at, each.addition_id)
    )


def approvals_of_period(ledger: Ledger, workspace: str, period: str) -> tuple[Approval, ...]:
    """Return the approvals of guardrails that were given for a period, such as `2026-11`, oldest first."""
    with ledger.read() as connection:
        return _approvals_of(connection, workspace, period)


def approvals_of_adjustments(ledger: Ledger, workspace: str) -> tuple[Approval, ...]:
    """Return every approval of an adjustment or a credit, oldest first. There are few: a person gives each."""
    names = ("adjustment", "credit")
    query = sa.select(_approvals).where(_approvals.c.workspace == workspace, _approvals.c.guardrail.in_(names))
    with ledger.read() as connection:
        return _approvals_from(connection, query)


def _approvals_of(connection: sa.Connection, workspace: str, period: str) -> tuple[Approval, ...]:
    query = sa.select(_approvals).where(_approvals.c.workspace == workspace, _approvals.c.period == period)
    return _approvals_from(connection, query)


def _approvals_from(connection: sa.Connection, query: sa.Select[Any]) -> tuple[Approval, ...]:
    return tuple(
        Approval(row.guardrail, row.address, row.period, row.given_by, row.given_at)
        for row in connection.execute(query.order_by(_approvals.c.id))
    )


def _hand_edits(
    connection: sa.Connection, workspace: str, tenant: str | None, since: datetime | None
) -> dict[int, tuple[SeenEdit, ...]]:
    columns = schema.hand_edits.c
    query = sa.select(columns.addition_id, columns.seen_at, columns.fields).where(columns.workspace == workspace)
    if tenant is not None:
        query = query.where(columns.tenant == tenant)
    if since is not None:
        query = query.where(columns.seen_at > since)
    found: dict[int, tuple[SeenEdit, ...]] = {}
    for row in connection.execute(query.order_by(columns.seen_at)):
        edit = SeenEdit(row.addition_id, row.seen_at, row.fields)
        found[edit.addition_id] = (*found.get(edit.addition_id, ()), edit)
    return found


def record_hand_edits(ledger: Ledger, workspace: str, tenant: str, edits: Iterable[SeenEdit]) -> None:
    """Store edits by someone else. An edit of an addition that was stored for the same moment is replaced."""
    key = {"workspace": workspace, "tenant": tenant}
    rows = [
        {**key, "addition_id": each.addition_id, "seen_at": each.seen_at, "fields": dict(each.fields)} for each in edits
    ]
    if not rows:
        return
    columns = schema.hand_edits.c
    with ledger.write() as connection:
        for row in rows:
            here = (columns[name] == row[name] for name in ("workspace", "tenant", "addition_id", "seen_at"))
            connection.execute(sa.delete(schema.hand_edits).where(*here))
        connection.execute(sa.insert(schema.hand_edits), rows)


_Written = tuple[RecordedAddition, datetime]
"""An addition as our writes left it, and the time of the last of them."""


def _written(
    connection: sa.Connection, workspace: str, some: Some | None, numbers: Collection[int]
) -> dict[int, _Written]:
    """Return additions as our writes left them, by id. One addition may have had several addresses.

    `some` limits them to those of its mappings and to these `numbers`.
    """
    limits = []
    if some is not None:
        prefixes = (f"Addition/{mapping}{end}" for mapping in some.mappings for end in ".:")
        own = (_objects.c.address.startswith(prefix, autoescape=True) for prefix in prefixes)
        limits.append(sa.or_(_objects.c.object_id.in_([*numbers]), *own))
    rows = connection.execute(
        sa.select(_objects.c.object_id, _objects.c.fields, _objects.c.created, _objects.c.written_at)
        .where(
            _objects.c.workspace == workspace,
            _objects.c.address.startswith("Addition/", autoescape=True),
            _objects.c.object_id.is_not(None),
            *limits,
        )
        .order_by(_objects.c.written_at)
    )
    found: dict[int, _Written] = {}
    for number, fields, created, written_at in rows:
        before = found[number][0] if number in found else RecordedAddition(number)
        product = fields.get("product")
        addition = replace(
            before,
            product_id=product.get("id") if isinstance(product, Mapping) else before.product_id,
            tag=str(fields.get("serialNumber") or before.tag),
            last_applied={**before.last_applied, **fields},
            created_by_us=before.created_by_us or created,
        )
        found[number] = (addition, written_at)
    return found


def _agreements(connection: sa.Connection, workspace: str, numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield (addition id, agreement id) from the paths of our writes, for runs that died before they recorded more."""
    for start in range(0, len(numbers), _CHUNK):
        rows = connection.execute(
            sa.select(_writes.c.object_id, _writes.c.path).where(
                _writes.c.workspace == workspace,
                _writes.c.address.startswith("Addition/", autoescape=True),
                _writes.c.object_id.in_(numbers[start : start + _CHUNK]),
            )
        )
        for number, path in rows:
            yield number, int(path.partition("agreements/")[2].partition("/")[0])


def _recorded(row: Any, written: _Written | None) -> RecordedAddition:
    """Return a row of `additions` together with our writes; where both have a field, the later one counts."""
    addition, written_at = written or (RecordedAddition(row.addition_id), None)
    billed = row.billed_fields or {}
    billed_later = row.billed_at is not None and (written_at is None or row.billed_at >= written_at)
    return replace(
        addition,
        agreement_id=row.agreement_id,
        product_id=row.product_id,
        tag=row.tag or addition.tag,
        customer=None if row.customer_id is None else (row.source, row.customer_id),
        last_applied={**addition.last_applied, **billed} if billed_later else {**billed, **addition.last_applied},
        first_seen_at=row.first_seen_at,
        first_quantity=None if row.first_quantity is None else Decimal(row.first_quantity),
        first_rule_digest=row.first_rule_digest,
        hand_edit=row.hand_edit or {},
        hand_edit_period=row.hand_edit_period,
        billed_period=row.billed_period,
        rule_digest=row.rule_digest,
    )


def record_observed_additions(
    ledger: Ledger, workspace: str, tenant: str, observed: Iterable[ObservedAddition], now: datetime
) -> None:
    """Store additions that a run has read. `first_…` fields are stored only when an addition is new to the ledger."""
    rows = [
        _Row(
            each.addition_id,
            first={
                "first_quantity": None if each.first_quantity is None else f"{each.first_quantity:f}",
                "first_rule_digest": each.first_rule_digest,
            },
            values={
                "agreement_id": each.agreement_id,
                "product_id": each.product_id,
                "tag": each.tag,
                **_customer_columns(each.customer),
                "hand_edit": dict(each.hand_edit) or None,
                "hand_edit_period": each.hand_edit_period,
            },
        )
        for each in observed
    ]
    _store(ledger, workspace, tenant, rows, now)


def record_billed_additions(
    ledger: Ledger, workspace: str, tenant: str, billed: Iterable[BilledAddition], period: str, now: datetime
) -> None:
    """Store the fields and rules of additions that an apply billed in `period`, also of those it did not change."""
    rows = [
        _Row(
            each.addition_id,
            first={
                "agreement_id": each.agreement_id,
                "product_id": each.product_id,
                "tag": each.tag,
                **_customer_columns(each.customer),
            },
            values={
                "billed_at": now,
                "billed_period": period,
                "billed_fields": dict(each.fields),
                "rule_digest": each.rule_digest,
            },
        )
        for each in billed
    ]
    _store(ledger, workspace, tenant, rows, now)


@dataclass(frozen=True, slots=True)
class _Row:
    """The columns of an addition: `first` for one that is new to the ledger, `values` each time."""

    addition_id: int
    first: Mapping[str, Any]
    values: Mapping[str, Any]


def _customer_columns(customer: tuple[str, str] | None) -> dict[str, Any]:
    source, customer_id = customer or (None, None)
    return {"source": source, "customer_id": customer_id}


def _store(ledger: Ledger, workspace: str, tenant: str, rows: Sequence[_Row], now: datetime) -> None:
    """Insert rows of additions that are new to the ledger, and update the others."""
    if not rows:
        return
    here = (_additions.c.workspace == workspace, _additions.c.tenant == tenant)
    key = {"workspace": workspace, "tenant": tenant}
    with ledger.write() as connection:
        stored = set(connection.execute(sa.select(_additions.c.addition_id).where(*here)).scalars())
        new = [
            {**key, "addition_id": row.addition_id, "first_seen_at": now, **row.first, **row.values}
            for row in rows
            if row.addition_id not in stored
        ]
        if new:
            connection.execute(sa.insert(_additions), new)
        changed = [{"stored_id": row.addition_id, **row.values} for row in rows if row.addition_id in stored]
        if changed:
            values: dict[str, Any] = {name: sa.bindparam(name) for name in rows[0].values}
            by_id = _additions.c.addition_id == sa.bindparam("stored_id")
            connection.execute(sa.update(_additions).where(*here, by_id).values(values), changed)


def record_tag_search(ledger: Ledger, workspace: str, tenant: str, now: datetime) -> None:
    """Store the time of a search for our tags in every agreement of the tenant; only the last one is kept."""
    here = (_tag_searches.c.workspace == workspace, _tag_searches.c.tenant == tenant)
    with ledger.write() as connection:
        connection.execute(sa.delete(_tag_searches).where(*here))
        connection.execute(sa.insert(_tag_searches).values(workspace=workspace, tenant=tenant, searched_at=now))


def record_approvals(ledger: Ledger, workspace: str, approvals: Iterable[Approval]) -> None:
    """Store which guardrails a person approved, with who and when."""
    rows = [{"workspace": workspace, **asdict(each)} for each in approvals]
    if rows:
        with ledger.write() as connection:
            ids = [inserted_id(connection.execute(sa.insert(_approvals).values(row))) for row in rows]
            append(connection, APPROVALS, ids)
