"""Fixtures of the alerts: a receiver on this machine, and no proxies of this machine's environment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.alerts.inbox import Inbox, web_inbox


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with web_inbox() as found:
        yield found
