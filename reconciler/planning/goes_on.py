"""Warns of objects that still bill although the plan retires their owner, such as a company's agreement. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.registry import kind
from reconciler.planning.action import Action
from reconciler.planning.plan import Note
from reconciler.planning.retire import Children, billed_after, billed_text, is_retired

Below = Mapping[tuple[str, int], Sequence[LiveObject]]
"""By kind and id of an object: the objects that belong to it and can bill."""


def goes_on(actions: Iterable[Action], below: Below, children: Children, day: str) -> Iterator[Note]:
    """Yield a note for each object that bills after `day`, if the plan retires only its owner."""
    retired = [action for action in actions if action.action == "retire"]
    ending = {(action.kind, action.id) for action in retired}
    for action in retired:
        for live in below.get((action.kind, action.id or 0), ()):
            of = kind(live.kind)
            billed = billed_after(of, live, children, day)
            if (live.kind, live.id) in ending or is_retired(of, live) or billed.amount == 0:
                continue
            name = live.raw.get("name")
            yield Note(
                address=action.address,
                message=f"{live.kind} {name} (id {live.id}) belongs to it, and is not retired: {billed_text(billed)}",
            )
