"""The console's high-water report, tested over real HTTP without our own client."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook

from reconciler.sandbox.cove.data.model import Device
from reconciler.sandbox.cove.reports import COLUMNS, PATH

from .cove_calls import ALDER, ROOT, START, Caller

GB = 10**9
HOUR = timedelta(hours=1)
NOVEMBER = {"dateFrom": "2026-11-01T00:00:00Z", "dateTo": "2026-11-30T23:59:59Z"}


def ask(cove: Caller, visa: str | None = None, **changes: Any) -> httpx.Response:
    """Ask for the report of November of the whole tree, with some parameters changed or left out (None)."""
    query = {**NOVEMBER, "exportOutput": "OneXlsxFile", "partnerId": ROOT, **changes}
    query = {key: value for key, value in query.items() if value is not None}
    url = cove.url.removesuffix("/jsonapi") + PATH
    return cove.http.get(url, params=query, headers={"Authorization": f"Bearer {visa or cove.visa}"})


def rows(cove: Caller, **changes: Any) -> list[dict[str, Any]]:
    """Return the rows of the report, each by the names of its columns."""
    cove.login()
    answer = ask(cove, **changes)
    assert answer.status_code == 200, answer.text
    header, *found = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    return [dict(zip(header, row, strict=True)) for row in found]


def row_of(cove: Caller, device: Device) -> dict[str, Any]:
    """Return the only row of a device."""
    (found,) = (row for row in rows(cove) if row["DeviceId"] == device.id)
    return found


def some_device(cove: Caller, account_type: int = 1) -> Device:
    """Return a device, as one of the backup manager (1) or of Microsoft 365 (2)."""
    device = list(cove.sandbox.console.world.devices.values())[-account_type]
    device.account_type = account_type
    return device


def test_the_report_has_a_row_for_each_device_with_the_columns_of_the_reference(cove: Caller) -> None:
    found = rows(cove)
    world = cove.sandbox.console.world
    assert {row["DeviceId"] for row in found} == set(world.devices)
    assert tuple(found[0]) == COLUMNS


def test_the_report_is_a_workbook_of_one_sheet(cove: Caller) -> None:
    answer = ask(cove)
    assert answer.headers["content-type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert CalamineWorkbook.from_filelike(BytesIO(answer.content)).sheet_names == ["Usage"]


def test_a_size_is_the_highest_of_the_month_with_its_first_moment(cove: Caller) -> None:
    device, world, clock = some_device(cove), cove.sandbox.console.world, cove.sandbox.clock
    clock.advance(HOUR)
    world.resize_device(device.id, 900_004 * GB // 1000, clock.now())
    clock.advance(HOUR)
    world.resize_device(device.id, 5 * GB, clock.now())
    clock.advance(HOUR)
    row = row_of(cove, device)
    assert row["UsedStorageGb"] == 900
    assert row["UsedStorageMvDate"].startswith("2026-11-01T0")
    assert row["SelectedSizeGb"] == 1080


def test_a_deleted_device_stays_in_the_report_of_its_month_and_not_of_later_ones(cove: Caller) -> None:
    device, world, clock = some_device(cove), cove.sandbox.console.world, cove.sandbox.clock
    clock.advance(HOUR)
    world.remove_device(device.id, clock.now())
    assert row_of(cove, device)["DeviceDeletionDate"] == "2026-11-01T01:00:00Z"
    clock.advance(timedelta(days=40))
    december = {"dateFrom": "2026-12-01T00:00:00Z", "dateTo": "2026-12-31T23:59:59Z"}
    assert device.id not in {row["DeviceId"] for row in rows(cove, **december)}


def test_a_device_that_is_created_after_the_days_is_not_in_their_report(cove: Caller) -> None:
    clock = cove.sandbox.clock
    clock.advance(timedelta(days=2))
    device = cove.sandbox.console.world.add_device(ALDER, clock.now(), GB)
    assert device.id in {row["DeviceId"] for row in rows(cove)}
    assert device.id not in {row["DeviceId"] for row in rows(cove, dateTo="2026-11-01T23:59:59Z")}


def test_users_are_those_of_microsoft_365_devices(cove: Caller) -> None:
    world, clock = cove.sandbox.console.world, cove.sandbox.clock
    device = some_device(cove, 2)
    world.set_users(device.id, 12, clock.now())
    clock.advance(HOUR)
    world.set_users(device.id, 9, clock.now())
    row = row_of(cove, device)
    assert (row["O365Users"], row["O365UsersMvDate"]) == (12, "2026-11-01T00:00:00Z")
    assert row["OsType"] == ""
    assert row_of(cove, some_device(cove))["O365Users"] == ""


@pytest.mark.parametrize(("recovery", "cell"), [(0, ""), (1, 1), (2, 2)])
def test_recovery_is_1_for_recovery_testing_and_2_for_a_standby_image(
    cove: Caller,
    recovery: int,
    cell: Any,
) -> None:
    device = some_device(cove)
    cove.sandbox.console.world.set_recovery(device.id, recovery, cove.sandbox.clock.now())
    row = row_of(cove, device)
    assert row["RecoveryTesting"] == cell
    assert bool(row["RecoveryTestingMvDate"]) is bool(recovery)


def test_an_odd_figure_has_no_size_and_keeps_the_users(cove: Caller) -> None:
    device, world = some_device(cove, 2), cove.sandbox.console.world
    world.set_figure(device.id, "-1", START)
    world.set_users(device.id, 3, START)
    row = row_of(cove, device)
    assert (row["UsedStorageGb"], row["O365Users"]) == ("", 3)


def test_an_odd_figure_does_not_change_the_month_before_it(cove: Caller) -> None:
    device, world, clock = some_device(cove), cove.sandbox.console.world, cove.sandbox.clock
    before = row_of(cove, device)["UsedStorageGb"]
    clock.advance(HOUR)
    world.set_figure(device.id, "-1", clock.now())
    assert row_of(cove, device)["UsedStorageGb"] >= before > 0


def test_a_device_of_a_site_is_in_a_row_of_its_customer(cove: Caller) -> None:
    world = cove.sandbox.console.world
    sites = {each.id: each.parent_id for each in world.partners.values() if each.level.value == "Site"}
    device = next(each for each in world.devices.values() if each.partner_id in sites)
    row = row_of(cove, device)
    assert row["CustomerId"] == sites[device.partner_id]
    assert row["CustomerName"] == world.partners[sites[device.partner_id]].name


def test_the_report_of_one_customer_has_only_its_devices(cove: Caller) -> None:
    assert {row["CustomerId"] for row in rows(cove, partnerId=ALDER)} == {ALDER}


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"visa": "made-up"}, 401, "visa"),
        ({"partnerId": 1}, 403, "partner 1 is not allowed"),
        ({"partnerId": "acme"}, 400, "partnerId must be a number"),
        ({"exportOutput": None}, 400, "exportOutput must be OneXlsxFile"),
        ({"dateFrom": "November"}, 400, "dateFrom must be a time like"),
        ({"dateTo": None}, 400, "dateTo must be a time like"),
        ({"dateFrom": "2026-11-01T00:00:00"}, 400, "dateFrom has no zone"),
        ({"dateFrom": "2026-12-01T00:00:00Z"}, 400, "dateTo is before dateFrom"),
        ({"month": "11"}, 400, "unknown parameter month"),
    ],
)
def test_a_wrong_request_is_refused(cove: Caller, changes: Any, status: int, text: str) -> None:
    answer = ask(cove, **changes)
    assert answer.status_code == status
    assert text in answer.text


def test_only_the_scheme_bearer_is_accepted(cove: Caller) -> None:
    url = cove.url.removesuffix("/jsonapi") + PATH
    assert cove.http.get(url, headers={"Authorization": f"Basic {cove.visa}"}).status_code == 401
    assert cove.http.get(url).status_code == 401


@pytest.mark.parametrize(("fault", "status"), [("429", 429), ("500", 500), ("stale-visa", 401), ("html", 200)])
def test_a_fault_replaces_the_report(cove: Caller, fault: str, status: int) -> None:
    cove.sandbox.faults.replace([f"{fault}:1"])
    answer = ask(cove)
    assert (answer.status_code, answer.content[:2] == b"PK") == (status, False)
    assert ask(cove).content[:2] == b"PK"


@pytest.mark.parametrize(("fault", "fate"), [("drop", "dropped"), ("truncated", "truncated")])
def test_a_cut_report_closes_the_connection(cove: Caller, fault: str, fate: str) -> None:
    cove.sandbox.faults.replace([fault])
    with pytest.raises(httpx.TransportError):
        ask(cove)
    assert cove.sandbox.log.entries[-1].fate == fate


def test_the_fault_slow_only_delays(cove: Caller) -> None:
    cove.sandbox.faults.replace(["slow:ms=1"])
    assert ask(cove).status_code == 200


@pytest.mark.parametrize(
    ("body", "column", "cell"), [({"users": 7}, "O365Users", 7), ({"recovery": 2}, "RecoveryTesting", 2)]
)
def test_the_control_route_sets_what_the_report_has(
    cove: Caller,
    body: Any,
    column: str,
    cell: int,
) -> None:
    device = some_device(cove, 2)
    url = cove.url.removesuffix("/jsonapi") + f"/sandbox/console/devices/{device.id}"
    assert cove.http.post(url, json=body).status_code == 200
    assert row_of(cove, device)[column] == cell


@pytest.mark.parametrize(("account_type", "users"), [(1, 3), (2, -1)])
def test_only_a_microsoft_365_device_has_users(cove: Caller, account_type: int, users: int) -> None:
    device = some_device(cove, account_type)
    url = cove.url.removesuffix("/jsonapi") + f"/sandbox/console/devices/{device.id}"
    assert cove.http.post(url, json={"users": users}).status_code == 409
