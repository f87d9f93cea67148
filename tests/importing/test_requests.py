"""An import reads nothing twice: its requests are at the lower bound that the API allows."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from math import ceil
from pathlib import Path

import httpx
import pytest

from reconciler.cli.main import run
from reconciler.connectwise import session
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.server.starting import new_sandbox
from tests.shop import Meddler, Send

EXAMPLE = Path(__file__).parents[2] / "manifests"
NOW = "2026-11-10T09:00:00+00:00"
BUNDLE = 50


def test_an_import_sends_one_request_for_each_list_bundle_and_company(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(EXAMPLE / "workspace.yaml", tmp_path)
    estate = new_sandbox(customers=120, seed=3, latency_ms=0, faults=[], clock=NOW, state=None, messy=True)
    agreements = estate.tenant.tables["agreement"].rows.values()
    live = [each.data for each in agreements if each.data["agreementStatus"] not in ("Cancelled", "Expired")]
    sent: Counter[str] = Counter()

    async def count(request: httpx.Request, send: Send) -> httpx.Response:
        path = request.url.path.partition("/apis/3.0/")[2]
        sent[re.sub(r"/\d+/", "/ID/", path).rstrip("/")] += 1
        return await send(request)

    made = session.default_transport
    monkeypatch.setattr(session, "default_transport", lambda *about: Meddler(made(*about), count))
    with RunningSandbox(estate) as running:
        for name, value in running.variables().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("RECONCILER_NOW", NOW)
        assert run(["-C", str(tmp_path), "import"]) == 0

    companies = sent.pop("company/companies/ID/managementSummaryReports")
    bundles = sent.pop("system/bundles")
    assert companies <= len({each["company"]["id"] for each in live})
    assert bundles == ceil(len(live) / BUNDLE)
    assert {path: times for path, times in sent.items() if times > 1} == {}
