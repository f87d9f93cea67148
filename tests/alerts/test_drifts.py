"""Tests of the causes of drift."""

from __future__ import annotations

from reconciler.alerts.drifts import edited_causes, setup_causes
from reconciler.planning.action import Change
from reconciler.planning.plan import Note
from tests.alerts.builders import change, plan_with
from tests.planning.builders import action, plan_of

ADDRESS = "Addition/acme.storage:gb"


def edited(address: str) -> Note:
    return Note(address=address, message=f"edited by hand: quantity of {address}", drift=True)


def test_additions_that_someone_edited_are_one_cause() -> None:
    other = "Addition/birch.storage:gb"
    plan = plan_with(
        warnings=(edited(ADDRESS), edited(other), Note(message="something else")), actions=(change(ADDRESS),)
    )
    (found,) = edited_causes(plan)

    assert (found.key, found.title) == ("drift:additions", "2 additions edited by hand")
    assert found.ids == {ADDRESS, other}
    assert found.risk.text == "5.00 USD a month, and an unknown amount of 1 more"


def test_one_edited_addition_is_told_with_the_values() -> None:
    (found,) = edited_causes(plan_with(warnings=(edited(ADDRESS),)))
    assert found.why == f"edited by hand: quantity of {ADDRESS}"


def test_a_plan_without_edits_has_no_drift() -> None:
    assert list(edited_causes(plan_with(warnings=(Note(message="something else"),)))) == []
    assert list(setup_causes(plan_with(actions=(change(ADDRESS),)))) == []


def test_objects_of_the_setup_that_are_not_as_declared_are_one_cause() -> None:
    plan = plan_of(
        action("Company/acme", changes=(Change(path="city", before="Boston", after="Salem"),), reason="city differs"),
        change(ADDRESS),
    )
    (found,) = setup_causes(plan)

    assert (found.key, found.title) == ("drift:setup", "1 object in ConnectWise not as declared")
    assert found.members[0].label == "Company/acme (create)"
    assert found.why == "city differs: city"
    assert found.risk.text == "unknown"


def test_an_object_without_changed_fields_is_told_with_its_reason() -> None:
    (found,) = setup_causes(plan_of(action("Company/acme", changes=(), reason="retired")))
    assert found.why == "retired"


def test_edits_that_are_undone_already_are_found_in_the_history() -> None:
    (found,) = edited_causes(plan_with(warnings=(edited(ADDRESS),)))
    assert found.advice.endswith("run: reconciler history ADDRESS")
