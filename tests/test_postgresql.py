"""Tests that need PostgreSQL find its server where Debian puts it, and cannot be skipped in CI."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.postgresql import no_server, programs_of


def installed(folder: Path) -> Path:
    """Put the two programs into a folder, and return the folder."""
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (folder / name).touch(mode=0o755)
    return folder


def test_the_programs_of_path_are_used_first(tmp_path: Path) -> None:
    here = installed(tmp_path / "here")
    installed(tmp_path / "debian" / "15" / "bin")
    assert programs_of(str(here), tmp_path / "debian") == here


def test_a_link_on_path_is_followed_to_the_other_programs(tmp_path: Path) -> None:
    there = installed(tmp_path / "there")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "initdb").symlink_to(there / "initdb")
    assert programs_of(str(tmp_path / "bin"), tmp_path / "debian") == there


def test_the_newest_version_of_debian_is_used(tmp_path: Path) -> None:
    for version in ("9", "15", "17"):
        installed(tmp_path / version / "bin")
    assert programs_of(str(tmp_path / "none"), tmp_path) == tmp_path / "17" / "bin"


def test_without_the_programs_there_is_no_server(tmp_path: Path) -> None:
    assert programs_of(str(tmp_path / "none"), tmp_path) is None


def test_a_missing_server_skips_a_test_on_a_desk_and_fails_it_in_ci() -> None:
    with pytest.raises(pytest.skip.Exception, match="install the package postgresql"):
        no_server({})
    with pytest.raises(pytest.fail.Exception, match="install the package postgresql"):
        no_server({"CI": "true"})
