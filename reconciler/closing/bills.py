"""What each charge was billed in a run: its lines, and the version of the rule that gave them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reconciler.additions.charge import Charge
from reconciler.additions.charges import ChargeInputs
from reconciler.closing.json_values import Json, decimal_text
from reconciler.closing.rule_version import RuleVersion, version_of
from reconciler.kinds.billing_rules import Exclusion, product_label


@dataclass(frozen=True, slots=True)
class Bill:
    """The lines of one charge at one moment, as its rule gives them."""

    charge: Charge
    version: RuleVersion
    lines: Sequence[Json]


def bills_of(charges: Iterable[Charge], inputs: ChargeInputs) -> Iterator[Bill]:
    """Yield the bill of each charge that is not held. `inputs` are those that the charges were made from."""
    rules = {(rule.name, rule.charge): rule for rule in inputs.rules}
    exclusions: defaultdict[tuple[str, str], list[Exclusion]] = defaultdict(list)
    for each in inputs.exclusions:
        exclusions[each.source, each.customer_id].append(each)
    for charge in charges:
        if charge.state != "held":
            own = exclusions.get((charge.source, charge.customer_id), ())
            version = version_of([rules[charge.mapping, charge.name]], inputs.settings, own)
            yield Bill(charge, version, lines_json(charge))


def lines_json(charge: Charge) -> list[Json]:
    """Return the lines of a charge as JSON, with exact figures."""
    return [
        {
            "product": product_label(each.product),
            "quantity": decimal_text(each.quantity),
            "unit_price": decimal_text(each.unit_price),
            "amount": decimal_text(each.amount),
        }
        for each in charge.lines
    ]
