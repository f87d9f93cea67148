"""The controls, tested over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.server.control.bodies import ControlError, read_moment
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox

START = datetime(2026, 11, 1, tzinfo=UTC)
ALDER, BIRCHWOOD, CEDAR = 1_001_001, 1_001_002, 1_001_003


class Controls:
    """Calls the controls, and expects the status that a test gives."""

    def __init__(self, sandbox: Sandbox, http: httpx.Client) -> None:
        self.sandbox = sandbox
        self.http = http

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.http.get(f"/sandbox/{path}")
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, body: Any, status: int = 200) -> Any:
        answer = self.http.post(f"/sandbox/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def customer(self, key: int, change: Any, status: int = 200) -> Any:
        return self.post(f"console/customers/{key}", change, status)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[RunningSandbox, httpx.Client]]:
    """Yield one server for all tests of this module. Each test has its own sandbox in it."""
    with RunningSandbox() as running, httpx.Client(base_url=running.url) as http:
        yield running, http


@pytest.fixture
def controls(served: tuple[RunningSandbox, httpx.Client]) -> Controls:
    running, http = served
    clock = Clock(START)
    running.show(Sandbox(clock=clock, console=Console(clock, World(1, 10, START))))
    return Controls(running.sandbox, http)


def test_the_state_returns_clock_settings_and_counts(controls: Controls) -> None:
    state = controls.get("state")

    assert state["clock"] == {"now": "2026-11-01T00:00:00+00:00", "frozen": True}
    assert state["console"]["customers"] == 10
    assert state["console"]["missing"] == 1
    assert state["tenant"]["company"] == len(controls.sandbox.tenant.tables["company"].rows)
    assert state["settings"] == {"latency_ms": 0, "rate_per_second": None, "page_ceiling": 1000}


@pytest.mark.parametrize(
    ("move", "now"),
    [
        ({"advance_hours": 1}, "2026-11-01T01:00:00+00:00"),
        ({"advance_hours": 0.25}, "2026-11-01T00:15:00+00:00"),
        ({"advance_hours": "-2"}, "2026-10-31T22:00:00+00:00"),
        ({"advance_days": 2}, "2026-11-03T00:00:00+00:00"),
        ({"advance_months": 1}, "2026-12-01T00:00:00+00:00"),
        ({"advance_months": -2}, "2026-09-01T00:00:00+00:00"),
        ({"now": "2026-12-01T00:00:00+01:00"}, "2026-11-30T23:00:00+00:00"),
        ({"freeze": True}, "2026-11-01T00:00:00+00:00"),
    ],
)
def test_the_clock_can_be_moved(controls: Controls, move: Any, now: str) -> None:
    assert controls.post("clock", move)["now"] == now
    assert controls.get("clock")["now"] == now


@pytest.mark.parametrize(
    ("move", "sentence"),
    [
        ({"now": "2026-12-01T00:00:00"}, "has no zone"),
        ({"now": "tomorrow"}, "is not a time"),
        ({}, "exactly one of advance_hours, advance_days, advance_months, now, freeze"),
        ({"advance_hours": 1, "freeze": True}, "exactly one"),
        ({"freeze": False}, "is a switch: give true"),
        ({"advance_hours": "soon"}, "cannot read the body"),
        ({"hours": 1}, "unknown field"),
        ({"advance_hours": "1e30"}, "hours are too many"),
        ({"advance_hours": "NaN"}, "is not a number of hours"),
        ({"advance_days": "NaN"}, "is not a number of days"),
        ({"advance_months": 1.5}, "cannot read the body"),
    ],
)
def test_an_invalid_move_of_the_clock_is_refused_with_a_reason(controls: Controls, move: Any, sentence: str) -> None:
    assert sentence in controls.post("clock", move, 400)["error"]


def test_faults_can_be_started_and_ended(controls: Controls) -> None:
    assert controls.post("faults", {"faults": ["429:2", "slow:ms=5"]})["faults"] == ["429:2", "slow:ms=5"]
    assert controls.get("faults")["struck"] == {"429:2": 0, "slow:ms=5": 0}
    assert controls.post("faults", {"faults": []})["faults"] == []


def test_an_unknown_fault_is_refused_and_the_active_ones_stay(controls: Controls) -> None:
    controls.post("faults", {"faults": ["500:1"]})

    assert "unknown fault" in controls.post("faults", {"faults": ["flood"]}, 400)["error"]
    assert controls.get("faults")["faults"] == ["500:1"]


def test_settings_change_one_by_one(controls: Controls) -> None:
    assert controls.post("settings", {"latency_ms": 0, "page_ceiling": 7, "rate_per_second": 900}) == {
        "latency_ms": 0,
        "rate_per_second": 900,
        "page_ceiling": 7,
    }
    assert controls.post("settings", {"rate_per_second": None})["page_ceiling"] == 7
    assert controls.post("settings", {})["rate_per_second"] is None


@pytest.mark.parametrize("settings", [{"latency_ms": -1}, {"page_ceiling": 0}, {"rate_per_second": 0}, {"speed": 1}])
def test_invalid_settings_are_refused(controls: Controls, settings: Any) -> None:
    assert "cannot read the body" in controls.post("settings", settings, 400)["error"]


def test_requests_are_counted_until_the_count_is_reset(controls: Controls) -> None:
    controls.http.post("/jsonapi", content=b"{")
    counted = controls.get("requests")
    assert counted["by_route"] == {"POST /jsonapi": 1}
    assert counted["last"][0]["path"] == "/jsonapi"

    assert controls.post("requests", {"reset": True})["total"] == 0


def test_requests_to_the_controls_are_not_counted(controls: Controls) -> None:
    controls.get("state")

    assert controls.get("requests")["total"] == 0


def test_an_upgrade_moves_the_tenants_codebase(controls: Controls) -> None:
    before = controls.sandbox.tenant.codebase
    try:
        assert controls.post("codebase", {"codebase": "v2026_9/"}) == {"codebase": "v2026_9/"}
        assert controls.sandbox.tenant.codebase == "v2026_9/"
    finally:
        controls.sandbox.tenant.codebase = before


@pytest.mark.parametrize("codebase", ["v2026_9", "/v2026_9/", "", "a/../"])
def test_a_codebase_is_one_path_segment_with_a_slash(controls: Controls, codebase: str) -> None:
    assert "cannot read the body" in controls.post("codebase", {"codebase": codebase}, 400)["error"]


def test_customers_are_listed_with_their_usage(controls: Controls) -> None:
    listed = {row["id"]: row for row in controls.get("console/customers")}

    assert listed[ALDER] == {
        "id": ALDER,
        "name": "Alder Dental",
        "level": "EndCustomer",
        "state": "InProduction",
        "devices": 2,
        "missing": 0,
        "used": 120_350_000_000,
    }


def test_a_customer_is_shown_with_the_devices_of_its_sites(controls: Controls) -> None:
    shown = controls.get(f"console/customers/{BIRCHWOOD}")

    assert shown["bytes"] == 460_400_000_000
    assert [device["name"] for device in shown["devices"]][-1] == "birchwood-harbour-srv"


@pytest.mark.parametrize(
    ("change", "used"),
    [
        ({"bytes": 5_000_000_001}, 5_000_000_001),
        ({"factor": 2}, 240_700_000_000),
        ({"factor": "1.5"}, 180_525_000_000),
        ({"factor": 0.1}, 12_035_000_000),
        ({"add_device": {"bytes": 7}}, 120_350_000_007),
        ({"add_device": {"bytes": None, "name": "alder-spare"}}, 120_350_000_000),
        ({"bytes_per_hour": 0}, 120_350_000_000),
    ],
)
def test_the_usage_of_a_customer_can_be_changed(controls: Controls, change: Any, used: int) -> None:
    assert controls.customer(ALDER, change)["bytes"] == used


def test_a_customer_grows_by_the_given_bytes_per_hour(controls: Controls) -> None:
    controls.customer(ALDER, {"bytes_per_hour": 10**9})
    controls.post("clock", {"advance_hours": 100})

    assert 220 <= controls.get(f"console/customers/{ALDER}")["bytes"] // 10**9 <= 222


def test_a_customer_can_be_renamed_put_on_trial_recycled_and_removed(controls: Controls) -> None:
    assert controls.customer(ALDER, {"rename": "Alder Group"})["name"] == "Alder Group"
    assert controls.customer(ALDER, {"external_code": "A1"})["external_code"] == "A1"
    assert controls.customer(ALDER, {"profile": {"city": "Bern"}})["profile"]["city"] == "Bern"
    assert controls.customer(ALDER, {"state": "InTrial"})["state"] == "InTrial"
    assert controls.customer(ALDER, {"recycle": True})["parent_id"] == 1_000_900
    assert controls.customer(ALDER, {"remove": True}) == {"removed": ALDER}
    assert "no partner" in controls.get(f"console/customers/{ALDER}", 409)["error"]


def test_a_site_below_a_customer_can_have_devices(controls: Controls) -> None:
    controls.customer(ALDER, {"add_site": "Alder Dental - Mill Lane"})
    controls.customer(1_800_001, {"add_device": {"bytes": 10**9}})

    assert controls.get(f"console/customers/{ALDER}")["bytes"] == 121_350_000_000


def test_a_reseller_can_have_devices_of_its_own(controls: Controls) -> None:
    controls.customer(1_000_101, {"add_device": {"bytes": 3}})

    assert (1_000_101, "Reseller") in {(row["id"], row["level"]) for row in controls.get("console/customers")}


def test_a_customer_can_be_added_with_devices(controls: Controls) -> None:
    made = controls.post("console/customers", {"name": "Gorse Garage", "devices": [10**9, None]})

    assert (made["id"], made["bytes"], len(made["devices"])) == (1_001_011, 10**9, 2)


def test_a_device_can_lose_its_size_get_one_again_and_be_removed(controls: Controls) -> None:
    device = controls.get(f"console/customers/{CEDAR}")["devices"][0]["id"]

    assert controls.post(f"console/devices/{device}", {"missing": True})["bytes"] is None
    assert controls.post(f"console/devices/{device}", {"bytes": 9})["bytes"] == 9
    assert controls.post(f"console/devices/{device}", {"figure": "-1"})["bytes"] is None
    assert controls.post(f"console/devices/{device}", {"figure": False})["bytes"] is None
    assert controls.post(f"console/devices/{device}", {"figure": None})["bytes"] is None
    assert controls.post(f"console/devices/{device}", {"bytes": 9})["bytes"] == 9
    moved = controls.post(f"console/devices/{device}", {"move_to": ALDER})
    assert (moved["bytes"], controls.get(f"console/customers/{ALDER}")["devices"][-1]["id"]) == (9, device)
    assert controls.post(f"console/devices/{device}", {"remove": True}) == {"removed": device}
    assert "no device" in controls.post(f"console/devices/{device}", {"bytes": 9}, 409)["error"]


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"bytes": -1}, 409, "cannot use -1"),
        ({"bytes": 1.5}, 400, "cannot read the body"),
        ({"factor": "-1"}, 409, "is negative"),
        ({"factor": "Infinity"}, 400, "is not a factor"),
        ({"state": "Gone"}, 400, "cannot read the body"),
        ({"remove": False}, 400, "is a switch: give true"),
        ({"bytes": 1, "factor": 2}, 400, "exactly one"),
        ({"add_device": {}}, 400, "cannot read the body"),
        ({"rename": ""}, 400, "cannot read the body"),
    ],
)
def test_an_impossible_change_is_refused_with_a_reason(
    controls: Controls, change: Any, status: int, sentence: str
) -> None:
    assert sentence in controls.customer(ALDER, change, status)["error"]
    assert controls.get(f"console/customers/{ALDER}")["bytes"] == 120_350_000_000


def test_sessions_can_be_unlocked_and_ended(controls: Controls) -> None:
    controls.sandbox.console.failed_logins = 5

    assert controls.post("console/sessions", {"expire_visas": True}) == {"failed_logins": 5, "locked": True}
    assert controls.post("console/sessions", {"unlock": True}) == {"failed_logins": 0, "locked": False}


@pytest.mark.parametrize("body", [b"{", b"", b"\xff", b"[]"])
def test_a_body_that_is_not_a_json_object_is_refused(controls: Controls, body: bytes) -> None:
    answer = controls.http.post("/sandbox/clock", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    assert "cannot read the body" in answer.json()["error"]


def test_only_json_is_accepted_so_a_form_of_a_web_page_is_refused(controls: Controls) -> None:
    answer = controls.http.post("/sandbox/clock", data={"advance_hours": "1"})

    assert answer.status_code == 415


def test_another_host_name_is_refused_also_when_it_resolves_to_this_machine(controls: Controls) -> None:
    answer = controls.http.get("/sandbox/state", headers={"Host": "rebound.example:80"})

    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1", "[::1]:80", "[::1]"])
def test_every_local_name_of_this_machine_is_accepted(controls: Controls, host: str) -> None:
    assert controls.http.get("/sandbox/clock", headers={"Host": host}).status_code == 200


def test_the_overview_has_every_table_with_its_number_of_rows(controls: Controls) -> None:
    found = controls.get("overview?rows=3")

    assert [table["title"] for table in found["tenant"]] == [
        "Additions",
        "Agreements",
        "Invoices",
        "Companies",
        "Contacts",
        "Products",
        "Management solutions",
        "Managed devices integrations",
        "Integrator logins",
    ]
    assert (len(found["console"]["rows"]), found["console"]["total"]) == (3, 10)
    assert found["console"]["rows"][0] == [str(ALDER), "Alder Dental", "EndCustomer", "InProduction", 2, 0, "120.35"]
    assert "is not a number of rows" in controls.get("overview?rows=all", 400)["error"]


@pytest.mark.parametrize("text", ["2026-11-01", "2026-11-01T00:00:00", "now", ""])
def test_a_time_without_a_zone_cannot_be_read(text: str) -> None:
    with pytest.raises(ControlError):
        read_moment(text)


def test_columns_are_refused_and_retired_until_the_list_is_replaced(controls: Controls) -> None:
    assert controls.post("console/columns", {"refused": ["I14"]}) == {"refused": ["I14", "I3", "US"], "retired": []}
    assert controls.post("console/columns", {"retired": ["AR", "X9"]})["retired"] == ["AR", "I8", "X9"]
    assert controls.post("console/columns", {"refused": [], "retired": []}) == {"refused": ["I3"], "retired": []}
    assert "cannot read the body" in controls.post("console/columns", {"refused": "I14"}, 400)["error"]


def test_a_partner_of_any_level_can_be_added_with_devices(controls: Controls) -> None:
    reseller = controls.post("console/customers", {"name": "Quayside IT", "level": "Reseller", "devices": [7]})
    below = controls.post("console/customers", {"name": "Quay", "parent_id": reseller["id"]})
    assert (reseller["level"], reseller["bytes"]) == ("Reseller", 7)
    assert (below["level"], below["parent_id"]) == ("EndCustomer", reseller["id"])
    assert "cannot read the body" in controls.post("console/customers", {"name": "x", "level": "Friend"}, 400)["error"]
