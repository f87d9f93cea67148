"""Tests of the meters that the charges of a source name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.kinds.billing_rules import RuleError
from reconciler.kinds.meters import BUILT_IN, STORAGE
from reconciler.rating.meters import columns_of, meter_named, meters_of, numbers_of
from tests.planning.builders import document, manifests, mapping

SERVERS = document("Meter", "servers", {"source": "cove", "sum": "D9F03", "where": {"I32": 2}})


def test_a_meter_is_a_built_in_one_or_a_declared_one() -> None:
    found = manifests(SERVERS)
    assert meter_named(found, "cove", "storage") is STORAGE
    assert meter_named(found, "cove", "servers").name == "servers"
    with pytest.raises(RuleError, match="there is no Meter/other"):
        meter_named(found, "cove", "other")


def test_the_meters_of_a_source_are_those_of_its_charges_and_of_their_allowances() -> None:
    pooled = mapping(included={"per": "physical-servers", "amount": Decimal(1000)})
    each = mapping("each", included={"per": "device", "amount": Decimal(10)}, meter="servers")
    elsewhere = mapping("elsewhere", customer={"source": "file", "id": "1"}, meter="devices")
    found = meters_of(manifests(SERVERS, pooled, each, elsewhere), "cove")
    assert {meter.name for meter in found} == {"storage", "physical-servers", "servers"}
    assert columns_of(found) >= {"D9F03", "I32"}
    assert numbers_of(found) == {"D9F03"}
    assert "devices" in BUILT_IN
