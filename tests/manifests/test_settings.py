"""The secret references of a workspace: all missing values are reported at once, with their places."""

from __future__ import annotations

import pytest

from reconciler.manifests.secrets import SecretError
from reconciler.manifests.settings import check_settings
from tests.manifests.conftest import Estate

ALL = {"PUBLIC": "a", "PRIVATE": "b", "COVE": "c"}


def test_settings_with_all_variables_set_are_accepted(estate: Estate) -> None:
    check_settings(estate.load(), ALL, usage=True)


def test_all_missing_variables_are_listed_with_field_and_place(estate: Estate) -> None:
    with pytest.raises(SecretError) as caught:
        check_settings(estate.load(), {"COVE": "c "}, usage=True)

    lines = str(caught.value).splitlines()
    file = estate.root / "workspace.yaml"
    assert lines[0] == "3 settings are missing or not valid"
    assert lines[1] == f"  {file}:9:16: connectwise.publicKey: the environment variable PUBLIC is not set"
    assert lines[2] == f"  {file}:10:17: connectwise.privateKey: the environment variable PRIVATE is not set"
    assert lines[3].endswith("usage[0].password: the environment variable COVE ends in a space")
    assert "set it before you run this command" in lines[4]


def test_the_error_for_one_missing_variable_begins_with_its_place(estate: Estate) -> None:
    with pytest.raises(SecretError) as caught:
        check_settings(estate.load(), {**ALL, "PUBLIC": ""}, usage=True)
    assert caught.value.where == f"{estate.root}/workspace.yaml:9:16: connectwise.publicKey"
    assert caught.value.what == "the environment variable PUBLIC is empty"


def test_a_run_that_reads_no_source_needs_none_of_its_variables(estate: Estate) -> None:
    manifests = estate.load()
    check_settings(manifests, {"PUBLIC": "a", "PRIVATE": "b"}, usage=False)
    with pytest.raises(SecretError, match="COVE"):
        check_settings(manifests, {"PUBLIC": "a", "PRIVATE": "b"}, usage=True)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("site: api-na.myconnectwise.net", "site: https://bob:hunter2@api.example.net", "connectwise.site"),
        ("site: api-na.myconnectwise.net", "site: bob:hunter2@api.example.net", "connectwise.site"),
        ("site: api-na.myconnectwise.net", "site: https://bob:hun/ter2@api.example.net", "connectwise.site"),
        ("unit: GB,", "unit: GB, url: 'http://bob:hunter2@127.0.0.1/jsonapi',", "usage[0]"),
        ("  usage:", "  ledger: postgresql+psycopg://bob:hunter2@db/ledger\n  usage:", "ledger"),
        ("  usage:", "  ledger: postgresql+psycopg://bob@db/ledger?password=hunter2\n  usage:", "ledger"),
    ],
)
def test_an_address_with_a_password_is_refused_and_not_shown(estate: Estate, old: str, new: str, field: str) -> None:
    path = estate.root / "workspace.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))

    (error,) = estate.errors()

    assert error.message.startswith(field)
    assert "contains a" in error.message
    assert "hunter2" not in str(error)
    assert "ter2" not in str(error)


def test_the_error_for_a_key_with_a_typographic_dash_names_its_variable(estate: Estate) -> None:
    with pytest.raises(
        SecretError, match="the environment variable PRIVATE contains a character that is not ASCII"
    ) as caught:
        check_settings(estate.load(), {**ALL, "PRIVATE": "hunter2–x"}, usage=False)
    assert "hunter2" not in str(caught.value)


def test_the_variables_of_alerts_need_not_be_set(estate: Estate) -> None:
    """A run that sends alerts reports a missing one as a note: no alert stops a run."""
    path = estate.root / "workspace.yaml"
    settings = "  alerts:\n    receivers:\n      - name: ops\n        serviceUrl: {env: OPS_URL}\n  usage:"
    path.write_text(path.read_text().replace("  usage:", settings))
    check_settings(estate.load(), ALL, usage=True)
