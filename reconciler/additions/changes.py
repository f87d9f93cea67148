"""Sum up what a run changes for each charge. The guardrails check these sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from reconciler.additions.charge import Charge
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.ownership import Owner, Ownership, short_addresses
from reconciler.additions.period_money import EarlierLines
from reconciler.additions.planned import PlannedAddition
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.money import monthly_amount
from reconciler.ledger.snapshot import RecordedAddition, Snapshot

_ZERO = Decimal(0)
_NEED_HOURS = ("mean", "p95")


@dataclass(frozen=True, slots=True)
class ChargeChange:
    """What a run changes for one charge. Quantities are sums over its additions, in `unit`. Money is per month."""

    owner: Owner
    unit: str | None
    """None for a count or a plain number."""
    quantity_before: Decimal
    """The quantity that the last apply left, or the live one if the ledger has none."""
    quantity_after: Decimal
    money_before: Decimal
    money_after: Decimal
    vanished: bool = False
    """Whether the customer has vanished or was never seen."""
    changed_in_git: bool = False
    """Whether the rule differs from that of the last apply."""
    first_in_period: bool = False
    """Whether no apply has billed the charge in this period yet."""
    unfinished: bool = False
    """Whether an interrupted apply created only some of its additions, so that no full quantity was billed yet."""
    used_nothing: bool = False
    """Whether usage is zero although the console lists devices with figures."""
    hours: tuple[int, int] | None = None
    """For `mean` and `p95`: the number of hours with a figure, and of all hours."""
    measure: str = "last"
    addresses: frozenset[str] = frozenset()
    """The addresses of its additions, long and short."""

    @property
    def address(self) -> str:
        """Return the address of the mapping."""
        return self.owner.mapping_address

    @property
    def difference(self) -> Decimal:
        """Return by how much the quantity rises or falls."""
        return abs(self.quantity_after - self.quantity_before)


def charge_changes(
    planned: Iterable[PlannedAddition],
    charges: Mapping[Owner, Charge],
    rules: Mapping[Owner, Rule],
    digests: Mapping[Owner, str],
    snapshot: Snapshot,
    period: str,
    currency: str | None,
    *,
    ownership: Ownership,
) -> list[ChargeChange]:
    """Return one sum for each charge with a planned addition, whether it changes or not.

    `digests` has the digest of each charge's rule. `period` is that of the run, as `2026-11`. Additions of a new month
    are compared with those of the month before.
    """
    earlier = EarlierLines(ownership)
    by_owner: dict[Owner, list[PlannedAddition]] = defaultdict(list)
    for each in planned:
        by_owner[each.owner].append(each)
    shorts = short_addresses((owner, each.address) for owner, additions in by_owner.items() for each in additions)
    changes = (
        _change(
            owner,
            additions,
            charges[owner],
            rules[owner],
            digests[owner],
            snapshot,
            period,
            currency=currency,
            earlier=earlier.of(owner) if all(each.live is None for each in additions) else (),
        )
        for owner, additions in by_owner.items()
    )
    return [_addressed(each, by_owner[each.owner], shorts) for each in changes]


def _addressed(change: ChargeChange, additions: Sequence[PlannedAddition], shorts: Container[str]) -> ChargeChange:
    """Return the change with the addresses of its additions, long and short. A short one must fit only one addition."""
    long = [each.address for each in additions]
    short = [each for each in map(change.owner.short, long) if each in shorts]
    return replace(change, addresses=frozenset((*long, *short)))


def _change(
    owner: Owner,
    additions: Sequence[PlannedAddition],
    charge: Charge,
    rule: Rule,
    digest: str,
    snapshot: Snapshot,
    period: str,
    *,
    currency: str | None,
    earlier: Sequence[LiveAddition],
) -> ChargeChange:
    ours = [each for each in additions if each.live is not None and not each.adopted and not each.replaced]
    lines = [(each.live, each.accepted) for each in ours if each.live is not None]
    lines += ((each, frozenset()) for each in earlier)
    recorded = [snapshot.additions.get(live.id) for live, _ in lines]
    digests_before = {each.rule_digest for each in recorded if each is not None and each.rule_digest is not None}
    measured, trace = charge.measured, charge.trace
    before = [_fields_before(live, accepted, record) for (live, accepted), record in zip(lines, recorded, strict=True)]
    return ChargeChange(
        owner=owner,
        unit=rule.unit,
        quantity_before=sum((Decimal(each.get("quantity") or 0) for each in before), _ZERO),
        quantity_after=sum((each.quantity for each in additions), _ZERO),
        money_before=sum((monthly_amount(each, currency) for each in before), _ZERO),
        money_after=sum((each.monthly for each in additions), _ZERO),
        vanished=charge.state == "zero",
        # After an interrupted apply, some additions have the new digest already. The change in Git still counts.
        changed_in_git=bool(digests_before - {digest}),
        first_in_period=not recorded or any(each is None or each.billed_period != period for each in recorded),
        unfinished=any(each.live is None for each in additions)
        and all(each is not None and each.created_by_us and each.rule_digest is None for each in recorded),
        used_nothing=trace is not None
        and not trace.in_unit
        and measured is not None
        and any(hour.has_devices for hour in measured.chosen),
        hours=None if rule.measure not in _NEED_HOURS or measured is None else measured.known_of_elapsed,
        measure=rule.measure,
    )


def _fields_before(live: LiveAddition, accepted: frozenset[str], recorded: RecordedAddition | None) -> dict[str, Any]:
    """Return the fields as the last apply left them, because to undo or accept a hand edit changes no charge."""
    left = {} if recorded is None else recorded.last_applied
    names = {"quantity", "unitPrice", "lessIncluded", "billCustomer"} - accepted
    return {**live.obj.raw, **{name: left[name] for name in names if left.get(name) is not None}}
