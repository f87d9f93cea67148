"""Plans undeclared objects: a note on what each still bills or, with `--prune`, its retirement. Pure.

Removing a document removes nothing in ConnectWise. Additions are left out: an addition without a mapping is an orphan,
and `additions` reports it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.kinds.base import Kind
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.registry import all_kinds
from reconciler.kinds.values import one_line
from reconciler.manifests.documents import Document, Manifests
from reconciler.planning.action import Action
from reconciler.planning.declared import Remembered
from reconciler.planning.goes_on import Below
from reconciler.planning.needed import users_among_documents
from reconciler.planning.plan import Declaration, Note
from reconciler.planning.retire import Children, Retirements, billed_after, billed_text, is_retired


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """An undeclared object, with the last address that it had."""

    address: str
    of: Kind
    id: int | None
    parent_id: int | None
    protected: bool
    declared_by: str = ""
    """The document that declared it and declares another object now. Empty if its document is gone."""


@dataclass(frozen=True, slots=True)
class LedgerKnows:
    """What the ledger knows of the objects of the setup."""

    remembered: Mapping[str, Remembered] = field(default_factory=dict)
    """By address: the objects that were declared at the last apply of the setup."""
    created: Mapping[str, int | None] = field(default_factory=dict)
    """By address: the ids of objects that our own requests created. None if no response gave an id."""

    @property
    def listed(self) -> Mapping[str, Remembered]:
        """Return the objects that may be undeclared. If the ledger remembers none, they are those that we created."""
        return self.remembered or {address: Remembered(number) for address, number in self.created.items()}

    @property
    def made(self) -> frozenset[tuple[str, int]]:
        """Return (kind, id) of each object that we created."""
        return frozenset(
            (address.partition("/")[0], number)
            for address, number in self.created.items()
            if number is not None and "#" not in address
        )


@dataclass(frozen=True, slots=True)
class ObjectsLeft:
    """What ConnectWise has of the undeclared objects."""

    objects: Mapping[tuple[str, int], LiveObject] = field(default_factory=dict)
    """By kind and id. An object that is gone from ConnectWise is missing here."""
    children: Children = field(default_factory=dict)
    """Their nested objects that bill."""
    below: Below = field(default_factory=dict)
    """Objects that can bill, and that belong to an object that the plan may retire."""
    below_children: Children = field(default_factory=dict)
    """The nested objects of those in `below`."""


@dataclass(frozen=True, slots=True)
class UndeclaredPart:
    """What a plan says and does about undeclared objects."""

    notes: tuple[Note, ...] = ()
    actions: tuple[Action, ...] = ()
    declared: tuple[Declaration, ...] = ()


def left_behind(
    knows: LedgerKnows, manifests: Manifests, live_state: LiveState, forget: Collection[str] = ()
) -> list[LeftBehind]:
    """Return the undeclared objects, each once, ordered by address.

    An object that another document declares is not among them.
    """
    seen = {(live.kind, live.id) for live in live_state.matches.values()}
    found: list[LeftBehind] = []
    for address, each in sorted(knows.listed.items()):
        of = all_kinds().get(address.partition("/")[0])
        if of is None or not of.declarable or "#" in address or address in forget:
            continue
        document = manifests.by_address.get(address)
        if document is not None and not _declares_another(document, each, knows, live_state):
            continue
        if each.id is not None:
            if (of.name, each.id) in seen:
                continue
            seen.add((of.name, each.id))
        if document is None:
            found.append(LeftBehind(address, of, each.id, each.parent_id, each.protected))
        else:
            found.append(LeftBehind(f"{address}:{each.id}", of, each.id, each.parent_id, each.protected, address))
    return found


def _declares_another(document: Document, before: Remembered, knows: LedgerKnows, live_state: LiveState) -> bool:
    """Return whether a document declares another object than at the last apply, or one that does not exist yet."""
    address = document.address
    if document.retired or document.metadata.proposed or address in live_state.left_out:
        return False
    live = live_state.matches.get(address)
    return address in knows.remembered and before.id is not None and (live is None or live.id != before.id)


def plan_undeclared(
    left: Sequence[LeftBehind],
    read: ObjectsLeft,
    knows: LedgerKnows,
    manifests: Manifests,
    retirements: Retirements,
    *,
    prune: bool,
) -> UndeclaredPart:
    """Return a note for each undeclared object. With `prune`, an object that we made is retired instead.

    If `manifests` holds a part of the documents, `left` has only objects that a document of the part declared before.
    """
    notes: list[Note] = []
    actions: list[Action] = []
    declared: list[Declaration] = []
    made = knows.made if prune else frozenset()
    users = users_among_documents(manifests) if prune else None
    for each in left:
        live = None if each.id is None else read.objects.get((each.of.name, each.id))
        if each.declared_by and (live is None or is_retired(each.of, live)):
            continue
        if each.id is None or (live is None and each.of.parent is not None and each.parent_id is None):
            notes.append(Note(address=each.address, message="no longer declared; its id in ConnectWise is not known"))
            continue
        if live is None or is_retired(each.of, live):
            declared.append(Declaration(address=each.address, dropped=True))
            if live is None:
                notes.append(Note(address=each.address, id=each.id, message=_GONE.format(each.id)))
            continue
        blocked = _not_pruned(each, live, made, "" if users is None else users(each.of, live)) if prune else ""
        action = (
            retirements.action(each.of, each.address, live, "no longer declared", each.of.by_name, read.children)
            if prune and not blocked
            else None
        )
        if action is not None:
            actions.append(action)
            declared.append(Declaration(address=each.address, dropped=True))
            continue
        notes.append(_note(each, live, read.children, retirements.last_day, blocked))
        if each.address not in knows.remembered:
            declared.append(
                Declaration(address=each.address, id=each.id, parent_id=live.parent_id, protected=each.protected)
            )
    if not manifests.is_partial:
        declared += _declared_elsewhere(knows, manifests, left)
    return UndeclaredPart(tuple(notes), tuple(actions), tuple(declared))


_GONE = "no longer declared (id {}), and gone in ConnectWise; the next apply of the setup stops listing it"


def _not_pruned(each: LeftBehind, live: LiveObject, made: Collection[tuple[str, int]], user: str) -> str:
    """Return why `--prune` leaves an object alone, or an empty text."""
    if each.declared_by:
        return f"{each.declared_by} declared it until now"
    if each.protected:
        return "it is protected: to retire it, declare it again with protect: false and apply"
    if (live.kind, live.id) not in made:
        return "it was not made by reconciler: to retire it, declare it again with ensure: retired"
    return f"{user} still needs it" if user else ""


def _note(each: LeftBehind, live: LiveObject, children: Children, day: str, blocked: str) -> Note:
    billed = billed_after(each.of, live, children, day)
    bills = "it is still in ConnectWise, and bills nothing itself"
    if billed.amount != 0:
        bills = billed_text(billed, "still ")
    if each.declared_by:
        return Note(address=each.declared_by, id=each.id, money=billed.amount, message=_other(each, live, bills))
    if blocked:
        advice = f"Not pruned, because {blocked}"
    else:
        protected = "It is protected. " if each.protected else ""
        advice = (
            f"{protected}To retire it, declare it with ensure: retired. To stop listing it: "
            f"reconciler apply --forget {each.address}"
        )
    return Note(
        address=each.address,
        id=each.id,
        money=billed.amount,
        message=f"no longer declared (id {each.id}); nothing was removed in ConnectWise: {bills}. {advice}",
    )


def _other(each: LeftBehind, live: LiveObject, bills: str) -> str:
    """Return the message about the object that a document declared before it declared another one."""
    field = str(each.of.rename_key or each.of.key[-1])
    value = one_line(str(each.of.by_name[field].mapping.decode(live.raw)))
    return (
        f"this is another {each.of.name} than the one it declared before: id {each.id}, which has {field} {value!r} in "
        f"ConnectWise. No document declares that one any longer, and nothing was removed: {bills}. To go on with it, "
        f"pin it with metadata.id: {each.id}"
    )


def _declared_elsewhere(knows: LedgerKnows, manifests: Manifests, left: Sequence[LeftBehind]) -> Iterator[Declaration]:
    """Yield the removal of each remembered address if its object has another address now, or was forgotten."""
    listed = {each.address for each in left}
    for address in knows.remembered:
        if address not in manifests.by_address and address not in listed:
            yield Declaration(address=address, dropped=True)
