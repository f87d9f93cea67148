"""Read and record what the ledger knows of the setup: which objects are declared, and which are undeclared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from reconciler.cli.output import print_note
from reconciler.cli.session import Session
from reconciler.errors import ReconcilerError
from reconciler.kinds.field_mapping import Table
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.registry import all_kinds
from reconciler.ledger.declared import DeclaredObject, load_declared, record_declared
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.journal import created_by_us
from reconciler.live.by_id import Wanted, read_below, read_by_id
from reconciler.live.reader import Reader
from reconciler.manifests.documents import Manifests
from reconciler.manifests.suggestions import did_you_mean, near
from reconciler.planning.declared import Remembered, rows_after
from reconciler.planning.outcome import Outcome
from reconciler.planning.plan import Plan
from reconciler.planning.rekeyed import rekeyed, without_key
from reconciler.planning.undeclared import LedgerKnows, LeftBehind, ObjectsLeft, left_behind


@dataclass(frozen=True, slots=True)
class SetupLedger:
    """What the ledger knows of the setup, and the undeclared objects."""

    knows: LedgerKnows = field(default_factory=LedgerKnows)
    left: tuple[LeftBehind, ...] = ()
    read: ObjectsLeft = field(default_factory=ObjectsLeft)
    problems: tuple[str, ...] = ()
    """Why a document must not get a new object: the one that it had is there under another key."""


_FEW = 500
"""A partial plan with more documents than this reads what the ledger knows of all, because that is faster."""


def load_knowledge(session: Session, *, whole: bool = False) -> LedgerKnows:
    """Return what the ledger knows of the objects of the setup.

    A partial plan with few documents gets only what the ledger knows of their objects, unless `whole` is set.
    """
    few = not whole and session.manifests.is_partial and len(session.manifests.documents) <= _FEW
    workspace = session.manifests.workspace.name
    addresses = session.manifests.by_address if few else None
    remembered = {
        address: Remembered(each.object_id, each.parent_id, each.protected)
        for address, each in load_declared(session.ledger, workspace, session.tenant, addresses).items()
    }
    return LedgerKnows(remembered, {} if few else created_by_us(session.ledger, workspace))


def protected_objects(session: Session) -> frozenset[tuple[str, int]]:
    """Return (kind, id) of each object that its document protects.

    If the document is gone, what it said at the last apply counts."""
    documents = session.manifests.by_address
    return frozenset(
        (address.partition("/")[0], each.id)
        for address, each in load_knowledge(session).remembered.items()
        if each.id is not None and (documents[address].metadata.protect if address in documents else each.protected)
    )


async def read_setup_ledger(
    session: Session, live_state: LiveState, forget: Collection[str]
) -> tuple[SetupLedger, LiveState]:
    """Return what the ledger knows, with the undeclared objects as they are in ConnectWise, and the live state.

    The live state gets the setup tables that are needed to retire these objects. A partial plan looks only for objects
    that its own documents declared before, because most documents are not in it.
    """
    knows = load_knowledge(session, whole=bool(forget))
    _check_forget(forget, knows, session.manifests)
    partial = session.manifests.is_partial
    left = left_behind(knows, session.manifests, live_state, forget)
    left = [each for each in left if each.declared_by or not partial]
    objects, children = await read_by_id(session.client, _wanted(left))
    problems = await _rekeyed(session, knows, live_state)
    tables = dict(live_state.tables)
    for table in _tables_of({each.of.name for each in left}):
        tables.setdefault(table.path, await Reader(session.client).read_table(table))
    kept = {(each.of.name, each.id) for each in left if each.declared_by}
    retiring = _retiring(session.manifests, live_state, objects.keys() - kept)
    below, below_children = await read_below(session.client, retiring)
    read = ObjectsLeft(objects, children, below, below_children)
    return SetupLedger(knows, tuple(left), read, problems), replace(live_state, tables=tables)


def _wanted(left: Iterable[LeftBehind]) -> list[Wanted]:
    return [Wanted(each.of, each.id, each.parent_id) for each in left if each.id is not None]


async def _rekeyed(session: Session, knows: LedgerKnows, live_state: LiveState) -> tuple[str, ...]:
    """Return a problem for each document whose object is in ConnectWise under another key."""
    lost = without_key(knows, session.manifests.documents, live_state)
    objects, _ = await read_by_id(session.client, _wanted(lost))
    return tuple(rekeyed(lost, objects, session.manifests.by_address, live_state))


def _retiring(manifests: Manifests, live_state: LiveState, left: Collection[tuple[str, int]]) -> dict[str, set[int]]:
    """Return the ids, by kind, of the objects that a plan may retire."""
    found: dict[str, set[int]] = defaultdict(set)
    for name, number in left:
        found[name].add(number)
    for document in manifests.documents:
        if document.retired and (live := live_state.matches.get(document.address)) is not None:
            found[live.kind].add(live.id)
    return found


def _tables_of(kinds: Collection[str]) -> list[Table]:
    """Return the setup tables that have an entry for retired objects of these kinds."""
    found = []
    for name in sorted(kinds):
        of = all_kinds()[name]
        if of.retirement is not None and of.retirement.entry is not None:
            target = of.by_name[of.retirement.entry].mapping.target
            if target is not None and target.table is not None:
                found.append(Table(target.table, ("id", target.label, "inactiveFlag")))
    return found


def _check_forget(forget: Collection[str], knows: LedgerKnows, manifests: Manifests) -> None:
    """Raise `ReconcilerError` for an address that cannot be forgotten."""
    known = [address for address in knows.listed if address not in manifests.by_address and "#" not in address]
    for address in forget:
        if address in known:
            continue
        if address in manifests.by_address:
            raise _not_forgotten(
                f"{address} is still declared, in {manifests.by_address[address].origin.file}",
                "Remove its document first, then forget it.",
            )
        if address.startswith("Addition/"):
            raise _not_forgotten(
                f"{address} cannot be forgotten: an addition is found by its tag in ConnectWise, and it still bills",
                "Retire it with: reconciler apply --prune. Or map the customer again.",
            )
        guesses = near(address, known) if address and known else []
        advice = did_you_mean(guesses) or "`reconciler plan` lists what is no longer declared."
        raise _not_forgotten(f"the ledger knows no {address} that is no longer declared", advice)


def _not_forgotten(what: str, advice: str) -> ReconcilerError:
    return ReconcilerError(what, where="--forget", advice=advice[0].upper() + advice[1:])


def record_setup(session: Session, plan: Plan, outcome: Outcome | None) -> None:
    """Record which objects are declared after an apply. Only what differs is written."""
    rows, dropped = rows_after(plan, outcome)
    changed = [(address, DeclaredObject(each.id, each.parent_id, each.protected)) for address, each in rows]
    workspace, now = session.manifests.workspace.name, session.context.now
    try:
        record_declared(session.ledger, workspace, session.tenant, changed, dropped, now)
    except LedgerError as error:
        print_note(f"which objects are declared could not be recorded: {error}")
