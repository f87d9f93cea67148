"""`reconciler unlock`: shows who holds the workspace's lock, and frees a dead one."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import typer

from reconciler.cli.context import Context
from reconciler.cli.output import deliver_json, print_lines, say
from reconciler.cli.session import open_ledger
from reconciler.ledger.lock import WATCH_SECONDS, HeldLock, free_lock, read_lock, refusal
from reconciler.ledger.process import current_process, read_process_start
from reconciler.ledger.store import Ledger
from reconciler.manifests.loading import load


def unlock(ctx: typer.Context) -> None:
    """Show who holds the workspace's lock, and free it where its holder is gone. Exit 3 where it lives."""
    context: Context = ctx.obj
    manifests = load(context.root, workspace=context.workspace)
    workspace = manifests.workspace.name
    with open_ledger(context, manifests, keeps=True) as ledger:
        held = _freed(ledger, workspace)
    if context.json:
        told = {"workspace": workspace, "freed": held is not None, "holder": held and _told(held)}
        deliver_json(told)
    elif held is None:
        print_lines([f"Nobody holds the lock of workspace {workspace}."])
    else:
        print_lines([f"Freed the lock of workspace {workspace}: its holder, {held.holder}, is gone."])


def _freed(ledger: Ledger, workspace: str) -> HeldLock | None:
    """Free the lock and return it; None where no run holds it. Raises `Refused` where its holder may be alive."""
    held = read_lock(ledger, workspace)
    if held is None:
        return None
    state = held.state(current_process(), read_process_start)
    if state == "expired":
        say(f"{held.holder} seems to be gone; watching its lock for {WATCH_SECONDS:.0f} seconds")
        time.sleep(WATCH_SECONDS)
    if state in {"gone", "expired"} and free_lock(ledger, held):
        return held
    current = read_lock(ledger, workspace)
    if current is None:  # its holder released it meanwhile
        return None
    raise refusal(current, current.state(current_process(), read_process_start))


def _told(held: HeldLock) -> dict[str, Any]:
    def text(moment: datetime) -> str:
        return moment.isoformat(timespec="seconds")

    return {
        "host": held.holder.host,
        "pid": held.holder.pid,
        "since": text(held.acquired_at),
        "renewed_at": text(held.renewed_at),
    }
