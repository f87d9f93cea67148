"""Tests of which customer pays for a device."""

from __future__ import annotations

import pytest

from reconciler.ledger.records import IN_RECYCLE_BIN

from .console import CUSTOMERS, Console, device, partner, pull_of, used
from .servers import as_json


async def test_the_devices_of_a_site_count_for_its_end_customer() -> None:
    partners = [*CUSTOMERS, partner(11, "Acme - Harbour", "Site", 10), partner(12, "Quay", "Site", 11)]
    console = Console(partners, [device(1, 10, "5"), device(2, 11, "7"), device(3, 12, "1")])
    found = await pull_of(console)
    assert used(found) == {"10": 13}
    assert [customer.name for customer in found.customers] == ["Acme", "Beta"]


async def test_devices_above_end_customer_level_are_unattributed() -> None:
    partners = [*CUSTOMERS, partner(5, "Quayside IT", "Reseller"), partner(6, "Depot", "Site", 5)]
    console = Console(partners, [device(1, 5, "5"), device(2, 6, "7"), device(3, 1, "9")])
    found = await pull_of(console)
    unattributed = {each.id: each.name for each in found.customers if not each.attributed}
    assert unattributed == {"5": "Quayside IT", "6": "Depot", "1": "Acme MSP (bob@acme.example)"}
    assert used(found) == {"5": 5, "6": 7, "1": 9}


async def test_an_unknown_partner_is_unattributed_and_named_by_its_id() -> None:
    console = Console(CUSTOMERS, [device(1, 77, "5"), device(2, 78, "5", Settings=[])])
    unknown = [each for each in (await pull_of(console)).customers if not each.attributed]
    assert [(each.id, each.name) for each in unknown] == [("77", "partner 77"), ("78", "partner 78")]


async def test_the_partners_are_read_again_if_a_device_has_a_new_partner() -> None:
    console = Console([*CUSTOMERS, partner(30, "New")], [device(1, 10), device(2, 30, "5")])
    console.instead["EnumeratePartners"] = [as_json({"result": {"result": CUSTOMERS}, "visa": "v"})]
    found = await pull_of(console)
    assert used(found) == {"10": 10**9, "30": 5}
    assert all(customer.attributed for customer in found.customers)


async def test_devices_in_a_recycle_bin_are_left_out_and_a_note_says_so() -> None:
    bin_ = partner(30, "Acme MSP - Recycle Bin", "Reseller")
    partners = [*CUSTOMERS, bin_, partner(31, "Gone", parent=30), partner(32, "Gone too", parent=30)]
    console = Console(partners, [device(1, 31), device(2, 31), device(3, 32), device(4, 10)])
    found = await pull_of(console)
    assert used(found) == {"10": 10**9}
    assert {customer.name: customer.state for customer in found.customers} == {
        "Acme": "InProduction",
        "Beta": "InProduction",
        "Gone": IN_RECYCLE_BIN,
        "Gone too": IN_RECYCLE_BIN,
    }
    assert found.notes == (
        "Gone (31) is in the recycle bin: 2 devices not billed",
        "Gone too (32) is in the recycle bin: 1 device not billed",
    )


async def test_the_state_of_a_trial_is_kept() -> None:
    console = Console([partner(10, "Acme", State="InTrial"), partner(20, "Beta", State=None)], [device(1, 10)])
    assert [customer.state for customer in (await pull_of(console)).customers] == ["InTrial", ""]


@pytest.mark.parametrize(
    ("name", "binned"),
    [
        ("Acme MSP - Recycle Bin", True),
        ("Acme MSP -  recycle bin ", True),
        ("Acme MSP – Recycle Bin", True),
        ("Recycle Bins Ltd", False),
        ("Acme Recycle Bin", False),
        ("Acme - Recycle Bin Services", False),
    ],
)
async def test_a_recycle_bin_is_recognised_by_the_end_of_its_name(name: str, binned: bool) -> None:
    partners = [partner(30, name, "Reseller"), partner(31, "Gone", parent=30)]
    found = await pull_of(Console(partners, [device(1, 31)]))
    assert [customer.state == IN_RECYCLE_BIN for customer in found.customers] == [binned]
    assert len(found.samples) == (0 if binned else 1)


async def test_partners_whose_parents_form_a_circle_are_read() -> None:
    loop = [
        partner(10, "A", "Site", 11),
        partner(11, "B", "Site", 10),
        partner(12, "C", "Site", parent=None),
        partner(13, "D", "Site", parent=99),
        partner(14, "E", "Site", parent=14),
    ]
    found = await pull_of(Console(loop, [device(1, 10), device(2, 12), device(3, 13), device(4, 14)]))
    assert {customer.id: customer.attributed for customer in found.customers} == dict.fromkeys(
        ["10", "12", "13", "14"], False
    )


async def test_a_parent_may_be_listed_after_its_child_and_the_root_may_be_listed() -> None:
    partners = [
        partner(12, "Quay", "Site", 11),
        partner(11, "Harbour", "Site", "10"),
        {**partner(10, "Acme"), "Id": "10"},
        partner(1, "Acme MSP", "Reseller", parent=0),
    ]
    found = await pull_of(Console(partners, [device(1, 12, "5"), device(2, 1, "7")]))
    assert used(found) == {"10": 5, "1": 7}
    assert {each.id: (each.name, each.attributed) for each in found.customers} == {
        "10": ("Acme", True),
        "1": ("Acme MSP", False),
    }


async def test_control_characters_are_removed_from_names() -> None:
    found = await pull_of(Console([partner(10, "Ac\x00me\n")], [device(1, 10)]))
    assert [customer.name for customer in found.customers] == ["Ac me"]


async def test_a_repeated_partner_counts_once_and_different_values_are_a_failed_pull() -> None:
    assert (await pull_of(Console([*CUSTOMERS, *CUSTOMERS], [device(1, 10)]))).state == "whole"
    moved = await pull_of(Console([*CUSTOMERS, partner(10, "Acme", parent=20)], [device(1, 10)]))
    assert "partner 10 is listed twice with different values" in str(moved.error)
