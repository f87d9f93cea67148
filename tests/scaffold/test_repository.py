"""Tests of the files of a new repository. tests/cli/test_init.py runs the commands on them."""

from __future__ import annotations

from pathlib import Path

import reconciler.scaffold
from reconciler.scaffold.pipelines import GUIDES, NEW, Ci, pipelines
from reconciler.scaffold.repository import Answers, repository

ANSWERS = Answers(workspace="acme", timezone="Europe/Berlin", currency="EUR", start="2026-11-01")


def test_every_file_of_the_scaffold_is_written_once() -> None:
    folder = Path(reconciler.scaffold.__file__).parent / "files"

    written = len(repository(ANSWERS, {})) + sum(len(pipelines(ci, "acme", "main", NEW)) for ci in Ci) + len(GUIDES)
    assert written == sum(path.is_file() for path in folder.rglob("*"))


def test_the_answers_are_filled_in() -> None:
    files = repository(ANSWERS, {})

    assert "name: acme" in files["manifests/workspace.yaml"]
    assert "timezone: Europe/Berlin" in files["manifests/workspace.yaml"]
    assert 'startDate: "2026-11-01"' in files["manifests/customers/example.yaml"]
    assert not [path for path, text in files.items() if "@@" in text]


def test_schemas_are_in_a_folder_of_their_own() -> None:
    assert repository(ANSWERS, {"Company.schema.json": "{}"})["schemas/Company.schema.json"] == "{}"
