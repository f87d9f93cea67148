"""Find what else depends on the objects that an undo ends, and what stands in the way of writing to the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from reconciler.additions.undone import UndoneAdditions
from reconciler.cli.planning import terms_of
from reconciler.cli.session import Session
from reconciler.connectwise import ConnectWise
from reconciler.kinds.agreement import ENDED
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.fields import ById
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.references import references_of
from reconciler.kinds.registry import all_kinds, kind
from reconciler.ledger.history import was_written_before, writes_of_addresses
from reconciler.ledger.runs import RunRecord
from reconciler.ledger.snapshot import Snapshot
from reconciler.live.by_id import read_below
from reconciler.live.query import Query
from reconciler.live.reader import Reader
from reconciler.manifests.documents import Document
from reconciler.manifests.relations import Relations
from reconciler.planning.retire import Children
from reconciler.planning.undo_inputs import Place, WrittenObject


@dataclass(frozen=True, slots=True)
class Bystanders:
    """What an undo must not disturb. The fields are those of `UndoInputs`."""

    needed: Mapping[str, Sequence[str]]
    in_the_way: Mapping[Place, Sequence[str]]
    notes: Mapping[Place, Sequence[str]]


def may_end(written: WrittenObject) -> bool:
    """Return whether an undo may end an object, because the run created it or let it live again."""
    of = all_kinds().get(written.kind)
    if of is None or not of.declarable or of.retirement is None:
        return False
    fields = {*of.retirement.retired, of.retirement.entry}
    return written.action == "create" or any(path in fields for path in written.changes)


async def bystanders(
    session: Session,
    run: RunRecord,
    written: Sequence[WrittenObject],
    live: Mapping[Place, LiveObject],
    children: Children,
    snapshot: Snapshot,
) -> Bystanders:
    """Return what the undo of a run must not disturb."""
    additions = UndoneAdditions(
        live=live,
        additions=children.get("Addition", {}),
        next_invoice=await _next_invoices(session.client, live),
        snapshot=snapshot,
        ran_on=run.started_at.astimezone(ZoneInfo(session.workspace.billing.timezone)).date().isoformat(),
        last_day=terms_of(session).last_day,
        currency=session.workspace.billing.currency,
    )
    in_the_way = {**additions.in_the_way(written)}
    for place, texts in (await _agreements_of_others(session.client, written)).items():
        in_the_way[place] = [*in_the_way.get(place, ()), *texts]
    return Bystanders(_needed(session, run.id, written), in_the_way, additions.notes(written))


async def _next_invoices(client: ConnectWise, live: Mapping[Place, LiveObject]) -> dict[int, str]:
    """Return, by agreement id, the first day that no invoice covers. `live` decides which agreements are read."""
    ids = {obj.parent_id for (name, _), obj in live.items() if name == "Addition" and obj.parent_id is not None}
    ids |= {number for name, number in live if name == "Agreement"}
    if not ids:
        return {}
    query = Query(kind("Agreement"), ("id", "nextInvoiceDate"), {"id": frozenset(ids)})
    found = await Reader(client).read(query, whole_collection=False)
    return {obj.id: day for obj in found if (day := date_text(obj.raw.get("nextInvoiceDate"))) is not None}


async def _agreements_of_others(client: ConnectWise, written: Sequence[WrittenObject]) -> dict[Place, list[str]]:
    """Return, by company that the run created, a sentence on each live agreement that the run did not create."""
    made = {(each.kind, each.id) for each in written if each.action == "create"}
    companies = {number for name, number in made if name == "Company" and number is not None}
    below, _ = await read_below(client, {"Company": companies} if companies else {})
    found: dict[Place, list[str]] = defaultdict(list)
    for place, agreements in below.items():
        found[place] += (
            f"agreement id {each.id} belongs to it"
            for each in agreements
            if ("Agreement", each.id) not in made
            and not each.raw.get("cancelledFlag")
            and each.raw.get("agreementStatus") not in ENDED
        )
    return found


# ── documents ────────────────────────────────────────────────────────────────────────────────────────────


def _needed(session: Session, run: int, written: Iterable[WrittenObject]) -> dict[str, list[str]]:
    """Return, by address of an object that may end, a sentence on each document that needs it.

    Documents whose objects the run created are left out.
    """
    ending = {each.address: each for each in written if may_end(each)}
    created = {address for address, each in ending.items() if each.action == "create"}
    agreements = {address for address in created if address.startswith("Agreement/")}
    by_id = {(each.kind, each.id): address for address, each in ending.items()}
    relations = Relations(session.manifests.documents if ending else ())
    found: dict[str, list[str]] = defaultdict(list)
    for document in session.manifests.documents if ending else ():
        if document.address in created or document.retired or document.metadata.proposed:
            continue
        referred = {each.address for each in relations.references(document)}
        referred |= {by_id.get(place, "") for place in _referred_by_id(document)}
        for address in sorted(referred & ending.keys()):
            if _needs(session, run, document, goes=bool(referred & agreements), is_new=address in created):
                found[address].append(f"{document.address} refers to it")
    return found


def _referred_by_id(document: Document) -> Iterator[tuple[str, int]]:
    """Yield (kind, id) of each object that a document refers to by its id."""
    for reference in references_of(document.spec):
        if isinstance(reference.value, ById):
            yield reference.kind, reference.value.id


def _needs(session: Session, run: int, document: Document, *, goes: bool, is_new: bool) -> bool:
    """Return whether a document needs an object to which it refers.

    `is_new` says that the run created the object. `goes` says that the run created the agreement of the document, so
    its additions end. A document needs a new object, except if it is a mapping that `goes` and billed nothing before
    the run. A document needs an older object if a later run created its own object. A mapping needs an older object if
    it has no `end`.
    """
    ledger, workspace = session.ledger, session.manifests.workspace.name
    if isinstance(document.spec, CustomerMappingSpec):
        if not is_new:
            return document.spec.end is None
        return not goes or was_written_before(ledger, workspace, f"Addition/{document.name}.", run)
    if is_new:
        return document.kind.collection is not None
    later = writes_of_addresses(ledger, workspace, [document.address], after_run=run)
    return any(write.action == "create" and write.state == "done" for write in later)
