"""The undo of a run puts back the fields that nobody has changed since, and names each one that it leaves out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.live_state import LiveObject
from reconciler.planning.part import Part
from reconciler.planning.retire import Retirements, Terms
from reconciler.planning.setup_tables import SetupTables
from reconciler.planning.undo import UndoPlanner
from reconciler.planning.undo_inputs import LaterWrite, UndoInputs, WrittenObject

STATUSES = {"company/companies/statuses": [{"id": 1, "name": "Active"}, {"id": 2, "name": "Inactive"}]}
ADDRESS = "Company/acme"
ADDITION = "Addition/acme.storage:gb"


def written(action: Any = "update", kind: str = "Company", number: int | None = 7, **more: Any) -> WrittenObject:
    changes = more.pop("changes", {"city": ("Tampa", "Orlando")})
    return WrittenObject(more.pop("address", f"{kind}/acme"), kind, number, action, changes, **more)


def company(**values: Any) -> LiveObject:
    return LiveObject("Company", 7, {"id": 7, "identifier": "ACME", "city": "Orlando", **values})


def addition(**values: Any) -> LiveObject:
    return LiveObject("Addition", 7, {"id": 7, "quantity": 10, "unitPrice": Decimal("0.18"), **values}, 5)


def later(run: int, undoes: int | None = None, **changes: Any) -> LaterWrite:
    return LaterWrite(run, undoes, "2026-11-02 06:00 UTC", "ann", changes or {"city": ("Orlando", "Miami")})


def planned(
    *objects: WrittenObject,
    live: LiveObject | None = None,
    since: tuple[LaterWrite, ...] = (),
    tables: Any = STATUSES,
    **more: Any,
) -> Part:
    found = {} if live is None else {(live.kind, live.id): live}
    inputs = UndoInputs(2, objects, {(each.kind, each.id or 0): since for each in objects}, found, **more)
    return UndoPlanner(inputs, Retirements(SetupTables(tables), Terms("2026-11-30", "USD"))).part()


def note(part: Part) -> str:
    assert part.actions == ()
    (found,) = part.notes
    return found.message


def test_a_field_that_is_as_the_run_left_it_is_put_back() -> None:
    (action,) = planned(written(), live=company()).actions
    assert (action.action, action.id, action.endpoint) == ("update", 7, "company/companies/7")
    (change,) = action.changes
    assert (change.path, change.before, change.after) == ("city", "Orlando", "Tampa")
    assert action.precondition is not None
    assert action.precondition.fields == {"city": "Orlando"}


def test_a_field_that_is_as_before_already_is_unchanged() -> None:
    part = planned(written(), live=company(city="Tampa"), since=(later(3),))
    assert (part.actions, part.notes, part.unchanged) == ((), (), 1)


def test_a_hand_edited_field_is_left_out() -> None:
    part = planned(written(), live=company(city="Miami"))
    assert note(part) == "left out: city was changed in ConnectWise since: Orlando → Miami"


def test_a_field_that_a_later_run_wrote_is_left_out_until_that_run_is_undone() -> None:
    part = planned(written(), live=company(), since=(later(3),))
    assert "city was written since by run 3 (2026-11-02 06:00 UTC, ann). Undo that run first" in note(part)
    assert planned(written(), live=company(), since=(later(3), later(4, 3))).actions
    assert planned(written(), live=company(), since=(later(3, name=("a", "b")),)).actions


def test_an_object_that_the_run_created_is_retired() -> None:
    made = written("create", changes={"identifier": (None, "ACME"), "city": (None, "Orlando")})
    live = company(status={"id": 1, "name": "Active"})
    (action,) = planned(made, live=live).actions
    assert (action.action, action.reason) == ("retire", "undoes run 2, which created it")
    retired = planned(made, live=company(status={"id": 2, "name": "Inactive"}))
    assert (retired.actions, retired.unchanged) == ((), 1)


def test_a_created_object_that_was_changed_or_is_needed_since_stays() -> None:
    made = written("create", changes={"city": (None, "Orlando")})
    live = company(status={"id": 1, "name": "Active"})
    assert "run 3" in note(planned(made, live=live, since=(later(3),)))
    assert planned(made, live=live, since=(later(3), later(4, 3))).actions
    assert "Miami" in note(planned(made, live=company(city="Miami")))
    assert (
        note(planned(made, live=live, needed={ADDRESS: ["Contact/b refers to it"]}))
        == "left out: Contact/b refers to it"
    )


def test_a_protected_object_stays() -> None:
    live = company(status={"id": 1, "name": "Active"})
    part = planned(written("create"), live=live, protected=frozenset({("Company", 7)}))
    assert "left out: it is protected" in note(part)


def test_an_undo_that_ends_an_object_again_is_a_retirement() -> None:
    revived = written("update", "Contact", changes={"inactive": (True, False)})
    live = LiveObject("Contact", 7, {"id": 7, "inactiveFlag": False})
    (action,) = planned(revived, live=live).actions
    assert (action.action, action.changes[0].after) == ("retire", True)
    assert note(planned(revived, live=live, needed={"Contact/acme": ["Agreement/b refers to it"]})) == (
        "left out: Agreement/b refers to it"
    )
    protected = planned(revived, live=live, protected={("Contact", 7)})
    assert note(protected).startswith("left out: it is protected")


def test_a_status_that_retires_a_company_counts_as_its_end() -> None:
    def status(name: str) -> Any:
        return {"name": name, "id": 2}

    revived = written(changes={"status": (status("Inactive"), {"name": "Active", "id": 1})})
    live = company(status={"id": 1, "name": "Active"})
    assert planned(revived, live=live).actions[0].action == "retire"
    assert note(planned(revived, live=live, protected={("Company", 7)})).startswith("left out: it is protected")
    held = written(changes={"status": (status("Credit Hold"), {"name": "Active", "id": 1})})
    assert planned(held, live=live, protected={("Company", 7)}).actions[0].action == "update"


def test_an_agreement_that_ends_again_shows_what_it_bills() -> None:
    revived = written("update", "Agreement", changes={"cancelled": (True, False)})
    live = LiveObject("Agreement", 7, {"id": 7, "billAmount": 120, "billingCycle": {"name": "Monthly"}})
    (action,) = planned(revived, live=live).actions
    assert action.money is not None
    assert (action.action, action.money.before, action.money.after) == ("retire", Decimal(120), Decimal(0))


def test_an_object_is_left_out_for_each_reason_in_the_way() -> None:
    why = {("Company", 7): ["it is not ours"]}
    assert note(planned(written(), live=company(), in_the_way=why)) == "left out: it is not ours"
    created = planned(written("create"), live=company(status={"id": 1, "name": "Active"}), in_the_way=why)
    assert note(created) == "left out: it is not ours"


def test_notes_are_given_only_if_the_undo_writes_something() -> None:
    why = {("Company", 7): ["it is invoiced"]}
    part = planned(written(), live=company(), notes=why)
    assert (len(part.actions), [each.message for each in part.notes]) == (1, ["it is invoiced"])
    as_before = planned(written(), live=company(city="Tampa"), notes=why)
    assert (as_before.actions, as_before.notes) == ((), ())


def test_an_object_that_cannot_be_retired_is_named() -> None:
    part = planned(written("create"), live=company(), tables={})
    assert note(part).startswith("left out: it cannot be retired: ")


def test_a_secret_that_was_set_is_named() -> None:
    live = LiveObject("IntegratorLogin", 7, {"id": 7, "username": "l"})
    made = written("create", "IntegratorLogin", changes={"username": (None, "l"), "password": (None, {"env": "P"})})
    part = planned(made, live=live)
    assert [action.action for action in part.actions] == ["retire"]
    assert part.notes[0].message.startswith("password was set and cannot be put back")


def test_a_retired_object_becomes_active_again() -> None:
    live = LiveObject("Contact", 7, {"id": 7, "inactiveFlag": True})
    (action,) = planned(written("retire", "Contact", changes={"inactive": (False, True)}), live=live).actions
    assert (action.action, action.reason) == ("update", "undoes run 2: lives again")
    assert action.changes[0].after is False


def test_what_lives_again_without_a_document_is_told_and_listed_from_then_on() -> None:
    live = LiveObject("Contact", 7, {"id": 7, "inactiveFlag": True})
    made = written("retire", "Contact", changes={"inactive": (False, True)})
    part = planned(made, live=live)
    assert part.notes[0].message.startswith("it lives again, but no document declares it. Put the document back")
    assert [(each.address, each.id) for each in part.declared] == [("Contact/acme", 7)]
    declared = planned(made, live=live, documents=["Contact/acme"])
    assert (declared.notes, declared.declared) == ((), ())


def test_an_addition_that_bills_again_without_a_mapping_is_told() -> None:
    made = written("retire", "Addition", address=ADDITION, changes={"cancelledDate": (None, "2026-11-30")})
    live = addition(cancelledDate="2026-11-30T00:00:00Z")
    assert planned(made, live=live).notes[0].message.startswith("it bills again, but it has no mapping")
    assert planned(made, live=live, documents=["CustomerMapping/acme"]).notes == ()


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (written(None), "an earlier version wrote it"),
        (written("retire", deleted=True), "id 7 was deleted"),
        (written(), "id 7 no longer exists in ConnectWise"),
        (written("create", number=None, unanswered=True), "the ledger has no answer to the write that created it"),
    ],
)
def test_a_change_that_cannot_be_undone_is_named(made: WrittenObject, told: str) -> None:
    assert told in note(planned(made))


def test_what_the_run_created_and_someone_deleted_is_as_before() -> None:
    part = planned(written("create"))
    assert (part.actions, part.notes, part.unchanged) == ((), (), 1)


def test_quantities_of_additions_are_left_to_usage_and_prices_put_back() -> None:
    both = written(
        kind="Addition",
        address=ADDITION,
        rule="r",
        changes={"quantity": ("9", "10"), "unitPrice": ("0.15", "0.18")},
    )
    part = planned(both, live=addition(), currency="USD")
    (action,) = part.actions
    assert [change.path for change in action.changes] == ["unitPrice"]
    assert (action.rule, action.money and action.money.before, action.money and action.money.after) == (
        "r",
        Decimal("1.80"),
        Decimal("1.50"),
    )
    assert (part.money_before, part.money_after) == (Decimal("1.80"), Decimal("1.50"))
    assert [each.message[:55] for each in part.notes] == ["the quantity of 1 addition is left to usage: the next r"]


def test_additions_that_only_have_another_quantity_are_counted() -> None:
    one = written(kind="Addition", changes={"quantity": ("9", "10")})
    assert "the quantities of 2 additions are left to usage" in note(planned(one, one))


def test_additions_that_were_created_or_adopted_stay() -> None:
    created = [written("create", "Addition", address=f"Addition/a:{number}") for number in range(7)]
    part = planned(*created, written("adopt", "Addition", address=ADDITION))
    assert part.actions == ()
    first, second = (each.message for each in part.notes)
    assert first.startswith("7 additions that the run created stay: Addition/a:0, Addition/a:1,")
    assert "and 2 more" in first
    assert second.startswith(f"1 addition that the run adopted stays: {ADDITION}. ")


def test_a_retired_addition_bills_again() -> None:
    made = written("retire", "Addition", changes={"cancelledDate": (None, "2026-11-30")})
    (action,) = planned(made, live=addition(cancelledDate="2026-11-30T00:00:00Z"), currency="USD").actions
    assert action.money is not None
    assert (action.money.before, action.money.after) == (Decimal(0), Decimal("1.80"))
