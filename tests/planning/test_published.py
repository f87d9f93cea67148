"""The published schemas of the plan file and of the outcome."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.planning.outcome import Outcome, Result
from reconciler.planning.plan_file import write_plan
from reconciler.planning.published import published
from tests.planning.test_plan import WHOLE, edit


def valid(name: str, content: Any) -> bool:
    schema = published()[name]
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema).is_valid(content)


def test_a_plan_file_is_valid() -> None:
    assert valid("plan", json.loads(write_plan(WHOLE)))


@pytest.mark.parametrize(
    "change",
    [
        edit("format_version", to=1),
        edit("tenant", to="acme"),
        edit("summary", "money", "after", to=1.5),
        edit("more", to=1),
        lambda content: content.pop("checksum"),
        lambda content: content.pop("tenant"),
        lambda content: content.pop("format_version"),
    ],
)
def test_content_that_no_plan_file_has_is_invalid(change: Callable[[Any], None]) -> None:
    content = json.loads(write_plan(WHOLE))
    change(content)
    assert not valid("plan", content)


def test_an_outcome_is_valid() -> None:
    outcome = Outcome(plan_digest="sha256:0", results=(Result(address="Company/a", action="create", status="done"),))
    assert valid("outcome", outcome.model_dump(mode="json"))
    assert not valid("outcome", {"plan_digest": "sha256:0"})
