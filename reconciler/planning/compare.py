"""Compares the approved plan with the present one, action by action. Pure.

Two plans differ here if, and only if, their digests differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from reconciler.planning.action import Action, Change, Record
from reconciler.planning.plan import Plan


class MovedField(Record):
    """One field that two plans write differently. A plan that does not write it has None."""

    path: str
    approved: Change | None = None
    present: Change | None = None


class MovedAction(Record):
    """One action that differs between two plans, or that only one of them has."""

    address: str
    how: Literal["added", "gone", "changed"]
    """`added`: only the present plan has it. `gone`: only the approved plan has it. `changed`: both have it."""
    approved: Action | None = None
    present: Action | None = None
    fields: tuple[MovedField, ...] = ()
    """For `changed`: the fields that moved."""
    more: tuple[tuple[str, Any, Any], ...] = ()
    """For `changed`: what else differs, such as the id, as (name, approved value, present value)."""

    def to_json(self) -> dict[str, Any]:
        """Return the difference as JSON."""
        found: dict[str, Any] = {"address": self.address, "how": self.how}
        for action in (self.approved, self.present):
            if action is not None and self.how != "changed":
                found |= {"action": action.action, "changes": [change.intent for change in action.changes]}
        if self.how == "changed":
            found["fields"] = [
                {"path": each.path, "approved": _intent(each.approved), "present": _intent(each.present)}
                for each in self.fields
            ]
            found["more"] = [{"name": name, "approved": one, "present": other} for name, one, other in self.more]
        return found


class Comparison(Record):
    """The differences between an approved plan and the present one."""

    moved: tuple[MovedAction, ...]
    digest: str
    """The digest of the present plan."""

    @property
    def touches_approved(self) -> bool:
        """Return whether an action of the approved plan has changed or is gone. Added actions do not count."""
        return any(each.how != "added" for each in self.moved)


def compare(approved: Plan, present: Plan) -> Comparison:
    """Return the differences in the order of the present plan. Actions that are gone come last."""
    before = {action.address: action for action in approved.actions}
    now = {action.address: action for action in present.actions}
    moved = [each for address in now if (each := _moved(address, before.get(address), now[address])) is not None]
    moved += (MovedAction(address=each, how="gone", approved=before[each]) for each in before if each not in now)
    return Comparison(moved=tuple(moved), digest=present.digest)


def _moved(address: str, approved: Action | None, present: Action) -> MovedAction | None:
    if approved is None:
        return MovedAction(address=address, how="added", present=present)
    fields, more = tuple(_fields(approved, present)), tuple(_more(approved, present))
    if not fields and not more:
        return None
    return MovedAction(address=address, how="changed", approved=approved, present=present, fields=fields, more=more)


def _fields(approved: Action, present: Action) -> Iterator[MovedField]:
    before = {change.path: change for change in approved.changes}
    now = {change.path: change for change in present.changes}
    for path in dict.fromkeys((*before, *now)):
        one, other = before.get(path), now.get(path)
        if _intent(one) != _intent(other):
            yield MovedField(path=path, approved=one, present=other)


def _more(approved: Action, present: Action) -> Iterator[tuple[str, Any, Any]]:
    """Yield (name, approved value, present value) of each other difference that the digest covers."""
    pairs = (
        ("action", approved.action, present.action),
        ("kind", approved.kind, present.kind),
        ("id", approved.id, present.id),
        ("endpoint", approved.endpoint, present.endpoint),
        ("depends_on", sorted(approved.depends_on), sorted(present.depends_on)),
    )
    yield from ((name, one, other) for name, one, other in pairs if one != other)


def _intent(change: Change | None) -> dict[str, Any] | None:
    return None if change is None else change.intent
