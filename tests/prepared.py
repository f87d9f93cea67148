"""Shops that are prepared once, and copied for each test: an apply takes longer than most tests."""

from __future__ import annotations

import inspect
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.shop import Shop


def begin(shop: Shop, prepare: Callable[[Shop], object], kept: Path) -> None:
    """Bring a new shop to where `prepare` leads, which may change only the files and the sandbox of the shop.

    The first time `prepare` runs, and its result is kept in the folder `kept`. Each later time the result is copied.
    """
    place, files, sandbox = shop.folder.parent, kept / "files", kept / "sandbox"
    if not files.exists():
        prepare(shop)
        sandbox.write_bytes(pickle.dumps(shop.sandbox))
        shutil.copytree(place, files)
        return
    shutil.rmtree(shop.folder)
    shutil.copytree(files, place, dirs_exist_ok=True)
    shop.show(pickle.loads(sandbox.read_bytes()))


def prepared(steps: Callable[[Shop], Shop]) -> Any:
    """Return a fixture: the shop after these steps. They run for the first test of a file, and the others get copies.

    The name of their parameter is the fixture that they begin with.
    """
    (before,) = inspect.signature(steps).parameters
    kept: list[Path] = []

    def shop_after(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shop:
        shop: Shop = request.getfixturevalue(before)
        if not kept:
            kept.append(tmp_path_factory.mktemp("prepared"))
        begin(shop, steps, kept[0])
        return shop

    shop_after.__doc__ = steps.__doc__
    return pytest.fixture(shop_after, name=steps.__name__)
