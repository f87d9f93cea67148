"""Cases see meters, several charges of a mapping, and allowances per unit of another meter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.cases.estate import Estate
from reconciler.metering.coverage import State
from tests.cases.trying import D, errors, example, lines, one, outcome
from tests.planning.builders import document

SERVER, LAPTOP = "columns: {OT: 2, I81: Physical}", "columns: {OT: 1, PN: All-In}"
THREE = f"""
    - {{device: a, from: 2026-11-01, used: 900 GB, {SERVER}}}
    - {{device: b, from: 2026-11-01, used: 700 GB, {SERVER}}}
    - {{device: c, from: 2026-11-01, used: 30 GB, {LAPTOP}}}
"""


def case(mapping: str, usage: str = THREE, more: str = "") -> str:
    return f"mapping: {mapping}\nperiod: 2026-11\nusage:{usage}{more}"


def with_meter(**spec: object) -> Estate:
    """Return the example estate with a meter `mine`."""
    found = example().manifests
    mine = document("Meter", "mine", {"source": "cove", **spec})
    return Estate(replace(found, documents=(*found.documents, mine)))


SERVERS = "{product: backup-gb, meter: physical-servers, price: 40}"


FILE = "cases:\n  - {{name: a, period: 2026-11, mapping: {}, {} expect: {{lines: []}}}}\n"


def test_a_count_is_billed_without_a_unit() -> None:
    found = outcome(case(SERVERS))
    assert [(line.quantity, line.amount) for line in found.lines] == [(D(2), D(80))]
    assert found.lines[0].address == "Addition/inline.physical-servers:backup-gb"
    assert found.unit is None
    assert found.trace[0].startswith("2 counted at ")
    assert found.trace[1] == "2, rounded up to a multiple of 1"


def test_the_name_of_a_charge_is_in_its_address() -> None:
    found = outcome(case("{product: backup-gb, meter: physical-servers, price: 40, name: servers}"))
    assert found.lines[0].address == "Addition/inline.servers:backup-gb"
    assert found.lines[0].also == ("Addition/inline:backup-gb",)


def test_a_declared_meter_is_billed() -> None:
    estate = with_meter(sum="used", where={"OT": 2})
    assert lines(case("{product: backup-gb, meter: mine}"), estate) == {"backup-gb": D(1600)}


def test_a_mapping_names_a_meter_that_exists() -> None:
    assert "there is no Meter/mine" in errors(FILE.format(SERVERS.replace("physical-servers", "mine"), ""))[0]


def test_a_peak_of_a_count_is_the_highest_hour() -> None:
    usage = f"""
    - {{device: a, from: 2026-11-01, used: 1 GB, {SERVER}}}
    - {{device: b, from: 2026-11-03, to: 2026-11-05, used: 1 GB, {SERVER}}}
"""
    assert lines(case("{product: backup-gb, meter: devices, measure: peak, price: 1}", usage)) == {"backup-gb": D(2)}
    mean = "{product: backup-gb, meter: devices, measure: mean, price: 1, rounding: {mode: none}}"
    assert lines(case(mean, usage)) == {"backup-gb": D("1.099861")}


CHARGES = """{charges: [
    {product: backup-gb, included: {amount: 500, per: physical-servers}},
    {product: backup-gb-500, meter: physical-servers, price: 40},
    {product: backup-gb-1000, meter: workstations, price: 5},
]}"""


def test_each_charge_of_a_mapping_has_its_addition() -> None:
    found = outcome(case(CHARGES))
    assert {line.address: line.quantity for line in found.lines} == {
        "Addition/inline.storage:backup-gb": D(630),
        "Addition/inline.physical-servers:backup-gb-500": D(2),
        "Addition/inline.workstations:backup-gb-1000": D(1),
    }
    assert found.money == D("94.50") + 80 + 5
    assert (found.state, found.unit) == ("billed", None)
    assert "storage: 630 GB above the allowance of 500 GB a physical-servers, of 2" in found.trace
    assert [row.state for row in found.customers] == ["billed"] * 3


def test_an_allowance_per_unit_of_another_meter_is_pooled() -> None:
    one_large = f"""
    - {{device: a, from: 2026-11-01, used: 1400 GB, {SERVER}}}
    - {{device: b, from: 2026-11-01, used: 10 GB, {SERVER}}}
