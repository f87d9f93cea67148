from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.manifests.diagnostics import Diagnostic
from reconciler.manifests.files import SourceFile, Unreadable, decode, find, read


def refused(raw: bytes) -> Diagnostic:
    found = decode("a.yaml", raw)
    assert isinstance(found, Unreadable)
    return found.diagnostic


def test_every_yaml_file_of_a_tree_is_found_and_hidden_ones_are_not(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "north/c.yaml", ".git/d.yaml", ".hidden.yaml", "notes.txt", "north/deep/e.yml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [path.relative_to(tmp_path).as_posix() for path in find(tmp_path)] == [
        "a.yml",
        "b.yaml",
        "north/c.yaml",
        "north/deep/e.yml",
    ]


def test_a_byte_order_mark_is_tolerated() -> None:
    assert decode("a.yaml", b"\xef\xbb\xbfa: 1\n") == SourceFile("a.yaml", "a: 1\n")


def test_a_file_that_is_not_utf_8_is_named_with_byte_offset_and_line() -> None:
    found = refused("a: ü\nname: Müller\n".encode().replace("Mü".encode(), b"M\xfc"))
    assert found.message == "is not UTF-8: byte 0xFC at offset 13"
    assert (found.line, found.column, found.text) == (2, 8, "name: M\ufffdller")


def test_the_line_of_a_broken_character_does_not_show_a_secret() -> None:
    assert refused(b"password: hunt\xffer2\n").text == "password: ••••••"


def test_utf_16_is_called_by_its_name() -> None:
    assert refused("a: 1".encode("utf-16")).message == "is UTF-16, not UTF-8"


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029"])
def test_a_separator_that_two_versions_of_yaml_read_differently_is_refused(character: str) -> None:
    found = refused(f"a: 1\nb: x{character}y\n".encode())
    assert (found.line, found.column) == (2, 5)
    assert f"\\u{ord(character):04x}" in found.suggestion


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere.yaml")
    found = read(tmp_path, tmp_path / "gone.yaml")
    assert isinstance(found, Unreadable)
    assert str(found.diagnostic) == (
        "gone.yaml: error: cannot be read: No such file or directory\n  check the file's permissions"
    )


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        list(find(tmp_path / "nowhere"))
