"""Imports of messy estates against their truth: nothing is proposed wrongly, and no line is doubled."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.cli.main import run
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.server.starting import new_sandbox

EXAMPLE = Path(__file__).parents[2] / "manifests"
NOW = "2026-11-10T09:00:00+00:00"
CUSTOMERS = 150


@pytest.fixture(params=[5, 23])
def messy(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[RunningSandbox, Path]]:
    """Serve a messy estate, and make a folder that has only the workspace."""
    folder = tmp_path / "manifests"
    folder.mkdir()
    shutil.copy(EXAMPLE / "workspace.yaml", folder)
    estate = new_sandbox(
        customers=CUSTOMERS, seed=request.param, latency_ms=0, faults=[], clock=NOW, state=None, messy=True
    )
    with RunningSandbox(estate) as running:
        for name, value in running.variables().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("RECONCILER_NOW", NOW)
        yield running, folder


def hide_products(running: RunningSandbox) -> None:
    """Give all products names that do not say what they bill."""
    tables = running.sandbox.tenant.tables
    for row in tables["catalogItem"].rows.values():
        row.data.update(identifier=f"SKU-{row.id}", description=f"Item {row.id}", customerDescription="")
    for row in tables["addition"].rows.values():
        number = row.data["product"]["id"]
        row.data["product"]["identifier"] = f"SKU-{number}"
        row.data.update(description=f"Item {number}", invoiceDescription="")


def doubled(running: RunningSandbox, truth: dict[str, Any]) -> list[Any]:
    """Return the customers that have a line of ours beside one that bills the same thing."""
    ours: dict[str, set[int]] = {}
    for row in running.sandbox.tenant.tables["addition"].rows.values():
        serial = str(row.data.get("serialNumber"))
        if serial.startswith("rc:cove/"):
            ours.setdefault(serial.split("/")[1], set()).add(row.id)
    return [
        each
        for customer, each in truth.items()
        if each["additions"] and not ours.get(customer, set()) <= set(each["additions"])
    ]


def said(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> Any:
    """Run a command and return its JSON."""
    capsys.readouterr()
    assert run(["-C", str(folder), "--json", *arguments]) in (0, 5)
    return json.loads(capsys.readouterr().out)


def test_a_messy_estate_is_imported_as_it_is(
    messy: tuple[RunningSandbox, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    running, folder = messy
    truth = {str(each["customer"]): each for each in httpx.get(f"{running.url}/sandbox/truth").json()["customers"]}

    imported = said(capsys, folder, "import")

    decided = [each for each in imported["proposals"] if each["confidence"] != "open"]
    assert [each for each in decided if each["company"]["id"] != truth[each["customer"]]["company"]] == []
    assert [each for each in decided if each["document"] is None and each["missing"] is None] == []
    assert len(decided) > CUSTOMERS * 0.6
    assert said(capsys, folder, "validate")["diagnostics"] == []
    assert said(capsys, folder, "plan", "--only", "setup")["actions"] == []
    actions = {each["action"] for each in said(capsys, folder, "plan")["actions"]}
    assert actions <= {"adopt"}
    assert said(capsys, folder, "import")["files"] == []

    said(capsys, folder, "import", "--confirm", "all")
    said(capsys, folder, "apply", "--auto-approve")

    assert doubled(running, truth) == []


def test_no_line_of_the_usual_product_is_doubled_though_no_product_says_what_it_bills(
    messy: tuple[RunningSandbox, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    running, folder = messy
    hide_products(running)
    truth = {str(each["customer"]): each for each in httpx.get(f"{running.url}/sandbox/truth").json()["customers"]}

    imported = said(capsys, folder, "import")
    undecided = [each["missing"] for each in imported["proposals"] if each["missing"] is not None]
    assert any("its product does not say so" in each["why"] for each in undecided)
    said(capsys, folder, "import", "--confirm", "all")
    said(capsys, folder, "apply", "--auto-approve")

    rows = running.sandbox.tenant.tables["addition"].rows
    products = {
        each["customer"]: {rows[line].data["product"]["id"] for line in each["additions"]} for each in truth.values()
    }
    usual, _ = Counter(chain.from_iterable(products.values())).most_common(1)[0]
    assert [each for each in doubled(running, truth) if usual in products[each["customer"]]] == []
