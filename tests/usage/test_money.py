"""Money, held by rules: what a plan promises is what an apply leaves, whatever happens in between."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.kinds.estate import Estate, LiveObject
from reconciler.kinds.values import Link
from reconciler.ledger.store import Ledger
from reconciler.planning.additions import AdditionsPlan, WantedLine, plan_additions
from reconciler.planning.plan import Action
from reconciler.planning.standing import Period, mark_of, monthly, overlaps
from tests.planning.builders import NOW, live, mapping, product

from .builders import GB
from .scene import Scene, applied, grouped, live_product

D = Decimal
some = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Estates are large values, and most of the time goes into drawing them."""
NOVEMBER = Period("2026-11-01", "2026-11-30")
MARKS = ("rc:cove/1/a", "rc:cove/2/b", "rc:cove/9/gone")
AGREEMENTS = {"one": 1, "two": 2, "new": None}
PRODUCTS = {"small": 4, "large": 5, "new": None}

amounts = st.decimals(0, 5000, places=2)
prices = st.decimals(0, 3, places=4)
days = st.sampled_from([None, "2026-10-31", "2026-11-01", "2026-11-20", "2026-12-24"]).map(
    lambda day: None if day is None else f"{day}T00:00:00Z"
)


@st.composite
def additions(draw: st.DrawFn) -> LiveObject:
    """Any addition that a tenant could hold: ours, somebody else's, cancelled, free, with an allowance."""
    raw = {
        "product": {"id": draw(st.sampled_from([4, 5, 6])), "identifier": "P"},
        "serialNumber": draw(st.sampled_from([*MARKS, "rc:cove/1/a ", "", None, "SN-1"])),
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
    found = draw(st.lists(additions(), max_size=8))
    return [
        LiveObject("Addition", number, {**obj.raw, "id": number}, obj.parent_id) for number, obj in enumerate(found, 1)
    ]


@st.composite
def lines(draw: st.DrawFn) -> list[WantedLine]:
    """The bills of two mappings: one line for each of some products of one agreement."""
    found = []
    for mapping_name, mark in (("a", MARKS[0]), ("b", MARKS[1])):
        agreement = draw(st.sampled_from(sorted(AGREEMENTS)))
        for name in draw(st.lists(st.sampled_from(sorted(PRODUCTS)), unique=True, max_size=3)):
            standing = draw(st.booleans())
            found.append(
                WantedLine(
                    mapping=mapping_name,
                    agreement=Link(agreement, AGREEMENTS[agreement], f"Agreement/{agreement}"),
                    product=Link(name, PRODUCTS[name], f"Product/{name}"),
                    quantity=D(0) if standing else draw(amounts),
                    unit_price=None if standing else draw(prices),
                    mark=mark,
                    effective_date="2026-11-01",
                    why="usage",
                    adopt=draw(st.booleans()) and not standing,
                    standing_only=standing,
                    claims=frozenset(draw(st.lists(st.integers(1, 8), max_size=2))),
                )
            )
    return found


def planned(wanted: Sequence[WantedLine], standing: Sequence[LiveObject]) -> AdditionsPlan:
    return plan_additions(
        with_claims_as_they_are_made(wanted, standing),
        Estate(additions=grouped(standing)),
        NOVEMBER,
        currency="USD",
        last_written={},
        on_drift="restore",
    )


def with_claims_as_they_are_made(wanted: Sequence[WantedLine], standing: Sequence[LiveObject]) -> list[WantedLine]:
    """Only what carries no mark of these two mappings can be claimed, and by one mapping alone (`usage.claims`)."""
    free = {obj.id for obj in standing if mark_of(obj) not in MARKS[:2]}
    owners: dict[int, str] = {}
    for line in wanted:
        for number in line.claims & free:
            owners.setdefault(number, line.mapping)
    return [
        replace(line, claims=frozenset(number for number in line.claims if owners.get(number) == line.mapping))
        for line in wanted
    ]


def resolved(line: WantedLine) -> WantedLine:
    """What was pending exists once the plan is done."""
    return replace(
        line,
        agreement=Link(line.agreement.name, line.agreement.id or 3, line.agreement.address),
        product=Link(line.product.name, line.product.id or 7, line.product.address),
    )


def our_money(objects: Sequence[LiveObject]) -> Decimal:
    return sum((monthly(obj) for obj in objects if mark_of(obj) and overlaps(obj, NOVEMBER)), D(0))


@some
@given(lines(), estates())
def test_the_money_after_a_plan_is_what_its_apply_leaves(wanted: list[WantedLine], standing: list[LiveObject]) -> None:
    wanted = [resolved(line) for line in wanted]
    plan = planned(wanted, standing)
    left = applied(plan.actions, standing)
    assert plan.money_after == our_money(left)
    taken = sum((monthly(obj) for obj in standing if not mark_of(obj) and obj.id in ids(plan)), D(0))
    assert plan.money_before == our_money(standing) + taken


def ids(plan: AdditionsPlan) -> set[int]:
    return {action.id for action in plan.actions if action.action == "adopt" and action.id is not None}


@some
@given(lines(), estates())
def test_the_money_of_the_actions_is_the_difference(wanted: list[WantedLine], standing: list[LiveObject]) -> None:
    plan = planned(wanted, standing)
    moved = sum((each.money.after - each.money.before for each in plan.actions if each.money is not None), D(0))
    assert plan.money_after - plan.money_before == moved


@some
@given(lines(), estates())
def test_after_an_apply_there_is_nothing_left_to_do(wanted: list[WantedLine], standing: list[LiveObject]) -> None:
    wanted = [resolved(line) for line in wanted]
    first = planned(wanted, standing)
    again = planned(wanted, applied(first.actions, standing))
    assert [action.address for action in again.actions if mapping_of(action) not in first.refused] == []


def mapping_of(action: Action) -> str:
    """`Addition/acme:gb` → `acme`."""
    return action.address.removeprefix("Addition/").partition(":")[0]


@some
@given(lines(), estates())
def test_nothing_unmarked_is_touched_unless_it_is_adopted(wanted: list[WantedLine], standing: list[LiveObject]) -> None:
    plan = planned(wanted, standing)
    marked = {obj.id for obj in standing if mark_of(obj)}
    assert {action.id for action in plan.actions if action.action == "update"} <= marked


@some
@given(lines(), estates())
def test_what_is_refused_is_told_by_mapping(wanted: list[WantedLine], standing: list[LiveObject]) -> None:
    plan = planned(wanted, standing)
    assert sorted(plan.problems) == sorted(text for texts in plan.refused.values() for text in texts)


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
def test_hour_by_hour_the_additions_bill_what_the_rules_say_and_nothing_beside(
    empty_ledger: Path, hours: list[tuple[str, int | None]]
) -> None:
    """Rules change and usage comes and goes; each time the lines add up, and a second look finds nothing to do."""
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(empty_ledger, Path(folder) / "ledger.sqlite")
        with Ledger.open(str(path), now=NOW) as ledger:
            scene = Scene(ledger, graceHours=0)
            scene.declare(
                *(product(name, identifier=f"BACKUP-{name.upper()}", price=each) for name, each in PRICES.items())
            )
            scene.live(live_product(6, "BACKUP-TB"), live_product(7, "BACKUP-PB"))
            for rule, size in hours:
                scene.declare(mapping(**RULES[rule]))
                scene.hour({} if size is None else {"77": str(D(size) / GB)})
                again = scene.plan()
                assert again.additions.actions == []
                (bill,) = again.result.bills
                assert bill.amount == again.additions.money_after == scene.money()
                assert sum(line.quantity for line in bill.lines) == sum(scene.billed().values())
                places = [obj.raw["product"]["id"] for obj in scene.additions]
                assert len(places) == len(set(places))
