"""Additions of ours as runs have read and billed them, and approvals.

A run reads them once, into a snapshot, before it plans; it notes what is new at its end. A line is known by its id in
ConnectWise, so that it stays ours when somebody clears its tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.known import Approval, KnownLine, Snapshot
from reconciler.ledger.store import Ledger

_lines, _objects, _approvals, _scans = schema.lines, schema.objects, schema.approvals, schema.scans
_writes = schema.writes

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Sighting:
    """An addition of ours as a run has read it; what differs from the snapshot is noted."""

    addition_id: int
    agreement_id: int
    product_id: int | None
    tag: str
    customer: tuple[str, str] | None
    first_quantity: Decimal | None
    first_rule: str | None
    edit: Mapping[str, Any] = field(default_factory=dict)
    edited_in: str | None = None


@dataclass(frozen=True, slots=True)
class Billed:
    """How an apply left an addition of ours: its fields, by their names in ConnectWise, and the rule behind them."""

    addition_id: int
    agreement_id: int | None
    product_id: int | None
    tag: str
    customer: tuple[str, str]
    fields: Mapping[str, Any]
    rule: str


def load_snapshot(ledger: Ledger, workspace: str, tenant: str, period: str) -> Snapshot:
    """All that planning may ask of the ledger, in four queries. `period` is that of the run, as `2026-11`."""
    with ledger.read() as connection:
        found = _written(connection, workspace)
        for row in connection.execute(
            sa.select(_lines).where(_lines.c.workspace == workspace, _lines.c.tenant == tenant)
        ):
            found[row.addition_id] = (_known(row, found.get(row.addition_id)), None)
        unplaced = [number for number, (line, _) in found.items() if line.agreement_id is None]
        for number, agreement in _agreements(connection, workspace, unplaced):
            found[number] = (replace(found[number][0], agreement_id=agreement), None)
        approvals = tuple(
            Approval(row.guardrail, row.address, row.period, row.given_by, row.given_at)
            for row in connection.execute(
                sa.select(_approvals)
                .where(_approvals.c.workspace == workspace, _approvals.c.period == period)
                .order_by(_approvals.c.id)
            )
        )
        scanned = connection.execute(
            sa.select(_scans.c.scanned_at).where(_scans.c.workspace == workspace, _scans.c.tenant == tenant)
        ).scalar()
    return Snapshot({number: line for number, (line, _) in found.items()}, approvals, scanned)


_Dated = tuple[KnownLine, datetime | None]
"""A line and when it was last written by us."""


def _written(connection: sa.Connection, workspace: str) -> dict[int, _Dated]:
    """By the addition's id, its fields as we last sent them, whatever addresses it has had."""
    rows = connection.execute(
        sa.select(_objects.c.object_id, _objects.c.fields, _objects.c.created, _objects.c.written_at)
        .where(
            _objects.c.workspace == workspace,
            _objects.c.address.startswith("Addition/", autoescape=True),
            _objects.c.object_id.is_not(None),
        )
        .order_by(_objects.c.written_at)
    )
    found: dict[int, _Dated] = {}
    for number, fields, created, written_at in rows:
        before = found[number][0] if number in found else KnownLine(number)
        product = fields.get("product")
        line = replace(
            before,
            product_id=product.get("id") if isinstance(product, Mapping) else before.product_id,
            tag=str(fields.get("serialNumber") or before.tag),
            standing={**before.standing, **fields},
            made=before.made or created,
        )
        found[number] = (line, written_at)
    return found


