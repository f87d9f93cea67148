"""The unit cost of additions, and cost and margin beside their amounts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from reconciler.additions.charges import charge_usage
from reconciler.additions.ownership import ownership_of
from reconciler.additions.report import report_rows
from reconciler.additions.targets import limited
from reconciler.ledger.additions import load_snapshot
from reconciler.ledger.store import Ledger
from reconciler.manifests.selection import Targets
from reconciler.planning.part import Costs
from tests.additions.builders import changes, desired, emptied, only_action, planned, recorded, snapshot
from tests.additions.scene import TENANT, Scene
from tests.planning.builders import addition, mapping, product

D = Decimal
COSTED = product(cost=D("0.1"))


def test_an_addition_gets_the_cost_of_the_price_in_force(ledger: Ledger) -> None:
    scene = Scene(ledger)
    scene.declare(COSTED)
    (action,) = scene.hour({"77": "120"})
    assert changes(action)["unitCost"] == (None, "0.1")
    money = action.money
    assert money is not None
    assert (money.cost_before, money.cost_after, money.margin_after) == (0, 12, 18)


def test_a_cost_that_changes_alone_is_named_in_the_reason() -> None:
    live = addition(unitCost=D("0.1"))
    (found,) = planned(desired(unit_cost=D("0.2")), live=(live,))
    assert only_action([found]).reason == "cost; 119.4 GB used, 120 GB billed"
    (both,) = planned(desired(unit_cost=D("0.2"), unit_price=D("0.3")), live=(live,))
    assert only_action([both]).reason == "price; 119.4 GB used, 120 GB billed"


def test_a_cost_edited_by_hand_is_drift() -> None:
    last = {"quantity": "120", "unitPrice": "0.25", "unitCost": "0.1"}
    live = (addition(unitCost=D("0.5")),)
    (found,) = planned(desired(unit_cost=D("0.1")), live=live, ledger=snapshot(recorded(last_applied=last)))
    assert only_action([found]).reason.startswith("drift: edited by hand (unitCost)")
    assert [note.message for note in found.notes] == ["edited by hand: unitCost 0.1 → 0.5"]


def test_the_first_cost_that_the_manifests_give_is_no_drift() -> None:
    last = {"quantity": "120", "unitPrice": "0.25"}
    live = (addition(unitCost=D("0.5")),)
    (found,) = planned(desired(unit_cost=D("0.1")), live=live, ledger=snapshot(recorded(last_applied=last)))
    assert (only_action([found]).reason, found.notes) == ("cost; 119.4 GB used, 120 GB billed", ())


def test_without_a_declared_cost_that_of_the_addition_stays() -> None:
    (found,) = planned(desired(), live=(addition(unitCost=D("0.5")),))
    assert found.action is None
    assert (found.cost_from_next_month, "unitCost" in found.fields) == (60, False)


def test_an_unknown_cost_is_not_0_and_a_declared_0_is_known() -> None:
    (unknown,) = planned(desired(quantity=D(130)), live=(addition(unitCost=D(0)),))
    (known,) = planned(desired(quantity=D(130), unit_cost=D(0)), live=(addition(unitCost=D(0)),))
    assert (unknown.cost_from_next_month, known.cost_from_next_month) == (None, 0)
    assert only_action([unknown]).money.margin_after is None  # type: ignore[union-attr]
    assert only_action([known]).money.margin_after == D("32.5")  # type: ignore[union-attr]


def test_an_emptied_addition_keeps_the_cost_of_its_range() -> None:
    (found,) = planned(emptied(unit_cost=D("0.2")), live=(addition(unitCost=D("0.1")),))
    assert changes(only_action([found])) == {"quantity": ("120", "0"), "unitCost": ("0.1", "0.2")}
    assert found.cost_from_next_month == 0


def test_the_total_of_the_costs_and_the_number_of_unknown_ones(ledger: Ledger) -> None:
    scene = Scene(ledger)
    scene.hour({"77": "120"})
    scene.declare(COSTED)
    part = scene.plan()
    assert (part.money_after, part.costs) == (30, Costs(D(0), D(12), 1, 0))
    scene.apply()
    assert scene.plan().costs == Costs(D(12), D(12))


def test_a_move_keeps_the_cost_of_the_old_addition(ledger: Ledger) -> None:
    """A product that the mapping no longer uses goes to 0, at the cost that the last apply left."""
    scene = Scene(ledger)
    scene.declare(COSTED)
    scene.hour({"77": "120"})
    (line,) = scene.additions
    line.raw["unitCost"] = D("0.7")
    scene.declare(product("other", identifier="OTHER", cost=D("0.3")), mapping(product={"id": 5}))
    scene.live(replace(scene.objects["Product", 4], id=5, raw={"id": 5, "identifier": "OTHER", "price": D(1)}))
    actions = {each.action: changes(each) for each in scene.plan().actions}
    assert actions["update"]["unitCost"] == ("0.7", "0.1")


def test_the_costs_of_a_limited_plan_are_those_of_its_actions(ledger: Ledger) -> None:
    scene = Scene(ledger)
    scene.declare(COSTED, mapping("other", customer={"source": "cove", "id": "78"}))
    scene.uses({"77": "120", "78": "10"})
    usage = scene.planned()
    target = Targets((), ("Addition/other:gb",), ("CustomerMapping/other",))
    assert limited(usage, target).part.costs == Costs(D(0), D(1))


def test_the_report_has_the_cost_and_the_margin_of_each_addition(ledger: Ledger) -> None:
    scene = Scene(ledger)
    scene.declare(COSTED)
    scene.hour({"77": "120"})

    def row():
        inputs = scene.to_charge()
        known = load_snapshot(ledger, "test", TENANT, str(scene.period))
        ownership = ownership_of(scene.live_state, inputs.rules, scene.manifests.workspace.spec, known, scene.period)
        (found,) = report_rows(ownership, scene.live_state, charge_usage(inputs).charges, {"cove": "GB"}, "USD")
        return found

    assert (row().unit_cost, row().cost, row().margin) == (D("0.1"), 12, 18)
    scene.additions[0].raw["unitCost"] = D(0)
    assert (row().unit_cost, row().cost, row().margin) == (None, None, None)
    scene.declare(product(cost=D(0)))
    assert (row().unit_cost, row().cost, row().margin) == (0, 0, 30)


def test_a_new_addition_at_a_price_of_the_mapping_does_not_get_the_cost_of_the_product(ledger: Ledger) -> None:
    """ConnectWise fills in the cost of the product if a request has none. A 0 counts as unknown."""
    scene = Scene(ledger)
    scene.declare(COSTED, mapping(price=D(40)))
    (action,) = scene.hour({"77": "2"})
    assert changes(action)["unitCost"] == (None, "0")
    assert action.money is not None
    assert (action.money.after, action.money.cost_after) == (80, None)
    scene.additions[0].raw["unitCost"] = D(25)
    assert scene.plan().actions == (), "a cost that a person gives it stays"
