"""Tests of a plan with a what-if of usage lines beside it, in every form."""

from __future__ import annotations

import re
from typing import Any

import pytest

from reconciler.planning.plan import Note, Plan, Summary, Tripped
from reconciler.planning.what_if import what_if_json
from reconciler.rendering.html.plan import plan_html
from reconciler.rendering.markdown.plan import plan_markdown
from reconciler.rendering.merging import approvals_of
from reconciler.rendering.paint import plain
from reconciler.rendering.plan_text import plan_text
from reconciler.rendering.view import view_of
from tests.planning.builders import NOW, action, plan_of
from tests.rendering.plans import HOSTILE, addition, json_of, many, usd

COMPANY = action("Company/acme", customer=addition("acme", "1", "2", "Acme").customer, changes=action().changes)
LINE = addition("acme", "10", "13.63", "Acme")
HELD = addition("fir", "1", "900", "Fir", held_for="CustomerMapping/fir")
QUANTITY = Tripped(name="quantity", address="CustomerMapping/fir", message="rises by 900 GB", holds=True)
UPDATES = Tripped(name="updates", message="50 of 60 objects")


def setup(**more: Any) -> Plan:
    return plan_of(*more.pop("actions", (COMPANY,)), **{"only": "setup", **more})


def usage(*lines: Any, **more: Any) -> Plan:
    return plan_of(*lines, **{"only": "usage", "usage_at": NOW, "summary": Summary(money=usd("10", "13.63")), **more})


def markdown(plan: Plan, other: Plan, **more: Any) -> str:
    return plan_markdown(json_of(plan), what_if_json(plan, other), **more)


def html(plan: Plan, other: Plan) -> str:
    return plan_html(json_of(plan), what_if_json(plan, other))


def text(plan: Plan, other: Plan, **more: Any) -> str:
    return "\n".join(plan_text(json_of(plan), plain, what_if_json(plan, other), **more))


def test_the_first_lines_name_the_setup_and_the_usage_lines_with_their_time() -> None:
    lines = markdown(setup(), usage(LINE)).splitlines()

    assert lines[0] == f"<!-- reconciler plan test digest={setup().digest} -->"
    assert lines[1] == "### Plan: +3.63 USD a month"
    assert lines[3] == "**10.00 → 13.63 USD a month from next month on**"
    assert lines[5] == "- **Setup**, applied by the merge: 1 to create"
    assert lines[6].replace("&#8288;", "") == (
        "- **Usage lines, as a what-if**, with the usage of 2026-11-10 12:00 UTC, applied by the hourly job: "
        "1 to update; +3.63 USD a month"
    )


def test_every_form_says_so() -> None:
    for found in (html(setup(), usage(LINE)), text(setup(), usage(LINE))):
        assert "with the usage of 2026-11-10 12:00 UTC, applied by the hourly job: 1 to update; +3.63 USD a month." in (
            found.replace("</b>", "")
        )
        assert "+3.63 USD a month" in found
        assert re.search(r"Merging approves(</h2>\n<p>No| no) guardrail\.", found)


def test_unknown_usage_is_not_the_same_as_no_change() -> None:
    unknown = usage(usage_at=None, summary=Summary(money=usd("0", "0")))
    none = usage(summary=Summary(money=usd("0", "0")))

    assert "their change is not known, because the ledger has no usage" in markdown(setup(), unknown)
    assert "applied by the hourly job: no changes" in markdown(setup(), none)
    assert "Together: no change." in text(setup(), none)


@pytest.mark.parametrize(("documents", "said"), [
    ((), "applied by the hourly job: no changes"),
    (("Company/acme",), "applied by the hourly job: no changes"),
    (("Company/acme", "CustomerMapping/acme"), "because the ledger has no usage"),
])  # fmt: skip
def test_a_change_without_a_mapping_changes_no_usage_lines(documents: tuple[str, ...], said: str) -> None:
    part = plan_of(only=None, changed_since="origin/main", documents=documents, summary=Summary(money=usd("0", "0")))

    assert said in markdown(setup(), part)


def test_without_a_common_total_the_change_is_shown_alone() -> None:
    retired = action("Agreement/old", action="retire", id=9, money=usd("64.54", "0"))
    plan = setup(actions=(retired,), summary=Summary(retire=1, money=usd("64.54", "0")))

    found = markdown(plan, usage(LINE)).splitlines()

    assert found[1] == "### Plan: -60.91 USD a month"
    assert found[3].startswith("- **Setup**, applied by the merge: 1 to retire; -64.54 USD a month")
    assert "Together: -60.91 USD a month." in text(plan, usage(LINE))


