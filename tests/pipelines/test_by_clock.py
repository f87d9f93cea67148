"""Tests of the workflows `usage` and `drift`, which a schedule starts."""

from __future__ import annotations

from decimal import Decimal

from tests.pipelines.estate import CUSTOMERS
from tests.pipelines.place import GitHub


def test_every_hour_the_usage_is_billed(github: GitHub) -> None:
    github.advance()
    github.uses(CUSTOMERS["alder"], 150)
    github.advance()
    job = github.by_clock("usage")

    assert job.conclusion == "success", job.log
    assert Decimal(151) in {row.data["quantity"] for row in github.tenant.tables["addition"].rows.values()}


def test_a_hand_edit_opens_one_issue_which_is_edited_and_closed(github: GitHub) -> None:
    assert github.by_clock("drift").conclusion == "success"
    assert github.issues() == []
    product = github.row("catalogItem", identifier="BACKUP-GB")["id"]

    github.by_hand(f"/procurement/catalog/{product}", price=0.2)
    assert github.by_clock("drift").conclusion == "success"
    (issue,) = github.issues()
    assert "price = 0.2 → 0.15" in issue["body"]

    github.by_hand(f"/procurement/catalog/{product}", price=0.3)
    github.by_clock("drift")
    (edited,) = github.issues()
    assert edited["number"] == issue["number"]
    assert "price = 0.3 → 0.15" in edited["body"]

    github.by_hand(f"/procurement/catalog/{product}", price=0.15)
    github.by_clock("drift")
    assert github.issues() == []
    (closed,) = github.issues("closed")
    assert closed["number"] == issue["number"]
