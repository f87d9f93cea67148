"""Describe what proposed mappings would bill. Nothing is done for them until a person removes the mark."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.additions.actions import ActionBuilder
from reconciler.additions.beside import Beside
from reconciler.additions.charge import Charge
from reconciler.additions.desired import BillingContext, desired_additions
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.match import Pair, match
from reconciler.additions.ownership import Owner, Ownership
from reconciler.additions.pair_actions import planned_pair
from reconciler.additions.planned import PlannedAddition
from reconciler.amounts import amount_text
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.values import plain_decimal
from reconciler.ledger.snapshot import Snapshot

ADVICE = "if this is right, remove `proposed: true` from its document"


@dataclass(frozen=True, slots=True)
class ProposedUsage:
    """What the proposed mappings would bill."""

    details: Mapping[str, str] = field(default_factory=dict)
    """By mapping: its lines and amounts, or why it could not be billed, and what to do."""
    planned: tuple[PlannedAddition, ...] = ()
    """The additions that these mappings would write. No plan contains their actions."""


def proposed_usage(
    charges: Collection[Charge],
    rules: Mapping[Owner, Rule],
    ownership: Ownership,
    taken: Iterable[LiveAddition],
    snapshot: Snapshot,
    context: BillingContext,
    builder: ActionBuilder,
    *,
    beside: Beside,
) -> ProposedUsage:
    """Return what these charges of proposed mappings would bill.

    `taken` has the additions that this plan adopts: a proposed mapping cannot adopt
    them too. `beside` has those that may bill the same as a new one.
    """
    if not charges:
        return ProposedUsage()
    # The setup is planned too: what the mapping needs may be proposed together with it, and created by the same plan.
    desired = desired_additions(charges, rules, replace(context, setup=True))
    adopted = {each.id for each in taken}
    free = replace(ownership, foreign=[each for each in ownership.foreign if each.id not in adopted])
    matched = match(desired.additions, free, context.period, snapshot)
    refused = {**desired.refused, **{name: "; ".join(reasons) for name, reasons in matched.refused.items()}}
    by_mapping: dict[str, list[tuple[Pair, PlannedAddition]]] = {}
    for pair in matched.pairs:
        by_mapping.setdefault(pair.desired.mapping, []).append((pair, planned_pair(builder, pair)))
    held = {name: all(each.state == "held" for each in charges if each.mapping == name) for name in by_name(charges)}
    details = {
        name: _detail(refused.get(name), by_mapping.get(name, ()), context, beside, held=each)
        for name, each in held.items()
    }
    return ProposedUsage(details, tuple(planned for found in by_mapping.values() for _pair, planned in found))


def by_name(charges: Iterable[Charge]) -> Iterable[str]:
    """Return the mappings of charges, each once."""
    return dict.fromkeys(each.mapping for each in charges)


def _detail(
    refused: str | None,
    found: Iterable[tuple[Pair, PlannedAddition]],
    context: BillingContext,
    beside: Beside,
    *,
    held: bool,
) -> str:
    if refused is not None:
        return f"it could not be billed: {refused}"
    if held:
        return ADVICE
    lines = [text for pair, planned in found for text in (_line(pair, planned, context.currency), *beside.texts(pair))]
    return f"{'; '.join(lines) or 'it would write no addition yet, because there is no usage'}; {ADVICE}"


def _line(pair: Pair, planned: PlannedAddition, currency: str | None) -> str:
    """Return what the mapping would do with one addition, with its agreement, product, price and amounts."""
    desired = pair.desired
    price = "" if desired.unit_price is None else f" at {amount_text(desired.unit_price, currency)}"
    bills = f"{plain_decimal(desired.quantity)} of product {desired.product.name}{price}"
    after = amount_text(planned.monthly, currency)
    if pair.live is None:
        return f"it would add {bills} to agreement {desired.agreement.name}, {after} a month"
    verb = "adopt" if pair.evidence == "adopt" else "write"
    return (
        f"it would {verb} addition id {pair.live.id} of agreement {desired.agreement.name}: {bills}, "
        f"{amount_text(pair.live.monthly, currency)} → {after} a month"
    )
