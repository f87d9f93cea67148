"""Check the amounts of plans with random additions: a plan's amount after equals the amount after its apply."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.additions.charges import charge_usage
from reconciler.additions.desired_addition import DesiredAddition
from reconciler.additions.leaving import left_addition
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.match import Matched
from reconciler.additions.ownership import Owner, Ownership, assign_owners
from reconciler.additions.pair_actions import planned_pair
from reconciler.additions.planned import PlannedAddition
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.values import Link
from reconciler.ledger.snapshot import Snapshot
from reconciler.ledger.store import Ledger
from reconciler.planning.action import Action
from tests.planning.builders import NOW, live, mapping, product

from .builders import NOVEMBER, builder, live_of, match
from .scene import GB, Scene, applied, live_product

D = Decimal
fewer_examples = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Most of the time goes into drawing the random additions, so use fewer examples than the default."""
A, B = Owner("a", "cove", "1"), Owner("b", "cove", "2")
TAGS = (A.tag, B.tag, "rc:cove/1/a", "rc:cove/1/older/storage", "rc:cove/9/gone/storage", f"{A.tag}/2026-10")
AGREEMENTS = {"one": 1, "two": 2, "new": None}
PRODUCTS = {"small": 4, "large": 5, "new": None}

amounts = st.decimals(0, 5000, places=2)
prices = st.decimals(0, 3, places=4)
days = st.sampled_from([None, "2026-10-31", "2026-11-01", "2026-11-20", "2026-12-24"]).map(
    lambda day: None if day is None else f"{day}T00:00:00Z"
)


@st.composite
def additions(draw: st.DrawFn) -> LiveObject:
    """Draw any addition of a tenant: ours or not, cancelled, not billable, or with an allowance."""
    raw = {
        "product": {"id": draw(st.sampled_from([4, 5, 6])), "identifier": "P"},
        "serialNumber": draw(st.sampled_from([*TAGS, f"{A.tag} ", "", None, "SN-1"])),
        "quantity": draw(amounts),
        "unitPrice": draw(prices | st.none()),
        "lessIncluded": draw(st.sampled_from([None, D(0), D(10)])),
        "billCustomer": draw(st.sampled_from(["Billable", "NoCharge", "DoNotBill"])),
        "effectiveDate": draw(days),
        "cancelledDate": draw(days),
    }
    agreement = draw(st.sampled_from([1, 2]))
    return live("Addition", 0, {"agreementId": agreement, **raw}, agreement)


@st.composite
def estates(draw: st.DrawFn) -> list[LiveObject]:
    """Draw up to 8 additions, with ids from 1."""
    found = draw(st.lists(additions(), max_size=8))
    return [
        LiveObject("Addition", number, {**obj.raw, "id": number}, obj.parent_id) for number, obj in enumerate(found, 1)
    ]


@st.composite
def lines(draw: st.DrawFn) -> list[DesiredAddition]:
    """Draw the desired additions of two mappings: up to 3 products of one agreement each."""
    found = []
    for owner in (A, B):
        agreement = draw(st.sampled_from(sorted(AGREEMENTS)))
        for name in draw(st.lists(st.sampled_from(sorted(PRODUCTS)), unique=True, max_size=3)):
            emptied = draw(st.booleans())
            found.append(
                DesiredAddition(
                    owner=owner,
                    agreement=Link(agreement, AGREEMENTS[agreement], f"Agreement/{agreement}"),
                    product=Link(name, PRODUCTS[name], f"Product/{name}"),
                    quantity=D(0) if emptied else draw(amounts),
                    unit_price=None if emptied else draw(prices),
                    effective_date="2026-11-01",
                    reason="usage",
                    adopt=draw(st.booleans()) and not emptied,
                    emptied=emptied,
                )
            )
    return found


@dataclass(frozen=True)
class PlannedSet:
    """Ownership, match and planned additions, computed as in `plan_usage`."""

    ownership: Ownership
    matched: Matched
    planned: list[PlannedAddition]

    @property
    def actions(self) -> list[Action]:
        return [each.action for each in self.planned if each.action is not None]

    @property
    def unchanged(self) -> list[LiveAddition]:
        """Return our additions that the plan does not write."""
        return [
            *self.matched.kept,
            *(each.live for each in (*self.matched.duplicates, *self.matched.ending_duplicates)),
            *self.ownership.orphans,
            *self.ownership.period_additions,
        ]

    @property
    def money_before(self) -> Decimal:
        planned = (each.live.monthly for each in self.planned if each.live is not None)
        return sum((each.monthly for each in self.unchanged), D(0)) + sum(planned, D(0))

    @property
    def money_after(self) -> Decimal:
        return sum((each.monthly for each in (*self.unchanged, *self.planned)), D(0))


def plan_of(desired: Sequence[DesiredAddition], live_objects: Sequence[LiveObject]) -> PlannedSet:
    ownership = assign_owners(live_of(*live_objects), (A, B), frozenset({"cove"}), Snapshot())
    found, by = match(desired, ownership, NOVEMBER, Snapshot()), builder()
    left = (left_addition(each, None, by) for each in found.superseded)
    return PlannedSet(ownership, found, [*(planned_pair(by, pair) for pair in found.pairs), *left])


