"""The additions: those that bill backup, typed in by hand or left by the console's integration, and all others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from random import Random
from typing import Any, Final

from reconciler.sandbox.connectwise.store.tables import Row
from reconciler.sandbox.messy.chances import chance, pick
from reconciler.sandbox.messy.custom import custom_values
from reconciler.sandbox.messy.setup import Setup
from reconciler.sandbox.messy.work import STAFF, SYNC, Work

_GB: Final = Decimal(10**9)
_BACKUP: Final = {"BACKUP-GB": 70, "BACKUP-SRV": 12, "COVE-OLD": 8, "BDR-GB": 4, "BACKUP-6": 6}
_OTHER: Final = ("MON-SRV", "MON-WS", "AV-SEAT", "M365-BP", "FW-RENT", "HELPDESK", "O365-BKP")
_TOLERANCE: Final = Decimal("0.05")
_SERIALS: Final = ("SN-0042", "per contract", "0", "rc", "n/a", "'7")


@dataclass(frozen=True, slots=True)
class Lines:
    """The kind of lines that bill the backup of one customer, and its usage in bytes.

    `kind` is `one`, `two` (two lines of one product that fit together), `ended` (the line has a last day in the past),
    or `none`. `fits` says whether the quantity is within 5 % of the usage.
    """

    used_bytes: int
    kind: str
    fits: bool

    @classmethod
    def drawn(cls, dice: Random, used_bytes: int) -> Lines:
        """Return lines in realistic proportions. Nothing is billed for a customer without usage."""
        if not used_bytes:
            return cls(0, "none", fits=False)
        kind = pick(dice, {"one": 680, "two": 30, "ended": 20, "none": 270})
        return cls(used_bytes, kind, fits=kind in {"one", "two"} and chance(dice, 800))

    def add(self, work: Work, setup: Setup, dice: Random, agreement: Row, *, stale: bool = False) -> list[int]:
        """Add the lines to an agreement, and return the ids of those that bill today. Stale lines bill nothing."""
        if self.kind == "none":
            return []
        if stale:
            replace(self, kind="one", fits=False).add(work, setup, dice, agreement)
            return []
        product = pick(dice, _BACKUP)
        if self.kind == "ended":
            _add_line(work, setup, dice, agreement, product, self._quantity(dice), ended=True)
            return []
        quantity = self._quantity(dice)
        if self.kind == "two":
            part = (quantity * dice.randrange(2, 9) / 10).to_integral_value()
            return [
                _add_line(work, setup, dice, agreement, product, each, plain=True).id
                for each in (part, quantity - part)
                if each > 0
            ]
        if chance(dice, 60):
            _add_line(work, setup, dice, agreement, product, self._quantity(dice), ended=True)
        return [_add_line(work, setup, dice, agreement, product, quantity).id]

    def _quantity(self, dice: Random) -> Decimal:
        used = self.used_bytes / _GB
        if not self.fits:
            return _whole(used * dice.choice((25, 40, 60, 75, 130, 180, 300)) / 100)
        quantity = _whole(used * dice.randrange(970, 1031) / 1000)
        if within(quantity, self.used_bytes):
            return quantity
        return used.quantize(_TOLERANCE)


def within(quantity: Decimal, used_bytes: int) -> bool:
    """Return whether a quantity is within 5 % of the usage in GB of 10^9 bytes."""
    used = used_bytes / _GB
    return abs(quantity - used) <= used * _TOLERANCE


def add_other_lines(work: Work, setup: Setup, dice: Random, agreement: Row) -> None:
    """Add lines of products that have nothing to do with backup, sometimes two of one product."""
    for _ in range(pick(dice, {1: 60, 2: 30, 4: 10})):
        if setup.odd_products and chance(dice, 60):
            product = dice.choice(setup.odd_products)
        else:
            product = setup.products[dice.choice(_OTHER)]
        charged = pick(dice, {"Billable": 94, "DoNotBill": 3, "NoCharge": 3})
        body = {"product": {"id": product}, "quantity": dice.randrange(1, 60), "billCustomer": charged}
        _enter(work, setup, dice, agreement, body)


def _add_line(
    work: Work,
    setup: Setup,
    dice: Random,
    agreement: Row,
    product: str,
    quantity: Decimal,
    *,
    ended: bool = False,
    plain: bool = False,
) -> Row:
    """Add one line of a backup product. A plain line has no included quantity."""
    body: dict[str, Any] = {"product": {"id": setup.products[product]}, "quantity": quantity}
    if not plain and chance(dice, 140):
        body["lessIncluded"] = min(Decimal(dice.choice((10, 25, 50, 100))), quantity)
    if chance(dice, 320):
        body["unitPrice"] = Decimal(dice.choice(("0.19", "0.2", "0.275", "0.35", "0.4", "0.123456", "0")))
    if chance(dice, 150):
        body["unitCost"] = Decimal(dice.choice(("0.07", "0.085", "0.095123")))
    row = _enter(work, setup, dice, agreement, body, ended=ended)
    if chance(dice, 200):
        work.touched(row, SYNC, hours_ago=dice.randrange(1, 30))
    return row


def _enter(work: Work, setup: Setup, dice: Random, agreement: Row, body: dict[str, Any], *, ended: bool = False) -> Row:
    first = work.ago(agreement.data.get("billStartDate") or agreement.data["startDate"])
    since = first if chance(dice, 600) else dice.randrange(min(first, 2), first + 1)
    body = {"billCustomer": "Billable", "effectiveDate": work.day(since), **body}
    if ended:
        body["cancelledDate"] = work.day(dice.randrange(min(since, 1), since + 1))
    if chance(dice, 120):
        body["serialNumber"] = dice.choice(_SERIALS)
    if chance(dice, 80):
        body["invoiceDescription"] = f'Backup: {dice.choice(("Server", "Büro", "a, b & c"))}\n- see contract\n# "net"'
    if chance(dice, 100):
        body["taxableFlag"] = True
    if values := custom_values(setup.fields, dice, "addition"):
        body["customFields"] = values
    row = work.enter("addition", body, dice, days_ago=since, parent=agreement.id)
    if chance(dice, 150):
        work.touched(row, dice.choice(STAFF), hours_ago=dice.randrange(1, 5000))
    return row


def _whole(quantity: Decimal) -> Decimal:
    return max(quantity.to_integral_value(ROUND_CEILING), Decimal(1))
