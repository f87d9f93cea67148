"""The console's tree of partners: who pays for a device.

    Root ─ Distributor ─ Reseller ─ EndCustomer ─ Site        a Site is rolled up to its EndCustomer
                             └ its own devices: unattributed

Devices of anything above an end customer belong to nobody who is billed, and are named as such. Partners in a
recycle bin ("… - Recycle Bin") are left out, and said to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.ledger.records import Customer
from reconciler.usage.errors import SourceError

END_CUSTOMER = "EndCustomer"
RECYCLE_BIN = "- Recycle Bin"


@dataclass(frozen=True, slots=True)
class Partner:
    id: int
    parent_id: int | None
    name: str
    level: str
    state: str


class Tree:
    """Partners by id; `owner_of` climbs from a device's partner to the one that pays."""

    def __init__(self, source: str, partners: Mapping[int, Partner]) -> None:
        self._source = source
        self._partners = partners

    def end_customers(self) -> list[Customer]:
        """Every end customer that is not in a recycle bin."""
        return [
            self._customer(partner, attributed=True)
            for partner in self._partners.values()
            if partner.level == END_CUSTOMER and not self.in_recycle_bin(partner.id)
        ]

    def owner_of(self, partner_id: int, name_beside: str = "") -> Customer:
        """The end customer above a partner, or the partner itself, unattributed.

        `name_beside` names a partner that the tree does not know.
        """
        chain = self._chain(partner_id)
        for partner in chain:
            if partner.level == END_CUSTOMER:
                return self._customer(partner, attributed=True)
        if chain:
            return self._customer(chain[0], attributed=False)
        return Customer(self._source, str(partner_id), name_beside or f"partner {partner_id}", attributed=False)

    def in_recycle_bin(self, partner_id: int) -> bool:
        return any(partner.name.rstrip().endswith(RECYCLE_BIN) for partner in self._chain(partner_id))

    def name_of(self, partner_id: int) -> str:
        return self._partners[partner_id].name

    def _chain(self, partner_id: int | None) -> list[Partner]:
        """A partner and those above it, as far as they are known."""
        chain: list[Partner] = []
        seen: set[int] = set()
        while partner_id is not None and partner_id not in seen and partner_id in self._partners:
            seen.add(partner_id)
            chain.append(self._partners[partner_id])
            partner_id = chain[-1].parent_id
        return chain

    def _customer(self, partner: Partner, *, attributed: bool) -> Customer:
        return Customer(self._source, str(partner.id), partner.name, attributed, partner.state)


def read_tree(source: str, root: Partner, rows: Any, where: str) -> Tree:
    """The tree from the answer to EnumeratePartners, with the root that it leaves out."""
    if not isinstance(rows, list):
        raise SourceError("EnumeratePartners gave no list", where=where, advice="try again later")
    partners = {root.id: root}
    for partner in _partners(rows, where):
        partners[partner.id] = partner
    return Tree(source, partners)


def _partners(rows: Iterable[Any], where: str) -> Iterable[Partner]:
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping) or not _is_id(row.get("Id")):
            raise SourceError(f"partner {number} of EnumeratePartners has no Id", where=where, advice="try again later")
        for name in ("Name", "Level"):
            if not isinstance(row.get(name), str):
                raise SourceError(
                    f"partner {row['Id']} has no {name}, although it was asked for",
                    where=where,
                    advice="check that the API user's role may read partners",
                )
        parent = row.get("ParentId")
        state = row.get("State")
        yield Partner(
            row["Id"],
            parent if _is_id(parent) else None,
            row["Name"],
            row["Level"],
            state if isinstance(state, str) else "",
        )


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
