"""Each adjustment of a month is told with its cause, and with what became of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reconciler.additions.live_additions import addition_of
from reconciler.additions.views import AdditionView
from reconciler.closing.corrections import corrections_json, sum_of_made
from reconciler.kinds.live_state import LiveObject
from reconciler.ledger.snapshot import AcceptedAmount, Approval
from reconciler.planning.plan import CoverageRow
from tests.closing.test_explanation import write
from tests.planning.builders import NOW

ADDRESS = "Addition/acme.storage:gb@2026-10+1"
WHY = "2026-10 is billed with 30.00 USD and rated with 36.00 USD now (late samples): 6.00 USD more are due"


def view(address: str = ADDRESS, *, live: bool = True, why: str = WHY) -> AdditionView:
    raw = {"id": 101, "quantity": 1, "unitPrice": 6, "effectiveDate": "2026-11-01", "invoiceDescription": "Adjustment"}
    if not live:
        desired = {"unitPrice": Decimal("6.00"), "effectiveDate": "2026-11-01"}
        return AdditionView(address, (), "held", why, "acme", "cove/77", None, desired)
    addition = addition_of(LiveObject("Addition", 101, raw, 9), "USD")
    return AdditionView(address, (), "up to date", "it corrects 2026-10", "acme", "cove/77", addition)


def told(*views: AdditionView, **more: Any) -> list[dict[str, Any]]:
    known: dict[str, Any] = {"owed": (), "accepted": (), "writes": (), "approvals": (), **more}
    return corrections_json(views, known["owed"], known["accepted"], known["writes"], known["approvals"])


def test_one_that_is_made_has_its_cause_its_write_and_its_approval() -> None:
    writes = [write(5, NOW, address=ADDRESS, method="POST", reason=WHY)]
    others = [Approval("samples", ADDRESS, "2026-11", "bob", NOW), Approval("credit", "other", "2026-11", "bob", NOW)]
    approvals = [Approval("adjustment", ADDRESS, "2026-11", "ann@desk", NOW), *others]
    (found,) = told(view(), view("Addition/acme.storage:gb"), writes=writes, approvals=approvals)
    assert (found["corrects"], found["number"], found["state"], found["amount"]) == ("2026-10", 1, "made", "6")
    assert (found["cause"], found["text"], found["first_day"]) == ("late samples", "Adjustment", "2026-11-01")
    assert (found["id"], found["run"], found["approved_by"]) == (101, 1, "ann@desk")
    assert [*sum_of_made([found], "2026-10")] == [6]
    assert [*sum_of_made([found], "2026-11")] == []


def test_one_that_waits_has_the_amount_of_the_plan() -> None:
    (found,) = told(view(live=False))
    assert (found["state"], found["amount"], found["cause"], found["id"]) == ("waiting", "6", "late samples", None)
    assert [*sum_of_made([found], "2026-10")] == []


def test_one_whose_write_the_ledger_lost_has_no_cause() -> None:
    (found,) = told(view())
    assert (found["state"], found["cause"], found["written_at"]) == ("made", None, None)
    assert (found["why"], found["approved_by"]) == ("it corrects 2026-10", None)


def test_an_amount_that_no_line_bills_is_owed_or_accepted() -> None:
    row = CoverageRow(
        source="cove", customer="77", name="Acme", state="owed", money=Decimal(2), detail=WHY, accounted=False,
        address="Addition/acme.storage:gb@2026-10+2",
    )  # fmt: skip
    amounts = [AcceptedAmount("cove", "77", "storage", "2026-10", number, "rc:x", Decimal(3)) for number in (3, 4)]
    given = [Approval("credit", "Addition/acme.storage:credit@2026-10+3", "2026-11", "ann@desk", NOW)]
    found = {each["state"] + str(each["number"]): each for each in told(owed=[row], accepted=amounts, approvals=given)}
    owed, by_address, unnamed = found["owed2"], found["accepted3"], found["accepted4"]
    assert (owed["state"], owed["amount"], owed["approved_by"]) == ("owed", "2", None)
    assert (by_address["state"], by_address["address"], by_address["approved_by"]) == (
        "accepted",
        "Addition/acme.storage:credit@2026-10+3",
        "ann@desk",
    )
    assert (unnamed["address"], unnamed["approved_by"]) == ("cove/77@2026-10+4", None)
    assert sum(sum_of_made([owed, by_address, unnamed], "2026-10")) == 6
