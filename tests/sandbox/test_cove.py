"""The console's JSON-RPC API, tested over real HTTP without our own client."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from reconciler.sandbox.cove.data.model import Profile

from .cove_calls import ALDER, BIRCHWOOD, DOGWOOD, ROOT, START, Caller


def settings(row: dict[str, Any]) -> dict[str, str]:
    return {key: value for each in row["Settings"] for key, value in each.items()}


many = pytest.mark.parametrize("cove", [40], indirect=True)


# ── sessions ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_login_returns_the_partner_and_a_visa_beside_the_result(cove: Caller) -> None:
    answer = cove.login()

    assert answer["result"]["result"]["PartnerId"] == ROOT
    assert answer["result"]["result"]["Flags"] == ["NonInteractive"]
    assert (answer["id"], answer["jsonrpc"], type(answer["visa"])) == ("7", "2.0", str)


@pytest.mark.parametrize(
    "wrong",
    [
        {"partner": "Sandbox MSP"},
        {"partner": "sandbox msp (sandbox@example.test)"},
        {"username": "nobody"},
        {"password": "guess"},
    ],
)
def test_any_wrong_credential_gets_2100_with_http_200_and_no_visa(cove: Caller, wrong: dict[str, str]) -> None:
    answer = cove.login(**wrong)

    assert answer["error"]["data"] == 2100
    assert "visa" not in answer
    assert "guess" not in str(answer)


def test_five_failed_logins_lock_the_account_also_for_the_right_password(cove: Caller) -> None:
    for _ in range(5):
        assert cove.login(password="guess")["error"]["data"] == 2100

    assert cove.login()["error"]["data"] == 2101
    cove.sandbox.console.unlock()
    assert "result" in cove.login()


def test_a_successful_login_resets_the_count_of_failed_ones(cove: Caller) -> None:
    for _ in range(3):
        for _ in range(4):
            cove.login(password="guess")
        assert "result" in cove.login()


def test_every_answer_has_a_new_visa(cove: Caller) -> None:
    visas = [cove.query()["visa"] for _ in range(3)]

    assert len(set(visas)) == 3


def test_a_visa_is_valid_for_fifteen_minutes_of_the_sandboxs_time(cove: Caller) -> None:
    kept = cove.visa
    cove.sandbox.clock.advance(timedelta(minutes=14, seconds=59))
    assert "result" in cove.query()

    cove.visa = kept
    cove.sandbox.clock.advance(timedelta(seconds=1))
    assert cove.query()["error"]["data"] == 1701


def test_the_visa_of_each_answer_extends_the_session(cove: Caller) -> None:
    for _ in range(5):
        cove.sandbox.clock.advance(timedelta(minutes=10))
        assert "result" in cove.query()


@pytest.mark.parametrize("visa", [None, "", "made-up", 12])
def test_a_missing_or_unknown_visa_gets_1701(cove: Caller, visa: Any) -> None:
    cove.visa = visa

    assert cove.query()["error"]["data"] == 1701


def test_the_controls_can_end_all_sessions(cove: Caller) -> None:
    cove.sandbox.console.expire_visas()

    assert cove.query()["error"]["data"] == 1701


def test_expired_visas_are_removed_and_the_newest_stays_valid(cove: Caller) -> None:
    console = cove.sandbox.console
    for _ in range(1500):
        console.issue_visa()
        console.clock.advance(timedelta(seconds=2))
    console.check_visa(console.issue_visa())


# ── the envelope ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"", -32700),
        (b"\xff\xfe", -32700),
        (b"[]", -32600),
        (b'"Login"', -32600),
        (b'{"id":"1","method":"Login"}', -32600),
        (b'{"jsonrpc":"1.0","id":"1","method":"Login"}', -32600),
        (b'{"jsonrpc":"2.0","method":"Login"}', -32600),
        (b'{"jsonrpc":"2.0","id":true,"method":"Login"}', -32600),
        (b'{"jsonrpc":"2.0","id":"1"}', -32600),
        (b'{"jsonrpc":"2.0","id":"1","method":"Login","token":"x"}', -32600),
    ],
)
def test_a_body_that_is_not_a_call_gets_its_json_rpc_code(cove: Caller, body: bytes, code: int) -> None:
    answer = cove.http.post(cove.url, content=body)

    assert answer.status_code == 200
    assert answer.json()["id"] is None
    assert answer.json()["error"]["code"] == code


def test_an_unknown_method_is_refused(cove: Caller) -> None:
    assert cove.call("RemovePartner", {"partnerId": ALDER})["error"]["code"] == -32601


def test_only_post_is_accepted(cove: Caller) -> None:
    assert cove.http.get(cove.url).status_code == 405


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"partner": "a", "username": "b"}, "password"),
        ({"partner": "a", "username": "b", "password": 1}, "password"),
        ({"partner": "a", "username": "b", "password": "c", "otp": "1"}, "otp"),
        ([], "object"),
    ],
)
def test_a_missing_mistyped_or_unknown_parameter_is_named(cove: Caller, params: Any, named: str) -> None:
    error = cove.post(method="Login", params=params)["error"]

    assert error["code"] == -32602
    assert named in error["message"]


def test_a_visa_inside_params_is_refused(cove: Caller) -> None:
    error = cove.call("EnumeratePartners", {"parentPartnerId": ROOT, "visa": cove.visa})["error"]

    assert error["code"] == -32602
    assert "next to method" in error["message"]


def test_a_refused_call_also_returns_the_next_visa(cove: Caller) -> None:
    assert "visa" in cove.query(Columns=["I3"])


# ── partners ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_field_number_returns_its_fields(cove: Caller) -> None:
    alder = next(each for each in cove.partners() if each["Id"] == ALDER)

    assert alder == {
        "Id": ALDER,
        "ParentId": ROOT,
        "Name": "Alder Dental",
        "Level": "EndCustomer",
        "ChildServiceTypes": ["AllInclusive"],
        "ServiceType": "AllInclusive",
        "State": "InProduction",
        "LocationId": 1,
        "Flags": [],
        "Company": {"LegalCompanyName": "Alder Dental", "PostAddress": None},
        "ExternalCode": "",
        "MailFrom": "",
        "CreationTime": int((START - timedelta(days=400)).timestamp()),
    }


def test_a_partner_returns_the_known_parts_of_its_company_only(cove: Caller) -> None:
    world = cove.sandbox.console.world
    world.set_external_code(ALDER, "ALDER01", START)
    profile = Profile(website="https://alder.example", mail_from="backup@alder.example", city="Bern", country="CH")
    world.set_profile(ALDER, profile, START)

    alder = next(each for each in cove.partners(fields=[10, 18]) if each["Id"] == ALDER)

    assert alder["Company"] == {
        "LegalCompanyName": "",
        "WebsiteAddress": "https://alder.example",
        "PostAddress": {"City": "Bern", "Country": "CH"},
    }
    assert (alder["ExternalCode"], alder["MailFrom"]) == ("ALDER01", "backup@alder.example")


def test_only_requested_fields_are_returned_with_id_and_parent(cove: Caller) -> None:
    assert {tuple(sorted(each)) for each in cove.partners(fields=[0])} == {("Id", "Name", "ParentId")}


def test_sites_are_returned_only_with_fetch_recursively(cove: Caller) -> None:
    deep = {each["Level"] for each in cove.partners()}
    flat = {each["Level"] for each in cove.partners(fetchRecursively=False)}

    assert deep == {"EndCustomer", "Site"}
    assert flat == {"EndCustomer"}


def test_partners_below_a_customer_are_its_sites(cove: Caller) -> None:
    assert [each["ParentId"] for each in cove.partners(parentPartnerId=BIRCHWOOD)] == [BIRCHWOOD]


@many
def test_parents_come_before_their_children(cove: Caller) -> None:
    known = {ROOT}
    for partner in cove.partners():
        assert partner["ParentId"] in known
        known.add(partner["Id"])


def test_a_recycled_customer_is_below_the_recycle_bin(cove: Caller) -> None:
    cove.sandbox.console.world.recycle(ALDER, START)
    names = {each["Id"]: each["Name"] for each in cove.partners()}
    alder = next(each for each in cove.partners() if each["Id"] == ALDER)

    assert names[alder["ParentId"]].endswith("- Recycle Bin")


@pytest.mark.parametrize(
    ("params", "key", "value"),
    [
        ({"parentPartnerId": 42}, "data", 13501),
        ({"parentPartnerId": ROOT, "fields": [2]}, "code", -32602),
        ({"parentPartnerId": ROOT, "fields": ["Name"]}, "code", -32602),
        ({"parentPartnerId": ROOT, "fields": [True]}, "code", -32602),
        ({"parentPartnerId": str(ROOT)}, "code", -32602),
        ({"parentPartnerId": True}, "code", -32602),
        ({"parentPartnerId": ROOT, "fetchRecursively": "true"}, "code", -32602),
        ({"fields": [0]}, "code", -32602),
    ],
)
def test_invalid_calls_for_partners_are_refused(cove: Caller, params: Any, key: str, value: int) -> None:
    assert cove.call("EnumeratePartners", params)["error"][key] == value


# ── statistics ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_row_has_device_owner_and_one_setting_per_entry(cove: Caller) -> None:
    row = next(each for each in cove.rows(Columns=["I1", "I14"]) if each["PartnerId"] == ALDER)

    assert row == {
        "AccountId": 2_000_020,
        "Flags": None,
        "PartnerId": ALDER,
        "Settings": [{"I1": "alder-srv01"}, {"I14": "95187264113"}],
    }


def test_a_device_without_a_value_has_no_such_setting(cove: Caller) -> None:
    known = ["I14" in settings(row) for row in cove.rows(PartnerId=DOGWOOD)]

    assert sorted(known) == [False, True, True]


@many
def test_every_column_of_the_reference_returns_strings(cove: Caller) -> None:
    columns = ["I0", "I1", "I18", "I4", "I8", "I9", "I10", "I14", "I32", "I59", "I77", "I81", "D9F03"]
    aliases = ["AU", "AN", "MN", "CD", "AR", "PD", "PN", "US", "OT", "AT", "PF", "T3"]
    rows = [settings(row) for row in cove.rows(Columns=columns + aliases)]

    assert {key for row in rows for key in row} == {*columns, *aliases}
    assert all(isinstance(value, str) for row in rows for value in row.values())
    assert all(row["I14"] == row["US"] for row in rows if "I14" in row)
    assert {row["I32"] for row in rows if row["I59"] == "2"} == {"0"}


def test_usage_grows_with_the_clock(cove: Caller) -> None:
    before = int(cove.query(Totals=["SUM(I14)"])["result"]["totalStatistics"][0]["SUM(I14)"])
    cove.sandbox.clock.advance(timedelta(minutes=14))
    cove.query()
    cove.sandbox.clock.advance(timedelta(minutes=14))
    cove.login()
    cove.sandbox.clock.advance(timedelta(hours=24))
    cove.login()
    after = int(cove.query(Totals=["SUM(I14)"])["result"]["totalStatistics"][0]["SUM(I14)"])

    assert before == 2_256_950_000_000
    assert after > before


def test_totals_are_sums_over_all_devices_not_over_the_page(cove: Caller) -> None:
    page = cove.query(RecordsCount=1, Totals=["SUM(I14)"])["result"]

    assert len(page["result"]) == 1
    assert page["totalStatistics"] == [{"SUM(I14)": "2256950000000"}]


def test_a_count_returns_the_number_of_devices(cove: Caller) -> None:
    assert cove.query(SelectionMode="Count", Columns=..., RecordsCount=...)["result"]["result"] == 15


def test_the_devices_of_one_subtree_can_be_read(cove: Caller) -> None:
    assert {row["PartnerId"] for row in cove.rows(PartnerId=BIRCHWOOD)} == {BIRCHWOOD, 1_500_002}


def test_excluded_partners_are_left_out_with_all_below_them(cove: Caller) -> None:
    owners = {row["PartnerId"] for row in cove.rows(ExcludedPartners=[BIRCHWOOD])}

    assert owners.isdisjoint({BIRCHWOOD, 1_500_002})
    assert ALDER in owners


def test_paging_reads_every_device_once(cove: Caller) -> None:
    pages = [cove.rows(StartRecordNumber=start, RecordsCount=4, OrderBy="I0 ASC") for start in (0, 4, 8, 12, 16)]

    assert [len(page) for page in pages] == [4, 4, 4, 3, 0]
    assert len({row["AccountId"] for page in pages for row in page}) == 15


def test_pages_overlap_and_miss_rows_when_the_order_is_not_unique(cove: Caller) -> None:
    pages = [cove.rows(StartRecordNumber=start, RecordsCount=4, OrderBy="I32 ASC") for start in (0, 4, 8, 12)]
    rows = [row["AccountId"] for page in pages for row in page]

    assert len(rows) == 15
    assert len(set(rows)) < 15


def test_a_page_has_at_most_page_ceiling_rows(cove: Caller) -> None:
    cove.sandbox.console.page_ceiling = 5

    assert len(cove.rows(RecordsCount=5000)) == 5


@many
@pytest.mark.parametrize("code", ["I1", "I8", "AR", "I14", "I4", "I18"])
def test_rows_can_be_ordered_in_both_directions(cove: Caller, code: str) -> None:
    def key(row: dict[str, Any]) -> tuple[bool, int, str]:
        value = settings(row).get(code)
        if value is None:
            return (False, 0, "")
        return (True, int(value), "") if code in {"I14", "I4"} else (True, 0, value)

    rising = [key(row) for row in cove.rows(Columns=[code], OrderBy=f"{code} ASC")]
    falling = [key(row) for row in cove.rows(Columns=[code], OrderBy=f"{code} DESC")]

    assert rising == sorted(rising)
    assert falling == sorted(falling, reverse=True)


def test_without_an_order_rows_are_sorted_by_device_id(cove: Caller) -> None:
    ids = [row["AccountId"] for row in cove.rows()]

    assert ids == sorted(ids)


def test_a_change_between_two_readings_is_seen(cove: Caller) -> None:
    assert len(cove.rows()) == 15
    cove.sandbox.console.world.remove_customer(ALDER, START)
    assert len(cove.rows()) == 13
    cove.sandbox.clock.advance(timedelta(minutes=-1))
    cove.login()
    assert len(cove.rows()) == 15


@pytest.mark.parametrize(
    ("changes", "key", "value"),
    [
        ({"Columns": ["I14", "I3"]}, "data", 13501),
        ({"Totals": ["SUM(I3)"]}, "data", 13501),
        ({"OrderBy": "I3 ASC"}, "data", 13501),
        ({"PartnerId": 42}, "data", 13501),
        ({"Totals": ["SUM(I9999)"]}, "code", -32602),
        ({"Columns": "I14"}, "code", -32602),
        ({"Columns": ...}, "code", -32602),
        ({"PartnerId": ...}, "code", -32602),
        ({"RecordsCount": ...}, "code", -32602),
        ({"RecordsCount": 0}, "code", -32602),
        ({"RecordsCount": "300"}, "code", -32602),
        ({"StartRecordNumber": -1}, "code", -32602),
        ({"SelectionMode": "All"}, "code", -32602),
        ({"OrderBy": "I8"}, "code", -32602),
        ({"OrderBy": "I8 asc"}, "code", -32602),
        ({"OrderBy": "I9999 ASC"}, "code", -32602),
        ({"Totals": ["AVG(I14)"]}, "code", -32602),
        ({"Totals": ["SUM(I1)"]}, "code", -32602),
        ({"Filter": "I14 > 0"}, "code", -32602),
    ],
)
def test_invalid_queries_are_refused(cove: Caller, changes: Any, key: str, value: int) -> None:
    answer = cove.query(**changes)

    assert answer["error"][key] == value
    assert "result" not in answer


def test_an_unknown_column_is_left_out_without_an_error(cove: Caller) -> None:
    rows = cove.rows(Columns=["I9999", "i14", "I0"])

    assert [list(settings(row)) for row in rows] == [["I0"]] * 15


def test_a_retired_column_is_left_out_in_both_spellings_until_it_is_restored(cove: Caller) -> None:
    rights = cove.sandbox.console.rights
    rights.retire(["I14"])

    assert [settings(row) for row in cove.rows(Columns=["I14", "US"])] == [{}] * 15
    assert cove.query(Totals=["SUM(I14)"])["error"]["code"] == -32602
    rights.retire([])
    assert any("I14" in settings(row) for row in cove.rows())


@pytest.mark.parametrize("changes", [{"Columns": ["I0", "US"]}, {"OrderBy": "I14 ASC"}, {"SelectionMode": "Count"}])
def test_a_refused_column_fails_the_call_and_is_not_named(cove: Caller, changes: Any) -> None:
    rights = cove.sandbox.console.rights
    rights.refuse(["US"])
    error = cove.query(**changes)["error"]

    assert error["data"] == 13501
    assert "I14" not in error["message"]
    assert len(cove.rows(Columns=["I0"])) == 15
    rights.refuse([])
    assert len(cove.rows()) == 15


@pytest.mark.parametrize("figure", ["-1", "123.0", " ", "", "1e9", "١٢", None, 7, 1.5, -1, False])
def test_an_odd_figure_is_returned_unchanged_until_the_size_is_set(cove: Caller, figure: Any) -> None:
    world, known = cove.sandbox.console.world, 2_000_020
    before = cove.query(Totals=["SUM(I14)"], OrderBy="I14 ASC")
    world.set_figure(known, figure, START)
    row = next(row for row in cove.rows(OrderBy="I14 ASC", Totals=["SUM(I14)"]) if row["AccountId"] == known)

    assert row["Settings"] == [{"I14": figure}]
    assert next(each for each in world.usage(START) if each.id == ALDER).missing == 1
    world.resize_device(known, 5, START)
    assert {settings(row).get("I14") for row in cove.rows() if row["AccountId"] == known} == {"5"}
    assert before["result"]["totalStatistics"]


def test_statistics_without_a_query_are_refused(cove: Caller) -> None:
    assert cove.call("EnumerateAccountStatistics", {"PartnerId": ROOT})["error"]["code"] == -32602


def test_history_returns_the_state_at_its_timeslice(cove: Caller) -> None:
    world, clock = cove.sandbox.console.world, cove.sandbox.clock
    clock.advance(timedelta(days=40))
    world.set_bytes(ALDER, 7, clock.now())
    cove.login()
    then = int((START + timedelta(hours=3)).timestamp())
    rows = cove.query("EnumerateAccountHistoryStatistics", PartnerId=ALDER, timeslice=then)["result"]["result"]

    expected = [world.used(device, START + timedelta(hours=3)) for device in world.devices_of([ALDER], clock.now())]
    assert [int(settings(row)["I14"]) for row in rows] == expected
    assert [int(settings(row)["I14"]) for row in cove.rows(PartnerId=ALDER)] == [6, 1]


@pytest.mark.parametrize("timeslice", [..., "1", 0, int(START.timestamp()) + 1])
def test_history_needs_a_timeslice_in_the_past(cove: Caller, timeslice: Any) -> None:
    changes = {} if timeslice is ... else {"timeslice": timeslice}

    assert cove.query("EnumerateAccountHistoryStatistics", **changes)["error"]["code"] == -32602


# ── faults and the log ───────────────────────────────────────────────────────────────────────────────────────


def test_calls_are_counted_by_method(cove: Caller) -> None:
    cove.partners()
    cove.rows()
    cove.rows()
    cove.http.post(cove.url, content=b"{")

    assert cove.sandbox.log.by_route == {
        "POST /jsonapi EnumerateAccountStatistics": 2,
        "POST /jsonapi EnumeratePartners": 1,
        "POST /jsonapi": 1,
    }


def test_the_fault_429_returns_retry_after_and_changes_nothing(cove: Caller) -> None:
    cove.sandbox.faults.replace(["429:1,retry-after=7@EnumeratePartners"])
    body = {"jsonrpc": "2.0", "id": 1, "visa": cove.visa, "method": "EnumeratePartners"}
    answer = cove.http.post(cove.url, json=body)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert len(cove.partners()) == 7


def test_a_500_of_the_console_is_not_json(cove: Caller) -> None:
    cove.sandbox.faults.replace(["500"])
    answer = cove.http.post(cove.url, json={"jsonrpc": "2.0", "id": 1, "method": "Login"})

    assert answer.status_code == 500
    assert not answer.headers["content-type"].startswith("application/json")


def test_the_fault_html_returns_html_with_status_200(cove: Caller) -> None:
    cove.sandbox.faults.replace(["html"])
    answer = cove.http.post(cove.url, json={"jsonrpc": "2.0", "id": 1, "method": "Login"})

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_the_fault_stale_visa_rejects_a_valid_visa_but_no_login(cove: Caller) -> None:
    cove.sandbox.faults.replace(["stale-visa:1"])
    assert cove.query()["error"]["data"] == 1701

    assert "result" in cove.login()
    assert "result" in cove.query()


@pytest.mark.parametrize(
    ("form", "error"),
    [
        (0, {"code": -32603, "message": "The visa is not valid or has expired", "data": 1701}),
        (1, {"code": -32603, "message": "Internal error", "data": "1701"}),
        (2, {"code": 1701, "message": "Internal error"}),
        (3, {"code": "1701", "message": "Internal error"}),
        (4, {"code": -32603, "message": "The visa is not valid or has expired"}),
        (5, {"code": -32603, "message": "Internal error", "data": "Visa expired"}),
        (6, "Error 1701"),
    ],
)
def test_the_fault_stale_visa_has_each_form(cove: Caller, form: int, error: Any) -> None:
    cove.sandbox.faults.replace([f"stale-visa:1,form={form}"])

    assert cove.query()["error"] == error
    assert "result" in cove.query()


def test_the_fault_half_json_is_a_complete_http_message(cove: Caller) -> None:
    cove.sandbox.faults.replace(["half-json"])
    body = {"jsonrpc": "2.0", "id": 1, "visa": cove.visa, "method": "EnumeratePartners"}
    answer = cove.http.post(cove.url, json=body)

    with pytest.raises(ValueError, match="line 1"):
        answer.json()


@pytest.mark.parametrize(("fault", "fate"), [("truncated", "truncated"), ("drop", "dropped")])
def test_a_cut_response_closes_the_connection(cove: Caller, fault: str, fate: str) -> None:
    cove.sandbox.faults.replace([fault])
    body = {"jsonrpc": "2.0", "id": 1, "visa": cove.visa, "method": "EnumeratePartners"}
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        cove.http.post(cove.url, json=body)

    assert cove.sandbox.log.entries[-1].fate == fate


def test_the_fault_slow_and_the_latency_only_delay(cove: Caller) -> None:
    cove.sandbox.faults.replace(["slow:ms=1"])
    cove.sandbox.latency_ms = 1
    try:
        assert len(cove.rows()) == 15
    finally:
        cove.sandbox.latency_ms = 0
