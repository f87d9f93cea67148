"""The checks of a workspace's own fields."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from reconciler.kinds.fields import EnvSecret
from reconciler.kinds.workspace import Address, WorkspaceSpec

SECRET = {"env": "X"}
SOURCE = {"name": "cove", "type": "cove", "unit": "GB", "partner": "p", "username": "u", "password": SECRET}


def spec(**more: Any) -> dict[str, Any]:
    tenant = {"site": "x", "company": "x", "clientId": "x", "publicKey": "x", "privateKey": SECRET}
    return {"connectwise": tenant, "billing": {"timezone": "Europe/Berlin", "currency": "USD"}, **more}


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "../etc/passwd", ""])
def test_a_time_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(ValidationError, match="is not an IANA time zone"):
        WorkspaceSpec.model_validate(spec(billing={"timezone": zone, "currency": "USD"}))


def test_two_sources_with_one_name_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"usage\[1\].name cove is already the name of another source"):
        WorkspaceSpec.model_validate(spec(usage=[SOURCE, SOURCE]))


def test_sources_with_two_names_are_accepted() -> None:
    found = WorkspaceSpec.model_validate(spec(usage=[SOURCE, {**SOURCE, "name": "north"}]))
    assert [each.name for each in found.usage] == ["cove", "north"]


def test_a_login_in_an_address_is_refused_and_not_shown() -> None:
    with pytest.raises(ValidationError, match="contains a user name or a password") as refused:
        TypeAdapter(Address).validate_python("https://ann:hunter2@cw.example")
    assert "hunter2" not in refused.value.errors(include_input=False)[0]["msg"]


def test_an_at_sign_in_the_query_of_an_address_is_accepted() -> None:
    assert TypeAdapter(Address).validate_python("cw.example/x?to=a@b") == "cw.example/x?to=a@b"


@pytest.mark.parametrize(
    "address", ["postgresql://ann:hunter2@db.example/ledger", "postgresql://db.example/ledger?sslpassword=hunter2"]
)
def test_a_password_in_the_address_of_the_ledger_is_refused_and_not_shown(address: str) -> None:
    with pytest.raises(ValidationError, match="the address contains a password") as refused:
        WorkspaceSpec.model_validate(spec(ledger=address))
    assert "hunter2" not in refused.value.errors(include_input=False)[0]["msg"]


@pytest.mark.parametrize("address", ["postgresql://ann@db.example/ledger", "sqlite:///ledger.sqlite"])
def test_a_user_name_in_the_address_of_the_ledger_is_accepted(address: str) -> None:
    assert WorkspaceSpec.model_validate(spec(ledger=address)).ledger == address


@pytest.mark.parametrize(
    ("ledger", "address", "months"),
    [
        (None, None, 13),
        ("sqlite:///l.sqlite", "sqlite:///l.sqlite", 13),
        ({"env": "LEDGER_URL"}, EnvSecret(env="LEDGER_URL"), 13),
        ({"url": {"env": "LEDGER_URL"}}, EnvSecret(env="LEDGER_URL"), 13),
        ({"url": "sqlite:///l.sqlite", "keep": "25 months"}, "sqlite:///l.sqlite", 25),
        ({"keep": "1 month"}, None, 1),
        ({"keep": 24}, None, 24),
    ],
)
def test_a_ledger_is_its_url_alone_or_with_how_long_it_keeps_figures(ledger: Any, address: Any, months: int) -> None:
    found = WorkspaceSpec.model_validate(spec(ledger=ledger))
    assert (found.ledger_address, found.keep_months) == (address, months)


@pytest.mark.parametrize("keep", [0, -1, 1.5, "13", "0 months", "13 days", "a year", True, 1000])
def test_a_time_to_keep_that_is_no_number_of_months_is_refused(keep: Any) -> None:
    with pytest.raises(ValidationError):
        WorkspaceSpec.model_validate(spec(ledger={"keep": keep}))


def test_a_password_in_the_url_beside_keep_is_refused() -> None:
    with pytest.raises(ValidationError, match="the address contains a password"):
        WorkspaceSpec.model_validate(spec(ledger={"url": "postgresql://ann:hunter2@db.example/ledger"}))
