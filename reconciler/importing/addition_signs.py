"""What an addition in ConnectWise may bill: its words, its quantity, and what its product bills elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from reconciler.additions.tag import parse
from reconciler.importing.matching.model import Proposal
from reconciler.importing.matching.usage import for_backup, may_follow
from reconciler.kinds.live_state import LiveObject

_SEATS: Final = re.compile(
    r"365|mailbox|\b(?:users?|seats?|licen[cs]es?|workstations?|laptops?|devices?)\b", re.IGNORECASE
)
"""Words of products that are billed for each user or device."""


def untagged(additions: Iterable[LiveObject]) -> list[LiveObject]:
    """Return the additions without a tag of ours."""
    return [each for each in additions if parse(each.raw.get("serialNumber")) is None]


def product_id(addition: LiveObject) -> int:
    """Return the id of the product that an addition bills."""
    return int((addition.raw.get("product") or {}).get("id") or 0)


def learned_products(proposal: Proposal) -> frozenset[int]:
    """Return the products that are likely to bill storage by their quantities, here or at other customers."""
    agreements = () if proposal.company is None else proposal.company.agreements
    return proposal.storage | {
        each.product_id
        for agreement in agreements
        for each in (agreement.additions if agreement.active else ())
        if may_follow(each, proposal.customer)
    }


def may_bill_storage(addition: LiveObject, learned: frozenset[int] = frozenset()) -> bool:
    """Return whether an addition may bill the storage of backups. One that bills seats does not, even with such a name.

    `learned` are the products that are likely to bill storage by their quantities. Their names do not show it.
    """
    texts = _texts(addition)
    if not Decimal(addition.raw.get("quantity") or 0):
        return False
    return product_id(addition) in learned or (not any(_SEATS.search(text) for text in texts) and for_backup(*texts))


def _texts(addition: LiveObject) -> tuple[str, ...]:
    """Return the product, the description and the unit of an addition. A line counted in GB bills storage."""
    product = addition.raw.get("product") or {}
    return (
        str(product.get("identifier") or ""),
        str(addition.raw.get("description") or ""),
        str(addition.raw.get("uom") or ""),
    )
