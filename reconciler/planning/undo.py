"""Plans the undo of a run: puts back each value that the run changed and that nobody has changed since. Pure.

What the run created is retired. What it retired lives again. An object that someone has changed since is left out, and
a note names what stands in the way. The quantities of additions are left to usage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from reconciler.kinds.base import Kind
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.money import amount_after
from reconciler.kinds.registry import kind
from reconciler.planning.action import Action, Change, Money
from reconciler.planning.objects import object_path, precondition
from reconciler.planning.part import Part
from reconciler.planning.plan import Declaration, Note
from reconciler.planning.retire import Retirements, billed_after, billing_change, ends, was_ended
from reconciler.planning.undo_fields import FieldUndo, created_field, field_undo, reversed_change
from reconciler.planning.undo_inputs import (
    BY_USAGE,
    QUANTITY,
    LaterWrite,
    PutBack,
    UndoInputs,
    WrittenObject,
    mapping_of,
)

_NO_DOCUMENT = (
    "it lives again, but no document declares it. Put the document back: without it, `reconciler apply --prune` "
    "retires it again"
)
_NO_MAPPING = (
    "it bills again, but it has no mapping. Put the mapping back: without it, `reconciler apply --prune` ends it again"
)
_MOST_NAMED = 5
"""The most additions that a note names."""


class UndoPlanner:
    """Makes the actions of one undo, and the notes on what it leaves out."""

    def __init__(self, inputs: UndoInputs, retirements: Retirements) -> None:
        self._inputs = inputs
        self._retirements = retirements
        self._left: Counter[str] = Counter()
        self._left_addresses: dict[str, list[str]] = {}
        self._as_before = 0
        self.notes: list[Note] = []
        self.declared: list[Declaration] = []
        self.put_back: list[PutBack] = []
        """The objects that the undo puts back, and those that are as before already."""

    def part(self) -> Part:
        """Return the part of the plan."""
        actions = [action for each in self._inputs.written if (action := self._action(each)) is not None]
        before, after = self._retirements.amounts(actions)
        return Part(
            actions=tuple(actions),
            unchanged=self._as_before,
            money_before=before,
            money_after=after,
            notes=(*self.notes, *self._left_to_usage()),
            declared=tuple(self.declared),
        )

    def _action(self, written: WrittenObject) -> Action | None:
        of = kind(written.kind)
        if not of.declarable:
            self._count_left_to_usage(written)
        if written.is_left_to_usage:
            return None
        live = self._live(written)
        if live is None:
            return None
        made = self._retire(of, written, live) if written.action == "create" else self._update(of, written, live)
        if not isinstance(made, Note):
            verb = written.action or "update"
            changes = {
                path: values for path, values in written.changes.items() if of.declarable or path not in BY_USAGE
            }
            before = {path: values[0] for path, values in changes.items()}
            ends_again = was_ended(of, before, self._retirements.entry_name(of))
            self.put_back.append(PutBack(written.address, of.name, verb, changes, ends_again))
            self._without_document(of, written, live)
            if made is not None:
                told = self._inputs.notes.get((live.kind, live.id), ())
                self.notes += (Note(address=written.address, message=message) for message in told)
            return made
        self.notes.append(made)
        return None

    def _without_document(self, of: Kind, written: WrittenObject, live: LiveObject) -> None:
        """Tell of an object that lives again although no document declares it. The ledger lists it from now on."""
        if written.action != "retire":
            return
        if not of.declarable:
            if mapping_of(written.address) not in self._inputs.documents:
                self.notes.append(Note(address=written.address, message=_NO_MAPPING))
        elif written.address not in self._inputs.documents:
            self.declared.append(Declaration(address=written.address, id=live.id, parent_id=live.parent_id))
            self.notes.append(Note(address=written.address, message=_NO_DOCUMENT))

    def _count_left_to_usage(self, written: WrittenObject) -> None:
        """Count an addition that the undo leaves to usage, for the notes."""
        if written.action in {"create", "adopt"}:
            self._left[written.action] += 1
            self._left_addresses.setdefault(written.action, []).append(written.address)
        elif QUANTITY in written.changes:
            self._left[QUANTITY] += 1

    def _live(self, written: WrittenObject) -> LiveObject | None:
        """Return the live object. If nothing can be undone, add a note and return None."""
        live = None if written.id is None else self._inputs.live.get((written.kind, written.id))
        if written.unanswered and written.id is None:
            why = (
                "the ledger has no answer to the write that created it. Run `reconciler apply` once, which looks it "
                "up, then plan the undo again"
            )
        elif written.action is None:
            why = "cannot be undone: an earlier version wrote it, and recorded no values before"
        elif written.deleted:
            why = (
                f"cannot be undone: id {written.id} was deleted, and ConnectWise cannot bring it back. If a document "
                "declares it, the next plan creates a new one"
            )
        elif live is None and written.action == "create" and written.id is not None:
            self._count_as_before(written)
            return None
        elif live is None:
            why = f"cannot be undone: id {written.id} no longer exists in ConnectWise"
        else:
            return live
        self.notes.append(Note(address=written.address, message=why))
        return None

    def _count_as_before(self, written: WrittenObject) -> None:
        """Count an object that the run created, and that someone has deleted since. It is as before."""
        self._as_before += 1
        self.put_back.append(PutBack(written.address, written.kind, "create", written.changes))

    def _update(self, of: Kind, written: WrittenObject, live: LiveObject) -> Action | Note | None:
        """Return the action that puts back the values that an update changed, or a note on what stands in the way.

        None if the object is as before already.
        """
        paths = [path for path in written.changes if of.declarable or path not in BY_USAGE]
        undone = [self._field(of, written, live, path) for path in paths]
        blocked = [each.blocked for each in undone if each.blocked]
        if blocked:
            return Note(address=written.address, message=f"left out: {'; '.join(blocked)}")
        changes = tuple(
            reversed_change(of, path, each.live, written.changes[path][0])
            for path, each in zip(paths, undone, strict=True)
            if not each.is_before
        )
        if not changes:
            self._as_before += 1
            return None
        is_ended = ends(of, live, changes, self._retirements.entry_name(of))
        in_the_way = [*self._inputs.in_the_way.get((live.kind, live.id), ())]
        if is_ended:
            in_the_way += self._needed(written, live)
        if in_the_way:
            return Note(address=written.address, message=f"left out: {'; '.join(in_the_way)}")
        names = {change.path.partition(".")[0] for change in changes}
        return Action(
            address=written.address,
            kind=of.name,
            action="retire" if is_ended else "update",
            id=live.id,
            endpoint=object_path(of.collection, live),
            reason=f"undoes run {self._inputs.run}" + (": lives again" if written.action == "retire" else ""),
            changes=changes,
            precondition=precondition(of, names if of.declarable else of.by_name, live),
            money=self._ended_money(of, live) if is_ended else self._money(of, live, changes),
            rule=written.rule,
        )

    def _ended_money(self, of: Kind, live: LiveObject) -> Money | None:
        """Return what an object that the undo ends bills a month. None if it bills nothing."""
        billed = billed_after(of, live, self._inputs.children, self._retirements.last_day)
        return Money(before=billed.amount, after=Decimal(0), currency=billed.currency) if billed.amount else None

    def _money(self, of: Kind, live: LiveObject, changes: Sequence[Change]) -> Money | None:
        """Return what an object bills from next month on, before and after, a month."""
        last_day = self._retirements.last_day
        if of.declarable:
            return billing_change(of, live, changes, self._inputs.children, last_day)
        currency = self._inputs.currency
        after = {**live.raw, **{change.path: change.after for change in changes}}
        return Money(
            before=amount_after(live.raw, last_day, currency),
            after=amount_after(after, last_day, currency),
            currency=currency,
        )

    def _field(self, of: Kind, written: WrittenObject, live: LiveObject, path: str) -> FieldUndo:
        found = field_undo(of, path, live, *written.changes[path])
        if found.is_before:
            return found
        standing = self._standing(live, path)
        return FieldUndo(found.live, blocked=_written_since(path, standing[-1])) if standing else found

    def _standing(self, live: LiveObject, path: str) -> list[LaterWrite]:
        """Return the later writes to a field, without those that a later undo has put back."""
        found: list[LaterWrite] = []
        for write in self._inputs.later.get((live.kind, live.id), ()):
            if path not in write.changes:
                continue
            if write.undoes is not None and write.undoes in {each.run for each in found}:
                found = [each for each in found if each.run != write.undoes]
            else:
                found.append(write)
        return found

    def _retire(self, of: Kind, written: WrittenObject, live: LiveObject) -> Action | Note | None:
        """Return the action that retires what the run created, or a note on what stands in the way.

        None if it is retired already.
        """
        before = len(self._retirements.problems)
        names = {path.partition(".")[0] for path in written.changes}
        why = f"undoes run {self._inputs.run}, which created it"
        action = self._retirements.action(of, written.address, live, why, names, self._inputs.children)
        if problems := self._retirements.problems[before:]:
            del self._retirements.problems[before:]
            return Note(address=written.address, message=f"left out: it cannot be retired: {'; '.join(problems)}")
        if action is None:
            self._as_before += 1
            return None
        if in_the_way := [*self._since_created(of, written, live)]:
            return Note(address=written.address, message=f"left out: {'; '.join(in_the_way)}")
        self.notes += (
            Note(
                address=written.address,
                message=f"{path} was set and cannot be put back: ConnectWise never shows it. Change it there if it "
                "must not stay",
            )
            for path in written.changes
            if of.by_name[path.partition(".")[0]].mapping.sensitive
        )
        return action

    def _since_created(self, of: Kind, written: WrittenObject, live: LiveObject) -> Iterator[str]:
        """Yield why a created object must stay: someone has changed it since, or a document needs it."""
        later = {path for write in self._inputs.later.get((live.kind, live.id), ()) for path in write.changes}
        for path in sorted(later):
            if standing := self._standing(live, path):
                yield _written_since(path, standing[-1])
        for path, (_, after) in written.changes.items():
            if path not in later and (blocked := created_field(of, path, live, after)):
                yield blocked
        yield from self._inputs.in_the_way.get((live.kind, live.id), ())
        yield from self._needed(written, live)

    def _needed(self, written: WrittenObject, live: LiveObject) -> Iterator[str]:
        """Yield why an object must not end now."""
        if (live.kind, live.id) in self._inputs.protected:
            yield "it is protected. To retire it, declare it with protect: false and apply"
        yield from self._inputs.needed.get(written.address, ())

    def _left_to_usage(self) -> Iterator[Note]:
        if count := self._left[QUANTITY]:
            what = "the quantity of 1 addition is" if count == 1 else f"the quantities of {count} additions are"
            yield Note(message=f"{what} left to usage: the next run writes what the usage gives")
        for verb, done in (("create", "created"), ("adopt", "adopted")):
            if count := self._left[verb]:
                names = self._left_addresses[verb][:_MOST_NAMED]
                more = f" and {count - len(names)} more" if count > len(names) else ""
                what = f"1 addition that the run {done} stays"
                if count > 1:
                    what = f"{count} additions that the run {done} stay"
                yield Note(
                    message=f"{what}: {', '.join(names)}{more}. Usage decides about them. "
                    "To end one, remove its mapping and run `reconciler apply --prune`"
                )


def _written_since(path: str, write: LaterWrite) -> str:
    return f"{path} was written since by run {write.run} ({write.when}, {write.who}). Undo that run first"
