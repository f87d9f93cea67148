"""Comparing: what is left out is not compared, and a line that is not expected is a failure."""

from __future__ import annotations

import pytest

from tests.cases.trying import one

BASE = """
mapping: alder-dental
period: 2026-11
usage:
  - {from: 2026-11-01, used: 120.4 GB}
  - {from: 2026-11-01, used: 200 GB, customer: "77"}
  - {from: 2026-11-01, used: 9 GB, customer: "1001002"}
expect: {%s}
"""


def differences(expect: str) -> list[tuple[str, str, str]]:
    """Return (path, expected, actual) of each expectation that is not met."""
    found = one(BASE % expect).mismatches
    return [(".".join(map(str, each.path)), str(each.expected), str(each.actual)) for each in found]


FIRST, SECOND = "2026-11-01", "2026-11-02"
BIRCHWOOD = "{product: backup-gb-500, quantity: 9}"


@pytest.mark.parametrize(
    "expect",
    [
        "state: billed",
        f"lines: [{{product: backup-gb}}, {BIRCHWOOD}]",
        f"lines: [{BIRCHWOOD}, {{product: backup-gb, quantity: 121.000, unitPrice: 0.15, amount: 18.15}}]",
        f"lines: [{{address: Addition/alder-dental:backup-gb}}, {BIRCHWOOD}]",
        f"lines: [{{address: Addition/alder-dental.storage:backup-gb}}, {BIRCHWOOD}]",
        f"lines: [{{product: backup-gb, firstDay: 2026-11-01, lastDay: null}}, {BIRCHWOOD}]",
        "money: 19.41",
        "guardrails: []",
        "warnings: []",
        "customers: [{customer: '77', state: unmapped, reason: no mapping names this customer, money: 30}]",
        "customers: [{customer: '1001002', source: cove, state: billed}]",
    ],
)
def test_an_expectation_that_is_met(expect: str) -> None:
    assert differences(expect) == []


@pytest.mark.parametrize(
    ("expect", "difference"),
    [
        ("state: held", ("state", "held", "billed")),
        ("reason: because", ("reason", "because", "nothing")),
        (f"lines: [{{product: backup-gb, quantity: 120}}, {BIRCHWOOD}]", ("lines.0.quantity", "120", "121")),
        (f"lines: [{{product: backup-gb, unitPrice: 0.2}}, {BIRCHWOOD}]", ("lines.0.unitPrice", "0.2", "0.15")),
        (f"lines: [{{product: backup-gb, amount: 18}}, {BIRCHWOOD}]", ("lines.0.amount", "18", "18.15")),
        (f"lines: [{{product: backup-gb, firstDay: 2026-11-02}}, {BIRCHWOOD}]", ("lines.0.firstDay", SECOND, FIRST)),
        (f"lines: [{{product: backup-gb, lastDay: {FIRST}}}, {BIRCHWOOD}]", ("lines.0.lastDay", FIRST, "None")),
        ("money: 19", ("money", "19", "19.41")),
        ("guardrails: [zero]", ("guardrails", "['zero']", "[]")),
        ("warnings: [a device]", ("warnings.0", "a device", "nothing")),
        ("customers: [{customer: '77', state: excluded}]", ("customers.0.state", "excluded", "unmapped")),
        ("customers: [{customer: '77', money: 5}]", ("customers.0.money", "5", "30.00")),
        ("customers: [{customer: '78', state: unmapped}]", ("customers.0", "unmapped", "nothing")),
        ("customers: [{customer: '78'}]", ("customers.0", "a row in the coverage", "nothing")),
    ],
)  # fmt: skip
def test_an_expectation_that_is_not_met(expect: str, difference: tuple[str, str, str]) -> None:
    assert differences(expect) == [difference]


def test_the_reason_of_another_customer_is_compared() -> None:
    ((path, expected, actual),) = differences("customers: [{customer: '77', reason: it left}]")

    assert (path, expected) == ("customers.0.reason", "it left")
    assert actual == "no mapping names this customer: map it or exclude it"


def test_a_line_that_is_not_expected_is_a_failure() -> None:
    assert differences("lines: [{product: backup-gb}]") == [("lines", "no line", "a line with 9 GB")]


def test_a_line_that_does_not_come_out_is_a_failure() -> None:
    assert differences(f"lines: [{{product: backup-gb}}, {BIRCHWOOD}, {{product: other}}]") == [
        ("lines.2", "a line", "no line")
    ]
    assert differences(f"lines: [{{product: backup-gb}}, {BIRCHWOOD}, {{product: backup-gb, quantity: 5}}]") == [
        ("lines.2", "a line with 5 GB", "no line")
    ]


def test_warnings_that_are_not_expected_are_a_failure() -> None:
    text = BASE.replace("120.4 GB}", "missing, device: a}") % "warnings: []"
    (found,) = one(text).mismatches

    assert found.actual == ["cove: device a of Alder Dental has never reported a size, so it is billed as 0"]
    assert not one(text.replace("warnings: []", "warnings: [never reported a size]")).mismatches


def test_of_two_lines_of_one_product_the_one_with_the_quantity_is_compared() -> None:
    text = """
    mapping: alder-dental
    period: 2026-11
    usage: [{from: 2026-11-01, used: 100 GB}]
    standing: [{product: backup-gb, quantity: 90, agreement: birchwood-legal, firstDay: 2026-01-01}]
    expect:
      lines: [{product: backup-gb, quantity: 100}, {product: backup-gb, quantity: 0}]
    """
    assert one(text).passed


def test_a_case_without_a_row_in_the_coverage_has_no_state() -> None:
    found = one("customer: '77'\nperiod: 2026-11\nexpect: {state: unmapped}")

    assert [(each.expected, each.actual) for each in found.mismatches] == [("unmapped", "nothing")]
