"""The place at which histories begin: a shop that is prepared once, and put back for each history."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from reconciler.sandbox.state.sandbox import Sandbox
from reconciler.sandbox.state.saved import load, save
from tests.shop import Shop


def begin(shop: Shop, prepare: Callable[[Shop], None], kept: Path) -> None:
    """Bring a shop to where `prepare` leads. The first time `prepare` runs, and its result is kept in a folder."""
    place, files, state = shop.folder.parent, kept / "files", kept / "sandbox.json"
    if not files.exists():
        prepare(shop)
        save(shop.sandbox, state)
        shutil.copytree(place, files)
        return
    shutil.rmtree(place)
    shutil.copytree(files, place)
    clock, tenant, console, *_ = load(state)
    shop.show(Sandbox(clock=clock, tenant=tenant, console=console))
