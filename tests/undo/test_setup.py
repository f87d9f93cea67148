"""Random changes of an estate are applied and undone: then the manifests of before have nothing to change.

The patch that the undo offers, applied to the manifests of after, leads there as well. Runs also fail in part or lose
their connection, others come between a run and its undo, and an undo is undone. What an undo leaves out, it names.
`make undo HISTORIES=1000` tries as many histories; by default there are a few.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from reconciler.sandbox.server.running import RunningSandbox
from tests.shop import Send, Shop, open_shop

from .estates import DEFAULTS, Estate, History, histories

SETUP = ("--only", "setup")
APPROVED = ("--approve", "updates", "--approve", "retirements")
HISTORIES = int(os.environ.get("UNDO_HISTORIES", "10"))
FIGURES: Counter[str] = Counter()
"""The numbers of the histories, for `make undo`."""


def write(shop: Shop, estate: Estate) -> None:
    shop.write("estate.yaml", "\n---\n".join(json.dumps(each, ensure_ascii=False) for each in estate.values()) + "\n")


def named(plan: Any) -> set[str]:
    return {note["address"] for note in plan["warnings"]}


def written(shop: Shop, run: int) -> dict[str, set[str]]:
    """Return the fields that a run wrote, by address."""
    found: dict[str, set[str]] = {}
    for each in shop("--json", "history", "--run", str(run)).json["writes"]:
        found.setdefault(each["address"], set()).update(change["path"] for change in each["changes"] or ())
    return found


@contextmanager
def lost_after(shop: Shop, writes: int | None) -> Iterator[None]:
    """Lose the connection to ConnectWise after so many writes, and the answer to the last of them."""
    sent = 0

    async def meddle(request: httpx.Request, send: Send) -> httpx.Response:
        nonlocal sent
        if writes is not None and sent >= writes:
            raise httpx.ConnectError("lost", request=request)
        if request.method != "GET":
            sent += 1
            if sent == writes:
                await send(request)
                raise httpx.ReadError("lost", request=request)
        return await send(request)

    if writes is None:
        yield
        return
    with shop.meddled(meddle):
        yield


def runs(shop: Shop) -> int:
    return len(shop("--json", "history").json["runs"])


def undo(shop: Shop, run: int) -> Any:
    """Plan the undo of a run, apply it, and return the plan."""
    path = str(shop.folder.parent / "undo.json")
    planned = shop("--json", "plan", "--undo", str(run), "--out", path)
    assert planned.code == 0, planned.err
    applied = shop("apply", path, *APPROVED)
    assert applied.code == 0, applied.out + applied.err
    FIGURES["undone actions"] += len(planned.json["actions"])
    FIGURES["left out and named"] += len(planned.json["warnings"])
    FIGURES["undos"] += 1
    return planned.json


def left(shop: Shop, estate: Estate) -> dict[str, Any]:
    """Return what a plan changes for an estate."""
    write(shop, estate)
    return {action["address"]: action["changes"] for action in shop.plan(*SETUP)["actions"]}


@settings(
    max_examples=HISTORIES,
    phases=[Phase.explicit, Phase.generate],  # shrinking a history takes minutes
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(history=histories())
def test_a_run_and_its_undo_leave_nothing_to_do_for_the_manifests_of_before(
    history: History,
    served: RunningSandbox,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for shop in open_shop(served, tmp_path_factory.mktemp("history"), patch, capsys):
            prepare(shop)
            play(shop, history)


def prepare(shop: Shop) -> None:
    for caption in ("Tier", "Region"):
        field = {"podId": 1, "caption": caption, "sequenceNumber": 1, "fieldTypeIdentifier": "Text"}
        shop.tenant.create("userDefinedField", field)
    for path in (*shop.folder.glob("customers/*.yaml"), *shop.folder.glob("*s.yaml"), shop.folder / "setup.yaml"):
        path.unlink()


def play(shop: Shop, history: History) -> None:
    write(shop, history.before)
    shop.apply(*SETUP)
    write(shop, history.after)
    if history.fault is not None:
        shop.fault(history.fault)
    with lost_after(shop, history.cut):
        said = shop("apply", "--auto-approve", *SETUP, *APPROVED)
    shop.fault()
    is_whole = said.code == 0
    assert is_whole or history.fault or history.cut is not None, said.err
    if runs(shop) == 1:
        FIGURES["histories without a change"] += 1
        return
    FIGURES["histories"] += 1
    FIGURES["runs that failed in part"] += not is_whole
    last = history.after
    if history.later is not None:
        last = history.later
        write(shop, history.later)
        shop("apply", "--auto-approve", *SETUP, *APPROVED)
    latest = runs(shop)
    told: set[str] = set()
    if latest == 3:
        FIGURES["runs between"] += 1
        since = written(shop, 3)
        if history.undoes_later:
            told |= named(undo(shop, 3))
            since = {address: paths for address, paths in since.items() if address in told}
    else:
        since = {}
    plan = undo(shop, 2)
    told |= named(plan)
    for action in plan["actions"]:
        paths = {change["path"] for change in action["changes"]}
        assert action["action"] == "retire" or not paths & since.get(action["address"], set()), action
    undone = runs(shop)
    check_patch(shop, history, last, plan, told | since.keys(), is_whole=is_whole and latest == 2)
    rest = left(shop, history.before)
    assert rest.keys() <= told | since.keys(), rest
    if history.undoes_undo and plan["actions"] and latest == 2:
        FIGURES["undos of an undo"] += 1
        told |= named(undo(shop, undone))
        rest = left(shop, history.after)
        assert not is_whole or rest.keys() <= told, rest


def check_patch(shop: Shop, history: History, last: Estate, plan: Any, told: set[str], *, is_whole: bool) -> None:
    """Check that the lines of an undo are those that bring changes back, and that its patch reverts them."""
    patch, lines = plan["undo"]["patch"], plan["undo"]["lines"]
    # The line of a default counts for all documents that use it.
    of_default = tuple(f"{kind}/" for line in lines if (kind := line["path"].partition(".")[0]) in DEFAULTS)
    brought_back = {address for address in left(shop, last) if not address.startswith(of_default)}
    assert not is_whole or brought_back <= {line["address"] for line in lines} | told
    if patch:
        FIGURES["patches"] += 1
        subprocess.run(["git", "apply"], input=patch, text=True, check=True, cwd=shop.folder.parent)
        # A default that the run changed for some of its documents only is left to a person.
        partly = [line["path"] for line in lines if "only some of them" in line["message"]]
        shared = tuple(f"{path.partition('.')[0]}/" for path in partly)
        by_hand = {line["address"] for line in lines if "crossReferences" in line["path"]}
        actions = shop.plan(*SETUP)["actions"]
        patched = {each["address"]: each["changes"] for each in actions if not each["address"].startswith(shared)}
        assert not is_whole or patched.keys() <= told | by_hand, patched
