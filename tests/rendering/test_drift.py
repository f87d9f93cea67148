"""Tests of drift: a plan that is told from the side of ConnectWise."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.planning.action import Action, Change, LastWritten, Precondition
from reconciler.planning.plan import CoverageRow, Note, Plan, Tripped
from reconciler.rendering.drift import drift_of
from reconciler.rendering.html.plan import plan_html
from reconciler.rendering.markdown.plan import plan_markdown
from reconciler.rendering.paint import plain
from reconciler.rendering.plan_text import plan_text
from tests.planning.builders import NOW, action
from tests.rendering.plans import HOSTILE, addition, json_of, plan_with, usd

ACME = addition("acme", "1", "2", "Acme").customer


def differs(name: str, *, edited: bool | None, at: str | None = "2026-11-09T08:00:00Z", **more: Any) -> Action:
    """Return the update of a company whose city was changed in ConnectWise, in Git, or by nobody knows whom."""
    written = None if edited is None else LastWritten(value="Tampa" if edited else "Miami", edited=edited)
    fields: dict[str, Any] = {
        "action": "update",
        "id": 5,
        "changes": (Change(path="city", before="Miami", after="Tampa", last_written=written),),
        "precondition": Precondition(id=5, last_updated=at, fields={}),
        "written_at": None if edited is None else NOW,
        "customer": ACME,
    }
    return action(f"Company/{name}", **{**fields, **more})


def markdown(plan: Plan, **more: Any) -> str:
    return plan_markdown(json_of(plan), drift=True, title="Drift", **more).replace("&#8288;", "")


def html(plan: Plan) -> str:
    return plan_html(json_of(plan), drift=True, title="Drift")


def text(plan: Plan) -> str:
    return "\n".join(plan_text(json_of(plan), plain, drift=True))


def causes(*actions: Action) -> dict[str, int]:
    return dict(drift_of(json_of(plan_with(*actions))).causes)


def test_each_object_has_its_cause() -> None:
    assert causes(
        differs("a", edited=True),
        differs("b", edited=True),
        differs("c", edited=False),
        differs("d", edited=None),
        action("Company/e", written_at=NOW),
        action("Company/f"),
        action("Company/g", action="retire", id=9),
    ) == {
        "changed in ConnectWise since our last write": 2,
        "declared since our last write, and not applied yet": 1,
        "differs, and the ledger does not say who changed it": 1,
        "deleted in ConnectWise since our last write": 1,
        "declared, and never applied": 1,
        "to be retired, and not applied yet": 1,
    }


def test_usage_lines_are_drift_only_if_someone_edited_them() -> None:
    edit = Change(
        path="quantity", before="7", after="121", number=True, last_written=LastWritten(value="121", edited=True)
    )
    edited = addition("acme", "1", "2", "Acme", changes=(edit,))
    held = edited.model_copy(update={"held_for": "CustomerMapping/acme", "address": "Addition/b.storage:gb"})
    found = drift_of(json_of(plan_with(edited, addition("c", "1", "2", "C"), held=(held,))))

    assert [each["address"] for each in found.plan["actions"]] == ["Addition/acme.storage:gb", "Addition/b.storage:gb"]


def test_the_heading_says_how_many_objects_differ_and_since_when() -> None:
    plan = plan_with(
        differs("a", edited=True),
        differs("b", edited=True, at="2026-11-03T08:00:00Z"),
        differs("c", edited=False, at="2026-10-01T08:00:00Z"),
        differs("d", edited=True, at=None),
        differs("e", edited=True, precondition=None),
    )

    assert "### Drift: 5 objects differ, since 2026-11-03 08:00 UTC\n" in markdown(plan)
    assert "<p class=lead>5 objects differ, since 2026-11-03 08:00 UTC</p>" in html(plan)
    assert "Drift: 5 objects differ, since 2026-11-03 08:00 UTC; 40 documents and additions are as declared" in text(
        plan
    )
    assert "### Drift: 1 object differs\n" in markdown(plan_with(differs("c", edited=False)))


def test_each_field_says_what_is_there_what_is_declared_and_what_we_wrote() -> None:
    lines = [
        "-     city in ConnectWise = \"Miami\"",
        "+     city declared       = \"Tampa\"",
        "      city last written   = \"Tampa\", on 2026-11-10 12:00 UTC",
    ]  # fmt: skip
    found = plan_with(differs("acme", edited=True))

    assert "! ~ Company/acme  changed in ConnectWise since our last write, on 2026-11-09 08:00 UTC\n" + "\n".join(
        lines
    ) in markdown(found)
    assert '    - city in ConnectWise = "Miami"\n    + city declared       = "Tampa"\n' in text(found)
    assert 'city in ConnectWise = "Miami"\ncity declared       = "Tampa"\n' in html(found)


def test_without_a_ledger_a_field_has_two_lines() -> None:
    assert "last written" not in markdown(plan_with(differs("acme", edited=None)))
    late = differs("acme", edited=True, written_at=None)
    assert 'city last written   = "Tampa"\n' in markdown(plan_with(late))


def test_a_secret_and_a_new_object_are_shown_as_in_a_plan() -> None:
    secret = Change(path="password", after={"env": "X"}, sensitive=True)
    found = markdown(plan_with(differs("a", edited=None, changes=(secret,)), action("Product/gb")))

    assert "password = (sensitive, from $X)" in found
    assert '+     identifier = "BACKUP-GB"' in found


def test_what_to_do_depends_on_the_causes() -> None:
    keep, restore = "To keep what ConnectWise has", "To write what is declared, run `reconciler plan"

    assert keep in markdown(plan_with(differs("a", edited=True)))
    assert keep not in markdown(plan_with(differs("a", edited=False)))
    deleted = text(plan_with(action("Company/e", written_at=NOW)))
    assert "remove its document" in deleted
    assert restore in deleted
    assert "<p>To write what is declared, run <code>reconciler plan" in html(plan_with(differs("a", edited=False)))


def test_the_amount_is_shown_if_an_apply_changes_it() -> None:
    changed = plan_with(differs("a", edited=False, money=usd("0", "18.15")))

    for found in (markdown(changed), text(changed), html(changed)):
        assert "Writing what is declared changes the monthly total by +18.15 USD." in found
    assert "USD" not in text(plan_with(differs("a", edited=False)))


def test_no_drift_is_short_in_every_form() -> None:
    row = CoverageRow(source="cove", customer="1", name="A", state="unmapped", accounted=False)
    none = plan_with(
        addition("c", "1", "2", "C"),
        coverage=(row,),
        warnings=(Note(message="a device is silent"), Note(message="no longer declared", id=4)),
        guardrails=(Tripped(name="customers", message="too many"),),
    )

    found = markdown(none)
    assert found.splitlines()[1:-1] == [
        "### Drift: none",
        "",
        "40 documents and additions are as declared, checked on 2026-11-10 12:00 UTC.",
        "",
        "",
    ]
    assert text(none) == ("Drift: none; 40 documents and additions are as declared, checked on 2026-11-10 12:00 UTC.")
    assert "<section" not in html(none)
    assert drift_of(json_of(none)).to_json() == {"objects": 0, "since": None, "causes": {}}


def test_objects_that_no_document_declares_stay_in_the_list_and_other_warnings_do_not() -> None:
    warnings = (Note(message="a device is silent"), Note(address="Company/old", message="no longer declared", id=4))
    held = Tripped(name="quantity", address="CustomerMapping/a", message="rises", holds=True)
    found = markdown(plan_with(differs("a", edited=True), warnings=warnings, guardrails=(held,)))

    assert "Company/old: no longer declared" in found
    assert "silent" not in found
    assert "Guardrail" not in found


def test_a_guardrail_that_the_apply_would_trip_is_shown() -> None:
    trip = Tripped(name="updates", message="50 of 60 objects")
    assert "**Guardrail updates**: 50 of 60" in markdown(plan_with(differs("a", edited=True), guardrails=(trip,)))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_values_stay_text(name: str) -> None:
    change = Change(path="city", before=name, after="x", last_written=LastWritten(value=name, edited=True))
    plan = plan_with(differs("a", edited=True, changes=(change,)))

    found = markdown(plan)
    assert found.count("<details") == found.count("</details>\n\n")
    assert "<script>alert" not in html(plan)
    assert "\x1b[31m" not in text(plan)
