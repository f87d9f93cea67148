"""Random changes of an estate are applied and undone: then the manifests of before have nothing to change.

The patch that the undo offers, applied to the manifests of after, leads there as well. Runs also fail in part or lose
their connection, others come between a run and its undo, and an undo is undone. What an undo leaves out, it names.
`make undo HISTORIES=1000` tries as many histories; by default there are a few.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings

from reconciler.sandbox.server.running import RunningSandbox
from tests.prepared import begin
from tests.shop import Send, Shop, open_shop

from .estates import DEFAULTS, FIRST, Estate
from .histories import History, histories

SETUP = ("--only", "setup")
APPROVED = ("--approve", "updates", "--approve", "retirements")
HISTORIES = int(os.environ.get("UNDO_HISTORIES", "10"))
FIGURES: Counter[str] = Counter()
"""The numbers of the histories, for `make undo`."""


def write(shop: Shop, estate: Estate, layout: str) -> None:
    if layout == "flow":
        text = "\n---\n".join(json.dumps(each, ensure_ascii=False) for each in estate.values())
    else:
        text = "---\n# A document.\n".join(
            yaml.safe_dump(each, sort_keys=False, allow_unicode=True) for each in estate.values()
        )
    shop.write("estate.yaml", f"{text}\n")


def first(address: str) -> str:
    """Return the address that an object had before its document was renamed."""
    return re.sub(r"(-2)+$", "", address)


def addresses(rows: Iterable[Any]) -> set[str]:
    return {first(row["address"]) for row in rows if row["address"]}


def written(shop: Shop, run: int) -> dict[str, set[str]]:
    """Return the fields that a run wrote, by address."""
    found: dict[str, set[str]] = {}
    for each in shop("--json", "history", "--run", str(run)).json["writes"]:
        found.setdefault(first(each["address"]), set()).update(change["path"] for change in each["changes"] or ())
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


def newest(shop: Shop) -> int:
    """Return the number of the newest run."""
    return int(shop("--json", "history").json["runs"][-1]["run"])


def undo(shop: Shop, run: int) -> Any:
    """Plan the undo of a run, apply it, and return the plan."""
    path = str(shop.folder.parent / "undo.json")
    planned = shop("--json", "plan", "--undo", str(run), "--out", path)
    assert planned.code == 0, planned.err
    assert not [secret for secret in shop.secrets() if secret in planned.out]
    applied = shop("apply", path, *APPROVED)
    assert applied.code == 0, applied.out + applied.err
    FIGURES["undone actions"] += len(planned.json["actions"])
    FIGURES["left out and named"] += len(planned.json["warnings"])
    FIGURES["undos"] += 1
    return planned.json


def left(shop: Shop, estate: Estate, history: History, *more: str) -> dict[str, Any]:
    """Return what a plan changes for an estate."""
    write(shop, estate, history.layout)
    return planned(shop, *more)


def planned(shop: Shop, *more: str) -> dict[str, Any]:
    """Return what a plan changes. If it is refused over renamed objects, return these."""
    said = shop("--json", "plan", *SETUP, *more)
    refused = re.findall(r"(\w+/[\w-]+): ConnectWise has no", said.out + said.err) if said.code else []
    assert said.code == 0 or refused, said.err
    actions = () if said.code else said.json["actions"]
    return {first(action["address"]): action["changes"] for action in actions} | {
        first(address): "it still has its new name" for address in refused
    }


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
    kept: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for shop in open_shop(served, tmp_path_factory.mktemp("history"), patch, capsys):
            begin(shop, prepare, kept)
            play(shop, history)


def prepare(shop: Shop) -> None:
    for caption in ("Tier", "Region"):
        field = {"podId": 1, "caption": caption, "sequenceNumber": 1, "fieldTypeIdentifier": "Text"}
        shop.tenant.create("userDefinedField", field)
    for path in (*shop.folder.glob("customers/*.yaml"), *shop.folder.glob("*s.yaml"), shop.folder / "setup.yaml"):
        path.unlink()
    write(shop, FIRST, "flow")
    shop.apply(*SETUP)


def play(shop: Shop, history: History) -> None:
    if history.before != FIRST:
        write(shop, history.before, history.layout)
        shop.apply(*SETUP, *APPROVED)
    start = newest(shop)
    write(shop, history.after, history.layout)
    if history.fault is not None:
        shop.fault(history.fault)
    with lost_after(shop, history.cut):
        said = shop("apply", "--auto-approve", *SETUP, *APPROVED, *options(history))
    shop.fault()
    is_whole = said.code == 0
    # ConnectWise deletes no integration with a management solution, such as one whose document was removed.
    refused = "ManagementSolution/a" not in history.after
    assert is_whole or history.fault or history.cut is not None or refused, said.out + said.err
    run = newest(shop)
    if run == start:
        FIGURES["histories without a change"] += 1
        return
    count(history, is_whole=is_whole)
    last = history.after
    if history.later is not None:
        last = history.later
        write(shop, history.later, history.layout)
        shop("apply", "--auto-approve", *SETUP, *APPROVED)
    latest = newest(shop)
    told: set[str] = set()
    since: dict[str, set[str]] = {}
    if latest != run:
        FIGURES["runs between"] += 1
        since = written(shop, latest)
        if history.undoes_later:
            told |= addresses(undo(shop, latest)["warnings"])
            since = {address: paths for address, paths in since.items() if address in told}
    plan = undo(shop, run)
    told |= addresses(plan["warnings"])
    for action in plan["actions"]:
        paths = {change["path"] for change in action["changes"]}
        assert action["action"] == "retire" or not paths & since.get(first(action["address"]), set()), action
    undone = newest(shop)
    check_patch(shop, history, last, plan, told | since.keys(), is_whole=is_whole and latest == run)
    rest = left(shop, history.before, history)
    assert rest.keys() <= told | since.keys(), rest
    if history.undoes_undo and plan["actions"] and latest == run:
        FIGURES["undos of an undo"] += 1
        told |= addresses(undo(shop, undone)["warnings"])
        rest = left(shop, history.after, history)
        assert not is_whole or rest.keys() <= told, rest


def options(history: History) -> list[str]:
    """Return the options of the run for the objects whose documents it no longer has."""
    if history.removed == "pruned":
        return ["--prune"]
    if history.removed == "left":
        return []
    gone = [each for address, each in history.before.items() if address not in history.after]
    known = [each for each in gone if "ensure" not in each["metadata"]]
    return [part for each in known for part in ("--forget", f"{each['kind']}/{each['metadata']['name']}")]


def count(history: History, *, is_whole: bool) -> None:
    """Count what a history has, for `make undo`."""
    FIGURES["histories"] += 1
    FIGURES["runs that failed in part"] += not is_whole
    FIGURES["runs before"] += history.before != FIRST
    if history.before.keys() - history.after.keys():
        FIGURES[f"with documents removed, objects {history.removed}"] += 1
    for word, old in (("ensure", "retired"), ("previously", "renamed in ConnectWise"), ("protect", "protected")):
        FIGURES[f"with objects {old}"] += any(each["metadata"].get(word) for each in history.after.values())
    both = history.before.keys() & history.after.keys()
    names = [tuple(each[address]["metadata"]["name"] for each in (history.before, history.after)) for address in both]
    FIGURES["with documents renamed"] += any(before != after for before, after in names)
    defaults = (each["Defaults/d"]["spec"] for each in (history.before, history.after))
    FIGURES["with defaults changed"] += next(defaults) != next(defaults)


def revived(plan: Any) -> list[Any]:
    """Return the actions of an undo that let an object live again."""
    return [action for action in plan["actions"] if "lives again" in action["reason"]]


def check_patch(shop: Shop, history: History, last: Estate, plan: Any, told: set[str], *, is_whole: bool) -> None:
    """Check that the lines of an undo are those that bring changes back, and that its patch reverts them."""
    patch, lines = plan["undo"]["patch"], plan["undo"]["lines"]
    assert bool(patch) is (bool(lines) and not plan["undo"]["no_patch"])
    # The line of a default counts for all documents that use it.
    of_default = tuple(f"{kind}/" for line in lines if (kind := line["path"].partition(".")[0]) in DEFAULTS)
    prune = ["--prune"] if history.removed == "pruned" and history.later is None else []
    brought_back = {address for address in left(shop, last, history, *prune) if not address.startswith(of_default)}
    assert not is_whole or brought_back <= addresses(lines) | told, (brought_back, lines)
    undeclared = {address for address in addresses(revived(plan)) if address not in last}
    said = shop("--json", "plan", *SETUP)
    assert said.code or undeclared <= addresses(said.json["warnings"]), undeclared
    if patch:
        FIGURES["patches"] += 1
        subprocess.run(["git", "apply"], input=patch, text=True, check=True, cwd=shop.folder.parent)
        # A default that the run changed for some of its documents only is left to a person.
        partly = [line["path"] for line in lines if "only some of them" in line["message"]]
        shared = tuple(f"{path.partition('.')[0]}/" for path in partly)
        by_hand = {first(line["address"]) for line in lines if "crossReferences" in line["path"]}
        patched = {address: changes for address, changes in planned(shop).items() if not address.startswith(shared)}
        assert not is_whole or patched.keys() <= told | by_hand, patched
