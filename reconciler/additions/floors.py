"""What a lost ledger must not lower (BILLING, Additions).

A `peak`, a `mean` and a `p95` need the whole period. A ledger that begins inside it lacks the earlier hours, and would
lower what stands (`Bill.may_lower` says where). So no charge falls below what its lines held at the first run that read
them, in the period that was running then. A change of the rule in Git may lower it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from reconciler.additions.live import Place
from reconciler.additions.ownership import Owned
from reconciler.kinds.values import plain_decimal
from reconciler.ledger.snapshot import RecordedAddition, Snapshot
from reconciler.usage.bills import Bill
from reconciler.usage.period import Period
from reconciler.usage.rating import lines_of
from reconciler.usage.rules import Rule


def with_floor(
    bill: Bill,
    rule: Rule,
    digest: str,
    owned: Sequence[Owned],
    snapshot: Snapshot,
    period: Period,
    currency: str | None,
    *,
    new: bool,
) -> tuple[Bill, str]:
    """The bill, not below what its lines held when the ledger began, and a sentence where that matters.

    `new`: the ledger knows no line of this charge.
    """
    if bill.may_lower or bill.trail is None:
        return bill, ""
    known: dict[Place, Decimal] = {}
    for each in owned:
        held = _held(each, snapshot.additions.get(each.addition.id), digest, period, new=new)
        if held is not None:  # of several lines at one place, one took the place of the others
            known[each.addition.place] = max(held, known.get(each.addition.place, held))
    # Under `volume` one line holds the whole quantity. Under `graduated` the lines share it.
    floor = sum(known.values(), Decimal(0)) if rule.tiering == "graduated" else max(known.values(), default=Decimal(0))
    if floor <= bill.trail.quantity:
        return bill, ""
    lines, others = lines_of(rule, floor, currency)
    told = (
        f"held at {plain_decimal(floor)} {rule.unit}: the ledger does not know {period} from its start, and what it "
        f"knows gives {plain_decimal(bill.trail.quantity)} {rule.unit}"
    )
    trail = replace(bill.trail, rounded=floor, quantity=floor)
    detail = "; ".join(filter(None, (bill.detail, told)))
    return replace(bill, lines=lines, other_products=others, trail=trail, detail=detail), told


def _held(each: Owned, known: RecordedAddition | None, digest: str, period: Period, *, new: bool) -> Decimal | None:
    """What a line held at the first run that read it; None where the ledger knows what came before.

    A line that turns up beside others that the ledger knows is a copy that somebody made: it holds nothing.
    """
    if known is None:
        return each.addition.quantity if new else None  # this is that run
    if known.first_quantity is None or known.first_seen_at is None or known.first_seen_at not in period:
        return None
    return known.first_quantity if known.first_rule_digest in (None, digest) else None
