"""What the oracle computes by: plain values of a charge, without any code of the reconciler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

BYTES, COUNT, NUMBER = "bytes", "count", "number"


@dataclass(frozen=True, slots=True)
class Meter:
    """What is counted of the devices of a customer."""

    how: str
    column: str = "used"
    where: tuple[str, bool, str] | None = None
    """(column, whether it must be equal, value)."""
    unit: str | None = None
    """`GB`, `GiB`, or `source`."""
    built_in: str | None = None

    @property
    def scale(self) -> str:
        return BYTES if self.unit else COUNT if self.how in ("count", "distinct") else NUMBER


@dataclass(frozen=True, slots=True)
class Price:
    """The unit prices of a product or range: a plain one, or entries with their first days."""

    plain: Decimal | None = None
    entries: tuple[tuple[date, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Slice:
    """A product with the last quantity that it bills. None: it bills every quantity above the one before."""

    product: str
    price: Price
    up_to: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """One charge of a mapping."""

    name: str
    meter: Meter
    unit: str | None
    measure: str = "last"
    allowance: tuple[str, Decimal] | None = None
    """`customer`, `device` or `meter`, and the free quantity."""
    other: Meter | None = None
    """The meter of the allowance."""
    rounding: str = "up"
    step: Decimal = Decimal(1)
    minimum: Decimal | None = None
    tiering: str = "one product"
    slices: tuple[Slice, ...] = ()
    lines: str | None = None


class Billable(Protocol):
    """What the oracle needs to know of a customer."""

    @property
    def zone(self) -> ZoneInfo:
        """Return the billing zone."""

    @property
    def start(self) -> date | None:
        """Return the first billed day. None: from the first sample on."""

    @property
    def charges(self) -> Sequence[Charge]: ...