def resolved(line: DesiredAddition) -> DesiredAddition:
    """Return the desired addition with ids for the objects that the plan creates."""
    return replace(
        line,
        agreement=Link(line.agreement.name, line.agreement.id or 3, line.agreement.address),
        product=Link(line.product.name, line.product.id or 7, line.product.address),
    )


def our_money(objects: Sequence[LiveObject]) -> Decimal:
    return sum((each.monthly for each in live_of(*objects) if each.tag is not None), D(0))


@fewer_examples
@given(lines(), estates())
def test_the_amount_after_a_plan_is_the_amount_after_its_apply(
    desired: list[DesiredAddition], live_objects: list[LiveObject]
) -> None:
    plan = plan_of([resolved(line) for line in desired], live_objects)
    assert plan.money_after == our_money(applied(plan.actions, live_objects))
    adopted = sum((each.live.monthly for each in plan.planned if each.adopted and each.live is not None), D(0))
    assert plan.money_before == our_money(live_objects) + adopted


@fewer_examples
@given(lines(), estates())
def test_the_amounts_of_the_actions_add_up_to_the_difference(
    desired: list[DesiredAddition], live_objects: list[LiveObject]
) -> None:
    plan, by = plan_of(desired, live_objects), builder()
    written = [each.live for each in plan.planned if each.live is not None and not each.replaced]
    before = sum((by.from_next_month(live.obj.raw, live.agreement_id) for live in written), D(0))
    after = sum((each.from_next_month for each in plan.planned), D(0))
    moved = sum((each.money.after - each.money.before for each in plan.actions if each.money is not None), D(0))
    assert after - before == moved


@fewer_examples
@given(lines(), estates())
def test_after_an_apply_a_second_plan_is_empty(desired: list[DesiredAddition], live_objects: list[LiveObject]) -> None:
    existing = [resolved(line) for line in desired]
    first = plan_of(existing, live_objects)
    again = plan_of(existing, applied(first.actions, live_objects))
    assert [each.address for each in again.planned if each.action is not None] == []


@fewer_examples
@given(lines(), estates())
def test_each_of_our_additions_is_in_exactly_one_group(
    desired: list[DesiredAddition], live_objects: list[LiveObject]
) -> None:
    plan = plan_of(desired, live_objects)
    tagged = sorted(each.id for each in live_of(*live_objects) if each.tag is not None)
    planned = [each.live.id for each in plan.planned if each.live is not None and not each.adopted]
    assert sorted([*(each.id for each in plan.unchanged), *planned]) == tagged


@fewer_examples
@given(lines(), estates())
def test_an_untagged_addition_is_changed_only_if_it_is_adopted(
    desired: list[DesiredAddition], live_objects: list[LiveObject]
) -> None:
    plan = plan_of(desired, live_objects)
    tagged = {each.id for each in live_of(*live_objects) if each.tag is not None}
    assert {action.id for action in plan.actions if action.action == "update"} <= tagged


RULES: dict[str, dict[str, Any]] = {
    "flat": {},
    "minimum": {"minimum": D(40)},
    "allowance": {"included": {"amount": D(10), "per": "device"}},
    "half": {"rounding": {"mode": "nearest", "step": D("0.5")}},
    "exact": {"rounding": {"mode": "none"}},
    "volume": {"product": None, "ranges": [{"upTo": D(100), "product": "gb"}, {"product": "tb"}]},
    "graduated": {
        "product": None,
        "tiering": "graduated",
        "minimum": D(20),
        "ranges": [
            {"upTo": D("50.5"), "product": "gb"},
            {"upTo": D(120), "product": "tb", "price": D("0.11")},
            {"product": "pb"},
        ],
    },
}
PRICES = {"gb": D("0.25"), "tb": D("0.20"), "pb": D("0.15")}


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    hours=st.lists(
        st.tuples(st.sampled_from(sorted(RULES)), st.integers(0, 200 * GB) | st.none()), min_size=1, max_size=8
    )
)
def test_hour_by_hour_the_additions_bill_exactly_the_charges(
    empty_ledger: Path, hours: list[tuple[str, int | None]]
) -> None:
    """Rules and usage change. Each time the amounts are equal, and a second plan is empty."""
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(empty_ledger, Path(folder) / "ledger.sqlite")
        with Ledger.open(str(path), now=NOW) as ledger:
            scene = Scene(ledger, graceHours=0, guardrails={"quantity": None, "zero": False})
            scene.declare(
                *(product(name, identifier=f"BACKUP-{name.upper()}", price=each) for name, each in PRICES.items())
            )
            scene.live(live_product(6, "BACKUP-TB"), live_product(7, "BACKUP-PB"))
            for rule, size in hours:
                scene.declare(mapping(**RULES[rule]))
                scene.hour({} if size is None else {"77": str(D(size) / GB)})
                again = scene.plan()
                assert again.actions == ()
                (charge,) = charge_usage(scene.to_charge()).charges
                assert charge.amount == again.money_after == scene.money()
                assert sum(line.quantity for line in charge.lines) == sum(scene.billed().values())
                products = [obj.raw["product"]["id"] for obj in scene.additions]
                assert len(products) == len(set(products))
