"""The differences between an approved plan and the present one."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from reconciler.planning.action import Action, Change, Money
from reconciler.planning.compare import compare
from reconciler.planning.plan import Plan, Summary, Tenant, digest_of

from .builders import NOW


def action(address: str, *changes: Change, verb: str = "update", number: int | None = 1, after: str = "") -> Action:
    return Action(
        address=address,
        kind=address.partition("/")[0],
        action=verb,
        id=number,
        endpoint="company/companies",
        reason="differs",
        changes=changes,
        depends_on=(after,) if after else (),
    )


def plan(*actions: Action) -> Plan:
    return Plan(
        workspace="main",
        tenant=Tenant(site="https://a.test", company="a"),
        created_at=NOW,
        manifest_digest="m",
        summary=Summary(money=Money(before=Decimal(0), after=Decimal(0))),
        actions=actions,
        digest=digest_of(actions),
    )


CITY, PHONE = Change(path="city", before="Tampa", after="Miami"), Change(path="phone", after="1")
ACME, ZETA = action("Company/acme", CITY, PHONE), action("Company/zeta", PHONE, verb="create", number=None)


def test_equal_plans_have_no_difference() -> None:
    found = compare(plan(ACME, ZETA), plan(ZETA, ACME))

    assert found.moved == ()
    assert not found.touches_approved


def test_an_added_action_does_not_touch_the_approved_ones() -> None:
    found = compare(plan(ACME), plan(ACME, ZETA))

    assert [each.to_json() for each in found.moved] == [
        {
            "address": "Company/zeta",
            "how": "added",
            "action": "create",
            "changes": [{"path": "phone", "before": None, "after": "1"}],
        }
    ]
    assert not found.touches_approved
    assert found.digest == plan(ACME, ZETA).digest


def test_an_action_that_is_gone_touches_the_approved_plan() -> None:
    found = compare(plan(ACME, ZETA), plan(ZETA))

    (moved,) = found.moved
    assert (moved.address, moved.how) == ("Company/acme", "gone")
    assert found.touches_approved


def test_only_the_fields_that_moved_are_named() -> None:
    other = Change(path="city", before="Orlando", after="Miami")
    zip_code = Change(path="zip", before="1", after="2")

    found = compare(plan(ACME), plan(action("Company/acme", other, PHONE, zip_code)))

    (moved,) = found.moved
    assert moved.to_json() == {
        "address": "Company/acme",
        "how": "changed",
        "fields": [
            {"path": "city", "approved": CITY.intent, "present": other.intent},
            {"path": "zip", "approved": None, "present": zip_code.intent},
        ],
        "more": [],
    }
    assert found.touches_approved


def test_another_type_of_action_and_another_order_are_differences() -> None:
    found = compare(
        plan(ACME), plan(action("Company/acme", CITY, PHONE, verb="create", number=None, after="Contact/a"))
    )

    (moved,) = found.moved
    assert moved.fields == ()
    assert moved.to_json()["more"] == [
        {"name": "action", "approved": "update", "present": "create"},
        {"name": "id", "approved": 1, "present": None},
        {"name": "depends_on", "approved": [], "present": ["Contact/a"]},
    ]


values = st.none() | st.booleans() | st.text(max_size=2) | st.lists(st.text(max_size=1), max_size=2)
changes = st.builds(Change, path=st.sampled_from(["a", "b"]), before=values, after=values)
actions = st.builds(
    lambda name, found, verb, number, after: action(
        f"Company/{name}", *{each.path: each for each in found}.values(), verb=verb, number=number, after=after
    ),
    st.sampled_from("xyz"),
    st.lists(changes, max_size=2),
    st.sampled_from(["create", "update"]),
    st.sampled_from([None, 1]),
    st.sampled_from(["", "Contact/a"]),
)
plans = st.lists(actions, max_size=3, unique_by=lambda each: each.address).map(lambda found: plan(*found))


@given(plans, plans)
def test_plans_without_a_difference_are_those_with_the_same_digest(one: Plan, other: Plan) -> None:
    assert (compare(one, other).moved == ()) is (one.digest == other.digest)


@given(plans, plans)
def test_an_action_added_in_one_direction_is_gone_in_the_other(one: Plan, other: Plan) -> None:
    forth = {(each.address, each.how) for each in compare(one, other).moved}
    back = {(each.address, each.how) for each in compare(other, one).moved}
    turned = {"added": "gone", "gone": "added", "changed": "changed"}

    assert back == {(address, turned[how]) for address, how in forth}
