"""Tests of the types of sources."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds.fields import EnvSecret, FileSecret
from reconciler.kinds.workspace import CoveSource, CsvSource, JsonSource
from reconciler.metering.sources import registry
from reconciler.metering.sources.cove_session import CoveSettings
from reconciler.metering.sources.csv_file import CsvSettings
from reconciler.metering.sources.json_rows import JsonSettings

NOW = datetime(2025, 11, 22, tzinfo=UTC)
FOLDER = Path("estate")


def resolve(setting: str | EnvSecret | FileSecret) -> str:
    """Return a value for a setting or a reference."""
    match setting:
        case EnvSecret():
            return f"value of {setting.env}"
        case FileSecret():
            return f"content of {setting.file}"
        case _:
            return setting


def test_every_type_of_source_has_settings() -> None:
    cove = CoveSource.model_validate(
        {
            "name": "c",
            "type": "cove",
            "unit": "GB",
            "url": {"env": "URL"},
            "partner": "Acme",
            "username": "api",
            "password": {"file": "token"},
        }
    )
    csv = CsvSource.model_validate({"name": "f", "type": "csv", "unit": "GB", "path": "usage.csv"})
    file = JsonSource.model_validate({"name": "j", "type": "json", "unit": "GB", "path": "usage.json"})
    endpoint = JsonSource.model_validate(
        {"name": "e", "type": "json", "unit": "GB", "url": "https://x", "token": {"env": "T"}}
    )
    assert registry.settings_of(cove, resolve, FOLDER) == CoveSettings(
        "c", "value of URL", "Acme", "api", "content of token"
    )
    assert registry.settings_of(csv, resolve, FOLDER) == CsvSettings("f", FOLDER / "usage.csv")
    assert registry.settings_of(file, resolve, FOLDER) == JsonSettings("j", FOLDER / "usage.json")
    assert registry.settings_of(endpoint, resolve, FOLDER) == JsonSettings("e", None, "https://x", "value of T")


@pytest.mark.parametrize(
    "settings",
    [
        CsvSettings("s", Path("nowhere.csv")),
        JsonSettings("s", Path("nowhere.json")),
        CoveSettings("s", "http://console.example/jsonapi", "p", "u", "w"),
    ],
)
async def test_every_type_of_source_fails_with_a_message_and_not_with_an_exception(settings: Any) -> None:
    found = await registry.pull(settings, NOW)
    assert (found.source, found.state) == ("s", "failed")
    assert "usage source s" in str(found.error)


@pytest.mark.parametrize("settings", [CsvSettings("s", Path("nowhere.csv")), JsonSettings("s", Path("nowhere.json"))])
async def test_a_file_has_no_contact_details_of_its_customers(settings: Any) -> None:
    assert await registry.profiles(settings) == {}


async def test_a_file_has_no_count_of_its_own() -> None:
    assert await registry.devices_of_month(CsvSettings("shelf", FOLDER / "usage.csv"), NOW, NOW) is None
