"""Secrets in the source lines of messages are masked."""

from __future__ import annotations

import pytest

from reconciler.manifests.masking import may_hold_a_secret, secret_names, shown


def line(text: str, number: int = 0) -> str:
    lines = text.split("\n")
    return shown(lines, number or len(lines))


def test_the_secret_fields_come_from_the_kinds() -> None:
    own = {"password", "privateKey", "token", "globalLoginPassword"}
    assert secret_names() == own | {"serviceUrl", "pingUrl", "failUrl"}


@pytest.mark.parametrize(
    "key", ["password", "pasword", "Password", "privatekey", "private_key", "apiKey", "tokn", "passwd"]
)
def test_a_misspelt_secret_field_counts_as_secret(key: str) -> None:
    assert may_hold_a_secret(key)


@pytest.mark.parametrize("key", ["name", "company", "publicKeyring", "managedId", "product", "path"])
def test_other_fields_are_shown(key: str) -> None:
    assert not may_hold_a_secret(key)


@pytest.mark.parametrize(
    "text",
    [
        "  password: hunter2",
        '  "password": "hunter2"',
        "  - password: hunter2 # the old one",
        "  password: 'hunter2",
        "  pasword: hunter2",
        "  {name: x, password: hunter2, url: y}",
        "  password: {value: hunter2}",
        "  password: {env: X, value: hunter2}",
        "  {password: {env: X}, token: hunter2}",
        "  {token: {file: x}, url: y, privateKey: hunter2}",
        "password: |\n  hunter2",
        "a:\n  password:\n    hunter2",
        "a:\n  password:\n    value: hunter2",
        "a:\n  password: >-\n\n    first\n    hunter2",
        "a:\n  password:\n    deep:\n      deeper: hunter2",
    ],
)
def test_a_value_that_may_be_a_secret_is_masked(text: str) -> None:
    assert "hunter2" not in line(text)
    assert "•" in line(text)


@pytest.mark.parametrize(
    "text",
    [
        "  password: {env: COVE}",
        "  password: {env: COVE} # from the vault",
        '  password: {file: "secrets/x"}',
        "  {name: x, password: {env: COVE}}",
        "  password:",
        "  password: # below",
        "password:\n  env: COVE",
        "  name: hunter2",
        "a:\n  password: {env: X}\nname: hunter2",
        "password: x\n---\n  name: hunter2",
    ],
)
def test_references_and_other_values_are_shown(text: str) -> None:
    assert line(text) == text.rsplit("\n", maxsplit=1)[-1]


def test_a_line_beyond_the_file_is_empty() -> None:
    assert shown(["a"], 2) == ""
    assert shown(["a"], 0) == ""
