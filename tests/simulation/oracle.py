"""What BILLING says a customer's lines hold, written a second time: it shares no code with the reconciler."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal

ZERO = Decimal(0)
PRODUCTS = ((Decimal(500), "BACKUP-GB-500"), (Decimal(1000), "BACKUP-GB-1000"), (None, "BACKUP-GB-ABOVE"))


@dataclass
class Customer:
    """One customer with its terms, and the hourly totals of the running month that the ledger holds."""

    number: int
    name: str
    agreement: str
    tiering: str
    measure: str
    base: Decimal
    product: str = "BACKUP-GB"
    included: Decimal = ZERO
    minimum: Decimal = ZERO
    hours: list[Decimal] = field(default_factory=list)
    floor: Decimal = ZERO
    """The quantity that stood at the first run after a lost ledger; 0 where none was lost in this month."""

    def rated(self) -> Decimal:
        """The quantity that the month's totals come to."""
        if self.measure == "last":
            figure = self.hours[-1]
        elif self.measure == "peak":
            figure = max(self.hours)
        else:
            figure = sum(self.hours, ZERO) / len(self.hours)
        billable = max(ZERO, figure - self.included).quantize(Decimal(1), ROUND_CEILING)
        return max(self.minimum, billable)

    def quantity(self) -> Decimal:
        return max(self.rated(), self.floor)

    def held(self) -> bool:
        """Whether a lost ledger keeps the line above what is rated."""
        return self.rated() < self.floor

    def lines(self) -> dict[str, Decimal]:
        """Product → quantity, without those that hold nothing."""
        quantity = self.quantity()
        if self.tiering == "flat":
            return {self.product: quantity} if quantity else {}
        if self.tiering == "volume":
            name = next(name for to, name in PRODUCTS if to is None or quantity <= to)
            return {name: quantity} if quantity else {}
        found: dict[str, Decimal] = {}
        below = ZERO
        for to, name in PRODUCTS:
            held = min(quantity, to if to is not None else quantity) - below
            if held > 0:
                found[name] = held
            below = to if to is not None else below
        return found