def _agreements(connection: sa.Connection, workspace: str, numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """By the addition's id, the agreement that a write of ours went to: that of a run which died before it noted it."""
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


def _known(row: Any, written: _Dated | None) -> KnownLine:
    """A noted line, with what we wrote to it; of the two the later one says how it was left."""
    line, written_at = written or (KnownLine(row.addition_id), None)
    billed = row.billed or {}
    later = row.billed_at is not None and (written_at is None or row.billed_at >= written_at)
    return replace(
        line,
        agreement_id=row.agreement_id,
        product_id=row.product_id,
        tag=row.tag or line.tag,
        customer=None if row.customer_id is None else (row.source, row.customer_id),
        standing={**line.standing, **billed} if later else {**billed, **line.standing},
        first_seen_at=row.first_seen_at,
        first_quantity=None if row.first_quantity is None else Decimal(row.first_quantity),
        first_rule=row.first_rule,
        edit=row.edit or {},
        edited_in=row.edited_in,
        billed_in=row.billed_in,
        rule=row.rule,
    )


def note_lines(ledger: Ledger, workspace: str, tenant: str, sightings: Iterable[Sighting], now: datetime) -> None:
    """Keep additions of ours that are new to the ledger, or that differ from what it holds."""
    found = list(sightings)
    if not found:
        return
    with ledger.write() as connection:
        here = (_lines.c.workspace == workspace, _lines.c.tenant == tenant)
        known = set(connection.execute(sa.select(_lines.c.addition_id).where(*here)).scalars())
        fresh = [_first(each, workspace, tenant, now) for each in found if each.addition_id not in known]
        if fresh:
            connection.execute(sa.insert(_lines), fresh)
        changed = [{"of_addition": each.addition_id, **_changing(each)} for each in found if each.addition_id in known]
        if changed:
            values: dict[str, Any] = {name: sa.bindparam(name) for name in _changing(found[0])}
            this = _lines.c.addition_id == sa.bindparam("of_addition")
            connection.execute(sa.update(_lines).where(*here, this).values(values), changed)


def _first(each: Sighting, workspace: str, tenant: str, now: datetime) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "tenant": tenant,
        "addition_id": each.addition_id,
        "first_seen_at": now,
        "first_quantity": None if each.first_quantity is None else f"{each.first_quantity:f}",
        "first_rule": each.first_rule,
        **_changing(each),
    }


def _changing(each: Sighting) -> dict[str, Any]:
    source, customer_id = each.customer or (None, None)
    return {
        "agreement_id": each.agreement_id,
        "product_id": each.product_id,
        "tag": each.tag,
        "source": source,
        "customer_id": customer_id,
        "edit": dict(each.edit) or None,
        "edited_in": each.edited_in,
    }


def note_billed(
    ledger: Ledger, workspace: str, tenant: str, billed: Iterable[Billed], period: str, now: datetime
) -> None:
    """Note how an apply left additions that it billed, changed or not, and by which rule."""
    found = list(billed)
    if not found:
        return
    here = (_lines.c.workspace == workspace, _lines.c.tenant == tenant)
    left: dict[str, Any] = {"billed_at": now, "billed_in": period}
    with ledger.write() as connection:
        known = set(connection.execute(sa.select(_lines.c.addition_id).where(*here)).scalars())
        fresh = [_made(each, workspace, tenant, now) for each in found if each.addition_id not in known]
        if fresh:
            connection.execute(sa.insert(_lines), fresh)
        this = _lines.c.addition_id == sa.bindparam("of_addition")
        values: dict[str, Any] = {**left, "billed": sa.bindparam("fields_left"), "rule": sa.bindparam("by_rule")}
        connection.execute(
            sa.update(_lines).where(*here, this).values(values),
            [
                {"of_addition": each.addition_id, "by_rule": each.rule, "fields_left": dict(each.fields)}
                for each in found
            ],
        )


def _made(each: Billed, workspace: str, tenant: str, now: datetime) -> dict[str, Any]:
    """A line that this very apply made."""
    return {
        "workspace": workspace,
        "tenant": tenant,
        "addition_id": each.addition_id,
        "agreement_id": each.agreement_id,
        "product_id": each.product_id,
        "tag": each.tag,
        "source": each.customer[0],
        "customer_id": each.customer[1],
        "first_seen_at": now,
    }


def note_scan(ledger: Ledger, workspace: str, tenant: str, now: datetime) -> None:
    """Note that every agreement of the tenant was searched for our tags."""
    with ledger.write() as connection:
        connection.execute(sa.delete(_scans).where(_scans.c.workspace == workspace, _scans.c.tenant == tenant))
        connection.execute(sa.insert(_scans).values(workspace=workspace, tenant=tenant, scanned_at=now))


def note_approvals(ledger: Ledger, workspace: str, approvals: Iterable[Approval]) -> None:
    """Keep which guardrails a person let pass, and who that was."""
    rows = [
        {
            "workspace": workspace,
            "guardrail": each.guardrail,
            "address": each.address,
            "period": each.period,
            "given_by": each.given_by,
            "given_at": each.given_at,
        }
        for each in approvals
    ]
    if rows:
        with ledger.write() as connection:
            connection.execute(sa.insert(_approvals), rows)
