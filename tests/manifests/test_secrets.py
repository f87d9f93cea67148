"""Reading the values of secret references."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.kinds.fields import EnvSecret, FileSecret
from reconciler.manifests.secrets import SecretError, resolve


def value(setting: str | EnvSecret | FileSecret, root: Path, **environ: str) -> str:
    return resolve(setting, environ=environ, root=root, what="connectwise.privateKey")


def test_the_value_of_a_text_is_the_text(tmp_path: Path) -> None:
    assert value("plain", tmp_path) == "plain"


def test_a_variable_is_read_from_the_environment_that_is_given(tmp_path: Path) -> None:
    assert value(EnvSecret(env="KEY"), tmp_path, KEY="s3cret with blanks") == "s3cret with blanks"


@pytest.mark.parametrize("environ", [{}, {"KEY": ""}, {"KEY": "  "}])
def test_the_error_for_a_missing_variable_names_the_setting(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(SecretError, match="KEY") as caught:
        value(EnvSecret(env="KEY"), tmp_path, **environ)
    assert str(caught.value).startswith("connectwise.privateKey: the environment variable KEY is")


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_file_is_read_without_its_last_line_break(tmp_path: Path, ending: str) -> None:
    (tmp_path / "key").write_bytes(f"s3cret{ending}".encode())
    assert value(FileSecret(file="key"), tmp_path) == "s3cret"


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_the_error_for_a_bad_file_names_the_file_and_not_its_content(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(SecretError, match="key"):
        value(FileSecret(file="key"), tmp_path)


def test_an_invalid_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="the path is not valid"):
        value(FileSecret(file="a\0b"), tmp_path)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ("s3cret ", "ends in a space"),
        ("s3cret\u00a0", "ends in a space"),
        ("s3cret\n", "ends in a line break"),
        ("s3cret\r\n", "ends in a line break"),
        (" s3cret", "begins with a space"),
        ("\ns3cret", "begins with a line break"),
        ("s3\0cret", "contains a character that cannot be printed"),
        ("s3\tcret", "contains a character that cannot be printed"),
        ("s3\u200bcret", "contains a character that cannot be printed"),
        ("s3\udcffcret", "is not UTF-8 text"),
        ("s3cret" * 1000, "has 6,000 characters, more than the 2,048 that are possible here"),
    ],
)
def test_the_error_for_a_badly_copied_value_names_the_variable_and_not_the_value(
    tmp_path: Path, held: str, said: str
) -> None:
    with pytest.raises(SecretError) as caught:
        value(EnvSecret(env="KEY"), tmp_path, KEY=held)
    assert str(caught.value).startswith(f"connectwise.privateKey: the environment variable KEY {said}\n")
    assert "s3" not in str(caught.value)


@pytest.mark.parametrize("content", [b"s3cret\n\n", b"s3cret \n", b" s3cret", b"s3cret\r\n\r\n", b"s3\0cret"])
def test_only_one_final_line_break_of_a_file_is_removed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(SecretError, match=r"the file .*key (ends|begins|contains)"):
        value(FileSecret(file="key"), tmp_path)


def test_a_file_that_is_too_large_for_a_secret_is_not_read_to_its_end(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="larger than 64 KiB"):
        value(FileSecret(file="/dev/zero"), tmp_path)
