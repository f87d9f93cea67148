"""Tests that a plan file of another workspace, tenant, month or other manifests is refused."""

from __future__ import annotations

import json
import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.cli import apply as command
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.state.sandbox import Sandbox
from tests.shop import ALDER, Shop


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


def made(shop: Shop, tmp_path: Path, *arguments: str) -> str:
    file = tmp_path / "plan.json"
    said = shop("plan", "--out", str(file), *arguments)
    assert said.code == 0, said.err
    return str(file)


def test_a_plan_file_contains_its_tenant(small: Shop, tmp_path: Path) -> None:
    plan = json.loads(Path(made(small, tmp_path)).read_text(encoding="utf-8"))
    assert plan["format_version"] == 2
    assert plan["tenant"] == {"site": small.running.url, "company": "sandbox"}


def test_a_plan_of_another_tenant_is_refused_and_nothing_is_written(small: Shop, tmp_path: Path) -> None:
    file = made(small, tmp_path)
    with RunningSandbox(Sandbox(clock=small.sandbox.clock)) as other:
        small.patch.setenv("CONNECTWISE_SITE", other.url)

        said = small("apply", file)

        assert said.code == 3
        assert (
            f"the plan was made for company sandbox at {small.running.url}, but the workspace connects to" in said.err
        )
        assert f"company sandbox at {other.url}" in said.err
        assert "Nothing was written." in said.err
        assert len(other.sandbox.tenant.tables["company"].rows) < 5
        assert not any(entry.method != "GET" for entry in other.sandbox.log.entries)
    assert not any(small.counts().values())


def test_a_plan_of_another_login_company_on_the_same_site_is_refused(small: Shop, tmp_path: Path) -> None:
    file = made(small, tmp_path)
    small.patch.setenv("CONNECTWISE_COMPANY", "sandbox2")

    said = small("apply", file)

    assert said.code in {1, 3}  # 1: the sandbox does not know this login company
    assert not any(small.counts().values())


def test_the_case_of_the_url_scheme_and_a_trailing_slash_do_not_matter(small: Shop, tmp_path: Path) -> None:
    file = Path(made(small, tmp_path))
    small.patch.setenv("CONNECTWISE_SITE", f"{small.running.url.replace('http', 'HTTP')}/")
    assert small("apply", str(file)).code == 0


def test_a_plan_with_usage_of_another_month_is_refused_and_nothing_is_written(small: Shop, tmp_path: Path) -> None:
    file = made(small, tmp_path)
    small.advance(24 * 30)  # the first of December, 01:00 in the billing zone

    said = small("apply", file)

    assert said.code == 3
    assert "the plan bills usage of 2026-11, but it is 2026-12 now" in said.err
    assert not any(small.counts().values())


def test_a_setup_plan_can_be_applied_in_another_month(small: Shop, tmp_path: Path) -> None:
    file = made(small, tmp_path, "--only", "setup")
    small.advance(24 * 30)
    assert small("apply", file).code == 0


def test_an_answer_in_the_next_month_writes_nothing(small: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The laptop sleeps while the question is open, and you answer a month later."""
    moments = iter([timedelta(days=31)])
    monkeypatch.setattr(command, "ask", lambda _plan: next(moments))
    monkeypatch.setattr(
        command, "running_clock", lambda start: lambda: start + timedelta(days=31) if not list(moments) else start
    )

    said = small("apply")

    assert said.code == 3
    assert "the plan bills usage of 2026-11, but it is 2026-12 now" in said.err
    assert not any(small.counts().values())


def test_a_plan_with_a_time_in_the_future_is_refused(small: Shop, tmp_path: Path) -> None:
    small("plan", "--only", "setup")
    small.advance(2)
    file = made(small, tmp_path, "--only", "setup")
    small.advance(-2)

    said = small("apply", file)

    assert said.code == 3
    assert "the plan was made at 2026-11-01 08:00 UTC, but this machine says 2026-11-01 06:00 UTC" in said.err
    assert not any(small.counts().values())


def test_a_file_of_an_earlier_format_is_refused_with_advice(small: Shop, tmp_path: Path) -> None:
    file = Path(made(small, tmp_path))
    content = json.loads(file.read_text(encoding="utf-8"))
    del content["tenant"]
    file.write_text(json.dumps({**content, "format_version": 1}), encoding="utf-8")

    said = small("apply", str(file))

    assert said.code == 1
    assert "the plan file has format 1, but this version reads format 2" in said.err
    assert "Make the plan again with this version: reconciler plan --out FILE" in said.err
    assert not any(small.counts().values())


def test_only_the_owner_can_read_a_plan_file(small: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text("an old one", encoding="utf-8")
    file.chmod(0o666)
    made(small, tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("command", ["apply", "show"])
def test_a_pipe_a_device_and_a_folder_are_refused_without_waiting(small: Shop, tmp_path: Path, command: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    no_file = ": is not a regular file"
    no_plan = {"apply": ": Is a directory", "show": " is a folder, not a plan file"}[command]
    for path, why in ((str(pipe), no_file), ("/dev/zero", no_file), (str(tmp_path), no_plan)):
        said = small(command, path)
        assert said.code == 1
        assert f"error: {path}{why}" in said.err


def test_a_plan_file_above_the_size_limit_is_refused(small: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    with file.open("wb") as sparse:
        sparse.truncate(2**30 + 1)

    said = small("apply", str(file))

    assert said.code == 1
    assert "has 1073741825 bytes; a plan file has at most 1073741824 bytes" in said.err


@pytest.mark.parametrize("name", ["actions", "workspace", "after"])
def test_a_repeated_key_in_an_object_is_refused(small: Shop, tmp_path: Path, name: str) -> None:
    file = Path(made(small, tmp_path))
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(f'"{name}":', f'"{name}": "another", "{name}":', 1), encoding="utf-8")

    said = small("apply", str(file))

    assert said.code == 1
    assert f'not JSON: "{name}" appears twice in one object' in said.err
    assert not any(small.counts().values())
