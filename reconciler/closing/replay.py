"""Compare what a month billed with what its usage gives when it is rated again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from reconciler.closing.closed_charges import ClosedCharge, close_json
from reconciler.closing.json_values import Json, decimal_text, time_json
from reconciler.ledger.bill_records import BilledCharge, BillRecord
from reconciler.ledger.snapshot import Close

FORMAT_VERSION = 1
OWN = "own"
"""The name of the rules that billed the month."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One charge as a month billed it, and as it is rated again."""

    source: str
    customer_id: str
    mapping: str
    charge: str
    billed: BillRecord | None
    """None: the ledger has no bill of it in this month."""
    digest: str | None
    """The digest of the rule that it is rated by now. None: no rule bills it."""
    lines: Sequence[Mapping[str, Any]] | None
    """None: it is not billed, for the reason in `why`."""
    why: str = ""

    @property
    def same(self) -> bool:
        """Return whether the lines are the same, byte for byte."""
        return self.billed is not None and self.lines is not None and _plain(self.billed.lines) == _plain(self.lines)


@dataclass(frozen=True, slots=True)
class Replay:
    """A month that was rated again."""

    workspace: str
    period: str
    rules: str
    """By which rules: `own`, `today`, or a revision of Git."""
    currency: str | None
    at: datetime
    charges: Sequence[Replayed]
    names: Mapping[tuple[str, str], str]
    """By source and id: the names of customers."""
    closed: Mapping[BilledCharge, ClosedCharge] = field(default_factory=dict)
    """What the closes of the month froze, by charge."""
    closes: Sequence[Close] = ()
    """The closes of the month, oldest first."""


def replay_json(found: Replay) -> Json:
    """Return a replay as JSON: each customer with its charges, and the sums. A charge that is not billed counts 0."""
    of_customers: defaultdict[tuple[str, str], list[Replayed]] = defaultdict(list)
    for each in found.charges:
        of_customers[each.source, each.customer_id].append(each)
    rows = [_customer(customer, own, found) for customer, own in sorted(of_customers.items())]
    same = sum(each.same for each in found.charges)
    return {
        "format_version": FORMAT_VERSION,
        "workspace": found.workspace,
        "period": found.period,
        "rules": found.rules,
        "currency": found.currency,
        "made_at": time_json(found.at),
        "closes": [close_json(each) for each in found.closes],
        "customers": rows,
        "same": same,
        "different": len(found.charges) - same,
        **_sums(rows),
    }


def _customer(customer: tuple[str, str], own: Iterable[Replayed], found: Replay) -> Json:
    charges = [_charge(each, found) for each in sorted(own, key=lambda each: (each.mapping, each.charge))]
    return {
        "customer": "/".join(customer),
        "name": found.names.get(customer, customer[1]),
        "charges": charges,
        **_sums(charges),
    }


def _charge(each: Replayed, found: Replay) -> Json:
    closed = None if each.billed is None else found.closed.get(each.billed.key)
    billed = None if each.billed is None else _plain(each.billed.lines)
    before, after = _amount(billed), _amount(each.lines)
    return {
        "mapping": f"CustomerMapping/{each.mapping}",
        "charge": each.charge,
        "same": each.same,
        "billed_at": None if each.billed is None else time_json(each.billed.billed_at),
        "frozen_at": None if closed is None or closed.bill() is None else time_json(closed.close.closed_at),
        "billed_by": None if each.billed is None else each.billed.digest,
        "rated_by": each.digest,
        "billed": billed,
        "rated": None if each.lines is None else _plain(each.lines),
        "why": each.why,
        "before": decimal_text(before),
        "after": decimal_text(after),
        "difference": decimal_text(after - before),
    }


def _sums(rows: Sequence[Json]) -> Json:
    before, after = (sum((Decimal(row[name]) for row in rows), Decimal(0)) for name in ("before", "after"))
    return {
        "before": decimal_text(before),
        "after": decimal_text(after),
        "difference": decimal_text(after - before),
    }


def _amount(lines: Iterable[Mapping[str, Any]] | None) -> Decimal:
    return sum((Decimal(line["amount"]) for line in lines or () if line["amount"] is not None), Decimal(0))


def _plain(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [dict(line) for line in lines]