"""
    per_server = "{product: backup-gb, included: {amount: 700, per: physical-servers}}"
    assert lines(case(per_server, one_large)) == {"backup-gb": D(10)}
    assert lines(case(per_server, THREE)) == {"backup-gb": D(230)}


def test_an_allowance_takes_the_hours_that_the_measure_chose() -> None:
    usage = f"""
    - {{device: a, from: 2026-11-01, used: 900 GB, {SERVER}}}
    - {{device: b, from: 2026-11-03, to: 2026-11-05, used: 700 GB, {SERVER}}}
"""
    peak = "{product: backup-gb, measure: peak, included: {amount: 500, per: physical-servers}}"
    assert lines(case(peak, usage)) == {"backup-gb": D(600)}
    mean = "{product: backup-gb, measure: mean, included: {amount: 500, per: physical-servers}}"
    assert lines(case(mean, usage)) == {"backup-gb": D(420)}


def test_a_device_that_no_count_takes_is_uncounted() -> None:
    found = outcome(case(SERVERS))
    assert found.state == "billed"
    all_devices = """{charges: [
        {product: backup-gb, meter: physical-servers}, {product: backup-gb-500, meter: workstations},
    ]}"""
    assert all(row.accounted for row in outcome(case(all_devices)).customers)


def test_a_short_address_that_fits_two_charges_approves_nothing() -> None:
    same = """{charges: [
    {product: backup-gb}, {product: backup-gb, meter: devices, price: 1},
]}"""
    found = outcome(case(same))
    assert {line.address: line.quantity for line in found.lines} == {
        "Addition/inline.storage:backup-gb": D(1630),
        "Addition/inline.devices:backup-gb": D(3),
    }
    fell = case(same, THREE, (STANDING % ", charge: storage").replace("900", "9000"))
    for address, left in (("Addition/inline:backup-gb", ["quantity"]), ("Addition/inline.storage:backup-gb", [])):
        assert list(outcome(f"{fell}\napprove: [quantity={address}]").guardrails) == left


STANDING = "\nstanding: [{product: backup-gb, quantity: 900, unitPrice: 0.15%s}]"


def test_a_standing_line_belongs_to_the_charge_that_bills_its_product() -> None:
    found = outcome(case(CHARGES, THREE, STANDING % "") + "\napprove: [quantity]")
    assert {line.address: (line.state, line.quantity) for line in found.lines}["Addition/inline.storage:backup-gb"] == (
        "update",
        D(630),
    )
    same = "{charges: [{product: backup-gb}, {product: backup-gb, meter: devices, price: 1}]}"
    text = FILE.format(same, "standing: [{product: backup-gb, quantity: 3}],")
    assert "several charges can bill backup-gb: storage and devices | add charge: …" in errors(text)[0]
    assert "the mapping has no charge devises" in errors(text.replace("quantity: 3", "quantity: 3, charge: devises"))[0]
    assert lines(case(same, THREE, STANDING % ", charge: devices") + "\napprove: [quantity, zero]")["backup-gb"] in (
        D(1630),
        D(3),
    )


def test_a_count_needs_devices() -> None:
    found = outcome(case(SERVERS.replace("physical-servers", "devices"), "\n    - {from: 2026-11-01, used: 3 GB}\n"))
    assert found.state == "refused"
    assert "meter devices counts devices, but cove reports the customer without devices" in found.reason


@pytest.mark.parametrize("lacking", ["{OT: 2}", "{I81: Virtual}"])
def test_a_value_of_the_allowance_that_is_too_old_holds_the_charge(lacking: str) -> None:
    usage = f"""
    - {{device: a, from: 2026-11-01, used: 900 GB, {SERVER}}}
    - {{device: a, from: 2026-11-20, used: 900 GB, columns: {lacking}}}
