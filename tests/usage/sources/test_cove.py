"""The backup console as a source. Each case that a vendor's script for the same job gets wrong is a test here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from reconciler.ledger.records import Pull
from reconciler.sandbox.clock import Clock
from reconciler.sandbox.cove.console import Console as SandboxConsole
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.server import RunningSandbox, Sandbox
from reconciler.sandbox.world import World
from reconciler.usage.sources.cove import COLUMNS, pull
from reconciler.usage.sources.cove_session import CoveSettings

from .console import Console, device, partner, refusal, settings
from .servers import Reply, Server, Time, as_json

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CUSTOMERS = [partner(10, "Acme"), partner(20, "Beta")]


async def pull_of(console: Any, time: Time | None = None) -> Pull:
    time = time or Time()
    async with Server(console) as server:
        return await pull(settings(server.url), NOW, sleep=time.sleep, clock=time)


def used(found: Pull) -> dict[str, int | None]:
    """Bytes by customer, as one total."""
    totals: dict[str, int | None] = {}
    for sample in found.samples:
        known = totals.get(sample.customer_id)
        totals[sample.customer_id] = known if sample.bytes is None else (known or 0) + sample.bytes
    return totals


async def test_the_calls_are_those_of_the_contract() -> None:
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
        "fields": [0, 1, 3, 4, 5, 8, 10, 18, 20],
    }
    assert statistics["params"] == {
        "query": {
            "PartnerId": 1,
            "SelectionMode": "Merged",
            "StartRecordNumber": 0,
            "RecordsCount": 1000,
            "OrderBy": "I8 ASC",
            "Columns": ["I1", "I8", "I14", "I32", "I59"],
        }
    }
    assert all(call["jsonrpc"] == "2.0" for call in console.calls)


def test_the_column_that_may_hold_a_password_is_never_asked_for() -> None:
    assert "I3" not in COLUMNS


async def test_every_call_carries_the_newest_visa() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    await pull_of(console)
    assert console.visas_seen == [None, "visa-1", "visa-2", "visa-3"]


async def test_an_answer_without_a_visa_leaves_the_one_before_in_use() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead["EnumeratePartners"] = [as_json({"result": {"result": CUSTOMERS}, "visa": ""})]
    await pull_of(console)
    assert console.visas_seen == [None, "visa-1", "visa-1", "visa-2"]


async def test_two_customers_of_one_name_stay_two() -> None:
    console = Console([partner(10, "Acme"), partner(20, "Acme")], [device(1, 10, "5"), device(2, 20, "7")])
    assert used(await pull_of(console)) == {"10": 5, "20": 7}


async def test_all_pages_are_read_also_when_the_console_cuts_them_shorter_than_asked() -> None:
    console = Console(CUSTOMERS, [device(number, 10) for number in range(25)], page=10)
    found = await pull_of(console)
    assert len(found.samples) == 25
    assert console.methods().count("EnumerateAccountStatistics") == 3


async def test_without_a_count_an_empty_page_is_the_end() -> None:
    console = Console(CUSTOMERS, [device(number, 10) for number in range(25)], page=10, count=[])
    assert len((await pull_of(console)).samples) == 25
    assert console.methods().count("EnumerateAccountStatistics") == 4


async def test_a_console_that_does_not_know_count_is_read_to_its_empty_page() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead["Count"] = [refusal(None, "unknown mode")]
    assert len((await pull_of(console)).samples) == 1


async def test_a_count_as_text_is_a_count() -> None:
    console = Console(CUSTOMERS, [device(1, 10)], count="1")
    assert (await pull_of(console)).state == "whole"
    assert console.methods().count("EnumerateAccountStatistics") == 1


async def test_fewer_rows_than_the_console_counts_are_a_failed_pull_and_never_a_short_one() -> None:
    console = Console(CUSTOMERS, [device(number, 10) for number in range(3)], count=4)
    found = await pull_of(console)
    assert (found.state, found.samples) == ("failed", ())
    assert "the console counts 4 devices and lists 3" in str(found.error)


async def test_a_device_that_comes_twice_is_a_failed_pull_because_another_was_missed() -> None:
    console = Console(CUSTOMERS, [device(1, 10), device(2, 10), device(2, 10)])
    found = await pull_of(console)
    assert found.state == "failed"
    assert "1 devices came twice while 3 rows were read" in str(found.error)


async def test_a_reading_that_does_not_add_up_is_made_once_more() -> None:
    console = Console(CUSTOMERS, [device(1, 10), device(2, 10)])
    console.instead["Count"] = [as_json({"result": {"result": 3}, "visa": "v"})]
    assert (await pull_of(console)).state == "whole"


async def test_a_server_that_repeats_its_first_page_is_not_read_for_ever() -> None:
    console = Console(CUSTOMERS, [device(1, 10)], count=None)
    page = as_json({"result": {"result": [device(1, 10)]}})
    console.instead["EnumerateAccountStatistics"] = [page] * 1000
    found = await pull_of(console)
    assert found.state == "failed"
    assert console.methods().count("EnumerateAccountStatistics") == 4


async def test_no_devices_at_all_is_a_whole_reading() -> None:
    found = await pull_of(Console(CUSTOMERS))
    assert (found.state, found.samples, len(found.customers)) == ("whole", (), 2)


async def test_a_device_without_the_column_is_missing_and_not_zero() -> None:
    console = Console(CUSTOMERS, [device(1, 10, None), device(2, 10, ""), device(3, 10, "0")])
    assert [sample.bytes for sample in (await pull_of(console)).samples] == [None, None, 0]


async def test_a_device_without_any_settings_is_missing_too() -> None:
    console = Console(CUSTOMERS, [device(1, 10, Settings=None)])
    assert [sample.bytes for sample in (await pull_of(console)).samples] == [None]


@pytest.mark.parametrize("size", ["12.5", "-1", "1e9", "x", "٣", True, 1.5, "9" * 30, str(2**63)])
async def test_a_figure_that_is_no_number_of_bytes_is_not_guessed_at(size: Any) -> None:
    found = await pull_of(Console(CUSTOMERS, [device(1, 10, size)]))
    assert found.state == "failed"
    assert "device 1 uses" in str(found.error)


async def test_a_figure_may_be_a_number_where_text_is_usual() -> None:
    assert used(await pull_of(Console(CUSTOMERS, [device(1, 10, 2**62)]))) == {"10": 2**62}


async def test_a_site_is_rolled_up_to_its_end_customer() -> None:
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


async def test_a_partner_that_the_tree_does_not_know_is_unattributed_under_its_id() -> None:
    console = Console(CUSTOMERS, [device(1, 77, "5"), device(2, 78, "5", Settings=[])])
    unknown = [each for each in (await pull_of(console)).customers if not each.attributed]
    assert [(each.id, each.name) for each in unknown] == [("77", "Partner 77"), ("78", "partner 78")]


async def test_partners_in_a_recycle_bin_are_left_out_and_said_to_be() -> None:
    bin_ = partner(30, "Acme MSP - Recycle Bin", "Reseller")
    partners = [*CUSTOMERS, bin_, partner(31, "Gone", parent=30), partner(32, "Gone too", parent=30)]
    console = Console(partners, [device(1, 31), device(2, 31), device(3, 32), device(4, 10)])
    found = await pull_of(console)
    assert used(found) == {"10": 10**9}
    assert [customer.name for customer in found.customers] == ["Acme", "Beta"]
    assert found.notes == (
        "Gone (31) is in the recycle bin: 2 devices not billed",
        "Gone too (32) is in the recycle bin: 1 device not billed",
    )


async def test_a_trial_is_read_and_its_state_kept() -> None:
    console = Console([partner(10, "Acme", State="InTrial"), partner(20, "Beta", State=None)], [device(1, 10)])
    assert [customer.state for customer in (await pull_of(console)).customers] == ["InTrial", ""]


async def test_partners_that_are_their_own_parents_end_somewhere() -> None:
    loop = [partner(10, "A", "Site", 11), partner(11, "B", "Site", 10), partner(12, "C", "Site", parent=None)]
    found = await pull_of(Console(loop, [device(1, 10), device(2, 12)]))
    assert [customer.attributed for customer in found.customers] == [False, False]


async def test_an_expired_visa_is_renewed_once_and_the_call_repeated() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead["EnumeratePartners"] = [refusal(1701, "visa expired")]
    assert (await pull_of(console)).state == "whole"
    assert console.methods()[:4] == ["Login", "EnumeratePartners", "Login", "EnumeratePartners"]


async def test_a_visa_that_is_refused_again_right_after_a_login_ends_the_pull() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead["EnumeratePartners"] = [refusal(1701)] * 2
    found = await pull_of(console)
    assert found.state == "failed"
    assert "check this machine's clock" in str(found.error)
    assert console.methods().count("Login") == 2


async def test_an_old_visa_is_not_tried_but_renewed_before() -> None:
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


async def test_wrong_credentials_are_never_tried_twice() -> None:
    console = Console()
    console.instead["Login"] = [refusal(2100, "Unknown user or wrong password t0ken")]
    found = await pull_of(console)
    assert console.methods() == ["Login"]
    assert "the account may be locked" in str(found.error)
    assert "t0ken" not in str(found.error)


@pytest.mark.parametrize("method", ["Count", "EnumerateAccountStatistics"])
async def test_a_column_that_the_role_may_not_read_is_explained(method: str) -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead[method] = [refusal(13501, "security reasons")]
    found = await pull_of(console)
    assert "read the columns I1, I8, I14, I32, I59: one that it may not read fails them all" in str(found.error)


async def test_a_method_that_the_role_may_not_call_is_explained() -> None:
    console = Console()
    console.instead["EnumeratePartners"] = [refusal(13501)]
    assert "give the API user a role that may call it\n" in str((await pull_of(console)).error) + "\n"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"code": -1, "data": 77, "message": "strange"}, "strange (code -1, data 77)"),
        ({"code": -1, "data": True}, "no message (code -1, data True)"),
        ("broken", "broken (code None, data None)"),
    ],
)
async def test_any_other_error_is_told_as_it_came(error: Any, said: str) -> None:
    console = Console()
    console.instead["EnumeratePartners"] = [as_json({"error": error})]
    assert f"the console refused EnumeratePartners: {said}" in str((await pull_of(console)).error)


async def test_a_web_page_instead_of_json_is_named_as_such() -> None:
    found = await pull_of(lambda _: Reply(b"<!DOCTYPE html><html>Sign in</html>"))
    assert "a web page came instead of the console's JSON" in str(found.error)


async def test_an_answer_cut_off_on_the_way_is_asked_for_again() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead["EnumeratePartners"] = [
        Reply(b'{"result": {"result": [', cut=None),
        Reply(b'{"result": {"result": []}}', cut=5),
        Reply(drop=True),
    ]
    assert (await pull_of(console)).state == "whole"


async def test_an_answer_that_is_never_whole_is_a_failed_pull() -> None:
    time = Time()
    found = await pull_of(lambda _: Reply(b'{"result": '), time)
    assert "the answer to Login is not whole JSON, 3 times" in str(found.error)
    assert time.slept == [0.5, 1.0]


async def test_a_storm_of_429_is_waited_out_and_a_lasting_one_is_not() -> None:
    time = Time()
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead["Login"] = [Reply(status=429, headers={"Retry-After": "3"})] * 2
    assert (await pull_of(console, time)).state == "whole"
    assert time.slept == [3.0, 3.0]
    assert "429" in str((await pull_of(lambda _: Reply(status=429))).error)


@pytest.mark.parametrize(
    ("method", "answer", "said"),
    [
        ("Login", [1], "holds no JSON object"),
        ("Login", {"result": {"result": {"PartnerId": 1}}}, "neither a visa nor a PartnerId"),
        ("Login", {"visa": "v", "result": {"result": {"PartnerId": True}}}, "neither a visa nor a PartnerId"),
        ("Login", {"visa": "v", "result": {"result": None}}, "neither a visa nor a PartnerId"),
        ("Login", {"visa": "v"}, "neither a result nor an error"),
        ("EnumeratePartners", {"result": {}}, "holds no result"),
        ("EnumeratePartners", {"result": {"result": None}}, "EnumeratePartners gave no list"),
        ("EnumeratePartners", {"result": {"result": [{"Id": True}]}}, "partner 1 of EnumeratePartners has no Id"),
        ("EnumeratePartners", {"result": {"result": [7]}}, "partner 1 of EnumeratePartners has no Id"),
        ("EnumeratePartners", {"result": {"result": [{"Id": 7, "Name": "x"}]}}, "partner 7 has no Level"),
        ("EnumerateAccountStatistics", {"result": {"result": None}}, "EnumerateAccountStatistics gave no list"),
        ("EnumerateAccountStatistics", {"result": {"result": [3]}}, "has no AccountId"),
        ("EnumerateAccountStatistics", {"result": {"result": [{"AccountId": True}]}}, "has no AccountId"),
        ("EnumerateAccountStatistics", {"result": {"result": [{"AccountId": 1}]}}, "device 1 has no PartnerId"),
        (
            "EnumerateAccountStatistics",
            {"result": {"result": [{"AccountId": 1, "PartnerId": 10, "Settings": ["I14"]}]}},
            "device 1 has strange Settings",
        ),
    ],
)
async def test_an_answer_of_a_strange_shape_is_a_failed_pull(method: str, answer: Any, said: str) -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead[method] = [as_json(answer)] * 3
    found = await pull_of(console)
    assert found.state == "failed"
    assert said in str(found.error)


async def test_a_name_beside_a_device_may_be_missing() -> None:
    console = Console(CUSTOMERS, [device(1, 10, Settings=[{"I8": None}, {"I14": "4"}])])
    assert used(await pull_of(console)) == {"10": 4}


async def test_a_long_reading_keeps_to_four_calls_a_second_after_its_first_burst() -> None:
    time = Time()
    console = Console(CUSTOMERS, [device(number, 10) for number in range(60)], page=1)
    assert (await pull_of(console, time)).state == "whole"
    assert len(console.calls) == 63
    assert time.slept == [0.25] * 23


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


async def test_the_sandbox_is_read_whole_and_agrees_with_its_world(running: RunningSandbox) -> None:
    found = await pull_sandbox(running)
    assert found.error is None
    world = running.sandbox.console.world
    expected = {str(each.id): each for each in world.usage(NOW) if each.devices}
    totals = {customer_id: size or 0 for customer_id, size in used(found).items()}
    assert totals == {customer_id: each.used for customer_id, each in expected.items()}
    assert sum(sample.bytes is None for sample in found.samples) == sum(each.missing for each in expected.values())


@pytest.mark.parametrize(
    "fault", ["429:3", "500:2", "stale-visa:1", "half-json:1", "truncated:1", "drop:2", "429:2@EnumeratePartners"]
)
async def test_a_bad_day_of_the_console_is_survived(running: RunningSandbox, fault: str) -> None:
    assert (await pull_sandbox(running, fault)).state == "whole"


@pytest.mark.parametrize(("fault", "said"), [("429", "429"), ("html", "a web page"), ("half-json", "not whole JSON")])
async def test_a_day_that_stays_bad_is_a_failed_pull(running: RunningSandbox, fault: str, said: str) -> None:
    found = await pull_sandbox(running, fault)
    assert found.state == "failed"
    assert said in str(found.error)


async def test_growth_renames_and_the_recycle_bin_of_the_sandbox_are_seen(running: RunningSandbox) -> None:
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
    assert any("recycle bin" in note for note in after.notes)


async def test_wrong_credentials_fail_once(running: RunningSandbox) -> None:
    found = await pull(login_of(running, password="wrong"), NOW)
    assert "check partner" in str(found.error)
    assert running.sandbox.console.failed_logins == 1
    running.sandbox.console.unlock()
