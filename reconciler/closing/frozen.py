"""Write a charge of a closed month as JSON: its rule with the prices, its quantity, and the additions that stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from reconciler.additions.charge import Charge
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.values import plain_decimal


def frozen(rule: Rule, terms: Mapping[str, Any] | None, charge: Charge | None, lines: Iterable[Any]) -> dict[str, Any]:
    """Return a charge of a month as a close keeps it.

    `terms` has the rule, the agreement and the products, see `additions.month_terms`. `charge` is the month as rated;
    None if it is not known. `lines` are the additions that bill it, as in the report.
    """
    trace = None if charge is None else charge.trace
    amount = None if charge is None else charge.amount
    return {
        "customer": f"{rule.source}/{rule.customer_id}",
        "mapping": f"CustomerMapping/{rule.name}",
        "charge": rule.charge,
        "lines": rule.lines,
        "terms": None if terms is None else dict(terms),
        "quantity": None if trace is None else plain_decimal(trace.quantity),
        "unit": rule.unit,
        "amount": None if amount is None else plain_decimal(amount),
        "additions": [_line(each) for each in lines],
    }


def _line(line: Any) -> dict[str, Any]:
    found: dict[str, Any] = line.model_dump(mode="json")
    return found


def billed(charges: Iterable[Mapping[str, Any]]) -> Decimal:
    """Return the amount that the additions of closed charges bill."""
    return sum((Decimal(str(line["amount"])) for each in charges for line in each["additions"]), Decimal(0))
