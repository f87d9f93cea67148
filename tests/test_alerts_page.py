"""The how-to guide on alerts does what it shows, with a receiver on this machine."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import get_args

import pytest

from reconciler.alerts.delivery import SECONDS
from reconciler.kinds.alert_settings import AlertEvent, Alerts
from tests.alerts.inbox import web_inbox
from tests.blocks import blocks, missing, shown
from tests.shop import Shop

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "alerts.md"


def test_the_settings_and_the_commands_of_the_page_work(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = next(each.text for each in blocks(PAGE) if each.language == "yaml")
    workspace = shop.folder / "workspace.yaml"
    workspace.write_text(f"{workspace.read_text(encoding='utf-8')}\n{settings}", encoding="utf-8")
    with web_inbox() as inbox:
        for name in re.findall(r"env: (\w+)", settings):
            scheme = "http" if name.startswith("HEARTBEAT") else "json"
            monkeypatch.setenv(name, inbox.url(name.lower(), scheme))
        shop.apply()
        for block in blocks(PAGE):
            for each in shown(block) if block.language == "console" else ():
                said = shop(*shlex.split(each.command)[1:])
                assert said.code == each.code, said.err
                assert missing(each.output, said.out) is None
    assert inbox.titles == ["reconciler example: trial alert"] * 2
    assert set(inbox.pings) == {"/heartbeat_url"}


def test_the_page_has_each_event_once() -> None:
    text = PAGE.read_text(encoding="utf-8")
    table = text.partition("| event | cause |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE) == list(get_args(AlertEvent))


def test_the_page_has_the_defaults_and_the_limit() -> None:
    text, settings = PAGE.read_text(encoding="utf-8"), Alerts()
    assert f"`notRun` hours (default {settings.not_run})" in text
    assert f"`invoiceDays` days (default {settings.invoice_days})" in text
    assert f"for at most {SECONDS:g} seconds" in text
