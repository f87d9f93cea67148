"""Write a charge of a closed month as JSON: what a close freezes of it.

- `customer`, `mapping`, `charge`: what is billed, such as `cove/1001006`, `CustomerMapping/acme` and `storage`.
- `lines`: `perPeriod` or `rolling`, by the rules at the close.
- `terms`: the rule with the prices of the month, the agreement and the products, as `MonthTerms.to_json` writes them.
  They are those of the month's last run if the ledger has them, else those of the close. Null if the agreement or a
  product is not in ConnectWise.
- `version`: the digest of the version of its rule, which the ledger has: the rule with its prices, the settings and the
  exclusions. Of lines of all months, it is that of the month's last run.
- `exclusions`: the exclusions of the customer and of its devices, by which the month is rated again.
- `as_of`: the moment of the samples that counted. Lines of one month follow late samples until the close. Lines of all
  months have the samples of the month's end.
- `rated`: the lines that the rule gives for these samples, as in a bill. Null if they are not known.
- `quantity`, `unit`, `amount`: the same in all, as decimal text. Null if it is not known.
- `additions`: the lines that bill the month, as in the report (`ReportLine`), with quantity, price and amount. Those of
  one month are as they stand in ConnectWise at the close, also invoiced ones. Those of all months are as our writes
  had left them at the end of the month.

A close also keeps the digest of the pulls that the month was measured from, and who closed it when. Nothing of it
changes later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from reconciler.additions.charge import Charge
from reconciler.additions.closed_months import exclusions_json
from reconciler.closing.bills import lines_json
from reconciler.closing.rule_version import RuleVersion
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.values import plain_decimal


def frozen(
    rule: Rule,
    terms: Mapping[str, Any] | None,
    charge: Charge | None,
    lines: Iterable[Any],
    *,
    version: RuleVersion,
    as_of: datetime,
) -> dict[str, Any]:
    """Return a charge of a month as a close keeps it.

    `terms` has the rule, the agreement and the products, see `additions.month_terms`. `charge` is the month as rated;
    None if it is not known. `lines` are the additions that bill it, as in the report. `version` is the version of
    the rule, and `as_of` the moment of the samples.
    """
    trace = None if charge is None else charge.trace
    amount = None if charge is None else charge.amount
    return {
        "customer": f"{rule.source}/{rule.customer_id}",
        "mapping": f"CustomerMapping/{rule.name}",
        "charge": rule.charge,
        "lines": rule.lines,
        "terms": None if terms is None else dict(terms),
        "version": version.digest,
        "exclusions": exclusions_json(version.exclusions),
        "as_of": as_of.isoformat(),
        "rated": None if charge is None or trace is None else lines_json(charge),
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
