"""What the undo of a run is planned from: what the run wrote, what was written since, and what is there now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.registry import kind
from reconciler.planning.action import Verb
from reconciler.planning.retire import Children

Place = tuple[str, int]
"""Kind and id of an object."""
QUANTITY = "quantity"
BY_USAGE = frozenset({QUANTITY, "invoiceDescription"})
"""The fields of an addition that each run of usage writes again."""
LAST_DAY = "cancelledDate"


def mapping_of(address: str) -> str:
    """Return the address of the mapping of an addition, from the address of the addition."""
    return f"CustomerMapping/{address.partition('/')[2].partition(':')[0].rpartition('.')[0]}"


def charge_of(address: str) -> str:
    """Return the name of the charge of an addition, from the address of the addition."""
    return address.partition(":")[0].rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class WrittenObject:
    """What the run wrote to one object."""

    address: str
    """The address that the object has now."""
    kind: str
    id: int | None
    """None if no answer gave one."""
    action: Verb | None
    """None if an earlier version wrote it, which recorded no values before."""
    changes: Mapping[str, tuple[Any, Any]]
    """(before, after) by path."""
    parent_id: int | None = None
    """The id of its parent, such as the agreement of an addition."""
    deleted: bool = False
    unanswered: bool = False
    """Whether the ledger has no final answer to a write."""
    rule: str | None = None
    """For an addition: the digest of the billing rule that the ledger has recorded."""

    @property
    def is_left_to_usage(self) -> bool:
        """Return whether the run created or adopted an addition, or changed only what follows usage."""
        if kind(self.kind).declarable:
            return False
        return self.action in {"create", "adopt"} or self.changes.keys() <= BY_USAGE


@dataclass(frozen=True, slots=True)
class LaterWrite:
    """A write of a later run to the same object."""

    run: int
    undoes: int | None
    when: str
    """When it was sent, as `2026-11-02 06:00 UTC`."""
    who: str
    changes: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class PutBack:
    """An object that the undo puts back, or that is as before the run already."""

    address: str
    kind: str
    action: Verb
    """What the run did."""
    changes: Mapping[str, tuple[Any, Any]]
    """(before, after) by path, as the run changed them."""
    ends_again: bool = False
    """Whether the object was retired before the run, and is again."""


@dataclass(frozen=True, slots=True)
class UndoInputs:
    """What an undo is planned from."""

    run: int
    written: Sequence[WrittenObject]
    later: Mapping[Place, Sequence[LaterWrite]]
    """Oldest first."""
    live: Mapping[Place, LiveObject]
    children: Children = field(default_factory=dict)
    """The additions of agreements that end."""
    needed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By address of an object that ends: what needs it now."""
    protected: Collection[Place] = ()
    """Objects that must not be retired."""
    in_the_way: Mapping[Place, Sequence[str]] = field(default_factory=dict)
    """By object: why the undo must not write to it."""
    notes: Mapping[Place, Sequence[str]] = field(default_factory=dict)
    """By object: what a person has to know or do if the undo writes to it."""
    documents: Collection[str] = ()
    """The addresses of all documents."""
    currency: str | None = None
