"""Tests of the customers that are not billed as measured, in the Markdown of a plan."""

from __future__ import annotations

from decimal import Decimal

from reconciler.planning.plan import CoverageRow
from reconciler.rendering.markdown.plan import plan_markdown
from tests.rendering.plans import json_of, many, plan_with


def row(number: int, state: str = "unmapped", **more: object) -> CoverageRow:
    values = {"source": "cove", "customer": f"{number}", "name": f"Customer {number}", "state": state}
    return CoverageRow.model_validate({**values, "accounted": state == "billed", **more})


def test_every_customer_is_listed_by_state_and_reason_in_a_folded_block() -> None:
    rows = [row(n, detail="no mapping names this customer") for n in range(40)]
    rows += [row(90, "vanished", quantity=Decimal("5.5"), unit="GB", money=Decimal(2)), row(91, "billed")]
    found = plan_markdown(json_of(plan_with(coverage=tuple(rows))))

    assert (
        "<details>\n<summary><b>Coverage</b> · 40 unmapped, 1 vanished, 1 billed</summary>\n\n- **40 unmapped**"
        in found
    )
    assert "- **40 unmapped**: no mapping names this customer\n  - cove/0 Customer 0, amount unknown\n" in found
    assert (
        "  - cove/39 Customer 39, amount unknown\n- **1 vanished**\n  - cove/90 Customer 90, 5.5 GB, 2.00 USD a month"
        in found
    )
    assert "cove/91" not in found


def test_a_plan_whose_customers_are_all_billed_has_no_block() -> None:
    assert "Coverage" not in plan_markdown(json_of(plan_with(coverage=(row(1, "billed"),))))


def test_a_long_list_leaves_room_for_the_customers_and_says_what_is_left_out() -> None:
    plan = json_of(plan_with(*many(1000), coverage=tuple(row(n) for n in range(2000))))
    found = plan_markdown(plan, max_bytes=20_000)

    assert len(found.encode()) <= 20_000
    assert found.count("\n+ Addition/") > 40
    shown = found.count("  - cove/")
    assert 40 < shown < 2000
    assert f"- … and {2000 - shown:,} more, which `reconciler show` and the HTML report list" in found


def test_without_room_for_a_single_line_there_is_no_block() -> None:
    plan = json_of(plan_with(coverage=(row(1, detail="@" * 300),)))
    assert "<b>Coverage</b>" not in plan_markdown(plan, max_bytes=2_000)
