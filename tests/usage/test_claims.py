"""Additions that are a mapping's though they do not carry its mark."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.kinds.estate import Estate, LiveObject
from reconciler.planning.standing import Period
from reconciler.usage.claims import Claims, renamed, unmarked
from reconciler.usage.pricing import rules
from reconciler.usage.rules import Unit
from tests.planning.builders import addition, line, mapping

from .scene import DECLARED, LIVING, estate_of, manifests_of

NOVEMBER = Period("2026-11-01", "2026-11-30")
OLD = "rc:cove/77/old-name"


def renamed_in(*additions: LiveObject) -> Claims:
    other = mapping("bolt", customer={"source": "cove", "id": "78"})
    found = manifests_of((*DECLARED, other))
    estate = estate_of(found, (*LIVING, *additions))
    return renamed(rules(found, {"cove": "GB"}, estate), {"cove"}, estate, NOVEMBER)


def test_an_addition_of_the_mappings_customer_under_another_name_is_the_mappings() -> None:
    assert renamed_in(addition(serialNumber=OLD)) == {"acme": frozenset({99})}


def test_an_addition_of_a_source_that_is_called_otherwise_now_is_the_mappings_too() -> None:
    assert renamed_in(addition(serialNumber="rc:n-able/77/acme")) == {"acme": frozenset({99})}


def test_a_source_that_is_gone_tells_nothing_where_two_customers_have_the_id() -> None:
    twin = mapping("twin", customer={"source": "csv", "id": "77"})
    found = manifests_of((*DECLARED, twin))
    estate = estate_of(found, (*LIVING, addition(serialNumber="rc:n-able/77/acme")))
    units: dict[str, Unit] = {"cove": "GB", "csv": "GB"}
    assert renamed(rules(found, units, estate), units, estate, NOVEMBER) == {}


def test_two_of_them_are_told_both() -> None:
    older = addition(98, serialNumber="rc:cove/77/older-name")
    assert renamed_in(addition(serialNumber=OLD), older) == {"acme": frozenset({98, 99})}


@pytest.mark.parametrize(
    "raw",
    [
        {"serialNumber": "rc:cove/77/acme"},
        {"serialNumber": "rc:cove/78/bolt"},
        {"serialNumber": "rc:cove/79/gone"},
        {"serialNumber": "rc:" + "x" * 47},
        {"serialNumber": "SN-1"},
        {"serialNumber": OLD, "product": {"id": 5, "identifier": "OTHER"}},
        {"serialNumber": OLD, "cancelledDate": "2026-11-20T00:00:00Z"},
        {"serialNumber": OLD, "effectiveDate": "2026-12-01T00:00:00Z"},
    ],
)
def test_nothing_else_is(raw: dict[str, Any]) -> None:
    assert renamed_in(addition(**raw)) == {}


def test_one_on_another_agreement_is_not() -> None:
    elsewhere = LiveObject("Addition", 99, addition(serialNumber=OLD).raw, 10)
    assert renamed_in(elsewhere) == {}


def test_where_one_with_the_right_mark_stands_the_other_remains_an_orphan() -> None:
    assert renamed_in(addition(serialNumber=OLD), addition(98)) == {}


def test_what_we_wrote_and_carries_no_mark_now_is_still_its_lines() -> None:
    estate = Estate(additions={9: [addition(serialNumber=None), addition(98, serialNumber="SN-1"), addition(97)]})
    other = line(mapping="bolt")
    assert unmarked([line()], {"Addition/acme:gb": 99}, estate) == {"acme": frozenset({99})}
    assert unmarked([other], {"Addition/bolt:gb": 98}, estate) == {"bolt": frozenset({98})}


def test_what_has_its_mark_or_is_gone_or_was_never_written_is_not_claimed() -> None:
    estate = Estate(additions={9: [addition(97)]})
    for number in (97, 96):
        assert unmarked([line()], {"Addition/acme:gb": number}, estate) == {}
    assert unmarked([line()], {}, estate) == {}
