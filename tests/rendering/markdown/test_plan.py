"""Tests of a plan as a comment of a pull request."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from markdown_it import MarkdownIt

from reconciler.planning.action import Change
from reconciler.planning.plan import ManifestLine, Note, Summary, Tripped, Undo
from reconciler.rendering.html.plan import plan_html
from reconciler.rendering.markdown.marker import digest_text, marker
from reconciler.rendering.markdown.plan import MAX_BYTES, SMALLEST, plan_markdown
from reconciler.rendering.paint import plain
from reconciler.rendering.plan_text import plan_text
from tests.planning.builders import action
from tests.rendering.plans import HOSTILE, addition, json_of, many, plan_with, usd

MARKDOWN = MarkdownIt("commonmark", {"html": True})
PLAN = plan_with(addition("acme", "10", "13.63", "Acme"))


def test_the_first_lines_have_the_money_and_the_counts() -> None:
    found = plan_markdown(json_of(PLAN)).splitlines()

    assert found[:4] == [
        f"<!-- reconciler plan test digest={PLAN.digest} -->",
        "### Plan: +3.63 USD a month",
        "",
        "**100.00 → 103.63 USD a month from next month on** · 1 to update; 40 unchanged",
    ]


def test_a_plan_without_amounts_has_the_counts_in_its_heading() -> None:
    empty = Summary(create=1, money=usd("0", "0"))
    assert "### Plan: 1 to create; 0 unchanged\n" in plan_markdown(json_of(plan_with(action(), summary=empty)))


def test_a_plan_that_changes_no_amount_says_so() -> None:
    assert "### Drift: no change of the monthly amount\n" in plan_markdown(json_of(plan_with(action())), title="Drift")


def test_each_customer_is_a_folded_block_of_diff() -> None:
    found = plan_markdown(
        json_of(plan_with(addition("acme", "1", "2", "Acme"), *(action(f"Product/p{each}") for each in range(3))))
    )

    assert "<summary><b>Acme</b> · +1.00 USD a month · 1 to update</summary>\n\n```diff\n" in found
    assert "! ~ Addition/acme.storage:gb  2 GB used   1.00 → 2.00 USD a month (+1.00)\n!     quantity = 1 → 2" in found
    assert '+ Product/p0  not in ConnectWise\n+     identifier = "BACKUP-GB"' in found


@pytest.mark.parametrize(
    ("verb", "line"), [("retire", "- Product/gb"), ("adopt", "! » Product/gb"), ("update", "! ~ Product/gb")]
)
def test_the_first_character_of_a_line_gives_it_the_colour_of_its_action(verb: str, line: str) -> None:
    assert f"\n{line}  " in plan_markdown(json_of(plan_with(action(action=verb, id=1))))


def test_a_held_action_is_grey_and_says_that_it_is_held() -> None:
    held = addition("acme", "1", "900", "Acme", held_for="CustomerMapping/acme")
    found = plan_markdown(json_of(plan_with(held=(held,))))

    assert "<b>Acme</b> · 1 held</summary>" in found
    assert "\n# held: ~ Addition/acme.storage:gb" in found


def test_blocks_of_few_customers_are_open_and_of_many_folded() -> None:
    assert "<details open>" in plan_markdown(json_of(plan_with(*many(3))))
    assert "<details open>" not in plan_markdown(json_of(plan_with(*many(4))))


def test_what_to_look_at_comes_before_the_customers() -> None:
    trip = Tripped(name="quantity", address="CustomerMapping/acme", message="rises by 60 %", holds=True)
    warning = Note(address="Company/old", message="no longer declared")
    found = plan_markdown(json_of(plan_with(addition("acme", "1", "2", "A"), guardrails=(trip,), warnings=(warning,))))

    assert "- ✋ **Guardrail quantity** CustomerMapping/acme: rises by 60 &#37;" in found
    assert found.index("**Look at this first**") < found.index("Guardrail quantity") < found.index("<details")
    assert found.index("Company/old: no longer declared") < found.index("<details")


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_outside_break_no_block_and_mention_nobody(name: str) -> None:
    change = Change(path="name", before=name, after=f"{name} 2")
    hostile = addition("acme", "1", "2", name, reason=name, changes=(change,))
    found = plan_markdown(json_of(plan_with(hostile, warnings=(Note(message=name, address=name),))))

    outside = re.sub(r"(?ms)^(`{3,})diff\n.*?^\1$", "", found)
    assert [line for line in outside.splitlines() if "<" in line] == [
        found.splitlines()[0],
        "<details open>",
        next(line for line in outside.splitlines() if line.startswith("<summary>")),
        "</details>",
        next(line for line in outside.splitlines() if line.startswith("<sub>")),
    ]
    assert not re.search(r"@\w|#\d|://|www\.", unescape(outside))
    fences = [token for token in MARKDOWN.parse(found) if token.type == "fence"]
    assert [token.content.count("\n") for token in fences] == [2]


def test_the_marker_has_nothing_of_a_workspace_name_that_could_end_the_comment() -> None:
    assert marker("Plan", "a --> <b>", "--> x") == "<!-- reconciler plan a______b_ -->"


def test_a_digest_can_be_copied_and_other_text_is_made_safe() -> None:
    assert digest_text("sha256:0a1b") == "sha256:0a1b"
    assert digest_text("<b>") == "&#60;b&#62;"


@pytest.mark.parametrize("limit", [SMALLEST, 10_000, MAX_BYTES])
def test_a_large_plan_is_cut_between_actions_and_says_what_is_left_out(limit: int) -> None:
    found = plan_markdown(json_of(plan_with(*many(1500))), max_bytes=limit)

    assert len(found.encode()) <= limit
    shown = found.count("\n+ Addition/")
    assert shown == found.count("+     quantity = ")
    left = 1500 - shown
    assert f"**Left out here: {left:,} actions, which change the monthly amount by +{left * 12.5:,.2f} USD.**" in found
    assert found.count("<details>") == found.count("</details>") == shown
    assert found.count("```") == 2 * shown


def test_what_follows_an_action_that_is_too_large_is_shown() -> None:
    changes = tuple(Change(path=f"field{number}", after="x" * 290) for number in range(40))
    found = plan_markdown(
        json_of(plan_with(action("Product/large", changes=changes), action("Product/small"))), max_bytes=5000
    )

    assert "Product/large" not in found
    assert "Product/small" in found
    assert "**Left out here: 1 action.**" in found


def test_held_actions_that_are_left_out_are_counted() -> None:
    held = tuple(addition(f"c{n}", "1", "900", f"C{n}", held_for=f"CustomerMapping/c{n}") for n in range(100))
    found = plan_markdown(json_of(plan_with(held=held)), max_bytes=5000)

    shown = found.count("# held: ")
    assert f"**Left out here: {100 - shown} held actions.**" in found


def test_a_long_list_of_warnings_leaves_room_for_the_customers() -> None:
    warnings = tuple(Note(message=f"warning {number} " + "x" * 100) for number in range(2000))
    found = plan_markdown(json_of(plan_with(*many(5), warnings=warnings)), max_bytes=20_000)

    assert len(found.encode()) <= 20_000
    assert re.search(r"- … and 1,\d\d\d more", found)
    assert found.count("\n+ Addition/") == 5


def test_a_long_text_is_shortened_with_its_length() -> None:
    change = Change(path="internalNotes", before="a", after="n" * 5000)
    found = plan_markdown(json_of(plan_with(action("Agreement/a", action="update", changes=(change,)))))

    assert re.search(r"n… \(5,\d\d\d characters\)", found)
    assert len(found) < 2000


def test_the_undo_of_a_run_has_its_manifest_lines_and_its_patch() -> None:
    line = ManifestLine(file="a.yaml", line=3, column=5, address="Product/gb", path="price", message="0.18")
    undo = Undo(run=2, lines=(line,), patch="--- a/a.yaml\n+++ b/a.yaml\n-price: 0.18\n")
    found = plan_markdown(json_of(plan_with(action(), undo=undo)))

    assert "a.yaml:3:5: Product/gb price: 0.18" in found
    assert "\n-price: 0.18\n" in found


def test_an_undo_whose_patch_is_too_large_says_where_it_is() -> None:
    line = ManifestLine(file="a.yaml", line=1, column=1, address="Product/gb", path="", message="x")
    undo = Undo(run=2, lines=(line,), patch="-x\n" * 2000)
    found = plan_markdown(json_of(plan_with(action(), undo=undo)), max_bytes=4000)

    assert len(found.encode()) <= 4000
    assert "The manifest lines of the undo do not fit here" in found


def test_a_title_is_text_too() -> None:
    assert "### &#60;b&#62;: " in plan_markdown(json_of(plan_with()), title="<b>")


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ({"changed_since": "origin/main"}, "only what changed since origin/main"),
        ({"targets": ("Company/acme",)}, "only Company/acme"),
        ({"targets": ("Company/acme", "Company/b", "Company/c")}, "only Company/acme and 2 more"),
    ],
)
def test_the_foot_names_the_part_that_a_partial_plan_holds(part: dict[str, Any], text: str) -> None:
    note = Note(message="this plan is partial: …", partial=True)
    plan = json_of(plan_with(action(), warnings=(note,), **part))

    assert f" · made 2026-11-10 12:00 UTC · {text} · digest sha256:" in plan_markdown(plan)
    assert f"made 2026-11-10 12:00 UTC, {text}, digest sha256:" in plan_html(plan)
    assert "this plan is partial" not in plan_markdown(plan)
    assert "Warning: this plan is partial" in "\n".join(plan_text(plan, plain))
