"""Tests of the meters that the charges of a source name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.kinds.billing_rules import RuleError
from reconciler.kinds.meters import BUILT_IN, STORAGE, Condition, Meter
from reconciler.rating.meters import columns_of, label_of, meter_named, meters_of, numbers_of
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


def test_the_names_of_devices_are_read_where_a_meter_counts_devices() -> None:
    assert label_of([STORAGE], "cove") == frozenset()
    assert label_of([STORAGE, BUILT_IN["devices"]], "cove") == {"I1"}
    assert label_of([BUILT_IN["devices"]], "csv") == {"device_name"}
    by_name = Meter("mine", "count", where=(Condition("I1", ("server",)),))
    assert label_of([by_name], "cove") == frozenset(), "the meter needs the column itself"
