"""Check that an invalid variable, folder, file or flag causes an error message and never a traceback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.cli.main import run
from tests.shop import ALDER, EXAMPLE, Shop

COMMANDS = (["validate"], ["plan"], ["apply", "--auto-approve"], ["show", "Company/alder-dental"], ["usage", "report"])
SECRET = "hunter2"


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


def clean(text: str) -> None:
    assert "Traceback" not in text
    assert "itself failed" not in text
    assert "error: error" not in text
    assert SECRET not in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COVE_URL", f"http://bob:{SECRET}@127.0.0.1:1/jsonapi"),
        ("COVE_URL", f"bob:{SECRET}@host"),
        ("COVE_URL", f"http://[{SECRET}"),
        ("COVE_URL", "http://127.0.0.1:99999999/jsonapi"),
        ("COVE_URL", "\udcff"),
        ("CONNECTWISE_SITE", f"https://bob:{SECRET}@api.example.net"),
        ("CONNECTWISE_SITE", f"bob:{SECRET}@api.example.net"),
        ("CONNECTWISE_SITE", f"{SECRET} and more"),
        ("CONNECTWISE_SITE", "https://"),
        ("CONNECTWISE_SITE", "http://127.0.0.1:99999999"),
        ("CONNECTWISE_PRIVATE_KEY", f"{SECRET}\udcff"),
        ("CONNECTWISE_PRIVATE_KEY", f"{SECRET}\n"),
        ("CONNECTWISE_PRIVATE_KEY", f"{SECRET} "),
        ("CONNECTWISE_PUBLIC_KEY", f"{SECRET}\r\n"),
        ("CONNECTWISE_PUBLIC_KEY", f"{SECRET}é"),
        ("CONNECTWISE_CLIENT_ID", "\x01"),
        ("CONNECTWISE_COMPANY", ""),
        ("COVE_PASSWORD", f"{SECRET}\udcff"),
        ("COVE_PASSWORD", f" {SECRET}"),
        ("RECONCILER_NOW", "9999-12-31T23:59:59Z"),
    ],
)
def test_an_invalid_variable_is_reported_without_a_traceback(
    small: Shop, name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    flags = [] if name == "RECONCILER_NOW" else ["--now", small.now]
    for command in (["plan"], ["-v", "plan"], ["usage", "pull", "-v"], ["--json", "plan"]):
        capsys.readouterr()
        code = run(["-C", str(small.folder), *flags, *command])
        printed = capsys.readouterr()
        assert code in {1, 3, 5}, printed.err
        clean(printed.out + printed.err)
        assert name.startswith(("COVE_U", "CONNECTWISE_S", "RECON")) or name in printed.err + printed.out


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_invalid_folder_is_reported_without_a_traceback(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "empty").mkdir()
    for root in (
        file,
        file / "below",
        tmp_path / "loop",
        tmp_path / "broken",
        tmp_path / "empty",
        Path("/proc/1/task/x"),
    ):
        assert run(["-C", str(root), *command]) == 1
        printed = capsys.readouterr()
        clean(printed.out + printed.err)
        assert str(root) in printed.out + printed.err
    for root in ("", "x" * 5000, "a\0b"):
        assert run(["-C", root, *command]) == 1
        clean(capsys.readouterr().err)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_reported_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    assert run(["-C", str(tmp_path / "closed"), "validate"]) == 1
    clean(capsys.readouterr().out)


def test_a_permission_error_names_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", refuse)
    for command in (["validate"], ["fmt"], ["plan"]):
        assert run(["-C", str(tmp_path), *command]) == 1
        printed = capsys.readouterr()
        assert f"{tmp_path}" in printed.out + printed.err
        clean(printed.out + printed.err)


@pytest.mark.parametrize(
    "content",
    [b"\0" * 100, b"\x89PNG\r\n\x1a\n", bytes(range(256)), b"\xff\xfea\0", b"%PDF-1.4\n%\xe2\xe3"],
)
def test_a_binary_manifest_is_reported_without_a_traceback(
    small: Shop, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (small.folder / "odd.yaml").write_bytes(content)
    (small.folder / "folder.yaml").mkdir()
    for command in (["validate"], ["fmt", "--check"], ["plan"], ["validate", "--json"]):
        assert run(["-C", str(small.folder), *command]) == 1
        printed = capsys.readouterr()
        assert "odd.yaml" in printed.out + printed.err
        clean(printed.out + printed.err)


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../etc/passwd", "/etc/localtime", "x" * 500, "Europe", "a\\0b"])
def test_an_unknown_time_zone_is_reported_with_its_file_and_field(
    small: Shop, zone: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = small.folder / "workspace.yaml"
    text = path.read_text()
    line = next(each for each in text.splitlines() if "timezone:" in each)
    path.write_text(text.replace(line, f'    timezone: "{zone}"'))
    assert run(["-C", str(small.folder), "validate"]) == 1
    out = capsys.readouterr().out
    assert "workspace.yaml:" in out
    assert "billing.timezone" in out
    clean(out)


@pytest.mark.parametrize(
    "now", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-11-01T06:00:00", "now", "\udcff"]
)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_invalid_time_is_reported_without_a_traceback(
    command: list[str], now: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", str(EXAMPLE), *command, "--now", now]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: --now: ")
    clean(err)


@pytest.mark.parametrize("now", ["2000-01-01T00:00:00Z", "2199-12-31T23:59:59Z"])
def test_a_distant_time_causes_no_traceback(small: Shop, now: str) -> None:
    for command in (["plan"], ["usage", "coverage"], ["usage", "report"]):
        said = small(*command, now=now)
        clean(said.out + said.err)


def test_output_omits_control_characters_in_customer_names(small: Shop) -> None:
    evil = small.world.add_customer("Evil\x1b[2J\nLtd", small.time)
    small.world.add_device(evil.id, small.time, 10**9)
    for command in (["plan"], ["usage", "coverage"]):
        said = small(*command)
        assert "Evil" in said.out
        assert "\x1b" not in said.out + said.err
        assert "\\u000a" not in said.out + said.err