"""
    found = outcome(case("{product: backup-gb, included: {amount: 500, per: physical-servers}}", usage))
    expected: State = "stale" if lacking == "{OT: 2}" else "billed"
    assert found.state == expected
    if expected == "stale":
        assert "the last values for the allowance per physical-servers are older than maxAge (6 h)" in found.reason


SAME = """{charges: [
    {product: backup-gb, price: 0.1}, {product: backup-gb, meter: devices, price: 1},
    {product: backup-gb, meter: workstations, price: 2},
]}"""


def differences(expect: str) -> list[tuple[str, object, object]]:
    return [(each.what, each.expected, each.actual) for each in one(case(SAME) + f"\nexpect: {expect}").mismatches]


def test_an_expected_line_names_the_charge_if_several_bill_its_product() -> None:
    three = "{product: backup-gb, quantity: 1630}, {product: backup-gb, charge: devices, quantity: 3}"
    last = "{product: backup-gb, charge: workstations, quantity: %s}"
    assert differences(f"{{lines: [{three}, {last % 1}]}}") == []
    assert differences(f"{{lines: [{three}, {last % 5}]}}") == [("quantity of workstations:backup-gb", 5, 1)]
    assert [each[0] for each in differences(f"{{lines: [{three}, {last.replace('workstations', 'x') % 1}]}}")] == [
        "line x:backup-gb",
        "line backup-gb",
    ]
    named = FILE.format("alder-dental", "").replace("lines: []", "lines: [{address: a, charge: x}]")
    assert "charge goes with product" in errors(named)[0]


def test_an_expected_customer_names_a_charge_or_has_the_sum_of_all() -> None:
    one_charge = '{customer: "any", charge: devices, state: billed, money: %s}'
    customer = one(case(SAME)).customer.partition("/")[2]
    for text, money in ((one_charge, 3), (one_charge.replace("charge: devices, ", ""), 168)):
        assert differences(f"{{customers: [{text.replace('any', customer) % money}]}}") == []
        (found,) = differences(f"{{customers: [{text.replace('any', customer) % 9}]}}")
        assert found[1:] == (9, money)
    (found,) = differences(f"{{customers: [{one_charge.replace('devices', 'x').replace('any', customer) % 1}]}}")
    assert found == (f"charge x of customer cove/{customer}", "billed", "nothing")


def test_the_state_of_a_customer_is_that_of_the_charge_that_needs_a_person() -> None:
    lost = f"""
    - {{device: a, from: 2026-11-01, to: 2026-11-20, used: 900 GB, {SERVER}}}
    - {{device: a, from: 2026-11-21, used: 900 GB}}
"""
    found = outcome(case("{charges: [{product: backup-gb}, {product: backup-gb-500, meter: physical-servers}]}", lost))
    assert [(row.charge, row.state) for row in found.customers] == [
        ("storage", "billed"),
        ("physical-servers", "stale"),
    ]
    assert found.state == "stale"


def test_a_cost_of_0_is_known_only_for_the_charge_that_has_it() -> None:
    costs = """{charges: [
    {product: backup-gb, price: 0.1},
    {product: backup-gb-500, meter: devices, prices: [{from: 2026-01-01, price: 1, cost: 0}]},
]}"""
    found = outcome(case(costs))
    assert {line.charge: line.cost for line in found.lines} == {"storage": None, "devices": 0}
    assert found.cost is None


def test_the_columns_of_the_monthly_report_are_billed() -> None:
    usage = """
    - {device: a, from: 2026-11-01, used: 1 GB, columns: {O365Users: 7, RecoveryTesting: 0}}
    - {device: b, from: 2026-11-01, used: 1 GB, columns: {O365Users: 0, RecoveryTesting: 2}}
"""
    assert lines(case("{product: backup-gb, meter: m365-users, price: 1}", usage)) == {"backup-gb": D(7)}
    assert lines(case("{product: backup-gb, meter: standby-image, price: 1}", usage)) == {"backup-gb": D(1)}
