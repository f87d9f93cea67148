"""Find what the closes of a month froze of each charge: the version of its rule, and the lines that it gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.closing.json_values import Json, time_json
from reconciler.ledger.bill_records import BilledCharge, BillRecord
from reconciler.ledger.snapshot import Close


@dataclass(frozen=True, slots=True)
class ClosedCharge:
    """One charge as the close of its month froze it."""

    content: Mapping[str, Any]
    """As `frozen` writes it."""
    close: Close

    @property
    def key(self) -> BilledCharge:
        """Return the source, the id of the customer, and the name of the charge."""
        source, _, customer_id = self.content["customer"].partition("/")
        return (source, customer_id, self.content["charge"])

    @property
    def mapping(self) -> str:
        """Return the name of the mapping."""
        return str(self.content["mapping"]).partition("/")[2]

    @property
    def digest(self) -> str | None:
        """Return the digest of the version of its rule. None in a close of an earlier version of this program."""
        return self.content.get("version")

    def bill(self) -> BillRecord | None:
        """Return what the frozen rule gave, with the moment of its samples. None if its figure was not known."""
        lines = self.content.get("rated")
        if self.digest is None or lines is None:
            return None
        moment = datetime.fromisoformat(self.content["as_of"])
        return BillRecord(*self.key, self.mapping, moment, self.digest, lines)


def closed_charges(closes: Iterable[Close]) -> dict[BilledCharge, ClosedCharge]:
    """Return what these closes of one month froze, by charge. They come oldest first, and the last one counts."""
    every = (ClosedCharge(each, close) for close in closes for each in close.charges)
    return {each.key: each for each in every}


def own_bills(bills: Sequence[BillRecord], closed: Mapping[BilledCharge, ClosedCharge]) -> list[BillRecord]:
    """Return what the own rule of each charge gave for a month: as its close froze it, else as the last run gave it.

    Of a charge whose figure was not known at the close, the last run of the month counts.
    """
    found = {each.key: each for each in bills}
    found |= {key: bill for key, each in closed.items() if (bill := each.bill()) is not None}
    return sorted(found.values(), key=lambda each: (each.mapping, each.charge, each.key))


def close_json(close: Close) -> Json:
    """Return who closed a month when, with the digest of the pulls that it was measured from."""
    return {"closed_at": time_json(close.closed_at), "closed_by": close.closed_by, "samples": close.samples}
