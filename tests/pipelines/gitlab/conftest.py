"""Fixtures for the tests of the pipeline for GitLab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox.server.running import RunningSandbox
from tests.pipelines.estate import write
from tests.pipelines.gitlab.place import GitLab


@pytest.fixture(scope="package")
def begun_gitlab(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GitLab, Path]]:
    """Return a place with a project whose setup is applied, and a copy to put back."""
    with RunningSandbox() as running:
        place = GitLab(running, programs, tmp_path_factory.mktemp("gitlab"))
        place.begin()
        write(place, "gitlab")
        first = place.run("web")["apply"]
        digest = first.log.partition("RECONCILER_DIGEST:")[2].partition("\n")[0]
        done = place.run("web", DIGEST=digest)["apply"]
        assert done.status == "success", done.log
        yield place, place.save()


@pytest.fixture
def gitlab(begun_gitlab: tuple[GitLab, Path]) -> GitLab:
    """Return a project with pipelines, whose setup is applied. Two customers are billed."""
    place, snapshot = begun_gitlab
    place.restore(snapshot)
    place.left_out = frozenset()
    return place