def test_a_customer_has_its_setup_and_its_usage_lines_in_one_block() -> None:
    found = markdown(setup(), usage(LINE))

    assert found.count("<summary><b>Acme</b>") == 1
    company, divider, line = (found.index(each) for each in ("+ Company/acme", "@@ Usage lines", "! ~ Addition/acme"))
    assert company < divider < line
    page = html(setup(), usage(LINE))
    assert page.index("<b>+ Company/acme") < page.index("<ul class=w>") < page.index("<b>~ Addition/acme")
    assert '.w::before{content:"Usage lines, as a what-if"' in page
    shown = text(setup(), usage(LINE))
    assert shown.index("+ Company/acme") < shown.index("Usage lines, as a what-if:") < shown.index("~ Addition/acme")


def test_a_cut_keeps_the_heading_of_usage_lines_above_their_first_shown_line() -> None:
    large = action(
        "Product/x", changes=tuple(action().changes[0].model_copy(update={"path": f"f{n}"}) for n in range(99))
    )
    lines = [addition("acme", "1", "2", "Acme", reason="x" * 280), *many(1)]
    found = markdown(setup(actions=(large,)), usage(*lines), max_bytes=2600)

    assert "Product/x" not in found
    assert found.index("@@ Usage lines") < found.index("! ~ Addition/acme")


def test_the_same_warning_of_both_plans_is_shown_once() -> None:
    note = Note(message="this plan is partial")
    found = markdown(setup(warnings=(note,)), usage(LINE, warnings=(note, Note(message="a device is silent"))))

    assert found.count("this plan is partial") == 1
    assert "a device is silent" in found


def test_merging_approves_the_guardrails_of_both_plans_with_what_they_release() -> None:
    plan, other = setup(guardrails=(UPDATES,)), usage(LINE, held=(HELD,), guardrails=(QUANTITY,))

    found = markdown(plan, other)

    assert "- 🛑 **Guardrail updates**: 50 of 60 objects" in found
    assert (
        "**Merging approves**\n\n"
        "- `--approve updates` for the apply of the setup\n"
        "- `--approve quantity=CustomerMapping/fir` for the hourly job: releases 1 held line, +899.00 USD a month\n"
    ) in found
    assert "<li><code>--approve quantity=CustomerMapping/fir</code> for the hourly job" in html(plan, other)
    assert "Merging approves:\n  --approve updates  for the apply" in text(plan, other)
    assert "1 to update; 1 held; +3.63" in found or "no changes; 1 held; +3.63" in found


def test_held_lines_without_an_amount_are_counted() -> None:
    held = HELD.model_copy(update={"money": None})
    view = view_of(json_of(setup()), what_if_json(setup(), usage(held=(held,), guardrails=(QUANTITY,))))

    assert [each.effect for each in approvals_of(view)] == ["for the hourly job: releases 1 held line"]


def test_a_plan_by_itself_is_not_merged() -> None:
    plan = setup(guardrails=(UPDATES,))

    assert approvals_of(view_of(json_of(plan))) == []
    assert "Merging" not in plan_markdown(json_of(plan))
    assert "Merging" not in plan_html(json_of(plan))


def test_very_many_approvals_are_cut_and_the_text_names_the_command_that_lists_all() -> None:
    trips = tuple(QUANTITY.model_copy(update={"address": f"CustomerMapping/c{n}"}) for n in range(500))
    found = markdown(setup(), usage(LINE, guardrails=trips), max_bytes=10_000)

    assert len(found.encode()) <= 10_000
    shown = found.count("- `--approve quantity=")
    assert f"- … and {500 - shown} more, which `reconciler show --format approvals` lists" in found
    assert "<summary>475 more</summary>" in html(setup(), usage(LINE, guardrails=trips))
    assert "  … and 470 more; --full or --format approvals shows all" in text(setup(), usage(LINE, guardrails=trips))
    assert "… and" not in text(setup(), usage(LINE, guardrails=trips), full=True)


def test_a_large_what_if_is_cut_on_the_terminal() -> None:
    found = text(setup(), usage(*many(200)))

    assert "--full shows all" in found
    assert found.count("\n+ Addition/") == 30
    assert "--full" not in text(setup(), usage(*many(200)), full=True)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text_in_the_list_of_approvals(name: str) -> None:
    trip = QUANTITY.model_copy(update={"address": name})
    found = markdown(setup(), usage(LINE, guardrails=(trip,)))

    line = next(each for each in found.splitlines() if "--approve" in each)
    assert line.endswith(" for the hourly job")
    assert "<script>" not in html(setup(), usage(LINE, guardrails=(trip,))).split("<main")[1].split("</main>")[0]
