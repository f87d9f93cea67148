"""Every addition of ours by its address, with how it stands and why: what `show` answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.additions.actions import ActionBuilder, PlannedAddition, recorded_fields
from reconciler.additions.coverage import told
from reconciler.additions.live import LiveAddition
from reconciler.additions.orphans import Orphan
from reconciler.additions.ownership import Owner, Ownership
from reconciler.kinds.live_state import LiveState
from reconciler.planning.plan import Tripped


@dataclass(frozen=True, slots=True)
class AdditionView:
    """One addition: of a mapping, or an orphan."""

    address: str
    also: tuple[str, ...]
    """Other addresses by which it is known: the short one."""
    state: str
    """`as it should be`, the action that a plan has for it, `held`, `kept` or `orphan`."""
    why: str
    mapping: str | None
    customer: str
    """`source/customer`; empty where nothing tells it."""
    live: LiveAddition | None
    desired: Mapping[str, Any] = field(default_factory=dict)
    """Its fields once the plan is done, by their names in ConnectWise."""

    def has_address(self, address: str) -> bool:
        return address == self.address or address in self.also

    def to_json(self) -> dict[str, Any]:
        live = self.live
        return {
            "address": self.address,
            "state": self.state,
            "why": self.why,
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
                    **recorded_fields(live.obj.raw),
                    "effectiveDate": live.effective,
                    "cancelledDate": live.cancelled,
                },
            },
        }


def addition_views(
    written: Sequence[PlannedAddition],
    lost: Iterable[Orphan],
    ownership: Ownership,
    holding: Mapping[str, Sequence[Tripped]],
    writer: ActionBuilder,
    live_state: LiveState,
) -> tuple[AdditionView, ...]:
    """Written lines, those that are left as they are, and orphans."""
    return (*_written(written, holding), *_left(written, ownership, writer, live_state), *_orphans(lost))


def _written(written: Iterable[PlannedAddition], holding: Mapping[str, Sequence[Tripped]]) -> Iterator[AdditionView]:
    for each in written:
        owner = each.owner
        held = holding.get(f"CustomerMapping/{owner.mapping}", ())
        state = "as it should be" if each.action is None else each.action.action
        yield AdditionView(
            address=each.address,
            also=(_short(each.address, owner),),
            state="held" if held and each.action is not None else state,
            why=f"{each.why}; {told(held)}" if held else each.why,
            mapping=owner.mapping,
            customer=f"{owner.source}/{owner.customer_id}",
            live=each.live,
            desired=each.fields,
        )


def _left(
    written: Iterable[PlannedAddition], ownership: Ownership, writer: ActionBuilder, live_state: LiveState
) -> Iterator[AdditionView]:
    """Additions of mappings that this plan does not write: held, refused, excluded, or ended by hand."""
    done = {each.live.id for each in written if each.live is not None}
    for owner, owned in ownership.by_owner.items():
        names = {
            link.id: link.name
            for path, link in live_state.links.get(f"CustomerMapping/{owner.mapping}", {}).items()
            if path[-1] == "product"
        }
        for each in owned:
            live = each.addition
            if live.id in done:
                continue
            product = names.get(live.product_id, live.product)
            address = writer.unique_address(f"Addition/{owner.mapping}.{owner.charge}:{product}", live.id)
            yield AdditionView(
                address=address,
                also=(_short(address, owner),),
                state="kept",
                why="this plan leaves it as it is; the coverage of its customer says why",
                mapping=owner.mapping,
                customer=f"{owner.source}/{owner.customer_id}",
                live=live,
            )


def _orphans(lost: Iterable[Orphan]) -> Iterator[AdditionView]:
    for orphan in lost:
        row = orphan.row
        yield AdditionView(
            address=orphan.address,
            also=(),
            state="orphan" if orphan.action is None else "retire",
            why=row.detail,
            mapping=None,
            customer=f"{row.source}/{row.customer}" if row.customer else "",
            live=orphan.live,
        )


def _short(address: str, owner: Owner) -> str:
    return address.replace(f"{owner.mapping}.{owner.charge}:", f"{owner.mapping}:", 1)
