"""Make the plan that undoes a run: read its writes, the later ones and the live objects, then plan."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.cli.history import run_record
from reconciler.cli.planning import report_unused, terms_of
from reconciler.cli.policies import check_actions
from reconciler.cli.session import Session, tenant_of
from reconciler.cli.setup_ledger import protected_objects
from reconciler.cli.undo_bystanders import bystanders, may_end
from reconciler.cli.undo_patch import reversion_of
from reconciler.connectwise import ConnectWise
from reconciler.kinds.field_mapping import Table
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.references import referred_kinds
from reconciler.kinds.registry import all_kinds, kind
from reconciler.ledger.additions import load_snapshot
from reconciler.ledger.history import (
    read_runs_by_id,
    same_object,
    writes_of_addresses,
    writes_of_run,
)
from reconciler.ledger.journal import written_ids
from reconciler.ledger.runs import WriteRecord
from reconciler.ledger.snapshot import Snapshot
from reconciler.live.lookup import LookupTarget, lookup
from reconciler.live.query import UPDATED_BY
from reconciler.live.read import read_additions
from reconciler.live.reader import Reader
from reconciler.live.what_to_read import tables_of
from reconciler.metering.period import period_of
from reconciler.planning.approvals import Approved
from reconciler.planning.build import build
from reconciler.planning.guardrails import setup_guardrails
from reconciler.planning.plan import Plan, Undo
from reconciler.planning.retire import Children, Retirements
from reconciler.planning.setup_tables import SetupTables
from reconciler.planning.undo import UndoPlanner
from reconciler.planning.undo_inputs import LaterWrite, Place, UndoInputs, WrittenObject, mapping_of
from reconciler.planning.undo_lines import causes

_WHEN = "%Y-%m-%d %H:%M UTC"


async def make_undo_plan(session: Session, run: int, approvals: Sequence[Approved] = ()) -> Plan:
    """Return the plan that undoes a run. Raises `ReconcilerError` if the workspace has no such run."""
    manifests, client = session.manifests, session.client
    record = run_record(session.ledger, manifests.workspace.name, run)
    period = str(period_of(session.context.now, session.workspace.billing.timezone))
    snapshot = load_snapshot(session.ledger, manifests.workspace.name, session.tenant, period)
    written = _written(session, run, snapshot)
    live, children, tables = await _read(client, written)
    others = await bystanders(session, record, written, live, children, snapshot)
    inputs = UndoInputs(
        run=run,
        written=written,
        later=_later(session, run, written),
        live=live,
        children=children,
        needed=others.needed,
        protected=protected_objects(session),
        in_the_way=others.in_the_way,
        notes=others.notes,
        documents=manifests.by_address.keys(),
        currency=session.workspace.billing.currency,
    )
    planner = UndoPlanner(inputs, Retirements(SetupTables(tables), terms_of(session)))
    part = planner.part()
    reversion = reversion_of(session, causes(planner.put_back, manifests, _names(session, written)))
    setup = [action for action in part.actions if kind(action.kind).declarable]
    documents = sum(each.kind.collection is not None for each in manifests.documents)
    limits = session.workspace.guardrails
    plan = build(
        workspace=manifests.workspace.name,
        tenant=tenant_of(session),
        now=session.context.now,
        manifest_digest=manifests.digest,
        parts=[replace(part, tripped=setup_guardrails(limits, setup, max(0, documents - len(setup))))],
        currency=session.workspace.billing.currency,
        undo=Undo(
            run=run,
            commit=None if record.undoes is not None else record.git_commit,
            lines=reversion.lines,
            patch=reversion.patch,
            no_patch=reversion.no_patch,
        ),
        objects=live,
    )
    check_actions(manifests, plan)
    report_unused(plan, approvals)
    return plan


# ── what the ledger has ──────────────────────────────────────────────────────────────────────────────────


def _written(session: Session, run: int, snapshot: Snapshot) -> list[WrittenObject]:
    """Return what a run wrote to each object. Writes that ConnectWise refused are left out."""
    ledger, workspace = session.ledger, session.manifests.workspace.name
    by_address: dict[str, list[WriteRecord]] = defaultdict(list)
    for write in writes_of_run(ledger, run):
        if write.state != "failed" or write.object_id is not None:
            by_address[write.address].append(write)
    found = []
    for address, writes in by_address.items():
        written = written_object(address, writes)
        document = mapping_of if written.kind == "Addition" else str
        known = session.manifests.by_address
        others = () if document(address) in known else same_object(ledger, workspace, address)
        declared = next((each for each in others if document(each) in known), address)
        recorded = snapshot.additions.get(written.id or 0) if written.kind == "Addition" else None
        found.append(replace(written, address=declared, rule=None if recorded is None else recorded.rule_digest))
    return found


def written_object(address: str, writes: Sequence[WriteRecord]) -> WrittenObject:
    """Return what the writes of one run changed in one object."""
    own = [write for write in writes if write.below is None]
    changes: dict[str, tuple[Any, Any]] = {}
    for write in writes:
        changes |= {path: (before, after) for path, (before, after) in (write.changes or {}).items()}
    name = address.partition("/")[0]
    ids = [write.object_id for write in own if write.object_id is not None]
    ids += [int(write.path.rsplit("/", 1)[1]) for write in own if write.method != "POST"]
    ids += [owner for write in writes if write.below and (owner := _owner_of(name, write.below)) is not None]
    created = any(write.method == "POST" for write in own)
    action: Any = writes[0].action
    return WrittenObject(
        address=address,
        kind=name,
        id=ids[0] if ids else None,
        # An earlier run created the object if this one only finished its subcollections.
        action="update" if action == "create" and not created else action,
        changes=changes,
        parent_id=_parent_of(name, own),
        deleted=any(write.method == "DELETE" for write in own),
        unanswered=any(write.state in {"open", "unknown"} for write in writes),
    )


def _parent_of(kind_name: str, own: Sequence[WriteRecord]) -> int | None:
    """Return the id of the parent of a nested object, from the path of one of its writes."""
    of = all_kinds().get(kind_name)
    if of is None or of.parent is None or not own:
        return None
    return int(own[0].path.split("/")[-2 if own[0].method == "POST" else -3])


def _owner_of(kind_name: str, path: str) -> int | None:
    """Return the id of the object that has the subcollection at this path. None if the kind has none there."""
    for item in kind(kind_name).fields:
        below = item.mapping.subcollection
        if below is not None:
            pattern = below.path.split("/")
            parts = path.split("/")
            if [part for part in pattern if part != "{id}"] == [
                part for index, part in enumerate(parts[: len(pattern)]) if pattern[index] != "{id}"
            ]:
                return int(parts[pattern.index("{id}")])
    return None


def _later(session: Session, run: int, written: Iterable[WrittenObject]) -> dict[Place, list[LaterWrite]]:
    """Return the writes of later runs to the same objects, oldest first. Refused ones are left out."""
    ledger, workspace = session.ledger, session.manifests.workspace.name
    found: dict[Place, list[WriteRecord]] = {}
    for each in written:
        if each.id is not None and each.changes and not each.is_left_to_usage:
            addresses = same_object(ledger, workspace, each.address)
            writes = writes_of_addresses(ledger, workspace, addresses, after_run=run)
            found[each.kind, each.id] = [write for write in writes if write.state != "failed" and write.changes]
    runs = read_runs_by_id(ledger, workspace, {write.run_id for writes in found.values() for write in writes})

    def later(write: WriteRecord) -> LaterWrite:
        by = runs[write.run_id]
        changes = {path: (before, after) for path, (before, after) in (write.changes or {}).items()}
        return LaterWrite(
            write.run_id, by.undoes, f"{write.sent_at:{_WHEN}}", by.actor or "by an unknown person", changes
        )

    return {place: [later(write) for write in writes] for place, writes in found.items()}


def _names(session: Session, written: Iterable[WrittenObject]) -> dict[Place, str]:
    """Return the names of documents by (kind, id) of their objects, for the kinds that written objects refer to."""
    kinds = {each.kind for each in written if each.kind in all_kinds()}
    referred = sorted({target for name in kinds for target in referred_kinds(kind(name).spec)})
    workspace, known = session.manifests.workspace.name, session.manifests.by_address
    return {
        (name, number): address.partition("/")[2]
        for name in referred
        for address, number in written_ids(session.ledger, workspace, f"{name}/").items()
        if address in known
    }


# ── what ConnectWise has ─────────────────────────────────────────────────────────────────────────────────


async def _read(
    client: ConnectWise, written: Iterable[WrittenObject]
) -> tuple[Mapping[Place, LiveObject], Children, Mapping[str, list[dict[str, Any]]]]:
    """Return the live objects by kind and id, the additions of agreements that end, and the setup tables."""
    by_kind: dict[str, list[WrittenObject]] = defaultdict(list)
    for each in written:
        if each.id is not None and each.action is not None and not (each.deleted or each.is_left_to_usage):
            by_kind[each.kind].append(each)
    names = sorted(by_kind)
    lists = await asyncio.gather(*(_read_kind(client, name, by_kind[name]) for name in names))
    live = {(name, obj.id): obj for name, found in zip(names, lists, strict=True) for obj in found}
    ending = [each.id for each in by_kind.get("Agreement", ()) if may_end(each) and each.id is not None]
    children = {"Addition": await read_additions(client, ending)} if ending else {}
    tables = await Reader(client).read_tables(_tables(by_kind))
    return live, children, tables


async def _read_kind(client: ConnectWise, name: str, written: Sequence[WrittenObject]) -> list[LiveObject]:
    of = kind(name)
    targets = [LookupTarget(each.id, {}, each.parent_id) for each in written]
    found = await lookup(client, of, targets, of.by_name, (UPDATED_BY,))
    return [each for each in found if each is not None]


def _tables(by_kind: Mapping[str, Sequence[WrittenObject]]) -> tuple[Table, ...]:
    """Return the setup tables that have an entry for retired objects of the kinds that the undo retires."""
    needed = {}
    for name, written in by_kind.items():
        retirement = kind(name).retirement
        if retirement is not None and retirement.entry and any(each.action == "create" for each in written):
            needed[name] = {retirement.entry}
    return tables_of(needed)
