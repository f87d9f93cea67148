"""Finding and reading the files of a manifest folder."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from reconciler.manifests import files
from reconciler.manifests.diagnostics import Diagnostic
from reconciler.manifests.files import FoundFile, SourceFile, Unreadable, decode, find, read


def refused(raw: bytes) -> Diagnostic:
    found = decode("a.yaml", raw)
    assert isinstance(found, Unreadable)
    return found.diagnostic


def test_every_yaml_file_except_hidden_ones_is_found(tmp_path: Path) -> None:
    for name in ("b.YAML", "a.yml", "north/c.yaml", ".git/d.yaml", ".hidden.yaml", "notes.txt", "north/deep/e.Yml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [found.name for found in find(tmp_path)] == [
        "a.yml",
        "b.YAML",
        "north/c.yaml",
        "north/deep/e.Yml",
    ]


def test_a_byte_order_mark_is_removed() -> None:
    assert decode("a.yaml", b"\xef\xbb\xbfa: 1\n") == SourceFile("a.yaml", "a: 1\n", b"\xef\xbb\xbf")


def test_the_error_for_a_file_that_is_not_utf_8_has_the_byte_the_offset_and_the_line() -> None:
    found = refused("a: ü\nname: Müller\n".encode().replace("Mü".encode(), b"M\xfc"))
    assert found.message == "is not UTF-8: byte 0xFC at offset 13"
    assert (found.line, found.column, found.text) == (2, 8, "name: M\ufffdller")


def test_the_line_of_a_broken_character_does_not_show_a_secret() -> None:
    assert refused(b"password: hunt\xffer2\n").text == "password: ••••••"


@pytest.mark.parametrize("name", ["UTF-16", "UTF-32"])
def test_the_error_for_another_encoding_names_the_encoding(name: str) -> None:
    assert refused("a: 1".encode(name)).message == f"is {name}, not UTF-8"


def test_a_link_that_cannot_be_followed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.yaml").symlink_to("b.yaml")
    real = os.path.realpath

    def refuses(path: str, *, strict: bool = False) -> str:
        if strict:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os.path, "realpath", refuses)
    (found,) = find(tmp_path)
    assert found.error is not None
    assert found.error.message == "is a link that cannot be followed: Permission denied"


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029"])
def test_a_line_separator_that_yaml_versions_read_differently_is_refused(character: str) -> None:
    found = refused(f"a: 1\nb: x{character}y\n".encode())
    assert (found.line, found.column) == (2, 5)
    assert f"\\u{ord(character):04x}" in found.suggestion


def test_the_error_for_a_file_that_cannot_be_opened_gives_the_reason(tmp_path: Path) -> None:
    found = read(FoundFile("gone.yaml", tmp_path / "gone.yaml"))
    assert isinstance(found, Unreadable)
    assert str(found.diagnostic) == (
        "gone.yaml: error: cannot be read: No such file or directory\n  check the file's permissions"
    )


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        list(find(tmp_path / "nowhere"))


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 3)
    (tmp_path / "a.yaml").write_text("a: 1")
    (found,) = find(tmp_path)
    read_ = read(found)
    assert isinstance(read_, Unreadable)
    assert "is larger than" in read_.diagnostic.message


# ── links ────────────────────────────────────────────────────────────────────────────────────────────────────


def troubles(root: Path) -> dict[str, str]:
    return {found.name: found.error.message for found in find(root) if found.error is not None}


def test_links_inside_the_manifest_folder_are_followed(tmp_path: Path) -> None:
    """Kubernetes mounts a ConfigMap like this: the files are in a hidden folder, and links lead to them."""
    (tmp_path / "..2026" / "sub").mkdir(parents=True)
    (tmp_path / "..2026" / "a.yaml").write_text("a: 1")
    (tmp_path / "..2026" / "sub" / "b.yaml").write_text("b: 1")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    (tmp_path / "sub").symlink_to("..data/sub")

    assert [(found.name, found.first_name) for found in find(tmp_path)] == [("a.yaml", None), ("sub/b.yaml", None)]
    assert all(isinstance(read(found), SourceFile) for found in find(tmp_path))


def test_the_manifest_folder_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.yaml").touch()
    (tmp_path / "real" / "b.yaml").symlink_to(tmp_path / "real" / "a.yaml")
    (tmp_path / "link").symlink_to("real")
    assert [(found.name, found.first_name) for found in find(tmp_path / "link")] == [
        ("a.yaml", None),
        ("b.yaml", "a.yaml"),
    ]


def test_a_file_with_links_to_it_is_found_under_its_own_name_first(tmp_path: Path) -> None:
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "real.yaml").touch()
    (tmp_path / "a.yaml").symlink_to("z/real.yaml")
    (tmp_path / "again").symlink_to("z")

    found = {each.name: each.first_name for each in find(tmp_path)}
    assert found == {"a.yaml": "z/real.yaml", "z/real.yaml": None}


@pytest.mark.parametrize(("name", "target"), [("up", "."), ("up", ".."), ("sub/up", ".."), ("sub/up", "../sub")])
def test_a_link_to_a_folder_that_contains_it_is_an_error(tmp_path: Path, name: str, target: str) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / name).symlink_to(target)
    assert list(troubles(root)) == [name]
    assert "is a link" in troubles(root)[name]


def test_a_link_to_itself_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("b.yaml")
    (tmp_path / "b.yaml").symlink_to("a.yaml")
    assert troubles(tmp_path) == dict.fromkeys(("a.yaml", "b.yaml"), "is a link that leads back to itself")


def test_folders_that_link_to_each_other_are_read_once(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.yaml").touch()
        (tmp_path / name / "other").symlink_to(f"../{other}")
    assert [found.name for found in find(tmp_path)] == ["a/a.yaml", "b/b.yaml"]


def test_a_link_out_of_the_folder_or_to_a_missing_file_is_an_error(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside.yaml").touch()
    (root / "file.yaml").symlink_to("../outside.yaml")
    (root / "folder").symlink_to(tmp_path)
    (root / "gone.yaml").symlink_to("nowhere.yaml")
    (root / "gone").symlink_to("nowhere")
    (root / "notes.txt").symlink_to("nowhere.txt")
    (root / "README").symlink_to("../outside.yaml")
    out = "is a link that leads out of the manifest folder"
    gone = "is a link to a file that does not exist"
    assert troubles(root) == {"file.yaml": out, "folder": out, "gone.yaml": gone, "gone": gone}


def test_a_named_pipe_is_an_error_and_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "link.yaml").symlink_to("pipe.yaml")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s.yaml"))
        assert troubles(tmp_path) == {
            "pipe.yaml": "is a named pipe, not a file",
            "link.yaml": "is a named pipe, not a file",
            "s.yaml": "is a socket, not a file",
        }
    assert all(isinstance(read(found), Unreadable) for found in find(tmp_path))
