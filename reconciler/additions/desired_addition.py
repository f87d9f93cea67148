"""One addition as a charge asks for it, before it is compared with the live one."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from reconciler.additions.live_additions import AgreementProduct
from reconciler.additions.ownership import Owner
from reconciler.kinds.values import Link


@dataclass(frozen=True, slots=True)
class DesiredAddition:
    """One addition that a charge asks for."""

    owner: Owner
    agreement: Link
    product: Link
    quantity: Decimal
    """In the unit of the source."""
    unit_price: Decimal | None
    """None: the price of a live addition is not changed."""
    unit_cost: Decimal | None = field(default=None, kw_only=True)
    """None: the cost of a live addition is not changed, because no manifest gives one."""
    own_price: bool = field(default=False, kw_only=True)
    """Whether the mapping has the price, so that the cost of the product is not meant."""
    invoice_text: str | None = field(default=None, kw_only=True)
    """None: the text of a live addition is not changed."""
    effective_date: str
    """First day of the addition if this run creates it, as `2026-11-01`."""
    reason: str
    """What was used and what is billed, as text."""
    late_start_reason: str = ""
    """Why the addition begins later than the usage. Empty if it does not."""
    last_day: str | None = None
    """Last day of the addition. None if it has none."""
    end_reason: str = ""
    """Why it has a last day. Empty if it has none."""
    billed_elsewhere: bool = False
    """Whether another addition of the charge bills the period, because the mapping moved to another agreement."""
    shifts_from: str | None = None
    """If the live addition begins on this day or later, it has billed nothing, and gets `effective_date`."""
    adopt: bool = False
    emptied: bool = False
    """A product of the ranges that has no usage now. A live addition goes to 0, and no addition is created."""
    depends_on: frozenset[str] = frozenset()
    """Addresses of actions that come first, although no field refers to them."""
    known_as: str | None = None
    """Its address if another addition of the charge may have the usual one. None: the usual one."""

    @property
    def address(self) -> str:
        """Return the address, such as `Addition/acme.storage:backup-gb`."""
        return self.known_as or self.owner.address_of(self.product.name)

    @property
    def mapping(self) -> str:
        """Return the name of the mapping."""
        return self.owner.mapping

    @property
    def agreement_product(self) -> AgreementProduct:
        """Return the ids of the agreement and of the product."""
        return (self.agreement.id, self.product.id)
