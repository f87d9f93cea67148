"""The version of a rule: its digest changes with all that decides what is billed, and with nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from reconciler.closing.rule_version import RuleVersion, version_from, version_of
from reconciler.kinds.billing_rules import Exclusion, Range
from tests.additions.scene import Scene
from tests.planning.builders import mapping

from .explaining import inputs_of

DEVICE = Exclusion("lab", "cove", "77", "a laboratory", device_id="d1")
ELSEWHERE = Exclusion("other", "cove", "78", "not ours")


def version(scene: Scene, *exclusions: Exclusion) -> RuleVersion:
    inputs = inputs_of(scene)
    return version_of(inputs.rules, inputs.settings, exclusions)


def test_the_digest_is_the_same_for_the_same_rule(scene: Scene) -> None:
    first = version(scene).digest
    assert first.startswith("sha256:")
    assert version(scene).digest == first
    assert version(scene, ELSEWHERE).digest == first


def test_a_price_a_setting_and_an_exclusion_change_the_digest(scene: Scene) -> None:
    first = version(scene)
    (rule,) = first.rules
    dearer = replace(first, rules=(replace(rule, ranges=(Range("gb", None, Decimal("0.3")),)),))
    patient = replace(first, settings=replace(first.settings, grace=timedelta(hours=48)))
    digests = {each.digest for each in (first, dearer, patient, version(scene, DEVICE))}
    assert len(digests) == 4


def test_a_version_is_read_back_from_its_json(scene: Scene) -> None:
    scene.declare(
        mapping(
            measure="p95",
            included={"amount": 100, "per": "device"},
            minimum=50,
            start="2026-11-05",
            rounding={"mode": "nearest", "step": 0.5},
        )
    )
    before = version(scene, DEVICE)
    after = version_from(json.loads(json.dumps(before.to_json())))
    assert (after, after.digest) == (before, before.digest)


def test_fields_with_their_default_are_left_out(scene: Scene) -> None:
    (rule,) = version(scene).to_json()["rules"]
    assert "measure" not in rule
    assert rule["ranges"] == [{"product": "gb", "price": "0.25"}]
