"""The next invoice of an agreement: what it covers, and what it takes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from reconciler.closing.invoice import next_invoice
from reconciler.closing.preview import AgreementFacts, ToPreview, preview
from reconciler.kinds.live_state import LiveObject, LiveState
from tests.additions.scene import Scene
from tests.planning.builders import addition, live_agreement

ADDRESS = "Addition/acme.storage:gb"


def agreement(**raw: Any) -> LiveObject:
    usual = {
        "agreementStatus": "Active",
        "currency": {"currencyCode": "USD"},
        "nextInvoiceDate": "2026-12-01T00:00:00Z",
    }
    return live_agreement(**{**usual, **raw})


def foreign(number: int = 98, **raw: Any) -> LiveObject:
    """Return an addition of someone else, with 2 units at 10."""
    usual = {"serialNumber": "", "quantity": Decimal(2), "unitPrice": Decimal(10)}
    return addition(number, **{**usual, **raw})


def previewed(scene: Scene, **more: Any) -> Any:
    part = scene.planned()
    known: dict[str, Any] = {
        "workspace": "test",
        "at": scene.now,
        "today": scene.now.date(),
        "currency": "USD",
        "live_state": scene.live_state,
        "complete": {9},
        "facts": {9: AgreementFacts("Agreement/backup")},
        "ours": {each.live.id: each.address for each in part.views if each.live is not None},
        "actions": part.part.actions,
        "held": {},
    }
    return preview(ToPreview(**{**known, **more}))


def only(scene: Scene, **more: Any) -> Any:
    (found,) = previewed(scene, **more)["agreements"]
    return found


@pytest.fixture
def billed(scene: Scene) -> Scene:
    """Return a scene with our line of 120 GB, a line of someone else, and 130 GB used now."""
    scene.live(agreement(billAmount=Decimal(50)), addition(), foreign())
    scene.uses({"77": "129.5"})
    return scene


def test_an_invoice_holds_the_agreement_itself_and_all_lines_ours_or_not(billed: Scene) -> None:
    found = previewed(billed)
    (each,) = found["agreements"]
    assert (each["name"], each["address"], each["own"]) == ("Backup", "Agreement/backup", "50")
    assert [(line["address"], line["id"]) for line in each["lines"]] == [(None, 98), (ADDRESS, 99)]
    assert (each["stands"], each["after_plan"]) == ("100", "102.5")
    assert each["follow_usage"] == 1
    assert found["totals"] == [{"currency": "USD", "stands": "100", "after_plan": "102.5"}]
    assert (each["uncertain"], found["uncertain"]) == ([], 0)


def test_a_line_that_the_next_plan_creates_is_on_the_invoice_after_the_plan(scene: Scene) -> None:
    scene.live(agreement())
    scene.uses({"77": "129.5"})
    (line,) = only(scene)["lines"]
    assert (line["id"], line["address"], line["stands"]) == (None, ADDRESS, None)
    assert line["after_plan"] == {"quantity": "130", "included": "0", "unit_price": "0.25", "amount": "32.5"}


def test_in_advance_it_is_made_by_its_first_day_and_in_arrears_after_its_last(billed: Scene) -> None:
    assert only(billed)["invoice"] == {
        "from": "2026-12-01",
        "to": "2026-12-31",
        "invoiced": "advance",
        "made": "by",
        "on": "2026-12-01",
        "due": False,
    }
    arrears = only(billed, facts={9: AgreementFacts(None, "arrears")})["invoice"]
    assert (arrears["made"], arrears["on"]) == ("after", "2026-12-31")


def test_a_line_is_taken_by_its_dates(scene: Scene) -> None:
    scene.live(
        agreement(nextInvoiceDate="2026-11-01T00:00:00Z"),
        foreign(1, cancelledDate="2026-10-31T00:00:00Z"),
        foreign(2, cancelledDate="2026-11-01T00:00:00Z"),
        foreign(3, effectiveDate="2026-11-30T00:00:00Z"),
        foreign(4, effectiveDate="2026-12-01T00:00:00Z"),
        foreign(5, effectiveDate=None),
    )
    scene.uses({"77": "0"}, failed=True)
    found = only(scene, actions=())
    assert [line["id"] for line in found["lines"]] == [2, 3, 5]


def test_a_line_that_begins_after_the_invoice_and_an_unbilled_mapping_wait(scene: Scene) -> None:
    scene.live(agreement(), foreign(1, effectiveDate="2027-01-01T00:00:00Z"))
    scene.uses({"77": "0"}, failed=True)
    found = only(scene, actions=(), unbilled={9: [("CustomerMapping/late", "is waiting: billing starts later")]})
    assert (found["lines"], found["after_plan"]) == ([], "0")
    assert found["waits"] == [
        {"what": "addition id 1", "why": "begins on 2027-01-01", "amount": "20"},
        {"what": "CustomerMapping/late", "why": "is waiting: billing starts later", "amount": None},
    ]


def test_a_line_that_the_plan_ends_before_the_invoice_counts_only_as_it_stands(scene: Scene) -> None:
    scene.live(agreement(), addition(serialNumber="rc:cove/79/gone/storage"))
    scene.uses({"77": "0"})
    actions = scene.plan(prune=True).actions
    found = only(scene, actions=[each for each in actions if each.action == "retire"])
    (line,) = found["lines"]
    assert (line["stands"]["amount"], line["after_plan"]["amount"]) == ("30", "0")
    assert (found["stands"], found["after_plan"]) == ("30", "0")


def test_a_line_that_is_not_billable_or_has_an_allowance_counts_so(scene: Scene) -> None:
    scene.live(agreement(), foreign(1, billCustomer="NoCharge"), foreign(2, lessIncluded=Decimal(1)))
    scene.uses({"77": "0"}, failed=True)
    assert [line["stands"]["amount"] for line in only(scene, actions=())["lines"]] == ["0", "10"]


def test_an_agreement_without_a_date_or_that_has_ended_has_no_invoice(scene: Scene) -> None:
    scene.uses({"77": "0"}, failed=True)
    scene.live(agreement(nextInvoiceDate=None), foreign())
    found = only(scene)
    assert (found["invoice"], found["lines"], found["stands"]) == (None, [], "0")
    assert found["uncertain"] == ["ConnectWise gives no date of its next invoice"]
    scene.live(agreement(agreementStatus="Cancelled"))
    assert only(scene)["uncertain"] == ["the agreement is Cancelled: no invoice follows"]
    scene.live(agreement(endDate="2026-11-30T00:00:00Z", noEndingDateFlag=False, agreementStatus=None))
    assert only(scene)["uncertain"] == ["the agreement is over: no invoice follows"]


def test_an_agreement_that_has_ended_has_the_invoice_of_its_last_period(scene: Scene) -> None:
    scene.uses({"77": "0"}, failed=True)
    over = {"endDate": "2026-12-15T00:00:00Z", "noEndingDateFlag": False, "agreementStatus": "Expired"}
    scene.live(agreement(**over), foreign())
    assert (only(scene)["invoice"]["to"], only(scene)["stands"]) == ("2026-12-31", "20")
    cancelled = {"cancelledFlag": True, "dateCancelled": "2026-12-01T00:00:00Z", "agreementStatus": "Cancelled"}
    scene.live(agreement(**cancelled))
    assert only(scene)["stands"] == "20"


def test_an_addition_that_waits_for_an_approval_is_named_with_its_amount(scene: Scene) -> None:
    scene.live(agreement())
    scene.uses({"77": "129.5"})
    actions = scene.planned().part.actions
    assert only(scene, actions=(), pending=actions)["waits"] == [
        {"what": ADDRESS, "why": f"needs an approval: {actions[0].reason}", "amount": "32.5"}
    ]
    elsewhere = [
        each.model_copy(update={"changes": tuple(one for one in each.changes if one.path != "agreement")})
        for each in actions
    ]
    assert only(scene, actions=(), pending=elsewhere)["waits"] == []


def test_what_is_not_certain_is_named(scene: Scene) -> None:
    scene.uses({"77": "0"}, failed=True)
    scene.live(
        agreement(nextInvoiceDate="2026-11-01T00:00:00Z", prorateFlag=True, billingCycle={"id": 1, "name": "Weekly"}),
        foreign(1, effectiveDate="2026-11-10T00:00:00Z", unitPrice=None),
        addition(effectiveDate="2026-10-01T00:00:00Z"),
    )
    found = only(scene, actions=(), complete=(), held={ADDRESS: "the pull failed"})
    assert found["uncertain"] == [
        "the billing cycle Weekly is not a number of months, so its last day is not known",
        "the invoice is late: it was to be made by 2026-11-01",
        "no document declares the agreement, so only our lines were read: it may bill more",
        f"{ADDRESS} stays as it stands: the pull failed",
    ]
    assert found["invoice"]["to"] is None
    scene.live(agreement(nextInvoiceDate="2026-11-01T00:00:00Z", prorateFlag=True))
    assert only(scene, actions=())["uncertain"][1:] == [
        "addition id 1 has no unit price, and counts 0",
        "ConnectWise prorates addition id 1: 7/10 of its amount are shown",
    ]
    scene.live(foreign(1, cancelledDate="2026-11-15T00:00:00Z"))
    found = only(scene, actions=())
    assert found["uncertain"][1] == "ConnectWise prorates addition id 1: 1/2 of its amount are shown"
    assert found["lines"][0]["stands"]["amount"] == "10"


def test_arrears_of_an_unknown_cycle_have_no_day(scene: Scene) -> None:
    scene.live(agreement(billingCycle={"id": 1, "name": "Weekly"}))
    scene.uses({"77": "0"})
    invoice = only(scene, facts={9: AgreementFacts(None, "arrears")})["invoice"]
    assert (invoice["made"], invoice["on"], invoice["due"]) == ("after", None, False)


def test_only_the_asked_agreements_are_previewed(billed: Scene) -> None:
    assert previewed(billed, only={7})["agreements"] == []
    assert len(previewed(billed, only={9})["agreements"]) == 1


def test_an_agreement_without_name_and_product_is_named_by_its_ids(scene: Scene) -> None:
    scene.uses({"77": "0"}, failed=True)
    state = scene.live_state
    bare = LiveObject("Agreement", 12, {"id": 12, "nextInvoiceDate": "2026-12-01T00:00:00Z"})
    line = foreign(1, product={"id": 5})
    changed = LiveState(objects={**state.objects, ("Agreement", 12): bare}, additions={12: [line]})
    (found,) = previewed(scene, live_state=changed, only={12}, actions=())["agreements"]
    assert (found["name"], found["lines"][0]["product"], found["currency"]) == ("id 12", "id 5", "USD")


@pytest.mark.parametrize(
    ("first", "cycle", "last"),
    [
        ("2026-12-01", "Monthly", "2026-12-31"),
        ("2028-02-01", "Monthly", "2028-02-29"),
        ("2026-01-31", "Monthly", "2026-02-27"),
        ("2026-11-01", "Quarterly", "2027-01-31"),
        ("2026-11-15", "Yearly", "2027-11-14"),
    ],
)
def test_a_cycle_of_months_ends_on_the_day_before_the_next(first: str, cycle: str, last: str) -> None:
    found = next_invoice({"nextInvoiceDate": f"{first}T00:00:00Z", "billingCycle": {"name": cycle}}, "advance")
    assert found is not None
    assert found.last_day == date.fromisoformat(last)
