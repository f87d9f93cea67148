"""`check-jsonschema`, which users run in their CI, agrees with the published schemas on good and on bad estates.

It reads one document of a file only, so a file of several is split first.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from reconciler.manifests.parsing import parse
from tests.shop import Shop
from tests.test_schemas_and_models import problems

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "schemas" / "manifest.schema.json"
SEPARATOR = re.compile(r"^---[ \t]*(?:#.*)?\n", re.MULTILINE)


def check_jsonschema(*arguments: str) -> tuple[int, Any]:
    """Return the exit code of `check-jsonschema`, and its report."""
    command = [sys.executable, "-m", "check_jsonschema", "--output-format", "json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def split(folder: Path, into: Path) -> list[str]:
    """Write each document of a manifest folder into a file of its own, and return the paths."""
    into.mkdir(exist_ok=True)
    paths = []
    for path in sorted(folder.rglob("*.yaml")):
        texts = [text for text in SEPARATOR.split(path.read_text(encoding="utf-8")) if parse(text).documents]
        for number, text in enumerate(texts):
            paths.append(into / f"{path.relative_to(folder).as_posix().replace('/', '.')}.{number}.yaml")
            paths[-1].write_text(text, encoding="utf-8")
    return [*map(str, paths)]


def test_the_published_schemas_are_schemas() -> None:
    paths = sorted(map(str, (ROOT / "schemas").glob("*.schema.json")))
    code, report = check_jsonschema("--check-metaschema", *paths)
    assert (code, report["status"]) == (0, "ok")
    assert len(paths) > 12


def test_the_example_estate_a_new_repository_and_an_imported_estate_are_good(shop: Shop, tmp_path: Path) -> None:
    assert shop("init", str(tmp_path / "new")).code == 0
    shop.apply()
    for path in shop.folder.rglob("*.yaml"):
        if path.name != "workspace.yaml":
            path.unlink()
    assert shop("import", "--all").code == 0
    imported = split(shop.folder, tmp_path / "imported")
    example = split(ROOT / "manifests", tmp_path / "example")
    new = split(tmp_path / "new" / "manifests", tmp_path / "scaffold")

    assert min(len(imported), len(example)) > 30
    code, report = check_jsonschema("--schemafile", str(SCHEMA), *imported, *example, *new)
    assert (code, report["errors"]) == (0, [])


HEAD = "apiVersion: reconciler/v1\nkind: {}\nmetadata: {{name: a}}\nspec: {}\n"
MAPPING = 'customer: {source: cove, id: "1"}'
BAD = {
    "a type": HEAD.format("Company", "{identifier: A, name: 5}"),
    "a number in quotes": HEAD.format("Product", '{identifier: A, price: "0.15"}'),
    "text without quotes that is a number": HEAD.format("Company", "{identifier: A, zip: 33602}"),
    "a flag": HEAD.format("Product", "{identifier: A, taxable: sometimes}"),
    "a list that is none": HEAD.format("Company", "{identifier: A, types: Customer}"),
    "a list of other values": HEAD.format("Company", "{identifier: A, types: [1]}"),
    "a value that is not listed": HEAD.format("CustomerMapping", f"{{{MAPPING}, measure: median}}"),
    "an API that is not listed": HEAD.format("IntegratorLogin", "{username: a, apis: [Everything]}"),
    "a pattern": HEAD.format("CustomerMapping", f'{{{MAPPING}, managedId: "12a"}}'),
    "a name with blanks": "apiVersion: reconciler/v1\nkind: Product\nmetadata: {name: a b}\nspec: {identifier: A}\n",
    "a reference with blanks": HEAD.format("Agreement", "{company: a b}"),
    "a look-up by another field": HEAD.format("Agreement", "{company: {email: a@b.example}}"),
    "a day": HEAD.format("Agreement", "{startDate: 2026-11-1}"),
    "a day that is not in the calendar": HEAD.format("Agreement", "{startDate: 2026-11-31}"),
    "a text that is too long": HEAD.format("Company", f"{{identifier: A, city: {'x' * 51}}}"),
    "a text that is empty": HEAD.format("Company", '{identifier: ""}'),
    "a number that is too small": HEAD.format("Product", "{identifier: A, price: -1}"),
    "an unknown field": HEAD.format("Company", "{identifier: A, nmae: B}"),
    "an unknown field inside": HEAD.format("CustomerMapping", f"{{{MAPPING}, rounding: {{stp: 1}}}}"),
    "an unknown field of the document": HEAD.format("Company", "{identifier: A}") + "status: {}\n",
    "an unknown field of the metadata": HEAD.replace("name: a", "name: a, labels: {{}}").format("Company", "{}"),
    "a missing field": HEAD.format("Company", "{name: A}"),
    "a missing field inside": HEAD.format("CustomerMapping", "{customer: {source: cove}}"),
    "a missing name": "apiVersion: reconciler/v1\nkind: Company\nmetadata: {}\nspec: {identifier: A}\n",
    "a missing spec": "apiVersion: reconciler/v1\nkind: Company\nmetadata: {name: a}\n",
    "a missing kind": "apiVersion: reconciler/v1\nmetadata: {name: a}\nspec: {}\n",
    "an unknown kind": HEAD.format("Compny", "{identifier: A}"),
    "a kind that usage makes": HEAD.format("Addition", "{}"),
    "another version": HEAD.format("Company", "{identifier: A}").replace("/v1", "/v2"),
    "a secret that is written out": HEAD.format("IntegratorLogin", "{username: a, password: hunter2}"),
    "a secret with another key": HEAD.format("IntegratorLogin", "{username: a, password: {vault: x}}"),
    "a secret from two places": HEAD.format("IntegratorLogin", "{username: a, password: {env: A, file: b}}"),
    "a product and ranges": HEAD.format("CustomerMapping", f"{{{MAPPING}, product: a, ranges: [{{product: b}}]}}"),
    "a price and ranges": HEAD.format("CustomerMapping", f"{{{MAPPING}, price: 1, ranges: [{{product: b}}]}}"),
    "no ranges": HEAD.format("CustomerMapping", f"{{{MAPPING}, ranges: []}}"),
    "null where a value is needed": HEAD.format("CustomerMapping", f"{{{MAPPING}, tiering: null}}"),
    "a source without a unit": HEAD.format("Workspace", "{usage: [{name: a, type: csv, path: x}]}"),
    "a source of an unknown type": HEAD.format("Workspace", "{usage: [{name: a, type: ftp, unit: GB}]}"),
    "a limit below zero": HEAD.format("Workspace", "{guardrails: {customers: {atLeast: -1}}}"),
    "a default of an unknown field": HEAD.format("Defaults", "{Company: {statsu: Active}}"),
    "a default of an unknown kind": HEAD.format("Defaults", "{Compny: {}}"),
    "a default of what identifies an object": HEAD.format("Defaults", "{Company: {identifier: A}}"),
    "no mapping": "[a, b]\n",
}
"""What a schema can express, with a document that breaks it."""


def test_a_document_that_validate_refuses_is_refused_if_a_schema_can_express_the_reason(tmp_path: Path) -> None:
    paths = {}
    for number, (what, text) in enumerate(BAD.items()):
        [(_, document)] = parse(text).documents
        assert problems(document), what
        paths[str(tmp_path / f"{number}.yaml")] = what
        (tmp_path / f"{number}.yaml").write_text(text, encoding="utf-8")

    code, report = check_jsonschema("--schemafile", str(SCHEMA), *paths)

    assert code == 1
    assert not report["parse_errors"]
    refused = {paths[error["filename"]] for error in report["errors"]}
    assert set(BAD) - refused == set()


def test_a_file_of_several_documents_has_to_be_split(tmp_path: Path) -> None:
    """If this fails, check-jsonschema reads all documents of a file: then say so in docs/how-to/editors.md."""
    path = tmp_path / "two.yaml"
    path.write_text(HEAD.format("Company", "{identifier: A}") + "---\n" + HEAD.format("Company", "{identifier: B}"))

    code, report = check_jsonschema("--schemafile", str(SCHEMA), str(path))

    assert code == 1
    assert [error["filename"] for error in report["parse_errors"]] == [str(path)]
