"""The state file: a saved sandbox continues unchanged after it is loaded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.connectwise.tenant.tenant import Tenant
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox
from reconciler.sandbox.state.saved import SavedStateError, load, save

START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def full() -> Sandbox:
    sandbox = Sandbox(clock=Clock(START))
    tenant = sandbox.tenant
    make = tenant.create
    login = make("integratorLogin", {"username": "backup", "password": "write-only", "managedServicesApiFlag": True})
    integration = make(
        "managedDevicesIntegration",
        {
            "name": "Backup",
            "solution": "Cloud Backup",
            "loginBy": "Global",
            "defaultBillingLevel": "Detail",
            "integratorLogin": {"id": login["id"]},
        },
    )
    company = make("company", {"identifier": "ALDER", "name": "Alder Dental", "addressLine1": "1 Mill Lane"})
    contact = make("contact", {"firstName": "Ann", "company": {"id": company["id"]}})
    agreement = make(
        "agreement",
        {
            "name": "Managed Backup",
            "type": {"name": "Managed Service"},
            "company": {"id": company["id"]},
            "contact": {"id": contact["id"]},
            "startDate": "2026-11-01T00:00:00Z",
            "noEndingDateFlag": True,
        },
    )
    product = make(
        "catalogItem",
        {
            "identifier": "BACKUP-GB",
            "description": "Backup",
            "customerDescription": "Backup per GB",
            "subcategory": {"id": next(iter(tenant.tables["subCategory"].rows))},
            "type": {"id": next(iter(tenant.tables["productType"].rows))},
            "unitOfMeasure": {"name": "Each"},
            "price": 1,
            "cost": 0,
        },
    )
    make(
        "addition",
        {"product": {"id": product["id"]}, "billCustomer": "Billable", "quantity": 121, "unitPrice": 1},
        agreement["id"],
    )
    make(
        "managementSummary",
        {
            "groupIdentifier": "1001",
            "managementSolution": {"id": integration["id"]},
            "agreement": {"id": agreement["id"]},
        },
        company["id"],
    )
    return sandbox


def shown(tenant: Tenant) -> dict[str, list[Any]]:
    return {
        name: [(row.id, row.parent, row.data, row.secrets) for row in table.rows.values()]
        for name, table in tenant.tables.items()
        if table.rows
    }


def test_a_loaded_sandbox_shows_exactly_what_was_saved(full: Sandbox, tmp_path: Path) -> None:
    save(full, tmp_path / "state.json")
    clock, tenant, console, *_ = load(tmp_path / "state.json")

    assert shown(tenant) == shown(full.tenant)
    assert clock.now() == START
    assert console.world.usage(START) == full.console.world.usage(START)


def test_saving_a_loaded_sandbox_writes_the_same_file(full: Sandbox, tmp_path: Path) -> None:
    save(full, tmp_path / "first.json")
    clock, tenant, console, *_ = load(tmp_path / "first.json")
    save(Sandbox(clock=clock, tenant=tenant, console=console), tmp_path / "second.json")

    assert (tmp_path / "second.json").read_bytes() == (tmp_path / "first.json").read_bytes()


def test_after_loading_a_new_name_shows_in_every_reference(full: Sandbox, tmp_path: Path) -> None:
    save(full, tmp_path / "state.json")
    _, tenant, *_ = load(tmp_path / "state.json")
    company = next(row for row in tenant.tables["company"].rows.values() if row.data["identifier"] == "ALDER")
    integration = next(iter(tenant.tables["managedDevicesIntegration"].rows.values()))
    tenant.update("company", company, {"name": "Alder Group"})
    tenant.update("managedDevicesIntegration", integration, {"solution": "New Cloud"})

    agreement = next(iter(tenant.tables["agreement"].rows.values()))
    solution = next(iter(tenant.tables["managementSummary"].rows.values()))
    assert agreement.data["company"]["name"] == "Alder Group"
    assert solution.data["managementSolution"]["name"] == "New Cloud"


def test_after_loading_new_objects_get_new_ids(full: Sandbox, tmp_path: Path) -> None:
    make = full.tenant.create
    gone = make("company", {"identifier": "GONE", "name": "Gone", "addressLine1": "1"})
    full.tenant.delete("company", full.tenant.get("company", gone["id"]))
    save(full, tmp_path / "state.json")
    _, tenant, *_ = load(tmp_path / "state.json")

    assert tenant.create("company", {"identifier": "NEW", "name": "New", "addressLine1": "1"})["id"] > gone["id"]


def test_a_running_clock_continues_from_its_saved_time(tmp_path: Path) -> None:
    clock = Clock()
    clock.advance(timedelta(days=1000))
    save(Sandbox(clock=clock), tmp_path / "state.json")
    again, *_ = load(tmp_path / "state.json")

    assert not again.frozen
    assert again.now() > datetime.now(UTC) + timedelta(days=999)


def test_a_reference_without_its_target_is_loaded_unchanged(full: Sandbox, tmp_path: Path) -> None:
    full.tenant.tables["contact"].rows.clear()
    full.tenant.tables["managedDevicesIntegration"].rows.clear()
    save(full, tmp_path / "state.json")
    _, tenant, *_ = load(tmp_path / "state.json")

    assert shown(tenant) == shown(full.tenant)


def test_only_its_owner_can_read_a_state_file(full: Sandbox, tmp_path: Path) -> None:
    save(full, tmp_path / "state.json")

    assert (tmp_path / "state.json").stat().st_mode & 0o077 == 0


def test_a_failed_save_leaves_the_old_file_unchanged(full: Sandbox, tmp_path: Path) -> None:
    target = tmp_path / "state.json"
    target.mkdir()

    with pytest.raises(OSError, match="directory"):
        save(full, target)
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"format_version": 1}'])
def test_a_file_that_is_not_a_state_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.json").write_bytes(content)

    with pytest.raises(SavedStateError, match="not a state of the sandbox"):
        load(tmp_path / "state.json")


def test_a_state_of_another_format_is_refused_with_its_number(full: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    save(full, path)
    path.write_bytes(path.read_bytes().replace(b'"format_version":1', b'"format_version":9'))

    with pytest.raises(SavedStateError, match="has format 9; this version reads format 1"):
        load(path)
