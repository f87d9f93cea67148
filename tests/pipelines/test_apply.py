"""Tests of the workflow `apply`: after a merge, exactly the plan that the reviewers saw is applied."""

from __future__ import annotations

from decimal import Decimal

from tests.pipelines.place import GitHub
from tests.pipelines.test_plan import opened


def test_a_merge_applies_the_reviewed_plan_and_bills_the_usage(github: GitHub) -> None:
    pull = opened(github)
    job = github.apply(github.merge(pull))

    assert job.conclusion == "success", job.log
    assert github.row("catalogItem", identifier="BACKUP-GB")["price"] == Decimal("0.18")
    assert {row.data["unitPrice"] for row in github.tenant.tables["addition"].rows.values()} == {Decimal("0.18")}
    said = github.comment(pull, "apply")
    assert "## Applied" in said
    assert said in job.summary
