"""Tests of logins, expired visas and incomplete responses of the backup console."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from reconciler.metering.sources.cove_session import CoveSession
from reconciler.metering.sources.http import make_client

from .console import CUSTOMERS, Console, device, partner, pull_of, refusal, settings
from .servers import Reply, Server, Time, as_json

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
