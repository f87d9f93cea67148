"""Fixtures for the tests of pipelines."""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox.server.running import RunningSandbox
from tests.pipelines.estate import opened, set_up
from tests.pipelines.place import GitHub, Pull
from tests.pipelines.programs import Programs


@pytest.fixture(scope="session")
def programs() -> Iterator[Path]:
    """Return the folder of the programs that a pipeline finds first."""
    if shutil.which("jq") is None:
        reason = "jq is not on this machine, and the steps of the pipelines call it"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with Programs() as made:
        yield made.folder


@pytest.fixture(scope="package")
def begun(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GitHub, Path]]:
    """Return a place with a repository whose setup is applied, and a copy to put back."""
    with RunningSandbox() as running:
        place = GitHub(running, programs, tmp_path_factory.mktemp("github"))
        place.begin()
        set_up(place)
        yield place, place.save()


@pytest.fixture
def github(begun: tuple[GitHub, Path]) -> GitHub:
    """Return a repository with pipelines, whose setup is applied. Two customers are billed."""
    place, snapshot = begun
    place.restore(snapshot)
    return place


@pytest.fixture(scope="package")
def reviewed(begun: tuple[GitHub, Path]) -> tuple[Pull, Path]:
    """Return a pull request that is planned, and a copy of its place."""
    place, snapshot = begun
    place.restore(snapshot)
    return opened(place), place.save()


@pytest.fixture
def pull(github: GitHub, reviewed: tuple[Pull, Path]) -> Pull:
    """Return an open pull request at `github` that changes the price of the product from 0.15 to 0.18."""
    made, snapshot = reviewed
    github.restore(snapshot)
    return copy.deepcopy(made)
