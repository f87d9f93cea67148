"""Tests of the calls of a pull from the backup console, and of the number of devices that it lists."""

from __future__ import annotations

from reconciler.metering.sources.cove_devices import COLUMNS

from .console import CUSTOMERS, Console, device, partner, pull_of, refusal, used
from .servers import as_json


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
