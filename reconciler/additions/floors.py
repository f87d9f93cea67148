"""Keep charges from falling after a lost ledger (BILLING, Additions).

A `peak`, a `mean` and a `p95` need the whole period. A ledger that begins inside the period lacks the earlier hours,
so its figures may be too low (`Charge.may_lower`). Until that period ends, no charge falls below the quantity that its
lines had at the first run that read them. A change of the rule in Git may lower it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from reconciler.additions.charge import Charge
from reconciler.additions.live import AgreementProduct
from reconciler.additions.ownership import OwnedAddition
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.values import plain_decimal
from reconciler.ledger.snapshot import RecordedAddition, Snapshot
from reconciler.metering.period import Period
from reconciler.rating.rate import lines_of


def with_floor(
    charge: Charge,
    rule: Rule,
    digest: str,
    owned: Sequence[OwnedAddition],
    snapshot: Snapshot,
    period: Period,
    currency: str | None,
    *,
    new: bool,
) -> tuple[Charge, str]:
    """The bill, not below what its lines held when the ledger began, and a sentence where that matters.

    `new`: the ledger knows no line of this charge.
    """
    if charge.may_lower or charge.trace is None:
        return charge, ""
    known: dict[AgreementProduct, Decimal] = {}
    for each in owned:
        held = _first_quantity(each, snapshot.additions.get(each.addition.id), digest, period, new=new)
        if held is not None:  # of several lines at one place, one took the place of the others
            known[each.addition.agreement_product] = max(held, known.get(each.addition.agreement_product, held))
    # Under `volume` one line holds the whole quantity. Under `graduated` the lines share it.
    floor = sum(known.values(), Decimal(0)) if rule.tiering == "graduated" else max(known.values(), default=Decimal(0))
    if floor <= charge.trace.quantity:
        return charge, ""
    lines, others = lines_of(rule, floor, currency)
    told = (
        f"held at {plain_decimal(floor)} {rule.unit}: the ledger does not know {period} from its start, and what it "
        f"knows gives {plain_decimal(charge.trace.quantity)} {rule.unit}"
    )
    trace = replace(charge.trace, rounded=floor, quantity=floor)
    detail = "; ".join(filter(None, (charge.detail, told)))
    return replace(charge, lines=lines, other_products=others, trace=trace, detail=detail), told


def _first_quantity(
    each: OwnedAddition, known: RecordedAddition | None, digest: str, period: Period, *, new: bool
) -> Decimal | None:
    """What a line held at the first run that read it; None where the ledger knows what came before.

    A line that turns up beside others that the ledger knows is a copy that somebody made: it holds nothing.
    """
    if known is None:
        return each.addition.quantity if new else None  # this is that run
    if known.first_quantity is None or known.first_seen_at is None or known.first_seen_at not in period:
        return None
    return known.first_quantity if known.first_rule_digest in (None, digest) else None
