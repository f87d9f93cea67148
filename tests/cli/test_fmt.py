"""Tests of `reconciler fmt` and `reconciler validate --policy`."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from reconciler.cli.main import run

MANIFESTS = Path(__file__).parents[2] / "manifests"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(MANIFESTS, tmp_path / "manifests")
    return tmp_path / "manifests"


def fmt(root: Path, *arguments: str) -> int:
    return run(["-C", str(root), "fmt", *arguments])


def test_fmt_does_not_change_formatted_manifests(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fmt(root, "--check") == 0
    assert capsys.readouterr().err == "0 of 10 files would change\n"


def test_check_names_files_that_would_change_and_writes_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "extra.yaml").write_text("a:    1\n")

    assert fmt(root, "--check", "--diff") == 1

    out = capsys.readouterr().out
    assert "extra.yaml" in out
    assert "+a: 1" in out
    assert (root / "extra.yaml").read_text() == "a:    1\n"


def test_fmt_writes_the_standard_layout(root: Path) -> None:
    (root / "extra.yaml").write_text("a:    1\n")

    assert fmt(root) == 0
    assert (root / "extra.yaml").read_text() == "a: 1\n"


def test_fmt_reports_broken_files_and_formats_the_others(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "broken.yaml").write_text("a: [1\n")
    (root / "latin.yaml").write_bytes(b"a: \xff\n")
    (root / "extra.yaml").write_text("a:    1\n")

    assert fmt(root) == 1

    assert (root / "extra.yaml").read_text() == "a: 1\n"
    told = capsys.readouterr().err
    assert f"{root}/broken.yaml:1:6: error: this is not YAML" in told
    assert f"{root}/latin.yaml:1:4: error: is not UTF-8" in told
    assert "1 of 13 files changed; 2 errors" in told


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    assert fmt(tmp_path / "none") == 1


def test_validate_reports_a_policy_violation(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = root.parent / "policy.json"
    policy.write_text('{"properties": {"kind": {"not": {"const": "Exclusion"}}}}')

    assert run(["-C", str(root), "validate", "--policy", str(policy)]) == 1
    assert f"the policy {policy} requires this" in capsys.readouterr().out


def test_validate_succeeds_when_manifests_satisfy_the_policy(root: Path) -> None:
    policy = root.parent / "policy.json"
    policy.write_text("{}")

    assert run(["-C", str(root), "validate", "--policy", str(policy)]) == 0


LONG = "a:    1\n# kept\nb:\n- x\n- y\n"
SHORT = "a: 1\n# kept\nb:\n  - x\n  - y\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (LONG.replace("\n", "\r\n"), SHORT.replace("\n", "\r\n")),
        (LONG.replace("\n", "\r"), SHORT.replace("\n", "\r")),
        (LONG.rstrip("\n"), SHORT.rstrip("\n")),
        (LONG.rstrip("\n").replace("\n", "\r\n"), SHORT.rstrip("\n").replace("\n", "\r\n")),
        ("a:    1\r\n# kept\nb:\r\n- x\n- y\n", "a: 1\r\n# kept\nb:\r\n  - x\n  - y\n"),
        ("\ufeffa:    1\n", "\ufeffa: 1\n"),
        ("a:    |\r\n  text\r\n  more", "a: |\r\n  text\r\n  more"),
        ("a:\r  \n    b: 2\n", "a:\n\n  b: 2\n"),
    ],
)
def test_fmt_keeps_line_endings_and_the_byte_order_mark(root: Path, before: str, after: str) -> None:
    (root / "extra.yaml").write_bytes(before.encode())
    assert fmt(root) == 0
    assert (root / "extra.yaml").read_bytes() == after.encode()
    assert fmt(root, "--check") == 0


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755, 0o444])
def test_fmt_keeps_the_file_mode(root: Path, mode: int) -> None:
    path = root / "extra.yaml"
    path.write_text("a:    1\n")
    path.chmod(mode)
    assert fmt(root) == 0
    assert path.read_text() == "a: 1\n"
    assert path.stat().st_mode & 0o7777 == mode


def test_fmt_keeps_a_symbolic_link_and_formats_its_target(root: Path) -> None:
    (root / ".shared").mkdir()
    (root / ".shared" / "real.yaml").write_text("a:    1\n")
    (root / "extra.yaml").symlink_to(".shared/real.yaml")
    assert fmt(root) == 0
    assert (root / "extra.yaml").is_symlink()
    assert (root / ".shared" / "real.yaml").read_text() == "a: 1\n"
    assert [path.name for path in (root / ".shared").iterdir()] == ["real.yaml"]


def test_diff_writes_nothing_and_exits_with_1_when_files_would_change(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fmt(root, "--diff") == 0
    (root / "extra.yaml").write_text("a:    1\n")
    assert fmt(root, "--diff") == 1
    assert (root / "extra.yaml").read_text() == "a:    1\n"
    assert "-a:    1\n+a: 1\n" in capsys.readouterr().out


def test_json_lists_changed_files_and_errors(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "extra.yaml").write_text("a:    1\n")
    (root / "broken.yaml").write_text("a: [1\n")

    assert fmt(root, "--json", "--diff") == 1

    found = json.loads(capsys.readouterr().out)
    assert (found["files"], found["changed"]) == (12, ["extra.yaml"])
    assert "+a: 1" in found["diff"]
    assert [(each["file"], each["line"]) for each in found["diagnostics"]] == [(f"{root}/broken.yaml", 1)]


def test_fmt_reports_a_named_pipe_and_does_not_read_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(root / "pipe.yaml")
    assert fmt(root) == 1
    assert "pipe.yaml: error: is a named pipe" in capsys.readouterr().err


def test_fmt_counts_a_file_and_a_link_to_it_once(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "extra.yaml").write_text("a:    1\n")
    (root / "a-link.yaml").symlink_to("extra.yaml")
    assert fmt(root, "--check") == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("extra.yaml\n", "1 of 11 files would change\n")


@pytest.mark.parametrize("text", ["a:    1\n", "a: [\n"])
def test_fmt_escapes_control_characters_in_file_names(
    root: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "\x1b[31m.yaml").write_text(text)
    fmt(root, "--diff")
    fmt(root)
    said = capsys.readouterr()
    assert "\\u001b[31m.yaml" in said.out + said.err
    assert "\x1b" not in said.out + said.err


def test_a_file_that_changes_while_it_is_formatted_keeps_the_change(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def formatted(text: str, *, where: str) -> str:
        if where != "extra.yaml":
            return text
        (root / "extra.yaml").write_text("a:    2\n")
        return "a: 1\n"

    (root / "extra.yaml").write_text("a:    1\n")
    monkeypatch.setattr("reconciler.cli.fmt.formatted", formatted)

    assert fmt(root) == 1
    assert (root / "extra.yaml").read_text() == "a:    2\n"
    assert "extra.yaml: error: was changed while it was formatted\n  run fmt again" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_a_folder_that_cannot_be_written_is_an_error_and_the_others_are_formatted(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "closed").mkdir()
    for path in (root / "closed" / "extra.yaml", root / "extra.yaml"):
        path.write_text("a:    1\n")
    (root / "closed").chmod(0o500)

    assert fmt(root) == 1
    (root / "closed").chmod(0o700)

    assert (root / "extra.yaml").read_text() == "a: 1\n"
    assert (root / "closed" / "extra.yaml").read_text() == "a:    1\n"
    assert "closed/extra.yaml: error: cannot be written: Permission denied" in capsys.readouterr().err


def test_a_full_disk_leaves_the_file_as_it_was(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (root / "extra.yaml").write_text("a:    1\n")
    monkeypatch.setattr("reconciler.cli.output.write_temporary", full)

    assert fmt(root) == 1
    assert (root / "extra.yaml").read_text() == "a:    1\n"
    assert "extra.yaml: error: cannot be written: No space left on device" in capsys.readouterr().err


def test_a_diff_masks_secrets(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "extra.yaml").write_text("password: hunter2\na:    1\n")

    assert fmt(root, "--diff") == 1

    printed = capsys.readouterr().out
    assert "+a: 1" in printed
    assert "hunter2" not in printed


def test_a_valid_file_that_cannot_be_formatted_is_a_warning(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "tab.yaml").write_text("# apiVersion\n---\na:   1\t# tab\n")

    assert fmt(root, "--check") == 0

    said = capsys.readouterr().err
    assert "tab.yaml:3:7: warning: is not formatted" in said
    assert said.endswith("0 of 11 files would change; 1 warning\n")
