"""What a workspace refuses by itself."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from reconciler.kinds.workspace import Address, WorkspaceSpec

SECRET = {"env": "X"}
SOURCE = {"name": "cove", "type": "cove", "unit": "GB", "partner": "p", "username": "u", "password": SECRET}


def spec(**more: Any) -> dict[str, Any]:
    tenant = {"site": "x", "company": "x", "clientId": "x", "publicKey": "x", "privateKey": SECRET}
    return {"connectwise": tenant, "billing": {"timezone": "Europe/Berlin", "currency": "USD"}, **more}


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "../etc/passwd", ""])
def test_a_time_zone_that_nobody_knows_is_refused(zone: str) -> None:
    with pytest.raises(ValidationError, match="is not an IANA time zone"):
        WorkspaceSpec.model_validate(spec(billing={"timezone": zone, "currency": "USD"}))


def test_two_sources_of_one_name_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"usage\[1\].name cove is already the name of another source"):
        WorkspaceSpec.model_validate(spec(usage=[SOURCE, SOURCE]))


def test_sources_of_two_names_are_taken() -> None:
    found = WorkspaceSpec.model_validate(spec(usage=[SOURCE, {**SOURCE, "name": "north"}]))
    assert [each.name for each in found.usage] == ["cove", "north"]


def test_a_login_in_an_address_is_refused_and_not_shown() -> None:
    with pytest.raises(ValidationError, match="contains a user name or a password") as refused:
        TypeAdapter(Address).validate_python("https://ann:hunter2@cw.example")
    assert "hunter2" not in refused.value.errors(include_input=False)[0]["msg"]


def test_an_at_sign_after_the_question_mark_is_no_login() -> None:
    assert TypeAdapter(Address).validate_python("cw.example/x?to=a@b") == "cw.example/x?to=a@b"


@pytest.mark.parametrize(
    "address", ["postgresql://ann:hunter2@db.example/ledger", "postgresql://db.example/ledger?sslpassword=hunter2"]
)
def test_a_password_in_the_address_of_the_ledger_is_refused_and_not_told(address: str) -> None:
    with pytest.raises(ValidationError, match="the address contains a password") as refused:
        WorkspaceSpec.model_validate(spec(ledger=address))
    assert "hunter2" not in refused.value.errors(include_input=False)[0]["msg"]


@pytest.mark.parametrize("address", ["postgresql://ann@db.example/ledger", "sqlite:///ledger.sqlite"])
def test_the_address_of_the_ledger_may_name_a_user(address: str) -> None:
    assert WorkspaceSpec.model_validate(spec(ledger=address)).ledger == address
