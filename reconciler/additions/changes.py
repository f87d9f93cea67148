"""What a run does to each charge, over all its lines: what guardrails look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from reconciler.additions.actions import PlannedAddition
from reconciler.additions.charge import Charge
from reconciler.additions.guardrails import ChargeChange
from reconciler.additions.money import monthly_amount
from reconciler.additions.ownership import Owner
from reconciler.kinds.billing_rules import Rule
from reconciler.ledger.snapshot import RecordedAddition, Snapshot

_ZERO = Decimal(0)
_NEED_HOURS = ("mean", "p95")


def charge_changes(
    written: Iterable[PlannedAddition],
    charges: Mapping[Owner, Charge],
    rules: Mapping[Owner, Rule],
    digests: Mapping[Owner, str],
    snapshot: Snapshot,
    period: str,
    currency: str | None,
) -> list[ChargeChange]:
    """One for each charge that is written in this run, changed or not."""
    by_owner: dict[Owner, list[PlannedAddition]] = defaultdict(list)
    for each in written:
        by_owner[each.owner].append(each)
    return [
        _change(owner, lines, charges[owner], rules[owner], digests[owner], snapshot, period, currency=currency)
        for owner, lines in by_owner.items()
    ]


def _change(
    owner: Owner,
    lines: Sequence[PlannedAddition],
    charge: Charge,
    rule: Rule,
    digest: str,
    snapshot: Snapshot,
    period: str,
    *,
    currency: str | None,
) -> ChargeChange:
    ours = [each for each in lines if each.live is not None and not each.adopted]
    known = [snapshot.additions.get(each.live.id) for each in ours if each.live is not None]
    rule_before = {each.rule_digest for each in known if each is not None and each.rule_digest is not None}
    measured, trace = charge.measured, charge.trace
    before = [_as_left(each, line) for each, line in zip(ours, known, strict=True)]
    return ChargeChange(
        owner=owner,
        unit=rule.unit,
        addresses=frozenset(each.address for each in lines) | {_short(each.address, owner) for each in lines},
        billed_before=sum((Decimal(each.get("quantity") or 0) for each in before), _ZERO),
        after=sum((each.quantity for each in lines), _ZERO),
        money_before=sum((monthly_amount(each, currency) for each in before), _ZERO),
        money_after=sum((each.monthly for each in lines), _ZERO),
        vanished=charge.state == "zero",
        # A run that died between the lines of a charge leaves some as they were: the next one still makes the change.
        changed_in_git=bool(rule_before - {digest}),
        first_in_period=not known or any(each is None or each.billed_period != period for each in known),
        unfinished=any(each.live is None for each in lines)
        and all(each is not None and each.created_by_us and each.rule_digest is None for each in known),
        used_nothing=trace is not None
        and not trace.in_unit
        and measured is not None
        and any(hour.devices for hour in measured.chosen),
        hours=None if rule.measure not in _NEED_HOURS or measured is None else measured.known_of_elapsed,
        measure=rule.measure,
    )


def _as_left(each: PlannedAddition, known: RecordedAddition | None) -> dict[str, Any]:
    """The fields of a line as we left it. Undoing or accepting a hand edit is not a change of the charge."""
    raw = each.live.obj.raw if each.live is not None else {}
    left = {} if known is None else known.last_applied
    names = {"quantity", "unitPrice", "lessIncluded", "billCustomer"} - each.accepted
    return {**raw, **{name: left[name] for name in names if left.get(name) is not None}}


def _short(address: str, owner: Owner) -> str:
    return address.replace(f"{owner.mapping}.{owner.charge}:", f"{owner.mapping}:", 1)
