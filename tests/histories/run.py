"""Play a random history of one month, and compare what it billed with the oracle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from reconciler.additions.adjustment_plan import Adjustments

from .oracle import Reading, expected
from .terms import Price, random_price, random_terms
from .world import MONTH, World

GB = 10**9
_FIRST = datetime(2026, 11, 1, tzinfo=UTC)


class HistoryError(AssertionError):
    """A history whose bill differs from what the oracle gives."""


def play(seed: int) -> Counter[str]:
    """Play the history with this seed, and return what happened in it.

    Raises `HistoryError` if it billed something else.
    """
    history = _History(seed)
    history.run()
    return history.figures


class _History:
    def __init__(self, seed: int) -> None:
        self.seed, self.chance = seed, Random(seed)
        self.figures: Counter[str] = Counter(histories=1)
        terms = random_terms(self.chance)
        self.price = Price(random_price(self.chance))
        if self.chance.random() < 0.4:
            self.price = Price(self.price.plain, (("2026-10-01", random_price(self.chance)),))
        self.world = World(terms, self.price)
        self.readings: list[Reading] = []
        self.at_end: Price | None = None

    def run(self) -> None:
        """Let the month end, then let things happen in any order, and approve everything in the end."""
        for _ in range(self.chance.randrange(1, 4)):
            self._sample()
        self._end_of_month()
        for _ in range(self.chance.randrange(3, 12)):
            self.chance.choice(self._steps())()
        self._settle()

    def _steps(self) -> list[Callable[[], None]]:
        steps = [self._sample, self._sample, self._sample, self._correct, self._apply, self._apply, self._apply_twice]
        steps += [
            self._close,
            self._close,
            self._invoice,
            self._invoice,
            self._delete_invoice,
            self._back_date,
            self._new_price,
            self._later_price,
        ]
        return steps

    # ── steps ────────────────────────────────────────────────────────────────────────────────────────────────

    def _size(self) -> int:
        return self.chance.choice((0, 1, 50 * GB, 100 * GB, self.chance.randrange(300 * GB)))

    def _sample(self) -> None:
        moment = _FIRST + timedelta(minutes=self.chance.randrange(30 * 24 * 60), seconds=self.chance.randrange(1, 60))
        self._read((moment, self._size()))
        self.figures["late samples"] += 1

    def _correct(self) -> None:
        """Read another figure of an hour that has one already. A later reading of the hour replaces it."""
        hour = self.chance.choice(self.readings)[0].replace(minute=0, second=0)
        self._read(
            (hour + timedelta(minutes=self.chance.randrange(60), seconds=self.chance.randrange(60)), self._size())
        )
        self.figures["corrections"] += 1

    def _read(self, reading: Reading) -> None:
        if all(moment != reading[0] for moment, _ in self.readings):
            self.readings.append(reading)
            self.world.read(reading)

    def _end_of_month(self) -> None:
        self.world.end_month()
        if not self.world.terms.declared_late:
            self.at_end = self.price
        else:
            self.world.close()
            self.figures["new mappings"] += 1

    def _close(self) -> None:
        if not self.world.closes:
            self.world.apply()  # a month is closed as it stands
            self.world.close()
            self.figures["closes"] += 1

    def _invoice(self) -> None:
        self.world.next_invoice = {"2026-11-01": "2026-12-01"}.get(self.world.next_invoice, "2027-01-01")
        self.figures["invoices"] += 1

    def _delete_invoice(self) -> None:
        if self.world.next_invoice == "2027-01-01":
            self.world.next_invoice = "2026-12-01"
        elif self.world.terms.invoiced == "arrears":
            self.world.next_invoice = "2026-11-01"
        self.figures["deleted invoices"] += 1

    def _back_date(self) -> None:
        """Declare a price from the month on, or from before it."""
        day = self.chance.choice(("2026-09-01", "2026-11-01", "2026-11-01"))
        self._set_price(Price(self.price.plain, ((day, random_price(self.chance)),)))
        self.figures["back-dated prices"] += 1

    def _later_price(self) -> None:
        """Declare a price from inside the month on, which works from the next one."""
        dated = tuple(each for each in self.price.dated if each[0] <= f"{MONTH}-01")
        self._set_price(Price(self.price.plain, (*dated, ("2026-11-02", random_price(self.chance)))))
        self.figures["later prices"] += 1

    def _new_price(self) -> None:
        """Change the price without a day. A mapping that is new in the month would take it until its rules stand."""
        if self.at_end is not None:
            self._set_price(Price(random_price(self.chance), self.price.dated))
            self.figures["plain prices"] += 1

    def _set_price(self, price: Price) -> None:
        self.price = self.world.price = price

    def _apply(self) -> None:
        approvals = self.chance.choice(((), ("adjustment",), ("credit",), ("adjustment", "credit")))
        accepted = len(self.world.accepted)
        self._count(self.world.apply(approvals, lambda: self.chance.random() < 0.4))
        self.figures["accepted amounts"] += len(self.world.accepted) - accepted

    def _count(self, planned: Adjustments) -> None:
        given_back = sum(":credit@" in each.address for each in planned.actions)
        self.figures["credits"] += given_back
        self.figures["adjustments"] += len(planned.actions) - given_back
        self.figures["that wait"] += len(planned.held)

    def _apply_twice(self) -> None:
        self._count(self.world.apply(("adjustment", "credit")))
        again = self.world.apply(("adjustment", "credit"))
        if again.actions or again.held:
            raise HistoryError(
                f"history {self.seed}: a second apply changes {[each.address for each in again.actions]}"
            )

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────

    def _settle(self) -> None:
        self._apply_twice()
        wanted = expected(self.world.terms, self.readings, self.at_end or self.price, self.price, month=MONTH)
        billed = self.world.billed()
        if (wanted or Decimal(0)) != billed:
            raise HistoryError(
                f"history {self.seed}: {billed} billed, and {wanted} expected by {self.world.terms}; "
                f"{dict(self.figures)}"
            )
