"""Policies: the user's own JSON Schemas."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifests.loading import load
from reconciler.manifests.policies import PolicyError, check_policies, read_policy

MANIFESTS = Path(__file__).parents[2] / "manifests"


def policy(folder: Path, schema: Any) -> Path:
    file = folder / "policy.json"
    file.write_text(schema if isinstance(schema, str) else json.dumps(schema), encoding="utf-8")
    return file


def of_kind(kind: str, then: dict[str, Any]) -> dict[str, Any]:
    return {"if": {"properties": {"kind": {"const": kind}}}, "then": then}


PRICES = of_kind("Product", {"properties": {"spec": {"properties": {"price": {"minimum": 0.13}}}}})


def test_a_violation_is_reported_at_its_place(tmp_path: Path) -> None:
    found = check_policies(load(MANIFESTS), [read_policy(policy(tmp_path, PRICES))])

    assert [item.message.split(":")[0] for item in found] == ["Product/backup-gb-1000", "Product/backup-gb-above"]
    assert found[0].file == "products.yaml"
    assert "price: 0.12" in found[0].text
    assert "policy.json" in found[0].suggestion


def test_manifests_that_satisfy_a_policy_have_no_violation(tmp_path: Path) -> None:
    dates = of_kind("Agreement", {"properties": {"spec": {"properties": {"startDate": {"pattern": "-01$"}}}}})

    assert check_policies(load(MANIFESTS), [read_policy(policy(tmp_path, dates))]) == ()


def test_a_policy_sees_default_values(tmp_path: Path) -> None:
    root = tmp_path / "manifests"
    shutil.copytree(MANIFESTS, root)
    active = of_kind("Company", {"properties": {"spec": {"properties": {"status": {"const": "Inactive"}}}}})

    found = check_policies(load(root), [read_policy(policy(tmp_path, active))])

    assert len(found) == 5


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [("{", "is not JSON"), ({"type": "nothing"}, "is not a JSON Schema: at type")],
)
def test_a_file_that_is_not_a_schema_is_refused(tmp_path: Path, schema: Any, sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence):
        read_policy(policy(tmp_path, schema))


def test_a_missing_policy_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        read_policy(tmp_path / "none.json")
