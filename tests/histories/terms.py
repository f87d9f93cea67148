"""The terms of a history, as plain values for both the product and the oracle."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random


@dataclass(frozen=True)
class Terms:
    """How the month is billed."""

    measure: str
    included: int
    """Free GB of the customer."""
    minimum: int | None
    step: Decimal
    tiering: str
    """`volume` or `graduated`."""
    limit: int | None
    """The last GB of the first range. None: one product for everything."""
    invoiced: str
    start: int | None
    """The first billed day of November. None: the mapping has no start."""
    declared_late: bool
    """Whether the mapping is declared after the month is closed."""


@dataclass(frozen=True)
class Price:
    """A price in Git: a plain one, and entries with the first day of a month."""

    plain: Decimal
    dated: tuple[tuple[str, Decimal], ...] = ()


def random_terms(chance: Random) -> Terms:
    """Return terms that a mapping can have."""
    late = chance.random() < 0.15
    return Terms(
        measure=chance.choice(("last", "peak", "mean", "p95")),
        included=chance.choice((0, 0, 10, 60)),
        minimum=chance.choice((None, None, 50)),
        step=chance.choice((Decimal(1), Decimal(1), Decimal("0.5"), Decimal(25))),
        tiering=chance.choice(("volume", "graduated")),
        limit=chance.choice((None, None, 100)),
        invoiced=chance.choice(("arrears", "advance")),
        start=chance.choice((1, 5)) if late else chance.choice((None, 1, 10)),
        declared_late=late,
    )


def random_price(chance: Random) -> Decimal:
    """Return a price per GB, with up to four decimals."""
    return Decimal(chance.randrange(1, 9999)) / 10000
