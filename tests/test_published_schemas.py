"""The files in `schemas/` describe what the product reads and writes.

jsonschema checks the files themselves against the meta-schema, the example estate against the schemas of manifests, and
real plan files and outcomes, made against the sandbox, against the schemas of plans and outcomes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

from reconciler.manifests.parsing import parse
from tests.shop import BIRCHWOOD, DOGWOOD, Shop

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "schemas").glob("*.schema.json"))
DOCUMENTS = [
    pytest.param(document, id=f"{document['kind']}/{document['metadata']['name']}")
    for path in sorted((ROOT / "manifests").rglob("*.yaml"))
    for _, document in parse(path.read_text(encoding="utf-8")).documents
]


def validator(name: str) -> Draft202012Validator:
    """Return a validator for the file `schemas/NAME.schema.json`."""
    return Draft202012Validator(json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")))


def check(name: str, text: str) -> Any:
    """Fail if the JSON text does not satisfy the schema; return its content."""
    content = json.loads(text)
    validator(name).validate(content)
    return content


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_file_satisfies_the_meta_schema_that_it_names(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))

    assert validator_for(schema, default=None) is Draft202012Validator
    Draft202012Validator.check_schema(schema)


def test_the_meta_schema_refuses_a_schema_with_an_error() -> None:
    schema = json.loads(FILES[0].read_text(encoding="utf-8"))

    assert not Draft202012Validator(Draft202012Validator.META_SCHEMA).is_valid({**schema, "type": "objekt"})


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_document_of_the_example_estate_satisfies_the_schema_of_its_kind(document: dict[str, Any]) -> None:
    validator("manifest").validate(document)
    validator(document["kind"]).validate(document)


def test_a_document_satisfies_the_schema_of_no_other_kind() -> None:
    company = next(each.values[0] for each in DOCUMENTS if str(each.id).startswith("Company/"))

    kinds = [
        path.name.split(".")[0] for path in FILES if path.name.split(".")[0] not in {"manifest", "plan", "outcome"}
    ]
    assert [kind for kind in kinds if validator(kind).is_valid(company)] == ["Company"]


def test_a_plan_file_and_the_outcome_of_a_whole_estate_satisfy_their_schemas(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    assert shop("plan", "--out", str(file)).code == 0
    plan = check("plan", file.read_text(encoding="utf-8"))
    outcome = check("outcome", shop("--json", "apply", str(file)).out)

    assert len(plan["actions"]) == len(outcome["results"]) == 34
    assert {result["status"] for result in outcome["results"]} == {"done"}


def test_a_plan_with_updates_warnings_held_customers_and_orphans_satisfies_its_schema(
    shop: Shop, tmp_path: Path
) -> None:
    shop.apply()
    shop.advance()
    shop.uses(BIRCHWOOD, "1900")
    (shop.folder / "customers" / "alder-dental.yaml").unlink()
    shop.edit("customers/cedar-logistics.yaml", "addressLine1: 88 Dock Lane", "addressLine1: 90 Dock Lane")
    file = tmp_path / "plan.json"

    assert shop("plan", "--prune", "--out", str(file)).code == 5
    plan = check("plan", file.read_text(encoding="utf-8"))
    outcome = check("outcome", shop("--json", "apply", str(file)).out)

    assert {action["action"] for action in plan["actions"]} == {"update", "retire"}
    assert {"held", "billed", "unmapped"} <= {row["state"] for row in plan["coverage"]}
    assert plan["guardrails"]
    assert {result["status"] for result in outcome["results"]} == {"done"}


def test_an_outcome_with_unknown_and_skipped_actions_satisfies_its_schema(shop: Shop) -> None:
    shop.only(DOGWOOD)
    shop.fault("500@/managementSummaryReports", "500@/additions")

    said = shop("--json", "apply", "--auto-approve")

    assert said.code == 4, said.err
    outcome = check("outcome", said.out)
    assert {result["status"] for result in outcome["results"]} == {"done", "unknown", "skipped"}


def test_an_outcome_with_a_failed_action_satisfies_its_schema(shop: Shop) -> None:
    shop.only(DOGWOOD)
    shop.apply()
    shop.edit("customers/dogwood-clinic.yaml", "7 Park Avenue", "9 Park Avenue")
    shop.fault("forgets")

    said = shop("--json", "apply", "--auto-approve")

    assert said.code == 4, said.err
    outcome = check("outcome", said.out)
    assert [result["status"] for result in outcome["results"]] == ["failed"]


def test_a_plan_that_has_nothing_to_do_and_its_outcome_satisfy_their_schemas(shop: Shop) -> None:
    shop.only(DOGWOOD)
    shop.apply()

    plan = check("plan", shop("--json", "plan").out)
    outcome = check("outcome", shop("--json", "apply", "--auto-approve").out)

    assert plan["actions"] == []
    assert outcome["results"] == []
