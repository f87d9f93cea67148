"""The console's tree of partners. It gives the customer that pays for a device.

    Root ─ Distributor ─ Reseller ─ EndCustomer ─ Site        devices of a Site count for its EndCustomer
                             └ its own devices: unattributed

Devices above the level of end customers have no customer that is billed. They are reported as unattributed. End
customers in a recycle bin ("… - Recycle Bin") have the state `RecycleBin`, and their devices do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.ledger.records import IN_RECYCLE_BIN, Customer
from reconciler.metering.sources.cells import quoted
from reconciler.metering.sources.cove_session import id_number
from reconciler.metering.sources.errors import SourceError

FIELDS = (0, 1, 5)
"""The requested fields Name, Level and State [docs]. Id and ParentId are in every row."""

END_CUSTOMER = "EndCustomer"
_RECYCLE_BIN = re.compile(r"[-\u2010-\u2015]\s*recycle\s+bin\s*\Z", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner of the console, at any level."""

    id: int
    parent_id: int | None
    name: str
    level: str
    state: str


class Tree:
    """All partners that the login can see, by id."""

    def __init__(self, source: str, partners: Mapping[int, Partner]) -> None:
        self._source = source
        self._partners = partners

    def __contains__(self, partner_id: int) -> bool:
        return partner_id in self._partners

    def end_customers(self) -> list[Customer]:
        """Return all end customers, also those in a recycle bin."""
        return [
            self._customer(partner, attributed=True)
            for partner in self._partners.values()
            if partner.level == END_CUSTOMER
        ]

    def owner_of(self, partner_id: int) -> Customer:
        """Return the end customer that a partner belongs to. If there is none, return the partner as unattributed."""
        chain = self._chain(partner_id)
        for partner in chain:
            if partner.level == END_CUSTOMER:
                return self._customer(partner, attributed=True)
        if chain:
            return self._customer(chain[0], attributed=False)
        return Customer(self._source, str(partner_id), f"partner {partner_id}", attributed=False)

    def in_recycle_bin(self, partner_id: int) -> bool:
        """Return whether a partner, or one above it, is a recycle bin."""
        return any(_RECYCLE_BIN.search(partner.name) for partner in self._chain(partner_id))

    def name_of(self, partner_id: int) -> str:
        """Return a partner's name. Raises `KeyError` if the partner is not in the tree."""
        return self._partners[partner_id].name

    def _chain(self, partner_id: int | None) -> list[Partner]:
        """Return a partner and the known partners above it. Each is listed once, also if the parents form a circle."""
        chain: list[Partner] = []
        seen: set[int] = set()
        while partner_id is not None and partner_id not in seen and partner_id in self._partners:
            seen.add(partner_id)
            chain.append(self._partners[partner_id])
            partner_id = chain[-1].parent_id
        return chain

    def _customer(self, partner: Partner, *, attributed: bool) -> Customer:
        state = IN_RECYCLE_BIN if self.in_recycle_bin(partner.id) else partner.state
        return Customer(self._source, str(partner.id), partner.name, attributed, state)


def read_tree(source: str, root: Partner, rows: Any, where: str) -> Tree:
    """Return the tree from the rows of EnumeratePartners, which do not contain the root.

    Raises `SourceError` if a row has an unknown format. `where` is the place for messages.
    """
    if not isinstance(rows, list):
        raise SourceError("EnumeratePartners returned no list", where=where, advice="try again later")
    partners: dict[int, Partner] = {}
    for partner in _partners(rows, where):
        if partners.setdefault(partner.id, partner) != partner:
            raise SourceError(
                f"partner {partner.id} is listed twice with different values",
                where=where,
                advice="a user may have changed it just now; try again",
            )
    return Tree(source, {root.id: root, **partners})


def _partners(rows: Iterable[Any], where: str) -> Iterable[Partner]:
    for number, row in enumerate(rows, start=1):
        identity = id_number(row.get("Id")) if isinstance(row, Mapping) else None
        if identity is None:
            raise SourceError(f"partner {number} of EnumeratePartners has no Id", where=where, advice="try again later")
        for name in ("Name", "Level"):
            if not isinstance(row.get(name), str):
                raise SourceError(
                    f"partner {identity} has no {name}, although the request asked for it",
                    where=where,
                    advice="check that the API user's role may read partners",
                )
        parent, state = row.get("ParentId"), row.get("State")
        if parent is not None and id_number(parent) is None:
            raise SourceError(
                f"partner {identity} has a ParentId that is not a number: {quoted(parent)}",
                where=where,
                advice="try again later",
            )
        yield Partner(
            identity,
            id_number(parent),
            _CONTROL.sub(" ", row["Name"]).strip(),
            row["Level"],
            _CONTROL.sub(" ", state) if isinstance(state, str) else "",
        )
