"""Describe each addition of ours, with its state and the reason. The command `show ADDRESS` prints this."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.additions.actions import ActionBuilder
from reconciler.additions.coverage import trips_text
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.orphans import Orphan
from reconciler.additions.ownership import Ownership
from reconciler.additions.planned import PlannedAddition, recorded_fields
from reconciler.kinds.live_state import LiveState
from reconciler.planning.plan import Tripped


@dataclass(frozen=True, slots=True)
class AdditionView:
    """One addition of a mapping, or an orphan."""

    address: str
    also: tuple[str, ...]
    """Its short address."""
    state: str
    """`up to date`, the action that the plan has for it, `held`, `proposed`, `kept` or `orphan`."""
    reason: str
    mapping: str | None
    customer: str
    """`source/customer`. Empty if unknown."""
    live: LiveAddition | None
    desired: Mapping[str, Any] = field(default_factory=dict)
    """Its fields after the plan, by their names in ConnectWise."""

    def has_address(self, address: str) -> bool:
        """Return whether this is the long or the short address of the addition."""
        return address == self.address or address in self.also

    def to_json(self) -> dict[str, Any]:
        """Return the view for `show --json`."""
        live = self.live
        return {
            "address": self.address,
            "state": self.state,
            "why": self.reason,
            "mapping": None if self.mapping is None else f"CustomerMapping/{self.mapping}",
            "customer": self.customer or None,
            "desired": dict(self.desired) or None,
            "live": None
            if live is None
            else {
                "id": live.id,
                "agreement": live.agreement_id,
                "product": live.product,
                "last_updated": live.obj.last_updated,
                "fields": {
                    **recorded_fields(live.obj.raw, with_cost=True, with_text=True),
                    "effectiveDate": live.effective,
                    "cancelledDate": live.cancelled,
                },
            },
        }


def addition_views(
    planned: Sequence[PlannedAddition],
    proposed: Sequence[PlannedAddition],
    orphaned: Iterable[Orphan],
    ownership: Ownership,
    held: Mapping[str, Sequence[Tripped]],
    builder: ActionBuilder,
    live_state: LiveState,
) -> tuple[AdditionView, ...]:
    """Return the views of planned additions, of those that stay unchanged, and of orphans.

    `proposed` has the additions that proposed mappings would write.
    `held` has the guardrails that hold a mapping, by its address.
    """
    kept = _kept((*planned, *proposed), ownership, builder, live_state)
    return (*_planned(planned, held), *_proposed(proposed), *kept, *_orphans(orphaned))


def _planned(planned: Iterable[PlannedAddition], held: Mapping[str, Sequence[Tripped]]) -> Iterator[AdditionView]:
    for each in planned:
        owner = each.owner
        trips = held.get(owner.mapping_address, ())
        state = "up to date" if each.action is None else each.action.action
        yield AdditionView(
            address=each.address,
            also=(owner.short(each.address),),
            state="held" if trips and each.action is not None else state,
            reason=f"{each.reason}; {trips_text(trips)}" if trips else each.reason,
            mapping=owner.mapping,
            customer=owner.customer,
            live=each.live,
            desired=each.fields,
        )


def _proposed(planned: Iterable[PlannedAddition]) -> Iterator[AdditionView]:
    for each in planned:
        yield AdditionView(
            address=each.address,
            also=(each.owner.short(each.address),),
            state="proposed",
            reason=f"{each.owner.mapping_address} is proposed, and bills nothing: {each.reason}",
            mapping=each.owner.mapping,
            customer=each.owner.customer,
            live=each.live,
            desired=each.fields,
        )


def _kept(
    planned: Iterable[PlannedAddition], ownership: Ownership, builder: ActionBuilder, live_state: LiveState
) -> Iterator[AdditionView]:
    """Yield the additions of mappings that this plan does not write: held, refused, excluded, or ended by hand."""
    written = {each.live.id for each in planned if each.live is not None}
    for owner, owned in ownership.by_owner.items():
        product_names = {
            link.id: link.name
            for path, link in live_state.links.get(owner.mapping_address, {}).items()
            if path[-1] == "product"
        }
        for each in owned:
            live = each.addition
            if live.id in written:
                continue
            product = product_names.get(live.product_id, live.product)
            address = builder.unique_address(owner.address_of(product), live.id)
            yield AdditionView(
                address=address,
                also=(owner.short(address),),
                state="kept",
                reason="this plan does not change it; the coverage of its customer gives the reason",
                mapping=owner.mapping,
                customer=owner.customer,
                live=live,
            )


def _orphans(orphaned: Iterable[Orphan]) -> Iterator[AdditionView]:
    for orphan in orphaned:
        row = orphan.row
        yield AdditionView(
            address=orphan.address,
            also=(),
            state="orphan" if orphan.action is None else "retire",
            reason=row.detail,
            mapping=None,
            customer=f"{row.source}/{row.customer}" if row.customer else "",
            live=orphan.live,
        )
