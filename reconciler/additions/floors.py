"""Keep charges from falling after the ledger was lost (BILLING, Additions).

A `peak`, a `mean` and a `p95` need the usage of the whole period. If the ledger begins inside the period, it lacks the
earlier hours, and its figures may be too low (`Charge.may_lower`). Until that period ends, a charge stays at or above
the quantity that its additions had when the ledger first saw them. Only a changed rule in Git may lower it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from reconciler.additions.charge import Charge
from reconciler.additions.coverage import MappingCharge
from reconciler.additions.live_additions import AgreementProduct
from reconciler.additions.ownership import OwnedAddition, Owner, Ownership, owner_of
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.values import plain_decimal, with_unit
from reconciler.ledger.snapshot import RecordedAddition, Snapshot
from reconciler.metering.period import Period
from reconciler.rating.rate import lines_of


def with_floors(
    charges: Iterable[tuple[Charge, Period]],
    rules: Mapping[Owner, Rule],
    digests: Mapping[Owner, str],
    ownership: Ownership,
    snapshot: Snapshot,
    currency: str | None,
    recorded: Collection[Owner],
) -> tuple[dict[Owner, Charge], dict[MappingCharge, str]]:
    """Return the charges, raised to their floor after a lost ledger, and the reason for each raised one.

    Each charge comes with its month. `recorded` has the charges of which the ledger has an addition.
    """
    raised: dict[Owner, Charge] = {}
    reasons: dict[MappingCharge, str] = {}
    for charge, period in charges:
        owner = owner_of(charge)
        owned = ownership.by_owner.get(owner, ())
        raised[owner], reason = with_floor(
            charge, rules[owner], digests[owner], owned, snapshot, period, currency, new=owner not in recorded
        )
        if reason:
            reasons[charge.mapping, charge.name] = reason
    return raised, reasons


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
    """Return the charge, raised to the quantity when the ledger began, and the reason if it was raised.

    `digest` is that of the rule. `owned` has the live additions of the charge. `new` says that the ledger has recorded
    no addition of the charge. The reason is empty if the charge is not raised.
    """
    if charge.may_lower or charge.trace is None:
        return charge, ""
    quantities: dict[AgreementProduct, Decimal] = {}
    for each in owned:
        quantity = _first_quantity(each, snapshot.additions.get(each.addition.id), digest, period, new=new)
        if quantity is not None:
            # Duplicates have one quantity together: the largest.
            key = each.addition.agreement_product
            quantities[key] = max(quantity, quantities.get(key, quantity))
    # With `volume`, one addition has the whole quantity. With `graduated`, those of one agreement share it. After a
    # move, each agreement has the whole quantity.
    shared: dict[int | None, Decimal] = defaultdict(Decimal)
    for (agreement_id, _product), quantity in quantities.items():
        shared[agreement_id] += quantity
    whole = shared.values() if rule.tiering == "graduated" else quantities.values()
    floor = max(whole, default=Decimal(0))
    if floor <= charge.trace.quantity:
        return charge, ""
    lines, others = lines_of(rule, floor, currency)
    reason = (
        f"held at {with_unit(plain_decimal(floor), rule.unit)}: the ledger has no samples from the start of {period}, "
        f"and the samples that it has give {with_unit(plain_decimal(charge.trace.quantity), rule.unit)}"
    )
    trace = replace(charge.trace, rounded=floor, quantity=floor)
    detail = "; ".join(filter(None, (charge.detail, reason)))
    return replace(charge, lines=lines, other_products=others, trace=trace, detail=detail), reason


def _first_quantity(
    each: OwnedAddition, recorded: RecordedAddition | None, digest: str, period: Period, *, new: bool
) -> Decimal | None:
    """Return the quantity that an addition had when the ledger first saw it in this period. None if it sets no floor.

    An addition that appears beside recorded ones of the same charge is a duplicate made by hand. It sets no floor.
    """
    if recorded is None:
        return each.addition.quantity if new else None  # the ledger sees it for the first time in this run
    if recorded.first_quantity is None or recorded.first_seen_at is None or recorded.first_seen_at < period.start:
        return None
    return recorded.first_quantity if recorded.first_rule_digest in (None, digest) else None
