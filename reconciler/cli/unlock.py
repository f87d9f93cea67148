"""`reconciler unlock`: show who holds the workspace's lock, and free it if its holder has ended."""

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
    """Show who holds the workspace's lock, and free it if its holder has ended. Exit 3 if the holder is running."""
    context: Context = ctx.obj
    manifests = load(context.root, workspace=context.workspace)
    workspace = manifests.workspace.name
    with open_ledger(context, manifests, writable=True) as ledger:
        freed = _free(ledger, workspace)
    if context.json:
        deliver_json({"workspace": workspace, "freed": freed is not None, "holder": freed and _holder_json(freed)})
    elif freed is None:
        print_lines([f"The lock of workspace {workspace} is free. There is nothing to unlock."])
    else:
        print_lines([f"Freed the lock of workspace {workspace}. Its holder has ended: {freed.holder}."])


def _free(ledger: Ledger, workspace: str) -> HeldLock | None:
    """Free the lock and return it. None if it is not held. Raises `Refused` if its holder may still be running."""
    held = read_lock(ledger, workspace)
    if held is None:
        return None
    state = held.state(current_process(), read_process_start)
    if state == "expired":
        say(f"{held.holder} seems to have ended; watching its lock for {WATCH_SECONDS:.0f} seconds")
        time.sleep(WATCH_SECONDS)
    if state in {"gone", "expired"} and free_lock(ledger, held):
        return held
    now = read_lock(ledger, workspace)
    if now is None:  # the holder released it in the meantime
        return None
    raise refusal(now, now.state(current_process(), read_process_start))


def _holder_json(held: HeldLock) -> dict[str, Any]:
    def text(moment: datetime) -> str:
        return moment.isoformat(timespec="seconds")

    return {
        "host": held.holder.host,
        "pid": held.holder.pid,
        "since": text(held.acquired_at),
        "renewed_at": text(held.renewed_at),
    }
