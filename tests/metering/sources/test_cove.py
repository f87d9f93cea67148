"""Tests of pulls from the backup console, with each case that the vendor's script for the same job gets wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from reconciler.ledger.records import IN_RECYCLE_BIN, Pull
from reconciler.metering.sources.cove import pull
from reconciler.metering.sources.cove_devices import COLUMNS
from reconciler.metering.sources.cove_session import CoveSession, CoveSettings
from reconciler.metering.sources.http import make_client
from reconciler.sandbox.cove.console import Console as SandboxConsole
from reconciler.sandbox.cove.data.model import Level
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.shared.faults import Faults
from reconciler.sandbox.state.sandbox import Sandbox

from .console import Console, device, partner, refusal, settings
from .servers import Reply, Server, Time, as_json

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CUSTOMERS = [partner(10, "Acme"), partner(20, "Beta")]


async def pull_of(console: Any, time: Time | None = None) -> Pull:
    time = time or Time()
    async with Server(console) as server:
        return await pull(settings(server.url), NOW, sleep=time.sleep, clock=time)


def used(found: Pull) -> dict[str, int | None]:
    """Return the total of each customer in bytes."""
    totals: dict[str, int | None] = {}
    for sample in found.samples:
        known = totals.get(sample.customer_id)
        totals[sample.customer_id] = known if sample.bytes is None else (known or 0) + sample.bytes
    return totals


async def test_the_calls_follow_the_documented_format() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    found = await pull_of(console)
    assert found.state == "whole"
    assert console.methods() == ["Login", "EnumeratePartners", "Count", "EnumerateAccountStatistics"]
    login, partners, _, statistics = console.calls
    assert login["params"] == {"partner": "Acme MSP (bob@acme.example)", "username": "api", "password": "t0ken"}
    assert "visa" not in login
    assert partners["params"] == {
        "parentPartnerId": 1,
        "fetchRecursively": True,
        "fields": [0, 1, 5],
    }
    assert statistics["params"] == {
        "query": {
            "PartnerId": 1,
            "SelectionMode": "Merged",
            "StartRecordNumber": 0,
            "RecordsCount": 1000,
            "OrderBy": "I0 ASC",
            "Columns": ["I14"],
        }
    }
    assert all(call["jsonrpc"] == "2.0" for call in console.calls)


def test_the_column_that_may_contain_a_password_is_never_requested() -> None:
    assert "I3" not in COLUMNS


async def test_every_call_has_the_newest_visa() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    await pull_of(console)
    assert console.visas_seen == [None, "visa-1", "visa-2", "visa-3"]


async def test_after_a_response_without_a_visa_the_last_visa_is_used() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead["EnumeratePartners"] = [as_json({"result": {"result": CUSTOMERS}, "visa": ""})]
    await pull_of(console)
    assert console.visas_seen == [None, "visa-1", "visa-1", "visa-2"]


async def test_two_customers_with_the_same_name_stay_separate() -> None:
    console = Console([partner(10, "Acme"), partner(20, "Acme")], [device(1, 10, "5"), device(2, 20, "7")])
    assert used(await pull_of(console)) == {"10": 5, "20": 7}


async def test_all_pages_are_read_also_if_they_are_shorter_than_requested() -> None:
    console = Console(CUSTOMERS, [device(number, 10) for number in range(25)], page=10)
    found = await pull_of(console)
    assert len(found.samples) == 25
    assert console.methods().count("EnumerateAccountStatistics") == 3


async def test_without_a_count_reading_ends_at_an_empty_page() -> None:
    console = Console(CUSTOMERS, [device(number, 10) for number in range(25)], page=10, count=[])
    assert len((await pull_of(console)).samples) == 25
    assert console.methods().count("EnumerateAccountStatistics") == 4


async def test_if_the_console_refuses_count_reading_ends_at_an_empty_page() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead["Count"] = [refusal(None, "unknown mode")]
    assert len((await pull_of(console)).samples) == 1


async def test_a_count_may_be_text() -> None:
    console = Console(CUSTOMERS, [device(1, 10)], count="1")
    assert (await pull_of(console)).state == "whole"
    assert console.methods().count("EnumerateAccountStatistics") == 1


async def test_fewer_rows_than_the_console_counts_are_a_failed_pull() -> None:
    console = Console(CUSTOMERS, [device(number, 10) for number in range(3)], count=4)
    found = await pull_of(console)
    assert (found.state, found.samples) == ("failed", ())
    assert "the console counts 4 devices but lists 3" in str(found.error)


async def test_a_repeated_device_is_a_failed_pull_because_another_one_is_missing() -> None:
    console = Console(CUSTOMERS, [device(1, 10), device(2, 10), device(2, 10)])
    found = await pull_of(console)
    assert found.state == "failed"
    assert "the console counts 3 devices but lists 2" in str(found.error)


async def test_without_a_count_a_repeated_device_is_a_failed_pull_too() -> None:
    console = Console(CUSTOMERS, [device(1, 10), device(2, 10), device(2, 10)], count=[])
    found = await pull_of(console)
    assert found.state == "failed"
    assert "1 of 3 rows repeat a device" in str(found.error)


async def test_a_list_that_does_not_match_the_count_is_read_again() -> None:
    console = Console(CUSTOMERS, [device(1, 10), device(2, 10)])
    console.instead["Count"] = [as_json({"result": {"result": 3}, "visa": "v"})]
    assert (await pull_of(console)).state == "whole"


async def test_reading_ends_if_the_server_repeats_its_first_page() -> None:
    console = Console(CUSTOMERS, [device(1, 10)], count=None)
    page = as_json({"result": {"result": [device(1, 10)]}})
    console.instead["EnumerateAccountStatistics"] = [page] * 1000
    found = await pull_of(console)
    assert found.state == "failed"
    assert console.methods().count("EnumerateAccountStatistics") == 6


async def test_a_list_without_devices_is_a_complete_pull() -> None:
    found = await pull_of(Console(CUSTOMERS))
    assert (found.state, found.samples, len(found.customers)) == ("whole", (), 2)


async def test_a_device_without_the_column_has_a_missing_figure_and_not_zero() -> None:
    console = Console(CUSTOMERS, [device(1, 10, None), device(2, 10, ""), device(3, 10, "0")])
    assert [sample.bytes for sample in (await pull_of(console)).samples] == [None, None, 0]


async def test_a_device_without_settings_has_a_missing_figure_too() -> None:
    console = Console(CUSTOMERS, [device(1, 10, Settings=None), device(2, 10, "7")])
    assert [sample.bytes for sample in (await pull_of(console)).samples] == [None, 7]


ODD: list[tuple[Any, str]] = [
    ("-1", "'-1', which is not a whole number of bytes"),
    ("123.0", "'123.0', which is not a whole number of bytes"),
    ("12.5", "'12.5', which is not a whole number of bytes"),
    ("1e9", "'1e9', which is not a whole number of bytes"),
    ("1_000", "'1_000', which is not a whole number of bytes"),
    ("1,000", "'1,000', which is not a whole number of bytes"),
    ("+7", "'+7', which is not a whole number of bytes"),
    ("0x1f", "'0x1f', which is not a whole number of bytes"),
    (" 7", "' 7', which is not a whole number of bytes"),
    ("   ", "'   ', which is not a whole number of bytes"),
    ("", "'', which is not a whole number of bytes"),
    ("x\ny", "'x?y', which is not a whole number of bytes"),
    ("٣", "'٣', which is not a whole number of bytes"),
    ("１２", "'１２', which is not a whole number of bytes"),
    (True, "true, which is not a whole number of bytes"),
    (None, "null, which is not a whole number of bytes"),
    (123.0, "123.0, which is not a whole number of bytes"),
    (1.5, "1.5, which is not a whole number of bytes"),
    (-5, "-5, which is negative"),
    ([7], "a list, which is not a whole number of bytes"),
    ({"v": 7}, "an object, which is not a whole number of bytes"),
    ("9" * 30, f"'{'9' * 30}', which is too large"),
    ("9" * 5000, f"'{'9' * 60}…', which is too large"),
    (2**63, f"{2**63}, which is too large"),
    (str(2**63), f"'{2**63}', which is too large"),
]


@pytest.mark.parametrize(("size", "message"), ODD, ids=lambda value: ascii(value)[:20])
async def test_an_unusable_figure_is_named_and_only_its_device_is_silent(size: Any, message: str) -> None:
    odd = device(1, 10, Settings=[{"I14": size}])
    found = await pull_of(Console(CUSTOMERS, [odd, device(2, 10, "7"), device(3, 20, "9")]))
    assert found.state == "whole"
    assert [(sample.device_id, sample.bytes) for sample in found.samples] == [("1", None), ("2", 7), ("3", 9)]
    assert found.notes == (f"device 1 of partner 10 has no usable figure: its used storage (I14) is {message}",)


async def test_a_pull_in_which_no_figure_is_usable_is_complete_and_all_devices_are_silent() -> None:
    found = await pull_of(Console(CUSTOMERS, [device(1, 10, "-1"), device(2, 20, "x")]))
    assert (found.state, [sample.bytes for sample in found.samples]) == ("whole", [None, None])


async def test_the_first_twenty_unusable_figures_are_named_and_the_rest_is_counted() -> None:
    found = await pull_of(Console(CUSTOMERS, [device(number, 10, "-1") for number in range(25)]))
    assert len(found.notes) == 21
    assert found.notes[-1].startswith("5 more devices have no usable figure")


async def test_a_row_with_two_different_figures_has_no_usable_figure() -> None:
    rows = [
        device(1, 10, Settings=[{"I14": "5"}, {"I14": "7"}]),
        device(2, 10, Settings=[{"I14": "5"}, {"US": "5"}]),
        device(3, 10, Settings=[{"I14": True}, {"I14": 1}]),
    ]
    found = await pull_of(Console(CUSTOMERS, rows))
    assert [sample.bytes for sample in found.samples] == [None, 5, None]
    assert "(I14) is given twice: '5' and '7'" in found.notes[0]


async def test_a_figure_may_have_the_other_code_of_the_column() -> None:
    assert used(await pull_of(Console(CUSTOMERS, [device(1, 10, Settings=[{"US": "5"}])]))) == {"10": 5}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([device(1, 10, None), device(2, 20, None)], "none of 2 devices has used storage (column I14)"),
        ([device(1, 10, None)], "the only device does not have used storage (column I14)"),
    ],
)
async def test_a_column_that_is_missing_everywhere_is_a_failed_pull_and_not_zero(rows: Any, message: str) -> None:
    found = await pull_of(Console(CUSTOMERS, rows))
    assert (found.state, found.samples) == ("failed", ())
    assert message in str(found.error)
    assert "EnumerateAccountStatistics" in str(found.error)


async def test_one_device_with_the_column_shows_that_the_others_are_silent() -> None:
    found = await pull_of(Console(CUSTOMERS, [device(1, 10, None), device(2, 20, None), device(3, 20, "0")]))
    assert [sample.bytes for sample in found.samples] == [None, None, 0]


async def test_a_figure_may_be_a_number_instead_of_text() -> None:
    assert used(await pull_of(Console(CUSTOMERS, [device(1, 10, 2**62)]))) == {"10": 2**62}


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


VISA_ERRORS: list[Any] = [
    {"code": -32603, "data": 1701, "message": "visa expired"},
    {"code": -32603, "data": 1701, "message": "no"},
    {"code": -32603, "data": "1701", "message": "no"},
    {"code": -32603, "data": " 1701 "},
    {"code": -32603, "data": {"code": 1701}},
    {"code": 1701, "message": "no"},
    {"code": "1701", "message": "no"},
    {"code": 1701, "data": None, "message": None},
    {"code": -32603, "message": "Error 1701: session ended"},
    {"code": -32603, "message": "The visa is not valid or has expired"},
    {"code": -32603, "data": "Visa expired", "message": "Internal error"},
    {"code": -32603, "data": "error 1701"},
    "Visa expired",
    "1701",
]


@pytest.mark.parametrize("error", VISA_ERRORS, ids=str)
async def test_an_expired_visa_is_renewed_once_and_the_call_is_repeated(error: Any) -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead["EnumeratePartners"] = [as_json({"error": error})]
    assert (await pull_of(console)).state == "whole"
    assert console.methods()[:4] == ["Login", "EnumeratePartners", "Login", "EnumeratePartners"]


async def test_a_visa_may_expire_between_two_pages() -> None:
    console = Console(CUSTOMERS, [device(number, 10) for number in range(25)], page=10)
    rows = console.devices
    pages = [as_json({"result": {"result": rows[:10]}, "visa": "v"}), refusal(1701)]
    console.instead["EnumerateAccountStatistics"] = pages
    found = await pull_of(console)
    assert (found.state, len(found.samples)) == ("whole", 25)
    assert console.methods().count("Login") == 2


@pytest.mark.parametrize(
    "error",
    [
        {"code": -32603, "data": 2100, "message": "Your visa is no good"},
        {"code": -32603, "data": "2100", "message": "no"},
        {"code": 2100, "message": "no"},
        {"code": "2100"},
        {"message": "error 2100"},
        "2100",
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["Login", "EnumeratePartners", "Count", "EnumerateAccountStatistics"])
async def test_bad_credentials_are_never_tried_twice_in_any_form_of_the_error(method: str, error: Any) -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead[method] = [as_json({"error": error})] * 5
    found = await pull_of(console)
    assert console.methods().count("Login") == 1
    assert console.methods().count(method) == 1
    assert "the account may be locked" in str(found.error)


async def test_a_login_that_is_refused_for_another_reason_is_not_repeated() -> None:
    console = Console()
    console.instead["Login"] = [refusal(1701), refusal(1701)]
    assert (await pull_of(console)).state == "failed"
    assert console.methods() == ["Login"]


async def test_the_calls_of_a_session_run_one_at_a_time() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    time = Time()
    async with Server(console) as server, make_client(None, server.url, "cove") as client:
        session = CoveSession(client, settings(server.url), sleep=time.sleep, clock=time)
        await session.log_in()
        await asyncio.gather(*(session.call("EnumeratePartners", {}) for _ in range(5)))
    assert console.visas_seen == [None, *(f"visa-{number}" for number in range(1, 6))]


async def test_a_visa_that_is_refused_right_after_a_login_is_a_failed_pull() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead["EnumeratePartners"] = [refusal(1701)] * 2
    found = await pull_of(console)
    assert found.state == "failed"
    assert "check this machine's clock" in str(found.error)
    assert console.methods().count("Login") == 2


async def test_an_old_visa_is_renewed_before_the_next_call() -> None:
    time = Time()
    console = Console(CUSTOMERS, [device(1, 10)])

    def slow(seen: Any) -> Reply:
        time.now += 8 * 60
        return console(seen)

    assert (await pull_of(slow, time)).state == "whole"
    assert console.methods() == ["Login", "EnumeratePartners", "Count", "EnumerateAccountStatistics"]
    console.calls.clear()
    time_of_calls = iter([0, 0, 15 * 60, 0, 0])

    def slower(seen: Any) -> Reply:
        answer = console(seen)
        time.now += next(time_of_calls)
        return answer

    assert (await pull_of(slower, time)).state == "whole"
    assert console.methods() == ["Login", "EnumeratePartners", "Count", "Login", "EnumerateAccountStatistics"]


async def test_a_refused_login_does_not_show_the_password() -> None:
    console = Console()
    console.instead["Login"] = [refusal(2100, "Unknown user or wrong password t0ken")]
    found = await pull_of(console)
    assert console.methods() == ["Login"]
    assert "the account may be locked" in str(found.error)
    assert "t0ken" not in str(found.error)


class Strict(Console):
    """A console whose role may not read some columns. A call that names one of them fails."""

    def __init__(self, *refused: str) -> None:
        super().__init__(CUSTOMERS, [device(1, 10, "5"), device(2, 20, "7")])
        self.refused = refused

    def good(self, call: Mapping[str, Any]) -> Reply:
        query = call["params"].get("query", {})
        named = {*query.get("Columns", ()), query.get("OrderBy", "").split(" ")[0]}
        return refusal(13501, "security reasons") if named & set(self.refused) else super().good(call)


async def test_a_column_that_the_role_may_not_read_is_named() -> None:
    found = await pull_of(Strict("I14"))
    assert found.state == "failed"
    assert "the API user's role may not read the column I14 (used storage in bytes)" in str(found.error)
    assert "security reasons (code -32603, data 13501)" in str(found.error)
    assert "give the API user a role that may read it" in str(found.error)


async def test_if_the_role_may_read_no_statistics_the_error_names_the_requested_columns() -> None:
    found = await pull_of(Strict("I14", "I0"))
    assert "the request asked for the columns I14, sorted by I0" in str(found.error)


async def test_if_the_role_may_not_sort_devices_are_read_unsorted_and_a_note_says_so() -> None:
    found = await pull_of(Strict("I0"))
    assert used(found) == {"10": 5, "20": 7}
    assert found.notes == ("the API user's role may not sort devices by id (column I0); give the role that right",)


@pytest.mark.parametrize("column", ["I1", "I3", "I8", "I32", "I59", "I77", "I81"])
async def test_a_role_without_rights_to_other_columns_can_read_usage(column: str) -> None:
    assert used(await pull_of(Strict(column))) == {"10": 5, "20": 7}


async def test_another_error_during_the_search_for_a_refused_column_is_reported() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead["EnumerateAccountStatistics"] = [refusal(13501), refusal(77, "strange")]
    assert "strange" in str((await pull_of(console)).error)


async def test_the_error_for_a_method_that_the_role_may_not_call_has_advice() -> None:
    console = Console()
    console.instead["EnumeratePartners"] = [refusal(13501)]
    assert "give the API user a role that may call it\n" in str((await pull_of(console)).error) + "\n"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ({"code": -1, "data": 77, "message": "strange"}, "strange (code -1, data 77)"),
        ({"code": -1, "data": True}, "no message (code -1, data True)"),
        ("broken", "broken"),
        (["broken", 3], "['broken', 3]"),
        ({"message": {"en": "no"}}, "{'en': 'no'}"),
        ({"message": "a\n b" * 400}, "a ba ba b"),
    ],
)
async def test_any_other_error_is_shown_as_the_console_sent_it(error: Any, message: str) -> None:
    console = Console()
    console.instead["EnumeratePartners"] = [as_json({"error": error})]
    assert f"the console refused EnumeratePartners: {message}" in str((await pull_of(console)).error)


async def test_the_error_says_if_the_response_is_a_web_page() -> None:
    found = await pull_of(lambda _: Reply(b"<!DOCTYPE html><html>Sign in</html>"))
    assert "the response was a web page instead of JSON, 3 times in a row" in str(found.error)


async def test_a_response_that_is_cut_off_is_requested_again() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead["EnumeratePartners"] = [
        Reply(b'{"result": {"result": [', cut=None),
        Reply(b'{"result": {"result": []}}', cut=5),
        Reply(drop=True),
        Reply(b"null"),
    ]
    assert (await pull_of(console)).state == "whole"


async def test_a_response_that_is_never_complete_is_a_failed_pull() -> None:
    time = Time()
    found = await pull_of(lambda _: Reply(b'{"result": '), time)
    assert "the response to Login is not complete JSON, 3 times in a row" in str(found.error)
    assert time.slept == [0.5, 1.0]


async def test_a_few_429_are_retried_and_a_lasting_429_is_a_failed_pull() -> None:
    time = Time()
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead["Login"] = [Reply(status=429, headers={"Retry-After": "3"})] * 2
    assert (await pull_of(console, time)).state == "whole"
    assert time.slept == [3.0, 3.0]
    assert "429" in str((await pull_of(lambda _: Reply(status=429))).error)


@pytest.mark.parametrize(
    ("method", "answer", "message"),
    [
        ("Login", [1], "is not a JSON object"),
        ("Login", {"result": {"result": {"PartnerId": 1}}}, "neither a visa nor a PartnerId"),
        ("Login", {"visa": "v", "result": {"result": {"PartnerId": True}}}, "neither a visa nor a PartnerId"),
        ("Login", {"visa": "v", "result": {"result": None}}, "neither a visa nor a PartnerId"),
        ("Login", {"visa": "v"}, "neither a result nor an error"),
        ("EnumeratePartners", {"result": {}}, "contains no result"),
        ("EnumeratePartners", {"result": {"result": None}}, "EnumeratePartners returned no list"),
        ("EnumeratePartners", {"result": {"result": [{"Id": True}]}}, "partner 1 of EnumeratePartners has no Id"),
        ("EnumeratePartners", {"result": {"result": [7]}}, "partner 1 of EnumeratePartners has no Id"),
        ("EnumeratePartners", {"result": {"result": [{"Id": 7, "Name": "x"}]}}, "partner 7 has no Level"),
        (
            "EnumeratePartners",
            {"result": {"result": [partner(1, "x", parent="x")]}},
            "partner 1 has a ParentId that is not",
        ),
        ("EnumeratePartners", {"result": {"result": [partner(1, "x", parent={})]}}, "not a number: an object"),
        ("EnumerateAccountStatistics", {"result": {"result": None}}, "EnumerateAccountStatistics returned no list"),
        ("EnumerateAccountStatistics", {"result": {"result": {"1": 2}}}, "EnumerateAccountStatistics returned no list"),
        ("EnumerateAccountStatistics", {"result": {"result": [{"AccountId": 1.5}]}}, "has no AccountId"),
        ("EnumerateAccountStatistics", {"result": {"result": [{"AccountId": "x"}]}}, "has no AccountId"),
        ("EnumerateAccountStatistics", {"result": {"result": [3]}}, "has no AccountId"),
        ("EnumerateAccountStatistics", {"result": {"result": [{"AccountId": True}]}}, "has no AccountId"),
        ("EnumerateAccountStatistics", {"result": {"result": [{"AccountId": 1}]}}, "device 1 has no PartnerId"),
        (
            "EnumerateAccountStatistics",
            {"result": {"result": [{"AccountId": 1, "PartnerId": 10, "Settings": ["I14"]}]}},
            "device 1 has Settings in an unknown format",
        ),
        *(
            (
                "EnumerateAccountStatistics",
                {"result": {"result": [{"AccountId": 1, "PartnerId": 10, "Settings": odd}]}},
                "device 1 has Settings in an unknown format",
            )
            for odd in (7, "I14", {"I14": "5"}, False, [["I14", "5"]])
        ),
    ],
)
async def test_a_response_in_an_unknown_format_is_a_failed_pull(method: str, answer: Any, message: str) -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead[method] = [as_json(answer)] * 3
    found = await pull_of(console)
    assert found.state == "failed"
    assert message in str(found.error)
    assert f"/jsonapi {method}: " in str(found.error)


async def test_json_that_is_nested_too_deeply_is_a_failed_pull() -> None:
    found = await pull_of(lambda _: Reply(b'{"result": ' + b"[" * 200_000))
    assert "the response to Login is not complete JSON" in str(found.error)


async def test_a_long_pull_sends_four_calls_a_second_after_the_first_burst() -> None:
    time = Time()
    console = Console(CUSTOMERS, [device(number, 10) for number in range(60)], page=1)
    assert (await pull_of(console, time)).state == "whole"
    assert len(console.calls) == 64
    assert time.slept == [0.25] * 24


def test_no_secret_is_in_the_repr_of_the_settings() -> None:
    assert "t0ken" not in repr(settings("https://x"))


# ── against the sandbox ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    clock = Clock(NOW)
    world = World(seed=3, customers=40, started=datetime(2026, 11, 1, tzinfo=UTC))
    with RunningSandbox(Sandbox(clock=clock, console=SandboxConsole(clock, world, page_ceiling=7))) as served:
        yield served


def login_of(running: RunningSandbox, **more: str) -> CoveSettings:
    known = running.variables()
    values = {
        "url": known["COVE_URL"],
        "partner": known["COVE_PARTNER"],
        "username": known["COVE_USERNAME"],
        "password": known["COVE_PASSWORD"],
    }
    return CoveSettings("cove", **{**values, **more})


async def pull_sandbox(running: RunningSandbox, *faults: str) -> Pull:
    running.sandbox.faults = Faults(faults)
    time = Time()
    try:
        return await pull(login_of(running), running.sandbox.clock.now(), sleep=time.sleep)
    finally:
        running.sandbox.faults = Faults()


async def test_a_pull_of_the_sandbox_is_complete_and_agrees_with_its_data(running: RunningSandbox) -> None:
    found = await pull_sandbox(running)
    assert found.error is None
    world = running.sandbox.console.world
    expected = {str(each.id): each for each in world.usage(NOW) if each.devices}
    totals = {customer_id: size or 0 for customer_id, size in used(found).items()}
    assert totals == {customer_id: each.used for customer_id, each in expected.items()}
    assert sum(sample.bytes is None for sample in found.samples) == sum(each.missing for each in expected.values())


@pytest.mark.parametrize(
    "fault",
    [
        "429:3",
        "500:2",
        "half-json:1",
        "truncated:1",
        "drop:2",
        "html:2",
        "429:2@EnumeratePartners",
        "stale-visa:1",
        "stale-visa:1@EnumerateAccountStatistics",
        *(f"stale-visa:every=5,form={form}" for form in range(7)),
    ],
)
async def test_a_pull_is_complete_in_spite_of_a_few_errors(running: RunningSandbox, fault: str) -> None:
    assert (await pull_sandbox(running, fault)).state == "whole"


@pytest.mark.parametrize(
    ("fault", "message"), [("429", "429"), ("html", "a web page"), ("half-json", "not complete JSON")]
)
async def test_a_lasting_error_is_a_failed_pull(running: RunningSandbox, fault: str, message: str) -> None:
    found = await pull_sandbox(running, fault)
    assert found.state == "failed"
    assert message in str(found.error)


async def test_growth_renames_and_the_recycle_bin_of_the_sandbox_are_read(running: RunningSandbox) -> None:
    world = running.sandbox.console.world
    before = await pull_sandbox(running)
    first, second, *_ = [each.id for each in before.customers if each.attributed]
    world.grow(int(first), Fraction(2), NOW)
    world.rename(int(first), "Renamed Ltd", NOW)
    world.recycle(int(second), NOW)
    after = await pull_sandbox(running)
    assert (used(after)[first] or 0) >= 2 * (used(before)[first] or 0) - 10
    assert {each.id: each.name for each in after.customers}[first] == "Renamed Ltd"
    assert second not in used(after)
    assert {each.id: each.state for each in after.customers}[second] == IN_RECYCLE_BIN
    assert any("recycle bin" in note for note in after.notes)


async def test_wrong_credentials_are_sent_once(running: RunningSandbox) -> None:
    found = await pull(login_of(running, password="wrong"), NOW)
    assert "check partner" in str(found.error)
    assert running.sandbox.console.failed_logins == 1
    running.sandbox.console.unlock()


async def test_a_column_that_the_role_of_the_sandbox_may_not_read_is_named(running: RunningSandbox) -> None:
    rights = running.sandbox.console.rights
    rights.refuse(["I14"])
    assert "may not read the column I14" in str((await pull_sandbox(running)).error)
    rights.refuse(["I0"])
    unordered = await pull_sandbox(running)
    assert unordered.notes[0].startswith("the API user's role may not sort devices by id")
    rights.refuse(["I1", "I8", "I32", "I59", "I77"])
    assert used(await pull_sandbox(running)) == used(unordered)
    rights.refuse([])


async def test_a_column_that_the_sandbox_no_longer_has_is_a_failed_pull_and_not_zero(running: RunningSandbox) -> None:
    running.sandbox.console.rights.retire(["I14"])
    found = await pull_sandbox(running)
    running.sandbox.console.rights.retire([])
    assert (found.state, found.samples) == ("failed", ())
    assert "has used storage (column I14)" in str(found.error)


async def test_unusable_figures_silent_devices_and_devices_of_resellers_are_read(running: RunningSandbox) -> None:
    world = running.sandbox.console.world
    reseller = world.add_customer("Quayside IT", NOW, level=Level.RESELLER)
    own = world.add_device(reseller.id, NOW, 7)
    below = world.add_customer("Quay", NOW, reseller.id)
    odd, silent, good = (world.add_device(below.id, NOW, used) for used in (5, None, 9))
    world.set_figure(odd.id, "-1", NOW)
    found = await pull_sandbox(running)
    samples = {sample.device_id: (sample.customer_id, sample.bytes) for sample in found.samples}
    assert samples[str(own.id)] == (str(reseller.id), 7)
    assert [samples[str(each.id)] for each in (odd, silent, good)] == [
        (str(below.id), used) for used in (None, None, 9)
    ]
    assert {each.id: each.attributed for each in found.customers}[str(reseller.id)] is False
    (note,) = [note for note in found.notes if "no usable figure" in note]
    assert note.startswith(f"device {odd.id} of partner {below.id} has no usable figure: its used storage (I14)")
